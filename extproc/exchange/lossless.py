"""Who is asked after a failure, where a route wants nobody who loses something of the request.

It is found before a provider is asked, for nobody says when a connection breaks. So each attempt is
translated for the backends after it, up to the first that loses nothing; Envoy is told by a header.
"""

import msgspec

from extproc.exchange import tried
from extproc.exchange.client_headers import ClientHeaders
from extproc.exchange.plan import Plan
from providers.bridging.dialect import Bridge, Call, Dialect, Sent
from providers.errors import GatewayError, Unavailable

# Envoy 1.40 crashes where a cluster is chosen by dynamic metadata (tried), so it goes by a header,
# which the provider sees, too; filters of a cluster share their headers with the next attempt.
NEXT = "x-ai-next"
"""Header: the number of the backend that is asked after this one, should it fail."""
NOBODY = "0"
ATTEMPT = "x-envoy-attempt-count"
"""Header in which Envoy counts attempts; one that fails at once has told nobody of itself."""
WHOLE = "request"
"""What is lost where a backend cannot be asked at all."""


class Following(msgspec.Struct, frozen=True):
    """What comes after an attempt."""

    said: tuple[tuple[str, str], ...] = ()
    """The headers that tell Envoy where to go after a failure that nobody has answered: to the
    next backend, or, if there is no other, to the same one."""
    last: bool = False
    """Whether no other backend may be asked."""
    left_out: tuple[str, ...] = ()
    """Who is not, and for what it would lose."""


FREE = Following()
"""Where Envoy chooses by itself."""


class Chain(msgspec.Struct, frozen=True):
    """The backends of one request, one after another."""

    plan: Plan
    client: Dialect
    headers: ClientHeaders
    model: str
    """As it was routed."""

    def after(self, here: str, asked: str, call: Call, lost: tuple[str, ...]) -> Following:
        """Who follows the backend `here`, at which something is `lost`; `asked`: all so far.
        Raises Unavailable where it should not have been asked."""
        earlier = tried.names(asked)
        if lost and (len(earlier) > 1 or self.headers.get(ATTEMPT) not in (None, "1")):
            raise _stopped(lost)
        left_out: list[str] = []
        for name in self.plan.others(self.model, earlier):
            missing = self._lost_at(name, call)
            if not missing:
                return Following(self._told(name))
            left_out += [f"{name}:{what}" for what in missing]
        return Following(self._told("" if lost else here), last=True, left_out=tuple(left_out))

    def _told(self, name: str) -> tuple[tuple[str, str], ...]:
        return ((NEXT, self.plan.number(self.model, name) if name else NOBODY),)

    def _lost_at(self, backend: str, call: Call) -> tuple[str, ...]:
        try:
            target = self.plan.target(self.client, self.model, backend)
            names = self.client.own_headers - target.removes if target.reads_headers else ()
            model, headers = target.model or self.model, self.headers.those(names)
            call = msgspec.structs.replace(call, model=model, headers=headers)
            return _lost_by(target.bridge, call)
        except GatewayError as error:
            return (error.param or WHOLE,)
        except Exception:
            # It is not this backend that was to be asked.
            return (WHOLE,)


def _lost_by(bridge: Bridge | None, call: Call) -> tuple[str, ...]:
    """What would be lost, were it made by way of `bridge`; of what must be fetched first, that is
    seen when it is there."""
    if bridge is None:
        return (WHOLE,)
    sent = bridge.request(call)
    return sent.dropped if isinstance(sent, Sent) else ()


def _stopped(lost: tuple[str, ...]) -> Unavailable:
    """Envoy has gone by itself where something is lost."""
    names = ", ".join(name[:100] for name in lost[:20])
    return Unavailable(f"the provider failed, and {names} would be lost at the next one")
