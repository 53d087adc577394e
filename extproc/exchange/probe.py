"""A request of the gateway's own for what a backend lists: whether it answers.

It comes by the loopback listener, and goes to the provider as any client's does.
"""

from base64 import b64encode
from collections.abc import Callable

from extproc.exchange.client_headers import ClientHeaders
from extproc.exchange.events import Action, Leave, RequestHeaders
from extproc.exchange.passthrough import Passthrough
from extproc.exchange.plan import Plan
from extproc.exchange.proof import BACKEND, Proof, Secrets, seen_by
from extproc.exchange.served import models_path
from extproc.exchange.side import CALL_HEADER, CLUSTER, CLUSTER_HEADER, admitted
from providers.errors import InvalidRequest

METHOD = "GET"
"""What one request becomes beside itself is never asked for so."""
PATH = "/probe"
"""At the loopback listener."""


def headers(backend: str, secret: str) -> tuple[tuple[str, str], ...]:
    """What such a request says of itself."""
    call = b64encode(f"{secret}\n{PATH}\n".encode()).decode()
    return ((CLUSTER_HEADER, CLUSTER + backend), (CALL_HEADER, call))


class Probe(Passthrough):
    """One such request."""

    __slots__ = ("_side",)

    def __init__(self, plan: Plan, secrets: Secrets, clock: Callable[[], float], side: str) -> None:
        """`side`: the secret of requests of our own."""
        super().__init__(plan, secrets, clock)
        self._side = side

    def headers(self, event: RequestHeaders) -> Action:
        """Leaves at once."""
        admitted(seen_by(event), self._side)
        if not event.end:
            raise InvalidRequest("a probe has no body")
        self._headers = ClientHeaders(event)
        self._target = target = self._plan.passing(event.attributes.get(BACKEND) or "")
        self._method, self._path = METHOD, models_path(target.served)
        self._proof = Proof(event, target.served, self._secrets)
        return self._send(b"", Leave)
