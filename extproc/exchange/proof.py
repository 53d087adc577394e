"""What Envoy tells of a request beside its headers, and the secret that it leaves with."""

from collections.abc import Collection, Mapping
from typing import Protocol

import msgspec

from extproc import NAMESPACE
from extproc.credentials.pool import REFUSALS
from extproc.exchange import tried
from extproc.exchange.brought import brought
from extproc.exchange.events import Action, Headers, Reject, RequestHeaders
from extproc.exchange.served import Served
from providers.errors import Unauthorized
from providers.signing.sign import Secret

BACKEND = f"xds.upstream_host_metadata.filter_metadata['{NAMESPACE}']['backend']"
"""Attribute: the chosen endpoint's backend."""
CALL = "metadata.filter_metadata['ai.finder']['call']"
"""Attribute: what the model finder saw: source, path and model, one a line."""


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
    what is asked for is kept at a backend; empty without a finder."""
    path: str
    model: str
    """Or which kind of thing is kept."""


def seen_by(event: RequestHeaders) -> Seen:
    """What is known of the request that `event` begins."""
    seen = seen_in(event.attributes)
    if seen is not None:
        return seen
    model = event.headers.get("x-ai-model") or ""
    return Seen("header" if model else "", event.headers.get(":path") or "/", model)


def seen_in(attributes: Mapping[str, str]) -> Seen | None:
    """What the model finder says, if it has found anything."""
    call = attributes.get(CALL)
    if call is None or call.count("\n") < 2:
        return None
    return Seen(*call.split("\n", 2))


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
