"""Conversations between dialects: parsed into the neutral one, and rendered from it.

Text completions are conversations too, and so is the question how many tokens one has.
"""

from collections.abc import Callable, Mapping

import orjson

from providers.bridging import (
    remote,
    stand_ins,
    tool_names,
    unsaid,
)
from providers.bridging.amending.amendment import amended
from providers.bridging.bridge import loads
from providers.bridging.call_ids import CallIds
from providers.bridging.chat_stream import Changes, StreamParser, StreamRenderer, TranslatedStream
from providers.bridging.dialect import (
    Bridge,
    Call,
    Context,
    Dialect,
    Parts,
    Relay,
    Seen,
    Sent,
    Wanted,
)
from providers.bridging.fidelity import Feature
from providers.bridging.inlining import Inline, Inlining, reads_less
from providers.bridging.members import Shape
from providers.bridging.quirks import Quirks
from providers.bridging.stand_ins import Recast, Restoring
from providers.bridging.telling import Telling
from providers.bridging.tool_names import Rule
from providers.bridging.translation import Translation
from providers.errors import BROKEN_OFF, ApiError, FailedAnswer
from providers.neutral import deltas
from providers.neutral.chat import ChatRequest, ChatResponse, Finish, NativeTool
from providers.neutral.gathering import Gathering
from providers.neutral.media import Link
from providers.neutral.schemas.subset import Schemas
from providers.wire.members import Json

NOTHING: frozenset[Feature] = frozenset()
ANY_SCHEMA = Schemas()


class ChatDialect(Dialect, frozen=True, kw_only=True):
    """A wire format of conversations, both directions, as client format and as provider format."""

    carries: frozenset[Feature]
    """What it can say as a provider format; the rest is refused or dropped by `fidelity`."""
    names: Mapping[Feature, str] = {}
    """What a client of this dialect calls a feature, where the name differs from the neutral."""

    parse_request: Callable[[Json, str, bool], ChatRequest]
    """(body, model from the path or "", stream from the path) → request; raises InvalidRequest."""
    render_request: Callable[[ChatRequest, list[str]], Json]
    """(request that fits, dropped) → body; appends to `dropped` what a value's range cost."""
    parse_response: Callable[[Json], ChatResponse]
    render_response: Callable[[ChatResponse, Context], Json]
    parser: Callable[[], StreamParser]
    renderer: Callable[[Context], StreamRenderer]
    older: Mapping[str, str] = {}
    """A member → what it was called before, where that is still understood."""
    ends: bool = False
    """Whether an answer has an end that comes soon, where a request does not say when."""
    opened: frozenset[str] = frozenset()
    """Objects at the top level of which each member is a parameter, and named by itself."""
    members: Shape | None = None
    """What `parse_request` reads below the top level; None: it names the rest itself."""
    only_whole: Callable[[Json], bool] = lambda body: False
    """Whether a client's request cannot be answered in a stream as it is answered without."""
    lacks: Callable[[ChatRequest], frozenset[Feature]] = lambda request: NOTHING
    """Of `carries`, what this model does not take, or not beside what else it is asked."""
    schemas: Callable[[ChatRequest], Schemas] = lambda request: ANY_SCHEMA
    """Which schemas the model takes."""
    tool_names: Rule | None = None
    """Which names of tools its providers take; None: all."""
    shown_id: Callable[[str], str] = str
    """A call's id → the same as its clients are shown it."""
    recast: Recast | None = None
    """The tools that its clients run, where they are not all functions."""
    knows: Callable[[NativeTool, str], bool] = lambda tool, model: False
    """Whether a model takes a tool of another dialect that is no function."""
    searched: str = "messages.web_search"
    """What its clients call a search of the web that was made in an earlier turn."""
    words: str = ""
    """The dialect whose form of tools it has; empty: its own."""
    fetches: tuple[str, ...] = ("https://", "http://")
    """How URLs begin, in lower case, that its providers fetch, of the kinds that it carries."""
    told_whole: Callable[[bytes], Json | None] | None = None
    """The whole answer with which a stream ends, in formats that say all of it again."""
    inline: Inline | None = None
    """How bytes are put where a URL stands."""
    answers: unsaid.Answers = unsaid.ANY
    """What its answers hold."""

    def takes(self, tool: NativeTool, model: str) -> bool:
        """Whether a model takes a tool that is no function."""
        return tool.dialect == (self.words or self.name) or self.knows(tool, model)

    def along(self, passage: Bridge, target: Dialect, quirks: Quirks) -> Bridge:
        """The bridge to a provider of this dialect, which may know functions only."""
        assert isinstance(target, ChatDialect)
        if self.inline is not None and reads_less(self, target):
            passage = Inlining(passage, self._links_for(target), self.inline)
        if not quirks.functions_only or self.recast is None:
            return passage
        return Recasting(passage, Conversation(self, target, quirks), self.recast)

    def _links_for(self, target: "ChatDialect") -> Callable[[Call], tuple[Link, ...]]:
        def links(call: Call) -> tuple[Link, ...]:
            request = self.parse_request(call.body, call.path_model, call.stream)
            return remote.links(request, target, self.names)

        return links

    def towards(self, target: Dialect, quirks: Quirks) -> Bridge:
        """The bridge to another dialect of conversations."""
        assert isinstance(target, ChatDialect)
        return Conversation(self, target, quirks)

    def replay(self, data: bytes, client: Dialect, context: Context) -> tuple[bytes, Seen]:
        """A whole answer of this dialect as a stream of the client's."""
        assert isinstance(client, ChatDialect)
        response, lost = _told(self, client, data, context)
        renderer = client.renderer(context)
        return renderer.feed(deltas.replay(response)) + renderer.flush(), _seen(response, lost)

    def gathered(self, data: bytes, target: Dialect, context: Context) -> tuple[bytes, Seen]:
        """A stream of the provider's dialect as a whole answer of this one."""
        assert isinstance(target, ChatDialect)
        gathering = Gathering()
        relay = _relay(self, target, gathering, context)
        for at in range(0, len(data), SLICE):
            relay.feed(data[at : at + SLICE])
        relay.flush()
        if relay.seen.error is not None:
            return b"", relay.seen
        changed = context.stand_ins or context.renamed or context.amendments
        same = target.name == self.name and not changed
        told = self.told_whole(data) if self.told_whole and same else None
        if told is not None:
            return orjson.dumps(told), relay.seen
        answer = self.render_response(gathering.response(), context)
        return orjson.dumps(answer), relay.seen


SLICE = 64 * 1024
"""Bytes of a stream that are read at once; of events that come together only so many are."""


class Conversation(Translation[ChatDialect]):
    """A conversation of which the two sides speak different dialects."""

    def __init__(self, client: ChatDialect, target: ChatDialect, quirks: Quirks) -> None:
        super().__init__(client, target, quirks)
        self._telling = Telling(client, target, quirks, self._where)

    def request(self, call: Call) -> Sent | Wanted:
        """The provider's body for what the client asks; raises Unsupported."""
        return self._telling.sent(call)

    def whole(self, data: bytes, context: Context) -> tuple[bytes | None, Seen]:
        """The answer in the client's dialect."""
        response, lost = _told(self._target, self._client, data, context)
        body = orjson.dumps(self._client.render_response(response, context))
        return body, _seen(response, lost)

    def stream(self, context: Context) -> Relay:
        """A relay that parses and renders."""
        return _relay(self._client, self._target, self._client.renderer(context), context)


class Recasting:
    """Bytes pass, but for a request with tools that must become functions, and its answer."""

    def __init__(self, passage: Bridge, conversation: Conversation, recast: Recast) -> None:
        self._passage = passage
        self._conversation = conversation
        self._recast = recast

    def request(self, call: Call) -> Sent | Wanted | Parts:
        """The client's bytes, or the body in which functions stand for its tools."""
        return (self._conversation if self._recast.has(call.body) else self._passage).request(call)

    def _of(self, context: Context) -> Bridge:
        return self._conversation if context.stand_ins or context.renamed else self._passage

    def whole(self, data: bytes, context: Context) -> tuple[bytes | None, Seen]:
        """The answer, with calls of the client's own kinds."""
        return self._of(context).whole(data, context)

    def replay(self, data: bytes, context: Context) -> tuple[bytes, Seen]:
        """The provider's whole answer as the client's stream."""
        return self._passage.replay(data, context)

    def stream(self, context: Context) -> Relay:
        """A relay that watches, or one that tells calls anew."""
        return self._of(context).stream(context)

    def error(
        self, status: int, headers: Mapping[str, str], data: bytes
    ) -> tuple[ApiError, int, Mapping[str, str], bytes]:
        """The provider's own body where it has the dialect's shape already."""
        return self._passage.error(status, headers, data)


def _relay(
    client: ChatDialect, target: ChatDialect, renderer: StreamRenderer, context: Context
) -> TranslatedStream:
    recast, restoring = client.recast, None
    if context.stand_ins and recast is not None:
        restoring = Restoring(context.stand_ins, recast.call)
    ids = CallIds(context.called, client.shown_id)
    foreign = client.answers is not target.answers
    left = unsaid.Unsaid(client.answers, client.name, foreign)
    return TranslatedStream(target.parser(), renderer, context, Changes(ids, left, restoring))


def _told(
    dialect: ChatDialect, client: ChatDialect, data: bytes, context: Context
) -> tuple[ChatResponse, tuple[str, ...]]:
    """(the answer, as far as the client's format can tell it, what is lost of it)."""
    body = loads(data, dialect, context.bounds)
    response, lost = unsaid.told(
        _parsed(dialect, client, body, context), client.answers, client.name
    )
    if client.answers is not dialect.answers:
        lost.update(dict.fromkeys(unsaid.lost_of(body, dialect.answers)))
    return response, tuple(lost)


def _parsed(
    dialect: ChatDialect, client: ChatDialect, body: Json, context: Context
) -> ChatResponse:
    response = dialect.parse_response(body)
    choices = response.choices
    if choices and all(choice.finish is Finish.ERROR for choice in choices):
        raise FailedAnswer(choices[0].error or BROKEN_OFF)
    response = CallIds(context.called, client.shown_id).whole(response)
    if context.amendments:
        response = amended(response, context.amendments)
    if context.renamed:
        response = tool_names.restored(response, context.renamed)
    if context.stand_ins and client.recast is not None:
        response = stand_ins.restored(response, context.stand_ins, client.recast.call)
    return response


def _seen(response: ChatResponse, lost: tuple[str, ...]) -> Seen:
    finish = next((choice.finish for choice in response.choices), None)
    return Seen(usage=response.usage, model=response.model, finish=finish, lost=lost)
