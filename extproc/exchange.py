"""The state machine of one exchange: what Envoy tells goes in, what we answer comes out.

No I/O, no clock, no protobuf. The legal order of events is `NEXT`; no handler sets the state.
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol, assert_never

import msgspec
import orjson

from extproc.answer import JSON_TYPE, Answer, Asked
from extproc.events import (
    GO_ON,
    Action,
    Change,
    Event,
    Reject,
    RequestBody,
    RequestHeaders,
    RequestTrailers,
    ResponseBody,
    ResponseHeaders,
    ResponseTrailers,
)
from extproc.plan import Entrance, Plan, Served, Target
from providers import estimate
from providers.bridge import Call, Sent
from providers.chat import Json
from providers.dialect import Context
from providers.errors import GatewayError, InvalidRequest, Unauthorized
from providers.sign import Call as SignedCall
from providers.sign import Secret

BACKEND = "xds.upstream_host_metadata.filter_metadata['ai.extproc']['backend']"
"""Attribute: the chosen endpoint's backend."""
CALL = "metadata.filter_metadata['ai.finder']['call']"
"""Attribute: what the model finder saw: source, path and model, one a line."""


KEPT = 64 * 1024
"""Bytes of a body that is kept until the answer, in case its tokens must be estimated."""


class State(Enum):
    """How far an exchange is."""

    NEW = auto()
    REQUEST = auto()
    SENT = auto()
    ANSWER = auto()
    REJECTED = auto()


NEXT: dict[State, dict[type[Event], State]] = {
    State.NEW: {RequestHeaders: State.REQUEST},
    State.REQUEST: {RequestBody: State.SENT},
    State.SENT: {RequestTrailers: State.SENT, ResponseHeaders: State.ANSWER},
    State.ANSWER: {ResponseBody: State.ANSWER, ResponseTrailers: State.ANSWER},
    # Envoy may return our own immediate response through the response path.
    State.REJECTED: {
        RequestBody: State.REJECTED,
        RequestTrailers: State.REJECTED,
        ResponseHeaders: State.REJECTED,
        ResponseBody: State.REJECTED,
        ResponseTrailers: State.REJECTED,
    },
}


class OrderError(ValueError):
    """An event that cannot come now: Envoy's filter is not configured as this server needs it."""


class Secrets(Protocol):
    """Where a backend's secret is looked up, without waiting; raises Unavailable."""

    def get(self, backend: str) -> Secret: ...


class Seen(msgspec.Struct, frozen=True):
    """What the model finder, or the request itself, says of a request."""

    source: str
    """Where the routed model was named: `body`, `header`, `path`; empty without a finder."""
    path: str
    model: str


class Exchange:
    """One attempt at one backend, or a request that is answered here."""

    __slots__ = (
        "_answer",
        "_clock",
        "_defaults",
        "_entrance",
        "_key",
        "_plan",
        "_secrets",
        "_seen",
        "_started",
        "_state",
        "_target",
    )

    def __init__(self, plan: Plan, secrets: Secrets, clock: Callable[[], float]) -> None:
        """`clock` gives seconds since the epoch."""
        self._plan = plan
        self._secrets = secrets
        self._clock = clock
        self._state = State.NEW
        self._started = clock()
        self._seen = Seen("", "", "")
        self._entrance: Entrance | None = None
        self._target: Target | None = None
        self._key = ""
        self._defaults: tuple[tuple[str, str], ...] = ()
        self._answer: Answer | None = None

    def handle(self, event: Event) -> Action:
        """The one action that answers `event`; raises OrderError."""
        following = NEXT[self._state].get(type(event))
        if following is None:
            raise OrderError(f"{type(event).__name__} in state {self._state.name}")
        if self._state is State.REJECTED:
            return GO_ON
        try:
            action = self._dispatch(event)
        except GatewayError as error:
            action = self._fail(error)
        self._state = State.REJECTED if isinstance(action, Reject) else following
        return action

    def _dispatch(self, event: Event) -> Action:
        match event:
            case ResponseBody():
                return self._answering.body(event)
            case RequestHeaders():
                return self._request_headers(event)
            case RequestBody():
                return self._request_body(event)
            case ResponseHeaders():
                return self._answering.headers(event)
            case RequestTrailers() | ResponseTrailers():
                return GO_ON
            case _:
                assert_never(event)

    @property
    def _answering(self) -> Answer:
        assert self._answer is not None
        return self._answer

    def _fail(self, error: GatewayError) -> Action:
        if self._answer is not None:
            return self._answer.fail(error)
        dialect = self._plan.dialect_of(self._entrance)
        status, headers, body = dialect.render_error(error.as_api_error())
        return Reject(status, body, (JSON_TYPE, *headers.items()), {"error_type": error.cause})

    def give_up(self) -> Action:
        """The action after a bug: the client learns that it was not its fault."""
        return self._fail(GatewayError("the gateway failed; its log says why"))

    def _request_headers(self, event: RequestHeaders) -> Action:
        self._seen = seen = _seen(event)
        page = self._plan.page(event.headers.get(":method") or "", seen.path)
        if page is not None:
            return Reject(200, page, (JSON_TYPE,))
        self._entrance = entrance = self._plan.entrance(seen.path)
        backend = event.attributes.get(BACKEND) or ""
        self._target = target = self._plan.target(entrance.dialect, seen.model, backend)
        self._defaults = tuple(
            [header for header in target.defaults if event.headers.get(header[0]) is None]
        )
        self._key = _client_key(event, target.served.client_keys)
        if event.end:
            raise InvalidRequest("the request has no body")
        return GO_ON

    def _request_body(self, event: RequestBody) -> Action:
        entrance, target = self._entrance, self._target
        assert entrance is not None
        assert target is not None
        body = _object(event.data)
        model = self._model(body, entrance)
        stream = entrance.streams(body)
        upstream = target.model or model
        call = Call(
            data=event.data,
            body=body,
            model=upstream,
            stream=stream,
            path_model=entrance.path_model,
        )
        sent = target.bridge.request(call)
        set_headers = self._headers(target, call, sent)
        self._answer = self._expect(call, sent, model)
        return Change(
            set_headers=set_headers,
            remove_headers=target.removed,
            body=sent.body,
            metadata=target.attempt(model, upstream, stream=stream),
        )

    def _model(self, body: Json, entrance: Entrance) -> str:
        """The client's name of the model; what was routed is what is sent."""
        routed = self._seen.model
        if entrance.path_model:
            return routed or entrance.path_model
        named = body.get("model")
        if self._seen.source == "header":
            return routed
        if not isinstance(named, str) or not named:
            raise InvalidRequest("model must be a string that names a model", param="model")
        if routed and named != routed:
            raise InvalidRequest(
                "model is given more than once, with different values", param="model"
            )
        return named

    def _expect(self, call: Call, sent: Sent, model: str) -> Answer:
        entrance, target = self._entrance, self._target
        assert entrance is not None
        assert target is not None
        context = Context(
            model=model,
            id=self._plan.new_id(),
            now=int(self._started),
            stream_usage=entrance.dialect.wants_usage(call.body),
            echo=entrance.dialect.echo(call.body),
        )
        counted = call.stream or len(call.data) > KEPT
        asked = Asked(
            client=entrance.dialect,
            target=target,
            context=context,
            stream=call.stream,
            dropped=sent.dropped,
            prompt=estimate.characters(call.body) if counted else call.body,
            started=self._started,
        )
        return Answer(asked, self._clock)

    def _headers(self, target: Target, call: Call, sent: Sent) -> tuple[tuple[str, str], ...]:
        path = target.path(call.model, stream=call.stream)
        body = call.data if sent.body is None else sent.body
        signed: dict[str, str] = {}
        if target.served.signer is not None:
            outgoing = SignedCall("POST", target.served.authority, path, body)
            signed = target.served.signer(outgoing, self._secret(target.served), self._clock())
        return (
            (":path", path),
            (":authority", target.served.authority),
            ("content-length", str(len(body))),
            JSON_TYPE,
            *target.headers,
            *self._defaults,
            *signed.items(),
        )

    def _secret(self, served: Served) -> Secret:
        if self._key:
            return {"key": self._key}
        if not served.has_secret:
            names = " or ".join(served.client_keys)
            raise Unauthorized(f"the provider's key must come with the request, in {names}")
        return self._secrets.get(served.name)


def _client_key(event: RequestHeaders, headers: tuple[str, ...]) -> str:
    """The client's own key, as Envoy kept it before any attempt could change its header."""
    for name in headers:
        value = event.attributes.get(f"metadata.filter_metadata['ai.keys']['{name}']")
        if value:
            scheme, _, rest = value.partition(" ")
            return rest.strip() if scheme.lower() == "bearer" else value
    return ""


def _seen(event: RequestHeaders) -> Seen:
    call = event.attributes.get(CALL)
    if call is not None and call.count("\n") >= 2:
        source, path, model = call.split("\n", 2)
        return Seen(source, path, model)
    model = event.headers.get("x-ai-model") or ""
    return Seen("header" if model else "", event.headers.get(":path") or "/", model)


def _object(data: bytes) -> Json:
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(f"the body is not valid JSON: {error}") from None
    if not isinstance(body, dict):
        raise InvalidRequest("the body must be a JSON object")
    return body
