"""From the dialect that a client speaks to the one that its provider speaks, and back.

Between equal dialects the bytes pass and are only watched; between two, everything is parsed into
the neutral conversation and rendered from it. Whoever uses a bridge need not know which of the two
it is.
"""

from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any, Protocol

import msgspec
import orjson

from providers.bridging import fidelity, remote, tool_names
from providers.bridging.dialect import Context, Dialect, Relay, Seen
from providers.bridging.fidelity import Feature
from providers.bridging.quirks import Quirks, tuning
from providers.bridging.remote import Link
from providers.bridging.tool_names import Renamed
from providers.bridging.translated import TranslatedStream
from providers.errors import ApiError, BadAnswer, Unsupported
from providers.neutral.chat import ChatRequest, ChatResponse
from providers.neutral.deltas import replay
from providers.neutral.media import Data
from providers.wire import error_bodies
from providers.wire.members import Json
from providers.wire.splice import REMOVED, edit


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A client's request, as far as it is understood before any translation."""

    data: bytes
    body: Json
    model: str
    """The name that goes upstream."""
    stream: bool
    path_model: str = ""
    """The model as the client's path names it, in dialects that have it there."""
    headers: Mapping[str, str] = {}
    """The client's headers of its dialect, where the target says them in the body."""
    files: Mapping[str, Data] = {}
    """URL → what was found there, of the links that were `Wanted` before."""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What goes to the provider."""

    body: bytes | None
    """None: the client's own bytes."""
    dropped: tuple[str, ...] = ()
    """Hints that could not be carried, by the client's names for them."""
    renamed: Renamed = {}
    """Tools that have another name there than the client gave them."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing goes to the provider yet: the same call is to be made again, with these files."""

    links: tuple[Link, ...]


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What the client gets at once: an estimate, for which no provider is asked."""

    body: bytes


class Bridge(Protocol):
    """One exchange between two dialects."""

    def request(self, call: Call) -> Sent | Answered | Wanted: ...

    def whole(self, data: bytes, context: Context) -> tuple[bytes | None, Seen]:
        """(the client's body, or None where the provider's own bytes serve; what it says)."""

    def stream(self, context: Context) -> Relay: ...

    def error(
        self, status: int, headers: Mapping[str, str], data: bytes
    ) -> tuple[ApiError, int, Mapping[str, str], bytes]:
        """(the error; the status, headers and body with which the client gets it)."""


def bridge(client: Dialect, target: Dialect, quirks: Quirks) -> Bridge:
    """The bridge between two dialects, for one backend's quirks."""
    if client.name == target.name:
        return Passage(target if target.host else client, quirks)
    return Translation(client, target, quirks)


def _loads(data: bytes, dialect: Dialect) -> Json:
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadAnswer("the provider's answer is not JSON") from error
    if isinstance(body, list) and dialect.arrays:
        return {"data": body}
    if not isinstance(body, dict):
        raise BadAnswer("the provider's answer is not a JSON object")
    return body


class Passage:
    """Both sides speak the same dialect."""

    def __init__(self, dialect: Dialect, quirks: Quirks) -> None:
        self._dialect = dialect
        self._quirks = quirks

    def request(self, call: Call) -> Sent:
        """The client's bytes, changed only where they must be."""
        changes = self._dialect.edits(call.body, call.model, self._quirks.stream_usage)
        if self._dialect.from_headers is not None:
            changes.update(self._dialect.from_headers(call.body, call.headers, call.model))
        tuned, dropped = tuning(call.body, self._quirks)
        changes.update(tuned)
        if not changes:
            return Sent(body=None)
        return Sent(body=edit(call.data, call.body, changes), dropped=tuple(dropped))

    def whole(self, data: bytes, context: Context) -> tuple[bytes | None, Seen]:
        """The provider's own bytes."""
        return None, self._dialect.watch(_loads(data, self._dialect))

    def stream(self, context: Context) -> Relay:
        """A relay that watches."""
        return self._dialect.relay(context.stream_usage)

    def error(
        self, status: int, headers: Mapping[str, str], data: bytes
    ) -> tuple[ApiError, int, Mapping[str, str], bytes]:
        """The provider's own body where it has the dialect's shape already."""
        error = self._dialect.parse_error(status, headers, data)
        as_status, extra, body = self._dialect.render_error(error)
        wait = _wait(error, headers)
        if _has_shape(data, body):
            return error, status, wait, data
        return error, as_status, {**extra, **wait}, body


def _wait(error: ApiError, headers: Mapping[str, str]) -> dict[str, str]:
    """The header that says when to try again, where only the provider's body said it."""
    if error.retry_after is None or "retry-after" in headers:
        return {}
    return {"retry-after": str(ceil(error.retry_after))}


# Azure's content filter does not say the type of its error, and SDKs do not miss it.
NULLS = (("type", None),)


def _has_shape(data: bytes, shape: bytes) -> bool:
    try:
        return _covers(orjson.loads(data), orjson.loads(shape))
    except orjson.JSONDecodeError:
        return False


def _covers(value: Any, shape: Any) -> bool:
    """Whether `value` has at least the members of `shape`, with what they must hold."""
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(
            name in value and (_covers(value[name], item) or (name, value[name]) in NULLS)
            for name, item in shape.items()
            if item is not None
        )
    return isinstance(value, type(shape))


FEATURES = frozenset(map(str, Feature))


class Translation:
    """The two sides speak different dialects."""

    def __init__(self, client: Dialect, target: Dialect, quirks: Quirks) -> None:
        self._client = client
        self._target = target
        self._quirks = quirks
        self._where = f"{target.name} at {target.host}" if target.host else target.name

    def request(self, call: Call) -> Sent | Wanted:
        """The provider's body for what the client asks; raises Unsupported."""
        parsed = self._client.parse_request(call.body, call.path_model, call.stream)
        request = msgspec.structs.replace(parsed, model=call.model)
        target = self._target
        features = fidelity.used(request)
        links: tuple[Link, ...] = ()
        if not features.isdisjoint(remote.URLS):
            links = remote.links(request, target, self._client.names)
            request = remote.inlined(request, target, call.files)
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
        changes = target.edits(body, call.model, self._quirks.stream_usage)
        if target.from_headers is not None:
            changes.update(target.from_headers(body, call.headers, call.model))
        tuned, lost = tuning(body, self._quirks)
        for name, value in (changes | tuned).items():
            if value is REMOVED:
                body.pop(name, None)
            else:
                body[name] = value
        found = (*dropped, *lost)
        named = dict.fromkeys(name for each in found for name in self._names(each, request, call))
        return Sent(body=orjson.dumps(body), dropped=tuple(named), renamed=renamed)

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
        body = orjson.dumps(self._client.render_response(response, context))
        return body, _seen(response)

    def stream(self, context: Context) -> Relay:
        """A relay that parses and renders."""
        renderer = self._client.renderer(context)
        return TranslatedStream(self._target.parser(), renderer, context.renamed)

    def error(
        self, status: int, headers: Mapping[str, str], data: bytes
    ) -> tuple[ApiError, int, Mapping[str, str], bytes]:
        """The error in the client's dialect."""
        error = self._target.parse_error(status, headers, data)
        if error.retry_after is None:
            seconds = error_bodies.retry_after(headers)
            error = msgspec.structs.replace(error, retry_after=seconds)
        as_status, extra, body = self._client.render_error(error)
        return error, as_status, {**extra, **_wait(error, headers)}, body


def _parsed(dialect: Dialect, data: bytes, context: Context) -> ChatResponse:
    response = dialect.parse_response(_loads(data, dialect))
    return tool_names.restored(response, context.renamed) if context.renamed else response


def _seen(response: ChatResponse) -> Seen:
    finish = next((choice.finish for choice in response.choices), None)
    return Seen(usage=response.usage, model=response.model, finish=finish)


def stream_of(
    dialect: Dialect, data: bytes, client: Dialect, context: Context
) -> tuple[bytes, Seen]:
    """A whole answer as the stream that the client asked for.

    Some servers answer a request for a stream with one JSON object.
    """
    response = _parsed(dialect, data, context)
    renderer = client.renderer(context)
    return renderer.feed(replay(response)) + renderer.flush(), _seen(response)
