"""What Envoy tells of a request beside its headers, and the secret that it leaves with."""

from base64 import b64decode
from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

import msgspec

from extproc import NAMESPACE
from extproc.credentials.pool import REFUSALS
from extproc.exchange import tried
from extproc.exchange.brought import brought
from extproc.exchange.events import Action, Headers, Reject, RequestHeaders
from extproc.exchange.served import LONGEST_NAME, Served, unknown
from providers.bridging.dialect import Dialect
from providers.errors import InvalidRequest, Unauthorized
from providers.signing.sign import Secret
from providers.wire.members import Json

BACKEND = f"xds.upstream_host_metadata.filter_metadata['{NAMESPACE}']['backend']"
"""Attribute: the chosen endpoint's backend."""
CALL = "metadata.filter_metadata['ai.finder']['call']"
"""Attribute: what the model finder saw: source, path and model, one a line."""


KEYS = "metadata.filter_metadata['ai.keys']"
"""Attribute, with a header's name behind it: the client's own key in that header."""


def keys_in(headers: Headers, names: Iterable[str]) -> dict[str, str]:
    """As attributes, the keys that stand in a client's headers, where no attempt has changed
    these."""
    found = ((name, headers.get(name)) for name in names)
    return {f"{KEYS}['{name}']": key for name, key in found if key}


SIDE = "side"
"""How that begins for whatever comes in by the loopback listener."""


CLIENT = "x-ai-client"
"""Header in which Envoy says whose key has come; no client can."""


class Secrets(Protocol):
    """Where a backend's secret is looked up, without waiting."""

    def get(self, backend: str, tried: Collection[int] = ()) -> Secret:
        """One, rather none of those that were `tried`; raises Unavailable."""

    def refused(
        self, backend: str, secret: Secret, status: int, retry_after: str | None
    ) -> int | None:
        """A provider has refused one; its number, if there are others to try."""


class Seen(msgspec.Struct, frozen=True):
    """What the model finder, or the request itself, says of a request."""

    source: str
    """Where the routed model was named: `body`, `header`, `path`; `kept` where there is none, for
    what is asked for is kept at a backend; empty without a finder. `side`, and perhaps a secret,
    of what came in by the loopback listener."""
    path: str
    model: str
    """Or which kind of thing is kept."""


def seen_by(event: RequestHeaders) -> Seen:
    """What is known of the request that `event` begins."""
    seen = seen_in(event.attributes)
    if seen is not None:
        return seen
    call = event.attributes.get(CALL)
    if call is not None and call.startswith(SIDE):
        return _own(call)
    model = event.headers.get("x-ai-model") or ""
    return Seen("header" if model else "", event.headers.get(":path") or "/", model)


def seen_in(attributes: Mapping[str, str]) -> Seen | None:
    """What the model finder says, if it has found anything."""
    call = attributes.get(CALL)
    if call is None or call.count("\n") < 2:
        return None
    return Seen(*call.split("\n", 2))


def _own(call: str) -> Seen:
    """What a request by the loopback listener says of itself, which may be anybody's."""
    try:
        said = b64decode(call.removeprefix(f"{SIDE} "), validate=True).decode()
        secret, path, model = said.split("\n", 2)
    except ValueError:
        return Seen(SIDE, "/", "")
    return Seen(f"{SIDE} {secret}", path, model)


def model_of(seen: Seen, body: Json, path_model: str, dialect: Dialect) -> str:
    """The client's name of the model, which is in the body if nowhere else; what was routed is what
    is sent. Raises InvalidRequest."""
    routed = seen.model
    if path_model:
        return routed or path_model
    if seen.source in ("header", SIDE):
        return routed
    member = dialect.member
    named = body.get(member) if dialect.model_in is None else dialect.model_in(body)
    if not isinstance(named, str) or not named:
        raise InvalidRequest(f"{member} must be a string that names a model", param=member)
    if len(named) > LONGEST_NAME:
        raise unknown(named)
    if routed and named != routed:
        message = f"{member} is given more than once, with different values"
        raise InvalidRequest(message, param=member)
    return named


class Proof:
    """The secret that one attempt is signed with: the client's own, or one of the backend's."""

    __slots__ = ("_brought", "_secrets", "_served", "_tried", "_used")

    def __init__(self, event: RequestHeaders, served: Served, secrets: Secrets) -> None:
        """Raises Unauthorized where a part of the client's own is missing."""
        self._served = served
        self._secrets = secrets
        self._brought = brought(event, served)
        self._tried = event.attributes.get(tried.ATTRIBUTE) or ""
        """Keys that earlier attempts have tried in vain."""
        self._used: Secret = {}

    def secret(self) -> Secret:
        """What to sign with; raises Unauthorized, Unavailable."""
        served = self._served
        if served.signer is None:
            return {}
        if self._brought:
            return self._brought
        if not served.has_secret:
            names = " or ".join(served.client_keys)
            raise Unauthorized(f"the provider's key must come with the request, in {names}")
        said = self._tried
        known = tried.numbers(said, served.name) if said else ()
        self._used = self._secrets.get(served.name, known)
        return self._used

    def heard(self, action: Action, status: int, headers: Headers) -> Action:
        """What follows from an answer's status: a key that was refused is not the next one."""
        if status not in REFUSALS or not self._used or isinstance(action, Reject):
            return action
        name = self._served.name
        number = self._secrets.refused(name, self._used, status, headers.get("retry-after"))
        if number is None:
            return action
        said = {**(action.metadata or {}), **tried.told(self._tried, name, number)}
        return msgspec.structs.replace(action, metadata=said)
