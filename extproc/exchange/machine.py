"""The state machine of one exchange: what Envoy tells goes in, what we answer comes out.

No I/O, no clock, no protobuf. The legal order of events is `NEXT`; no handler sets the state.
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol, assert_never

import msgspec
import orjson

from extproc.exchange.answer import JSON_TYPE, Answer, Asked
from extproc.exchange.client_headers import ClientHeaders
from extproc.exchange.entrances import Entrance
from extproc.exchange.events import (
    GO_ON,
    Action,
    Change,
    Event,
    Fetch,
    Fetched,
    Metadata,
    Reject,
    RequestBody,
    RequestHeaders,
    RequestTrailers,
    ResponseBody,
    ResponseHeaders,
    ResponseTrailers,
)
from extproc.exchange.plan import Plan, Served, Target
from providers.bridging import estimate
from providers.bridging.bridge import Answered, Call, Sent, Wanted
from providers.bridging.dialect import Context, Dialect
from providers.bridging.remote import Link
from providers.errors import GatewayError, InvalidRequest, Unauthorized, Unsupported
from providers.signing.sign import Call as SignedCall
from providers.signing.sign import Secret
from providers.wire.members import Json

BACKEND = "xds.upstream_host_metadata.filter_metadata['ai.extproc']['backend']"
"""Attribute: the chosen endpoint's backend."""
CALL = "metadata.filter_metadata['ai.finder']['call']"
"""Attribute: what the model finder saw: source, path and model, one a line."""


ESTIMATED = ("x-ai-estimated", "true")
"""Header of an answer that no provider gave."""
GUESSED = {"status": 200, "estimated": True}


class State(Enum):
    """How far an exchange is."""

    NEW = auto()
    REQUEST = auto()
    FETCHING = auto()
    SENT = auto()
    ANSWER = auto()
    REJECTED = auto()


NEXT: dict[State, dict[type[Event | Fetched], State]] = {
    State.NEW: {RequestHeaders: State.REQUEST},
    State.REQUEST: {RequestBody: State.SENT},
    State.FETCHING: {Fetched: State.SENT},
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


AFTER: dict[type[Action | Fetch], State] = {Reject: State.REJECTED, Fetch: State.FETCHING}
"""Where an action leads, whatever the event was."""


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
        "_fetching",
        "_headers",
        "_key",
        "_own",
        "_plan",
        "_secrets",
        "_seen",
        "_started",
        "_state",
        "_target",
        "_waiting",
    )

    def __init__(
        self,
        plan: Plan,
        secrets: Secrets,
        clock: Callable[[], float],
        *,
        fetching: bool = False,
    ) -> None:
        """`clock` gives seconds since the epoch; `fetching`: media may be asked for by Fetch."""
        self._plan = plan
        self._secrets = secrets
        self._clock = clock
        self._fetching = fetching
        self._state = State.NEW
        self._started = clock()
        self._seen = Seen("", "", "")
        self._entrance: Entrance | None = None
        self._target: Target | None = None
        self._headers: ClientHeaders | None = None
        self._key = ""
        self._own: dict[str, str] = {}
        self._defaults: tuple[tuple[str, str], ...] = ()
        self._answer: Answer | None = None
        self._waiting: tuple[Call, str] | None = None
        """The call that waits for its media, and the client's name of the model."""

    def handle(self, event: Event | Fetched) -> Action | Fetch:
        """The one action that answers `event`; raises OrderError.

        A Fetch answers a RequestBody whose media must be fetched, and only where `fetching` is on.
        """
        following = NEXT[self._state].get(type(event))
        if following is None:
            raise OrderError(f"{type(event).__name__} in state {self._state.name}")
        if self._state is State.REJECTED:
            return GO_ON
        action: Action | Fetch
        try:
            action = self._dispatch(event)
        except GatewayError as error:
            action = self._fail(error)
        self._state = AFTER.get(type(action), following)
        return action

    def _dispatch(self, event: Event | Fetched) -> Action | Fetch:
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
            case Fetched():
                return self._fetched(event)
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
        record: Metadata = {"error_type": error.cause}
        if self._target is not None:
            record = {**self._target.attempt(self._seen.model, "", stream=False), **record}
        return Reject(status, body, (JSON_TYPE, *headers.items()), record)

    def give_up(self) -> Action:
        """The action after a bug: the client learns that it was not its fault."""
        action = self._fail(GatewayError("the gateway failed; its log says why"))
        self._state = AFTER.get(type(action), self._state)
        return action

    def _request_headers(self, event: RequestHeaders) -> Action:
        self._seen = seen = _seen(event)
        listed = self._plan.listed(event.headers.get(":method") or "", seen.path, event.headers)
        if listed is not None:
            self._entrance = Entrance(listed.dialect, stream=False)
            return Reject(200, self._plan.page(listed), (JSON_TYPE,))
        self._entrance = entrance = self._plan.entrance(seen.path)
        backend = event.attributes.get(BACKEND) or ""
        self._target = target = self._plan.target(entrance.dialect, seen.model, backend)
        self._headers = headers = ClientHeaders(event)
        self._defaults = tuple(
            [header for header in target.defaults if headers.get(header[0]) is None]
        )
        self._key = _client_key(event, target.served.client_keys)
        if target.dialect.from_headers is not None:
            self._own = _own_headers(headers, entrance.dialect)
        if event.end:
            raise InvalidRequest("the request has no body")
        return headers.report(target.touched)

    def _request_body(self, event: RequestBody) -> Action | Fetch:
        entrance, target = self._entrance, self._target
        assert entrance is not None
        assert target is not None
        body = _object(event.data)
        model = self._model(body, entrance)
        call = Call(
            data=event.data,
            body=body,
            model=target.model or model,
            stream=entrance.streams(body),
            path_model=entrance.path_model,
            headers=self._own,
        )
        return self._send(call, target, model)

    def _send(self, call: Call, target: Target, model: str) -> Action | Fetch:
        sent = target.bridge.request(call)
        if isinstance(sent, Answered):
            return self._estimated(sent, target, model)
        if isinstance(sent, Wanted):
            return self._fetch(call, sent.links, model)
        assert self._headers is not None
        set_headers = self._outgoing(target, call, sent)
        self._answer = self._expect(call, sent, model)
        return Change(
            set_headers=(*self._headers.undone(target.removed), *set_headers),
            remove_headers=(*target.removed, *self._headers.foreign()),
            body=sent.body,
            metadata=target.attempt(model, call.model, stream=call.stream),
        )

    def _fetch(self, call: Call, links: tuple[Link, ...], model: str) -> Fetch:
        if not self._fetching:
            name = links[0].name
            raise Unsupported(
                f"{name}: this provider wants the bytes, not a URL, and fetching them is off "
                "(the gateway's setting extproc.fetch)",
                param=name,
            )
        self._waiting = call, model
        return Fetch(links)

    def _fetched(self, event: Fetched) -> Action | Fetch:
        assert self._waiting is not None
        assert self._target is not None
        if event.error is not None:
            raise event.error
        call, model = self._waiting
        self._waiting = None
        return self._send(msgspec.structs.replace(call, files=event.files), self._target, model)

    def _estimated(self, answered: Answered, target: Target, model: str) -> Action:
        metadata = target.attempt(model, "", stream=False)
        return Reject(200, answered.body, (JSON_TYPE, ESTIMATED), {**metadata, **GUESSED})

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
            renamed=sent.renamed,
        )
        asked = Asked(
            client=entrance.dialect,
            target=target,
            context=context,
            stream=call.stream,
            dropped=sent.dropped,
            prompt=estimate.characters_of(call.data),
            started=self._started,
        )
        return Answer(asked, self._clock)

    def _outgoing(self, target: Target, call: Call, sent: Sent) -> tuple[tuple[str, str], ...]:
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
        scheme, _, rest = (value or "").partition(" ")
        # Any other scheme's second word is a proof, such as a signature, and no key.
        key = rest.strip() if scheme.lower() == "bearer" else "" if rest else scheme
        if key:
            return key
    return ""


def _own_headers(headers: ClientHeaders, dialect: Dialect) -> dict[str, str]:
    """The client's headers that mean something in its dialect only."""
    values = ((name, headers.get(name)) for name in dialect.own_headers)
    return {name: value for name, value in values if value is not None}


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
