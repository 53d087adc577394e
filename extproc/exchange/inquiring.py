"""A look at another family's job, as a client knows it, on its way to the provider that does it.

Sans-I/O, like the exchange that owns it: an event in, an action out.
"""

from typing import Any

import msgspec

from extproc.exchange.account import Asked
from extproc.exchange.answer import Answer
from extproc.exchange.changes import JSON_TYPE
from extproc.exchange.errand import Errand
from extproc.exchange.events import Action, RequestBody, RequestHeaders, Rest
from extproc.exchange.plan import Plan
from extproc.exchange.proof import BACKEND, seen_by
from providers.bridging.jobs import ID, NAMED, SPAN, Inquiry
from providers.errors import Unavailable

BODILESS = "the model finder in Envoy is older than this server: render its configuration again"
"""Where a GET must become a POST the finder gives it a body, which no filter behind it can."""


def inquired(plan: Plan, event: RequestHeaders) -> bool:
    """Whether a request is about jobs that its backend does in a format of its own."""
    backend = event.attributes.get(BACKEND) or ""
    return plan.keeping.follows(seen_by(event).model, backend)


class Inquiring(Errand):
    """One request for an act on such a job."""

    __slots__ = ()

    def body(self, event: RequestBody) -> Action | Rest:
        """Nothing that a client says beside the path is of interest."""
        return self._send(event.data, streams=False)

    def _send(self, data: bytes | None, streams: bool) -> Action:
        target, wish = self._target, self._wish
        assert target is not None
        assert wish is not None
        inquiry = target.bridge
        assert isinstance(inquiry, Inquiry)
        opened = None if self._seal is None else self._seal.must_open
        path, id = self._keeping.path(target, wish, opened, self._named), wish.id(opened)
        said = inquiry.body(id)
        if said is not None and data is None:
            raise Unavailable(BODILESS)
        if said is not None:
            self._method = "POST"
        body = said if said is not None else data and b""
        proof = self._proven(path, body or b"")
        asked = self._asked(target, wish, streams, proof)
        self.answer = Answer(self._translated(asked, inquiry, id), self._clock)
        left = self._leaving(path, body, proof[1], streams=streams)
        if said is None:
            return left
        spoken = (*left.set_headers, (":method", self._method), JSON_TYPE)
        return msgspec.structs.replace(left, set_headers=spoken)

    def _translated(self, asked: Asked, inquiry: Inquiry, id: str) -> Asked:
        """What the answer must know, for a client of another format than the provider's."""
        assert self._wish is not None
        echo: dict[str, Any] = {ID: id}
        if inquiry.lists:
            opened = None if self._seal is None else self._seal.must_open
            asks = inquiry.span(self._wish.said(opened))
            echo = {SPAN: asks, NAMED: self._called}
        context = msgspec.structs.replace(asked.context, echo=echo)
        return msgspec.structs.replace(
            asked,
            bridge=inquiry.by(asked.secret, context.now),
            client=self._wish.kept,
            context=context,
            stream=False,
            showing=self._shown_of(self._wish.kept, asked.target.dialect),
            unread=False,
        )

    def _called(self, model: str) -> str:
        return self._plan.client_name(model, self._backend, self._client)
