"""The HTTP filters of the listener, in their order."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files

import orjson
from envoy_data_plane.envoy.config.core.v3 import ApiVersion, DataSource
from envoy_data_plane.envoy.config.ratelimit.v3 import RateLimitServiceConfig
from envoy_data_plane.envoy.extensions.filters.http.api_key_auth.v3 import (
    ApiKeyAuth,
    Credential,
    Forwarding,
    KeySource,
)
from envoy_data_plane.envoy.extensions.filters.http.cors.v3 import Cors
from envoy_data_plane.envoy.extensions.filters.http.header_to_metadata.v3 import (
    Config as HeaderToMetadata,
)
from envoy_data_plane.envoy.extensions.filters.http.lua.v3 import Lua
from envoy_data_plane.envoy.extensions.filters.http.ratelimit.v3 import (
    RateLimit,
    RateLimitXRateLimitHeadersRfcVersion,
)
from envoy_data_plane.envoy.extensions.filters.http.router.v3 import Router
from envoy_data_plane.envoy.extensions.filters.http.set_metadata.v3 import (
    Config as SetMetadata,
)
from envoy_data_plane.envoy.extensions.filters.http.set_metadata.v3 import (
    Metadata as StartValues,
)
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import HttpFilter
from envoy_data_plane.envoy.type.v3 import HttpStatus, StatusCode

from extproc import NAMESPACE
from extproc.config.gateway import Gateway
from extproc.config.process import Limiter
from extproc.exchange.compile import KEY_HEADERS, holds_sessions
from extproc.exchange.passing import UNSERVED
from extproc.exchange.proof import CLIENT
from extproc.ratelimit.descriptors import (
    DOMAIN,
    DUE,
    LIMITS_NAMESPACE,
    SERVICE_NAMESPACE,
    USED,
    header_rules,
)
from extproc.ratelimit.limit import Limit
from extproc.render import sticky, tokens, unpacking
from extproc.render.ext_proc import KEYS_NAMESPACE, answering, grpc_service, hearing
from extproc.render.following import ordered
from extproc.render.kept import finder_tables
from extproc.render.services import LIMITER_CLUSTER
from extproc.render.tokens import API_KEY_AUTH
from extproc.render.typed import Json, http_filter, seconds, struct
from extproc.render.upstream import client_keys_of

CORS = "envoy.filters.http.cors"
UNUSED = "envoy.filters.http.set_metadata"
MODEL_FINDER = "envoy.filters.http.lua"
SUBJECTS = "envoy.filters.http.header_to_metadata"
EXT_PROC = "envoy.filters.http.ext_proc"
# What a route says of a filter holds for all of the name, those of clusters included.
HEARING = "ai.sessions"
RATELIMIT = SERVICE_NAMESPACE
ROUTER = "envoy.filters.http.router"

MARGIN = 0.25
"""Seconds by which Envoy is more patient than the limiter, so that it hears what has failed."""

SCHEMES = ("", "bearer ", "BEARER ")
"""What may stand before a key: Envoy takes off `Bearer ` only, and schemes have no case (RFC 9110,
section 11.1)."""
KEY_QUERY = "key"
"""Where Google's REST examples put it."""

CHARGED = ("input_tokens", "total_tokens", "cost_nanousd", "cost_microusd")
FALSE = "IAA="
"""google.protobuf.Value with a bool that is false, in Base64."""

NO_PREFIX = 'local PREFIX = ""'
NO_DEFAULT = 'local DEFAULT = ""'
UNSTUCK = "local STICKY = false"
UNORDERED = "local ORDERED = false"
UNPLACED = "local PLACED = false"

ClientKeys = Mapping[str, Sequence[str]]
"""Client name → its keys."""


def http_filters(
    gateway: Gateway, client_keys: ClientKeys | None, limits: Sequence[Limit], prefix: str
) -> Iterator[HttpFilter]:
    """Who asks, for which model, within which budget, and then off to the provider."""
    talks = any(map(holds_sessions, gateway.backends.values()))
    if gateway.listen.cors is not None:
        yield http_filter(CORS, Cors())
    if limits:
        yield nothing_used(talks=talks and gateway.limiter.sessions)
    if gateway.clients is not None and gateway.clients.jwt is not None:
        yield from tokens.filters(gateway.clients.jwt)
    elif client_keys is not None:
        yield http_filter(API_KEY_AUTH, _api_key_auth(client_keys))
    yield from unpacking.filters()
    yield http_filter(MODEL_FINDER, _model_finder(prefix, gateway))
    if sticky.sticks(gateway):
        yield sticky.keeper()
    rules = _subjects(limits, clients=client_keys is not None)
    rules += kept_keys(client_keys_of(gateway, gateway.backends))
    yield http_filter(
        SUBJECTS,
        HeaderToMetadata.from_dict({"request_rules": rules, "response_rules": _unserved()}),
    )
    yield http_filter(EXT_PROC, answering(), disabled=True)
    if talks:
        owed = limits if gateway.limiter.sessions else ()
        heard = hearing(
            recorded=gateway.recorded,
            traced=gateway.traced,
            owed=owed,
            waiting=gateway.limiter.timeout if owed else 0,
        )
        yield http_filter(HEARING, heard, disabled=True)
    if limits:
        yield limiting(gateway.limiter, limits)
    yield http_filter(ROUTER, Router(suppress_envoy_headers=True))


def nothing_used(*, talks: bool) -> HttpFilter:
    """What a charge finds where no provider was asked; `talks`: that of a session, too."""
    value = struct(dict.fromkeys((*USED.values(), *(DUE.values() if talks else ())), 0))
    said = SetMetadata(metadata=[StartValues(metadata_namespace=NAMESPACE, value=value)])
    return http_filter(UNUSED, said)


def limiting(limiter: Limiter, limits: Sequence[Limit]) -> HttpFilter:
    """Asks before a request goes on, and charges when it is done."""
    binding = any(not limit.shadow for limit in limits)
    return http_filter(RATELIMIT, _ratelimit(limiter, binding=binding))


def noted(limits: Sequence[Limit]) -> HttpFilter:
    """Keeps what limits are about, where a request's headers are changed before they are asked."""
    rules = _subjects(limits, clients=True)
    return http_filter(SUBJECTS, HeaderToMetadata.from_dict({"request_rules": rules}))


def _unserved() -> list[Json]:
    """Takes back what an attempt has reported of a prompt that no provider has taken."""
    zeros = {key: _reported(key, "0", "NUMBER") for key in CHARGED}
    zeros["estimated"] = {**_reported("estimated", FALSE, "PROTOBUF_VALUE"), "encode": "BASE64"}
    *others, last = zeros.values()
    rules = [{"on_header_present": set, "remove": False} for set in others]
    rules.append({"on_header_present": last, "remove": True})
    return [{"header": UNSERVED, **rule} for rule in rules]


def _reported(key: str, value: str, type: str) -> Json:
    return {"metadata_namespace": NAMESPACE, "key": key, "value": value, "type": type}


def _api_key_auth(client_keys: ClientKeys) -> ApiKeyAuth:
    return ApiKeyAuth(
        credentials=[
            Credential(key=f"{scheme}{key}", client=client)
            for client, keys in client_keys.items()
            for key in keys
            for scheme in SCHEMES
        ],
        key_sources=[
            # The first that is there counts, and AWS's SDKs put a signature into Authorization.
            *(KeySource(header=header) for header in reversed(KEY_HEADERS)),
            KeySource(query=KEY_QUERY),
        ],
        forwarding=Forwarding(header=CLIENT, hide_credentials=True),
    )


def model_finder_script(prefix: str = "", gateway: Gateway | None = None) -> str:
    """The text of model.lua, for clients below `prefix`, too, and for what `gateway` keeps."""
    script = files("extproc.render").joinpath("model.lua").read_text("utf-8")
    assert script.count(NO_PREFIX) == 1
    script = script.replace(NO_PREFIX, f'local PREFIX = "{prefix}"')
    if gateway is None:
        return script
    assert script.count(UNSTUCK) == script.count(UNORDERED) == script.count(NO_DEFAULT) == 1
    if sticky.sticks(gateway):
        script = script.replace(UNSTUCK, "local STICKY = true")
    if ordered(gateway):
        script = script.replace(UNORDERED, "local ORDERED = true")
    name = orjson.dumps(gateway.default_model or "").decode()
    return finder_tables(script.replace(NO_DEFAULT, f"local DEFAULT = {name}"), gateway)


def placed_finder(gateway: Gateway) -> Lua:
    """The finder of what names no model and of sessions, where the server reads models."""
    script = model_finder_script("", gateway)
    assert script.count(UNPLACED) == 1
    script = script.replace(UNPLACED, "local PLACED = true")
    return Lua(default_source_code=DataSource(inline_string=script))


def _model_finder(prefix: str, gateway: Gateway) -> Lua:
    return Lua(default_source_code=DataSource(inline_string=model_finder_script(prefix, gateway)))


def _subjects(limits: Sequence[Limit], *, clients: bool) -> list[Json]:
    """What limits and the access log must know of a request when its headers are gone."""
    rules = header_rules(limits)
    if clients and not any(rule["header"] == CLIENT for rule in rules):
        keep = {"metadata_namespace": LIMITS_NAMESPACE, "key": "client", "type": "STRING"}
        rules.append({"header": CLIENT, "on_header_present": keep, "remove": False})
    return rules


def kept_keys(headers: Iterable[str]) -> list[Json]:
    """Clients' own keys, off the headers: an attempt changes those, and the next one sees it."""
    return [
        {
            "header": header,
            "on_header_present": {
                "metadata_namespace": KEYS_NAMESPACE,
                "key": header,
                "type": "STRING",
            },
            "remove": True,
        }
        for header in headers
    ]


def _ratelimit(limiter: Limiter, *, binding: bool) -> RateLimit:
    """`binding`: some limit refuses."""
    timeout = limiter.timeout + MARGIN
    return RateLimit(
        domain=DOMAIN,
        # One that is not there refuses at once, whatever the timeout.
        timeout=seconds(timeout),
        failure_mode_deny=binding and limiter.on_error == "deny",
        status_on_error=HttpStatus(code=StatusCode.ServiceUnavailable),
        enable_x_ratelimit_headers=RateLimitXRateLimitHeadersRfcVersion.DRAFT_VERSION_03,
        disable_x_envoy_ratelimited_header=True,
        rate_limit_service=RateLimitServiceConfig(
            grpc_service=grpc_service(LIMITER_CLUSTER, timeout), transport_api_version=ApiVersion.V3
        ),
    )
