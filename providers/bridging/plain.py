"""Operations of one question and one answer.

Such an operation has a neutral request and answer of its own (`providers.neutral`), and each of its
dialects says how to read and write the two. A client that wants a stream gets the provider's event
by event where both dialects say how (`parser`, `telling`), else the whole answer as a stream.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Generic, TypeVar, cast

import msgspec
import orjson

from providers.bridging.bridge import loads
from providers.bridging.dialect import (
    Bridge,
    Call,
    Context,
    Dialect,
    FitHeaders,
    Relay,
    Seen,
    Sent,
    Wanted,
)
from providers.bridging.fitting import Fitting
from providers.bridging.members import Shape
from providers.bridging.parting import Parting
from providers.bridging.provider_members import unread
from providers.bridging.quirks import Quirks
from providers.bridging.translation import Translation
from providers.bridging.tuning import fit
from providers.bridging.unknown_members import unknown
from providers.errors import BadAnswer, Unsupported
from providers.neutral.asking import Asking, paired
from providers.wire import multipart
from providers.wire.members import Json

Request = TypeVar("Request", bound=Asking)
Response = TypeVar("Response")


JSON_TYPE = "application/json"
FLAT = Shape()


class Raw(msgspec.Struct, frozen=True):
    """A body that is no JSON."""

    data: bytes
    content_type: str


def unspoken(*_: Any) -> Any:
    """In the place of what a format lacks that is spoken on one side alone."""
    raise AssertionError("nobody speaks this format on this side")


def nothing_left(answer: Any) -> Sequence[str]:
    """Of an answer that is told as it is."""
    return ()


def known(read: Shape) -> Callable[[Any], Sequence[str]]:
    """What objects say that are read as that shape, and say more."""
    return partial(unread, shape=read)


class PlainDialect(Dialect, Generic[Request, Response], frozen=True, kw_only=True):
    """A wire format of such an operation, as client format and as provider format."""

    carries: frozenset[str]
    """The members of a neutral request that it can say, beside those which are always there."""
    names: Mapping[str, str] = {}
    """Member of a neutral request → what clients of this dialect call it, where that differs."""

    nested: Shape = FLAT
    """What is read of a client's body below its top level; what else stands there is named."""

    parse_request: Callable[[Json, str], Request] = unspoken
    """(body, model from the path or "") → request; raises InvalidRequest."""
    render_request: Callable[[Request, str, list[str]], Any] = unspoken
    """(request, upstream model, dropped) → body, or Raw; raises Unsupported for what it cannot say,
    or appends the name of the member that is a mere hint."""
    parse_response: Callable[[Any], Response]
    """(what is read of an answer) → the answer; raises BadAnswer."""
    render_response: Callable[[Response, Context], Any] = unspoken
    """(answer, context) → what JSON is made of, or Raw."""
    leaves: Callable[[Any], Sequence[str]] = nothing_left
    """(what is read of an answer) → names of what it says that no other format is told."""
    places: Callable[[Request], Mapping[str, str]] = lambda request: {}
    """What stands for `{name}` in the provider's path."""
    render_stream: Callable[[Response, Context], bytes] | None = None
    """(answer, context) → the stream that says it; None: there are none in this format."""
    parser: Callable[[], Any] | None = None
    """Reads a provider's stream; None: a provider is asked for a whole answer."""
    takes: Callable[[Request, bool], bool] | None = None
    """(request, of which a stream is wanted) → whether a provider of this form takes it as clients
    of the dialect write it; None: it does."""
    telling: Callable[[Any, Context], Relay] | None = None
    """(a provider's parser, context) → the relay that tells a client what it reads."""
    asks_stream: Callable[[Json], Json] = unspoken
    """(a rendered body) → its members that ask for a stream."""

    lists: tuple[str, ...] = ()
    """The members of a body of which each holds inputs that could as well be asked about one by
    one."""
    most: Callable[[Request, str], int] | None = None
    """(request, upstream model) → inputs that a provider takes at once; None: it does not mind."""
    join: Callable[[Sequence[Response]], Response] = unspoken
    """The answers to some inputs each → the answer to all of them."""

    def along(self, passage: Bridge, target: Dialect, quirks: Quirks) -> Bridge:
        """The bridge to this dialect itself, over which bytes pass where they can."""
        plain = cast(PlainDialect[Any, Any], target)
        if plain.takes is not None:
            return Fitting(passage, Plain(self, plain, quirks), self, plain)
        return self._parting(passage, plain, quirks)

    def towards(self, target: Dialect, quirks: Quirks) -> Bridge:
        """The bridge to another dialect of the same operation."""
        plain = cast(PlainDialect[Any, Any], target)
        return self._parting(Plain(self, plain, quirks), plain, quirks)

    def _parting(self, bridge: Bridge, target: "PlainDialect[Any, Any]", quirks: Quirks) -> Bridge:
        """The bridge, where a request may hold more than the provider takes at once."""
        if target.most is None or not self.lists:
            return bridge
        return Parting(bridge, self, target, allowed=quirks.fan_out)

    def replay(self, data: bytes, client: Dialect, context: Context) -> tuple[bytes, Seen]:
        """A whole answer as a stream, where the client's dialect has one; raises BadAnswer."""
        render = cast(PlainDialect[Any, Any], client).render_stream
        if render is None:
            raise BadAnswer("the provider's answer is no stream")
        answer = loads(data, self, context.bounds)
        return render(self.parse_response(answer), context), self.watch(answer)


class Plain(Translation[PlainDialect[Any, Any]]):
    """One question and its answer, of which the two sides speak different dialects."""

    def __init__(
        self, client: PlainDialect[Any, Any], target: PlainDialect[Any, Any], quirks: Quirks
    ) -> None:
        super().__init__(client, target, quirks)
        self._meant = {theirs: ours for ours, theirs in target.names.items()}

    def request(self, call: Call) -> Sent | Wanted:
        """The provider's body for what the client asks; raises Unsupported."""
        if call.address is None:
            return self._rendered(self._client.parse_request(call.body, call.path_model), call)
        body = {**call.body, **call.address.said}
        sent = self._rendered(self._client.parse_request(body, call.path_model), call)
        return msgspec.structs.replace(sent, echo=self._client.echo(body))

    def _rendered(self, request: Asking, call: Call) -> Sent:
        names = self._client.names
        try:
            lost = self._lost(request)
            body = self._target.render_request(request.without(lost), call.model, lost)
            if call.stream and self._relays():
                body.update(self._target.asks_stream(body))
        except Unsupported as error:
            raise self._worded(error) from None
        named = [*request.extras, *unknown(call.body, self._client.nested)]
        named += [names.get(name, name) for name in lost]
        headers, unfit = self._fit(body, call) if isinstance(body, dict) else ({}, [])
        named += map(self._clients, unfit)
        data, content_type = self._written(body)
        return Sent(
            body=data,
            dropped=tuple(dict.fromkeys(named)),
            headers=headers,
            content_type=content_type,
            places=self._target.places(request),
            answers=request.answers,
            whole=not self._relays(),
        )

    def _fit(self, body: Json, call: Call) -> FitHeaders:
        """Changes a rendered body as the backend wants it; raises Unsupported."""
        try:
            return fit(body, call, self._target, self._quirks)
        except Unsupported as error:
            raise self._naming(error.message, self._clients(error.param or "")) from None

    def _clients(self, name: str) -> str:
        """The client's name of what a rendered body calls so."""
        meant = self._meant.get(name, name)
        return self._client.names.get(meant, meant)

    def _worded(self, error: Unsupported) -> Unsupported:
        """The same, by the client's name of the member."""
        param = error.param or ""
        return self._naming(error.message, self._client.names.get(param, param))

    def _naming(self, message: str, name: str) -> Unsupported:
        """The error, in a message that names what it is about: some formats have no other place."""
        said = message if name in message else f"{name}: {message}"
        return Unsupported(said, param=name)

    def _written(self, body: Any) -> tuple[bytes, str]:
        if isinstance(body, Raw):
            return body.data, body.content_type
        if self._target.form:
            return multipart.render(body)
        return orjson.dumps(body), JSON_TYPE

    def _lost(self, request: Asking) -> list[str]:
        """The hints that the provider cannot be told; raises Unsupported for all else."""
        lost = [name for name in request.said() if name not in self._target.carries]
        for name in lost:
            if name not in request.HINTS:
                shown = self._client.names.get(name, name)
                raise Unsupported(f"{shown} cannot be expressed in {self._where}", param=name)
        return lost

    def whole(self, data: bytes, context: Context) -> tuple[bytes | None, Seen]:
        """The answer in the client's dialect."""
        response, seen = self._parsed(data, context)
        body = self._client.render_response(response, context)
        if isinstance(body, Raw):
            seen.content_type = body.content_type
            return body.data, seen
        return orjson.dumps(body), seen

    def _parsed(self, data: bytes, context: Context) -> tuple[Any, Seen]:
        answer = loads(data, self._target, context.bounds)
        response = self._target.parse_response(answer)
        if context.answers:
            paired(response.answers, context.answers)
        if context.counted is not None and getattr(response, "usage", context) is None:
            response = msgspec.structs.replace(response, usage=context.counted)
        seen = self._target.watch(answer)
        if self._client.name != self._target.name:
            seen.lost = tuple(self._target.leaves(answer))
        return response, seen

    def replay(self, data: bytes, context: Context) -> tuple[bytes, Seen]:
        """The provider's whole answer as the client's stream."""
        if self._client.render_stream is None:
            raise BadAnswer("the provider's answer is no stream")
        response, seen = self._parsed(data, context)
        return self._client.render_stream(response, context), seen

    def stream(self, context: Context) -> Relay:
        """The provider's stream as the client's; raises BadAnswer where there is none."""
        if self._target.parser is None or self._client.telling is None:
            raise BadAnswer("the provider streams what is never streamed")
        return self._client.telling(self._target.parser(), context)

    def _relays(self) -> bool:
        return self._target.parser is not None and self._client.telling is not None
