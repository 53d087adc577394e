"""The credential that a client brings with its request."""

from extproc.exchange.events import RequestHeaders
from extproc.exchange.served import Served
from providers.errors import Unauthorized
from providers.signing.sign import Secret


def brought(event: RequestHeaders, served: Served) -> Secret:
    """The client's own credential; raises Unauthorized where a part of it is missing."""
    parts = served.client_parts
    if not parts:
        key = _client_key(event, served.client_keys) if served.client_keys else ""
        return {"key": key} if key else {}
    found = {part: _client_key(event, (header,)) for part, header in parts.items()}
    found = {part: value for part, value in found.items() if value}
    if not found:
        return {}
    missing = [parts[part] for part in parts if part not in found and part != "session_token"]
    if missing:
        raise Unauthorized(f"a part of the provider's credential is missing: {missing[0]}")
    return {**found, **served.client_plain}


def _client_key(event: RequestHeaders, headers: tuple[str, ...]) -> str:
    """The client's own key, as Envoy kept it before any attempt could change its header."""
    for name in headers:
        value = event.attributes.get(f"metadata.filter_metadata['ai.keys']['{name}']")
        scheme, _, rest = (value or "").partition(" ")
        # Any other scheme's second word is a proof, such as a signature, and no key.
        key = rest.strip() if scheme.lower() == "bearer" else "" if rest else scheme
        if key:
            return key
    return ""
