"""What has the same key goes to the same backend: the finder reads the key, Envoy hashes it.

The key stays what it is for all attempts, whatever one of them does to the headers: it is kept in
the filter state, and not in a header.
"""

from envoy_data_plane.envoy.config.core.v3 import (
    DataSource,
    SubstitutionFormatString,
)
from envoy_data_plane.envoy.config.route.v3 import (
    RouteActionHashPolicy,
    RouteActionHashPolicyFilterState,
)
from envoy_data_plane.envoy.extensions.filters.common.set_filter_state.v3 import FilterStateValue
from envoy_data_plane.envoy.extensions.filters.http.set_filter_state.v3 import Config
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import HttpFilter

from extproc.config.balance import CONVERSATION, Balance, BodyKey, HeaderKey
from extproc.config.gateway import Gateway
from extproc.render.typed import Json, http_filter

KEEPER = "envoy.filters.http.set_filter_state"
STATE = "ai.sticky"
"""Filter state: what Envoy hashes."""
FOUND = "%DYNAMIC_METADATA(ai.finder:sticky)%"
ASKED = "sticky"
"""Metadata of a route, for the model finder: where the key may be, the best place first."""


def sticks(gateway: Gateway) -> bool:
    """Whether a route asks for it; the finder does not look for keys otherwise."""
    return any(route.balance.policy == "hash" for route in gateway.routes)


def keeper() -> HttpFilter:
    """Keeps what the finder has found, if that is anything."""
    value = FilterStateValue(
        object_key=STATE,
        factory_key="envoy.hashable_string",
        format_string=SubstitutionFormatString(
            text_format_source=DataSource(inline_string=FOUND), omit_empty_values=True
        ),
        skip_if_empty=True,
    )
    return http_filter(KEEPER, Config(on_request_headers=[value]))


def asked(balance: Balance) -> Json:
    """What a route tells the finder to look for."""
    if balance.policy != "hash":
        return {}
    return {ASKED: [_place(key) for key in balance.hash_on or (CONVERSATION,)]}


def _place(key: str | HeaderKey | BodyKey) -> str:
    match key:
        case HeaderKey():
            return f"header:{key.header}"
        case BodyKey():
            return f"body:{key.body}"
    return key


def hashed(balance: Balance) -> list[RouteActionHashPolicy]:
    """By what a route chooses; without a key, the choice is random."""
    if balance.policy != "hash":
        return []
    return [RouteActionHashPolicy(filter_state=RouteActionHashPolicyFilterState(key=STATE))]
