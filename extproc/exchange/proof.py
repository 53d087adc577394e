"""What Envoy tells of a request beside its headers, and the secret that it leaves with."""

from typing import Protocol

import msgspec

from extproc import NAMESPACE
from extproc.exchange.events import RequestHeaders
from extproc.exchange.served import Served
from providers.errors import Unauthorized
from providers.signing.sign import Secret

BACKEND = f"xds.upstream_host_metadata.filter_metadata['{NAMESPACE}']['backend']"
"""Attribute: the chosen endpoint's backend."""
CALL = "metadata.filter_metadata['ai.finder']['call']"
"""Attribute: what the model finder saw: source, path and model, one a line."""


class Secrets(Protocol):
    """Where a backend's secret is looked up, without waiting; raises Unavailable."""

    def get(self, backend: str) -> Secret: ...


class Seen(msgspec.Struct, frozen=True):
    """What the model finder, or the request itself, says of a request."""

    source: str
    """Where the routed model was named: `body`, `header`, `path`; `kept` where there is none, for
    what is asked for is kept at a backend; empty without a finder."""
    path: str
    model: str
    """Or which kind of thing is kept."""


def seen_by(event: RequestHeaders) -> Seen:
    """What is known of the request that `event` begins."""
    call = event.attributes.get(CALL)
    if call is not None and call.count("\n") >= 2:
        source, path, model = call.split("\n", 2)
        return Seen(source, path, model)
    model = event.headers.get("x-ai-model") or ""
    return Seen("header" if model else "", event.headers.get(":path") or "/", model)


def client_key(event: RequestHeaders, headers: tuple[str, ...]) -> str:
    """The client's own key, as Envoy kept it before any attempt could change its header."""
    for name in headers:
        value = event.attributes.get(f"metadata.filter_metadata['ai.keys']['{name}']")
        scheme, _, rest = (value or "").partition(" ")
        # Any other scheme's second word is a proof, such as a signature, and no key.
        key = rest.strip() if scheme.lower() == "bearer" else "" if rest else scheme
        if key:
            return key
    return ""


def sent_secret(served: Served, key: str, secrets: Secrets) -> Secret:
    """What a request to `served` is signed with; `key` is the client's own."""
    if served.signer is None:
        return {}
    if key:
        return {"key": key}
    if not served.has_secret:
        names = " or ".join(served.client_keys)
        raise Unauthorized(f"the provider's key must come with the request, in {names}")
    return secrets.get(served.name)
