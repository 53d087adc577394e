"""Conversations between dialects: parsed into the neutral one, and rendered from it.

Text completions are conversations too, and so is the question how many tokens one has.
"""

from collections.abc import Callable, Iterable, Mapping

import msgspec
import orjson

from providers.bridging import documents, fidelity, remote, tool_names
from providers.bridging.bridge import Translation, loads
from providers.bridging.call_ids import CallIds
from providers.bridging.chat_stream import StreamParser, StreamRenderer, TranslatedStream
from providers.bridging.dialect import Bridge, Call, Context, Dialect, Relay, Seen, Sent, Wanted
from providers.bridging.fidelity import Feature
from providers.bridging.quirks import Quirks
from providers.bridging.tool_names import Rule
from providers.errors import BROKEN_OFF, FailedAnswer, Unsupported
from providers.neutral import deltas, pairing
from providers.neutral.chat import ChatRequest, ChatResponse, Finish
from providers.neutral.media import Link
from providers.wire.budget import Budget
from providers.wire.members import Json


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
    tool_names: Rule | None = None
    """Which names of tools its providers take; None: all."""
    shown_id: Callable[[str], str] = str
    """A call's id → the same as its clients are shown it."""
    fetches: tuple[str, ...] = ("https://", "http://")
    """How URLs begin, in lower case, that its providers fetch, of the kinds that it carries."""

    def towards(self, target: Dialect, quirks: Quirks) -> Bridge:
        """The bridge to another dialect of conversations."""
        assert isinstance(target, ChatDialect)
        return Conversation(self, target, quirks)

    def replay(self, data: bytes, client: Dialect, context: Context) -> tuple[bytes, Seen]:
        """A whole answer of this dialect as a stream of the client's."""
        assert isinstance(client, ChatDialect)
        response = _parsed(self, data, context)
        response = CallIds(context.called, client.shown_id).whole(response)
        renderer = client.renderer(context)
        return renderer.feed(deltas.replay(response)) + renderer.flush(), _seen(response)


FEATURES = frozenset(map(str, Feature))


class Conversation(Translation[ChatDialect]):
    """A conversation of which the two sides speak different dialects."""

    def request(self, call: Call) -> Sent | Wanted:
        """The provider's body for what the client asks; raises Unsupported."""
        parsed = self._client.parse_request(call.body, call.path_model, call.stream)
        request = msgspec.structs.replace(
            parsed,
            model=call.model,
            messages=pairing.paired(parsed.messages),
            budget=Budget(call.bounds),
        )
        target = self._target
        features = fidelity.used(request)
        links: tuple[Link, ...] = ()
        if not features.isdisjoint(remote.URLS):
            links = remote.links(request, target, self._client.names)
            request = remote.inlined(request, target, call.files)
            features = fidelity.used(request)
        if documents.wants_words(features, target.carries):
            request = documents.worded(request)
            features = fidelity.used(request)
        dropped = fidelity.settle(
            features, target.carries, self._client.names, self._where, request.hints
        )
        if links and not call.files:
            return Wanted(links=links)
        return self._sent(request, dropped, call)

    def _sent(self, request: ChatRequest, dropped: list[str], call: Call) -> Sent:
        """A request that the provider can be told; `dropped` is what is lost of it already."""
        target = self._target
        request, renamed = tool_names.fit(request, target.tool_names)
        body = target.render_request(request, dropped)
        for name in request.binding.intersection(dropped):
            raise Unsupported(f"{name} cannot be expressed in {self._where}", param=name)
        lost = self._fit(body, call)
        found = (*dropped, *lost)
        named = dict.fromkeys(name for each in found for name in self._names(each, request, call))
        called = pairing.call_ids(request.messages)
        return Sent(body=orjson.dumps(body), dropped=tuple(named), renamed=renamed, called=called)

    def _names(self, name: str, request: ChatRequest, call: Call) -> Iterable[str]:
        """The client's names for what is dropped, which may be a part of an object of its own."""
        if name in FEATURES:
            return (self._client.names.get(Feature(name), name),)
        rest = request.extras.get(name)
        if isinstance(rest, dict) and rest != call.body.get(name):
            return tuple(f"{name}.{member}" for member in rest)
        return (name,)

    def whole(self, data: bytes, context: Context) -> tuple[bytes | None, Seen]:
        """The answer in the client's dialect."""
        response = _parsed(self._target, data, context)
        response = CallIds(context.called, self._client.shown_id).whole(response)
        body = orjson.dumps(self._client.render_response(response, context))
        return body, _seen(response)

    def stream(self, context: Context) -> Relay:
        """A relay that parses and renders."""
        renderer = self._client.renderer(context)
        ids = CallIds(context.called, self._client.shown_id)
        return TranslatedStream(self._target.parser(), renderer, context, ids)


def _parsed(dialect: ChatDialect, data: bytes, context: Context) -> ChatResponse:
    response = dialect.parse_response(loads(data, dialect, context.bounds))
    choices = response.choices
    if choices and all(choice.finish is Finish.ERROR for choice in choices):
        raise FailedAnswer(choices[0].error or BROKEN_OFF)
    return tool_names.restored(response, context.renamed) if context.renamed else response


def _seen(response: ChatResponse) -> Seen:
    finish = next((choice.finish for choice in response.choices), None)
    return Seen(usage=response.usage, model=response.model, finish=finish)
