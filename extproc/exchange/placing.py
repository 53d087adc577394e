"""A request that has met no backend yet: the filter is one of a listener, before any route.

Elsewhere Envoy has chosen, and asks at the backend's own cluster. Here the model is read and a
backend chosen, once; the route that Envoy looks for again leads there by a header.
"""

from typing import TYPE_CHECKING

import msgspec

from extproc.exchange import bodies
from extproc.exchange.answer import Answer
from extproc.exchange.entrances import Entrance
from extproc.exchange.events import (
    GO_ON,
    Action,
    Change,
    Fetched,
    Metadata,
    RequestBody,
    RequestHeaders,
    Reroute,
    ResponseHeaders,
    Wish,
)
from extproc.exchange.plan import Plan
from extproc.exchange.proof import BACKEND, CALL, Seen, keys_in, model_of, seen_by
from extproc.exchange.side import CLUSTER, CLUSTER_HEADER
from providers.errors import GatewayError, InvalidRequest
from providers.wire.members import Json

if TYPE_CHECKING:
    from extproc.exchange.question import Question

MODEL_HEADER = "x-ai-model"
CHOSEN = "chosen"
"""Attribute of ours: the backend that Envoy has chosen, where only the model is to be read."""
SCHEME = "x-forwarded-proto"
"""Without it Envoy finds no route; what it says must be removed by the route."""


def placed(event: RequestHeaders) -> bool:
    """Whether the filter is one of a listener: no endpoint was chosen."""
    return event.attributes.get(BACKEND) is None


def at_keeper(event: RequestHeaders, call: str) -> RequestHeaders:
    """The same, at the backend that the model finder has found for what is kept."""
    cluster = event.headers.get(CLUSTER_HEADER) or ""
    attributes = {BACKEND: cluster.removeprefix(CLUSTER), CALL: call}
    return msgspec.structs.replace(event, attributes=attributes)


class Placing:
    """A request that chooses its backend by itself, and is then a question like others."""

    def __init__(self, question: "Question", plan: Plan) -> None:
        self._question = question
        self._plan = plan
        self._event: RequestHeaders | None = None
        self._entrance: Entrance | None = None
        self._leads: tuple[tuple[str, str], ...] = ()
        self._late: Metadata = {}

    @property
    def answer(self) -> Answer | None:
        """Awaits the provider, as soon as it is asked."""
        return self._question.answer

    def headers(self, event: RequestHeaders) -> Action:
        """A list of models is answered; everything else waits for the body."""
        seen = seen_by(event)
        method = event.headers.get(":method") or ""
        if self._plan.listed(method, seen.path, event.headers, seen.model) is not None:
            return self._question.headers(event)
        self._event = event
        self._entrance = self._question.enter(seen.path)
        if event.end:
            raise InvalidRequest(bodies.NO_BODY)
        return GO_ON

    def body(self, event: RequestBody) -> Action | Wish:
        """The request as the chosen provider gets it."""
        held, entrance = self._event, self._entrance
        assert held is not None
        assert entrance is not None
        form, body = bodies.parts_of(event.data, entrance.dialect, held.headers, self._plan.bounds)
        seen = _named(seen_by(held), entrance, body, self._plan.default)
        backend = held.attributes.get(CHOSEN) or ""
        if not backend:
            backend = self._plan.chosen(entrance.dialect, seen.model)
            self._leads = ((CLUSTER_HEADER, CLUSTER + backend), (MODEL_HEADER, seen.model))
        call = f"{seen.source}\n{seen.path}\n{seen.model}"
        keys = keys_in(held.headers, self._plan.brought(backend))
        began = self._question.headers(
            RequestHeaders(held.headers, {BACKEND: backend, CALL: call, **keys}, end=False)
        )
        self._late = began.metadata if isinstance(began, Change) and began.metadata else {}
        return self._led(self._question.read(event, form, body))

    def fetched(self, event: Fetched) -> Action | Wish:
        """The same, with the media that it waited for."""
        return self._led(self._question.fetched(event))

    def _led(self, action: Action | Wish) -> Action | Wish:
        if not isinstance(action, Change):
            return action
        if not self._leads:
            return msgspec.structs.replace(action, more={**self._late, **(action.more or {})})
        return Reroute(
            set_headers=(*action.set_headers, *self._leads),
            remove_headers=tuple(n for n in action.remove_headers if n != SCHEME),
            body=action.body,
            metadata=action.metadata,
            more={**self._late, **(action.more or {})},
        )

    def answered(self, event: ResponseHeaders) -> Action:
        """What the answer makes of its headers."""
        return self._question.answered(event)

    def refused(self, error: GatewayError) -> Action:
        """The client gets an error in its own dialect; nobody is asked."""
        return self._question.refused(error)


def _named(seen: Seen, entrance: Entrance, body: Json, default: str) -> Seen:
    """What the model finder would have found; a model by default is one that a header names."""
    if seen.model:
        return seen
    if entrance.path_model:
        return Seen("path", seen.path, entrance.path_model)
    member = entrance.dialect.member
    if default and body.get(member) in (None, ""):
        return Seen("header", seen.path, default)
    return Seen("body", seen.path, model_of(seen, body, "", member))
