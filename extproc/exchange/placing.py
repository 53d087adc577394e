"""A request that has met no backend yet: the filter is one of a listener, before any route.

Elsewhere Envoy has chosen, and asks at the backend's own cluster. Here the model is read and a
backend chosen, once; the route that Envoy looks for again leads there by a header.
"""

import re
from typing import TYPE_CHECKING

import msgspec
import orjson

from extproc.exchange import bodies
from extproc.exchange.answer import Answer
from extproc.exchange.entrances import Entrance
from extproc.exchange.events import (
    GO_ON,
    Action,
    Change,
    Fetched,
    Headers,
    Metadata,
    RequestBody,
    RequestHeaders,
    Reroute,
    ResponseHeaders,
    Told,
    Wish,
)
from extproc.exchange.header_values import quoted
from extproc.exchange.plan import Plan
from extproc.exchange.proof import BACKEND, CALL, CLIENT, Seen, keys_in, model_of, seen_by
from extproc.exchange.side import CLUSTER, CLUSTER_HEADER, SCHEME
from extproc.ratelimit.descriptors import KIND, SERVICE_NAMESPACE
from providers.bridging.dialect import Dialect
from providers.errors import GatewayError, InvalidRequest
from providers.wire.members import Json
from providers.wire.splice import members

if TYPE_CHECKING:
    from extproc.exchange.question import Question

MODEL_HEADER = "x-ai-model"
CLEANED = "metadata.filter_metadata['ai.gateway']['cleaned']"
"""Attribute: what clients had sent in the headers that only Envoy may set was removed before."""
ROUTE, LISTS = "xds.route_name", "ai.models"
"""Attribute: the route's name, and that of routes of the gateway's own listener, which removes
those headers, too."""
REFUSED = f"metadata.filter_metadata['{SERVICE_NAMESPACE}']['{KIND}']"
"""Attribute of an answer: it is the limiter's, and what that refusal is about."""
CHOSEN = "chosen"
"""Attribute of ours: the backend that Envoy has chosen, where only the model is to be read."""


def placed(event: RequestHeaders) -> bool:
    """Whether the filter is one of a listener: no endpoint was chosen."""
    return event.attributes.get(BACKEND) is None


class Believed:
    """The headers of a request without what a client may have written that only Envoy may set."""

    __slots__ = ("_headers",)

    def __init__(self, headers: Headers) -> None:
        self._headers = headers

    def get(self, name: str) -> str | None:
        """None for what nobody vouches for."""
        return None if name in NOT_BELIEVED else self._headers.get(name)

    def names(self) -> str:
        """All that have come, one a line; what goes on is chosen among these."""
        return self._headers.names()

    def items(self) -> list[tuple[str, str]]:
        """Those that are believed."""
        return [pair for pair in self._headers.items() if pair[0] not in NOT_BELIEVED]


NOT_BELIEVED = frozenset({CLIENT, CLUSTER_HEADER})


def believed(event: RequestHeaders) -> RequestHeaders:
    """The same, as far as a client cannot have written it."""
    said = event.attributes
    if said.get(CLEANED) is not None or said.get(ROUTE) == LISTS:
        return event
    return msgspec.structs.replace(event, headers=Believed(event.headers))


def at_keeper(event: RequestHeaders, call: str, plan: Plan) -> tuple[RequestHeaders, str]:
    """(the same, at the backend that the model finder has found for what is kept; the cluster that
    it is still to be led to, where the finder has only found a model). Raises NotFound."""
    cluster = event.headers.get(CLUSTER_HEADER) or ""
    lead = "" if cluster else CLUSTER + plan.first(event.headers.get(MODEL_HEADER) or "")
    backend = (cluster or lead).removeprefix(CLUSTER)
    keys = keys_in(event.headers, plan.brought(backend)) if plan.leads("", backend) else {}
    attributes = {**keys, BACKEND: backend, CALL: call}
    return msgspec.structs.replace(event, attributes=attributes), lead


def at_named(event: RequestHeaders, plan: Plan) -> RequestHeaders:
    """The same, at the backend that a request of the server's own names. Whether it is one, its
    secret says, which is still to be looked at."""
    backend = (event.headers.get(CLUSTER_HEADER) or "").removeprefix(CLUSTER)
    keys = keys_in(event.headers, plan.brought(backend)) if plan.leads("", backend) else {}
    return msgspec.structs.replace(event, attributes={**keys, **event.attributes, BACKEND: backend})


def led(action: Action | Wish, lead: str) -> Action | Wish:
    """What is sent, on its way to the cluster `lead`: with the body, for Envoy looks for the route
    when all of the request is there."""
    if not lead or type(action) is not Change:
        return action
    return Reroute(
        set_headers=(*action.set_headers, (CLUSTER_HEADER, lead)),
        remove_headers=tuple(n for n in action.remove_headers if n != SCHEME),
        body=action.body,
        metadata=action.metadata,
        more=action.more,
    )


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
        self._event = event
        if self._plan.listed(method, seen.path, event.headers, seen.model) is not None:
            # A body says of which model somebody wants to know.
            unread = method == "POST" and not seen.model and not event.end
            return GO_ON if unread else self._question.headers(event)
        self._entrance = self._question.enter(seen.path)
        if event.end or (event.headers.get("upgrade") or "").lower() == "websocket":
            raise InvalidRequest(bodies.NO_BODY)
        return GO_ON

    def body(self, event: RequestBody) -> Action | Wish:
        """The request as the chosen provider gets it."""
        held, entrance = self._event, self._entrance
        assert held is not None
        if entrance is None:
            return self._shown(held, event.data)
        form, body = bodies.parts_of(event.data, entrance.dialect, held.headers, self._plan.bounds)
        entrance = entrance.of(body)
        seen = _named(seen_by(held), entrance, body, self._plan.default)
        if seen.source == "body":
            _once(event.data, seen.model, entrance.dialect.member)
        backend = held.attributes.get(CHOSEN) or ""
        if not backend:
            backend = self._pinned(held, seen.model)
            backend = backend or self._plan.chosen(entrance.dialect, seen.model)
            self._leads = ((CLUSTER_HEADER, CLUSTER + backend), (MODEL_HEADER, quoted(seen.model)))
        call = f"{seen.source}\n{seen.path}\n{seen.model}"
        keys = keys_in(held.headers, self._plan.brought(backend))
        began = self._question.headers(
            RequestHeaders(held.headers, {BACKEND: backend, CALL: call, **keys}, end=False)
        )
        self._late = began.metadata if isinstance(began, Change) and began.metadata else {}
        return self._led(self._question.read(event, form, body))

    def _shown(self, held: RequestHeaders, data: bytes) -> Action:
        """What is known of the model that a body names."""
        seen = seen_by(held)
        body = bodies.read(data, self._plan.bounds)
        call = f"body\n{seen.path}\n{model_of(seen, body, '', self._plan.dialect_of(None))}"
        return self._question.headers(RequestHeaders(held.headers, {CALL: call}, end=False))

    def _pinned(self, held: RequestHeaders, model: str) -> str:
        """The backend of what is kept there, which the finder has seen in the body."""
        backend = (held.headers.get(CLUSTER_HEADER) or "").removeprefix(CLUSTER)
        return backend if backend and self._plan.leads(model, backend) else ""

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

    def told(self, event: Told) -> Action:
        """The client's answer, of those to all parts of its request."""
        return self._question.told(event)

    def answered(self, event: ResponseHeaders) -> Action:
        """What the answer makes of its headers."""
        return self._question.answered(event)

    def refused(self, error: GatewayError) -> Action:
        """The client gets an error in its own dialect; nobody is asked."""
        return self._question.refused(error)


def _once(data: bytes, model: str, member: str) -> None:
    """What is routed is what is sent, whichever of several members a provider reads. Raises
    InvalidRequest."""
    if CONTROL.search(model):
        raise InvalidRequest(f"{member} must not hold control characters", param=member)
    if data.count(b'"%s"' % member.encode()) < 2 and not SPELT.search(data):
        return
    for one in members(data):
        if one.name == member and orjson.loads(data[one.value : one.end]) != model:
            message = f"{member} is given more than once, with different values"
            raise InvalidRequest(message, param=member)


CONTROL = re.compile(r"[\x00-\x1f\x7f]")
SPELT = re.compile(rb"\\u00[4-7]")
"""An ASCII letter in an escape, which no key needs."""


def _named(seen: Seen, entrance: Entrance, body: Json, default: str) -> Seen:
    """What the model finder would have found; a model by default is one that a header names."""
    if seen.model:
        return seen
    if entrance.path_model:
        return Seen("path", seen.path, entrance.path_model)
    if default and _is_silent(body, entrance.dialect):
        return Seen("header", seen.path, default)
    return Seen("body", seen.path, model_of(seen, body, "", entrance.dialect))


def _is_silent(body: Json, dialect: Dialect) -> bool:
    """Whether a body names no model."""
    if dialect.model_in is None:
        return dialect.member not in body
    return dialect.model_in(body) is None
