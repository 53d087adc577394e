"""The state machine of one exchange: what Envoy tells goes in, what we answer comes out.

No I/O, no clock, no protobuf. The legal order of events is `NEXT`; no handler sets the state.
"""

from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from typing import assert_never

from extproc.exchange.answer import Answer
from extproc.exchange.batching import Batching, batched
from extproc.exchange.errand import Errand
from extproc.exchange.events import (
    GO_ON,
    Action,
    Ask,
    BodyMode,
    Event,
    Fetch,
    Fetched,
    Heard,
    Ignore,
    Leave,
    Reject,
    RequestBody,
    RequestHeaders,
    RequestTrailers,
    ResponseBody,
    ResponseHeaders,
    ResponseTrailers,
    Rest,
    Rested,
    Settle,
    Settled,
    Talk,
    TalkThere,
    Told,
    Wish,
)
from extproc.exchange.hearing import Hearing, hearing
from extproc.exchange.inquiring import Inquiring, inquired
from extproc.exchange.merging import Merging, merged
from extproc.exchange.passthrough import Passthrough
from extproc.exchange.placing import Placing, at_keeper, at_named, believed, led, placed
from extproc.exchange.plan import Plan
from extproc.exchange.probe import METHOD, PATH, Probe
from extproc.exchange.proof import CALL, SIDE, Secrets, seen_by
from extproc.exchange.question import Question
from extproc.exchange.session import Session
from extproc.exchange.side import admitted
from providers.errors import GatewayError, TooLarge
from providers.wire.budget import too_deep


class State(Enum):
    """How far an exchange is."""

    __hash__ = object.__hash__  # that of enums is not in C, and each message is looked up by it

    NEW = auto()
    REQUEST = auto()
    FETCHING = auto()
    ASKING = auto()
    RESTING = auto()
    SENT = auto()
    ANSWER = auto()
    TALKING = auto()
    HEARING = auto()
    SETTLING = auto()
    REJECTED = auto()


NEXT: dict[State, dict[type[Event | Heard], State]] = {
    # A session's answer is an exchange of its own.
    State.NEW: {RequestHeaders: State.REQUEST, ResponseHeaders: State.HEARING},
    # In a listener, what Envoy answers by itself before the body is there comes by, too.
    State.REQUEST: {RequestBody: State.SENT, ResponseHeaders: State.REJECTED},
    State.FETCHING: {Fetched: State.SENT},
    State.ASKING: {Told: State.REJECTED},
    State.RESTING: {Rested: State.SENT},
    State.SENT: {RequestTrailers: State.SENT, ResponseHeaders: State.ANSWER},
    State.ANSWER: {ResponseBody: State.ANSWER, ResponseTrailers: State.ANSWER},
    State.TALKING: {RequestBody: State.TALKING, RequestTrailers: State.TALKING},
    State.HEARING: {
        ResponseBody: State.HEARING,
        ResponseTrailers: State.HEARING,
        # Of a session that is interpreted.
        RequestBody: State.HEARING,
        RequestTrailers: State.HEARING,
    },
    State.SETTLING: {Settled: State.HEARING},
    # Envoy may return our own immediate response through the response path.
    State.REJECTED: {
        RequestBody: State.REJECTED,
        RequestTrailers: State.REJECTED,
        ResponseHeaders: State.REJECTED,
        ResponseBody: State.REJECTED,
        ResponseTrailers: State.REJECTED,
    },
}


KEPT = "kept\n"
"""How a call begins of which the model finder says that it names no model."""
PASSING = "passthrough\n"
"""How one begins that goes to a backend as it is."""
SESSION = "session"
"""How one begins that asks for a session."""

AFTER: dict[type[Action | Wish], State] = {
    Reject: State.REJECTED,
    Fetch: State.FETCHING,
    Ask: State.ASKING,
    Settle: State.SETTLING,
    Rest: State.RESTING,
    Leave: State.SENT,
    Talk: State.TALKING,
    TalkThere: State.TALKING,
    Ignore: State.REJECTED,
}
"""Where an action leads, whatever the event was."""


UNHEARD = Ignore(mode=BodyMode.NONE)
"""To an answer that no backend gave."""


LARGE = "the request is larger than {} bytes (envoy.max_body_bytes)"


class OrderError(ValueError):
    """An event that cannot come now: Envoy's filter is not configured as this server needs it."""


class Exchange:
    """One attempt at one backend, or a request that is answered here."""

    __slots__ = (
        "_heard",
        "_lead",
        "_probing",
        "_question",
        "_settling",
        "_side",
        "_state",
        "_world",
    )

    def __init__(  # noqa: PLR0913  (a world, and what it lets happen)
        self,
        plan: Plan,
        secrets: Secrets,
        clock: Callable[[], float],
        *,
        fetching: bool = False,
        side: str = "",
        settling: bool = False,
        probing: str = "",
    ) -> None:
        """`clock` gives seconds since the epoch; `fetching`: media may be asked for by Fetch;
        `side`: the secret of requests of our own; without one, there are none; `settling`: limits
        may be charged by Settle; `probing`: the secret of those requests that only ask whether a
        backend answers."""
        self._state = State.NEW
        self._heard: Hearing | None = None
        self._lead = ""
        """The cluster that a request for what is kept must be led to."""
        self._probing = probing
        self._question: Question | Errand | Passthrough | Session | Placing
        self._world = plan, secrets, clock
        self._settling = settling
        self._side = side
        self._question = Question(plan, secrets, clock, fetching=fetching, side=side)

    def handle(self, event: Event | Heard) -> Action | Wish:
        """The one action that answers `event`; raises OrderError.

        A RequestBody may be answered by a Fetch, only where `fetching` is on, or by an Ask, only
        where there is a `side`; a ResponseBody by a Settle, only where `settling` is on.
        """
        following = NEXT[self._state].get(type(event))
        if following is None:
            raise OrderError(f"{type(event).__name__} in state {self._state.name}")
        if self._state is State.REJECTED:
            return GO_ON
        action: Action | Wish
        try:
            action = self._dispatch(event)
        except GatewayError as error:
            action = self._fail(error)
        except (TypeError, RecursionError) as error:
            told = too_deep(error, asked=self._question.answer is None)
            if told is None:
                raise
            action = self._fail(told)
        self._state = AFTER.get(type(action), following)
        return action

    def _dispatch(self, event: Event | Heard) -> Action | Wish:
        match event:
            case ResponseBody():
                return self._answering.body(event)
            case RequestHeaders():
                return self._begun(event)
            case RequestBody():
                if self._heard is not None:
                    return self._heard.said(event)
                return led(self._question.body(event), self._lead)
            case ResponseHeaders():
                return self._answered(event)
            case RequestTrailers() | ResponseTrailers():
                return GO_ON
            case Fetched():
                return self._question.fetched(event)
            case Told():
                return self._asking.told(event)
            case Settled():
                return self._listening.settled(event)
            case Rested():
                return led(self._batching.rested(), self._lead)
            case _:
                assert_never(event)

    def _begun(self, event: RequestHeaders) -> Action | Wish:
        call = event.attributes.get(CALL) or ""
        here = placed(event)
        if call.startswith(SIDE) and here:
            event, here = at_named(event, self._world[0]), False
            assert isinstance(self._question, Question)
            self._question = self._question.alone()
        event = believed(event) if here else event
        if call.startswith(KEPT):
            if here:
                event, self._lead = at_keeper(event, call, self._world[0])
            self._question = self._errand(event)
        elif call.startswith(PASSING):
            self._question = Passthrough(*self._world)
            event, _ = at_keeper(event, call, self._world[0]) if here else (event, "")
        elif call.startswith(SESSION):
            self._question = Session(*self._world)
        elif call.startswith(SIDE) and event.headers.get(":method") == METHOD:
            self._question = self._aside(event)
        elif here:
            assert isinstance(self._question, Question)
            self._question = self._question.placing()
        return self._question.headers(event)

    def _errand(self, event: RequestHeaders) -> Errand:
        """What a request is whose backend keeps what it is about, or one for a list of several."""
        if merged(self._world[0], event):
            return Merging(*self._world, self._side)
        return self._at_one(event)

    def _at_one(self, event: RequestHeaders) -> Errand:
        """The same, where only one backend is asked."""
        if batched(self._world[0], event):
            return Batching(*self._world)
        if inquired(self._world[0], event):
            return Inquiring(*self._world)
        return Errand(*self._world)

    def _aside(self, event: RequestHeaders) -> Errand | Probe:
        """For a request of our own that has no body; raises Unauthorized for a stranger's."""
        seen = seen_by(event)
        if seen.path == PATH:
            return Probe(*self._world, self._probing)
        admitted(seen, self._side)
        return self._at_one(event)

    def _answered(self, event: ResponseHeaders) -> Action:
        if self._state is State.REQUEST:
            if event.headers.get(":status") == str(TooLarge.status):
                raise TooLarge(LARGE.format(self._world[0].bounds.size))
            return UNHEARD
        if self._state is not State.NEW:
            return self._question.answered(event)
        heard = hearing(*self._world, event, settling=self._settling)
        if heard is None:
            return UNHEARD
        self._heard = heard
        return heard.headers(event)

    @property
    def _asking(self) -> Question | Placing | Merging:
        assert isinstance(self._question, Question | Placing | Merging)
        return self._question

    @property
    def _listening(self) -> Hearing:
        assert self._heard is not None
        return self._heard

    @property
    def _batching(self) -> Batching:
        assert isinstance(self._question, Batching)
        return self._question

    @property
    def _answering(self) -> Answer | Hearing:
        answer = self._heard or self._question.answer
        assert answer is not None
        return answer

    def _fail(self, error: GatewayError) -> Action:
        answer = self._heard or self._question.answer
        if answer is None or not answer.begun:
            return self._question.refused(error)
        return answer.fail(error)

    def refuse(self, event: Event | Heard, error: GatewayError) -> Action:
        """The answer to an exchange that cannot be begun, in the form of the client's dialect."""
        question = self._question
        with suppress(GatewayError):
            if isinstance(event, RequestHeaders) and isinstance(question, Question):
                question.enter(seen_by(event).path)
        action = self._fail(error)
        self._state = AFTER.get(type(action), self._state)
        return action

    def give_up(self) -> Action:
        """The action after a bug: the client learns that it was not its fault."""
        action = self._fail(GatewayError("the gateway failed; its log says why"))
        self._state = AFTER.get(type(action), self._state)
        return action
