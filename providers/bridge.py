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

from providers import error_bodies, fidelity, remote
from providers.chat import ChatRequest, ChatResponse, Data, Finish, Json
from providers.deltas import AnyDelta, Begin, End, Failed, Used, replay, size_of
from providers.dialect import Context, Dialect, Relay, Seen
from providers.errors import ApiError, BadAnswer, GatewayError, Unsupported
from providers.estimate import CHARACTERS_PER_TOKEN
from providers.fidelity import Feature
from providers.remote import Link
from providers.splice import REMOVED, edit


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


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing goes to the provider yet: the same call is to be made again, with these files."""

    links: tuple[Link, ...]


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What the client gets at once: an estimate, for which no provider is asked."""

    body: bytes


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """What one backend changes in every body of its provider's dialect."""

    defaults: Mapping[str, Any] = {}
    override: Mapping[str, Any] = {}
    remove: tuple[tuple[str, ...], ...] = ()
    """Paths of members; the user's wish, so not named as dropped."""
    drops: frozenset[str] = frozenset()
    refuses: frozenset[str] = frozenset()
    renames: Mapping[str, str] = {}
    stream_usage: bool = True
    provider: str = ""


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


ASKS_NOTHING: Mapping[str, Any] = {
    "n": 1,
    "logprobs": False,
    "parallel_tool_calls": True,
    "tools": [],
    "stop": [],
    "modalities": ["text"],
}
"""Values that say what would be so without them."""


def tuning(body: Json, quirks: Quirks) -> tuple[dict[str, Any], list[str]]:
    """(changes to top-level members, names of what is dropped) that `quirks` ask of `body`."""
    changes = {name: value for name, value in quirks.defaults.items() if body.get(name) is None}
    changes.update(quirks.override)
    for path in quirks.remove:
        _remove(body, changes, path)
    for name in quirks.refuses & body.keys():
        if changes.get(name) is REMOVED:
            continue
        if body[name] is not None and body[name] != ASKS_NOTHING.get(name, REMOVED):
            raise Unsupported(f"{quirks.provider} does not support {name}", param=name)
        changes[name] = REMOVED  # some refuse the mere name
    dropped = sorted(quirks.drops & body.keys())
    changes.update(dict.fromkeys(dropped, REMOVED))
    _rename(body, changes, quirks.renames)
    return changes, dropped


def _remove(body: Json, changes: dict[str, Any], path: tuple[str, ...]) -> None:
    top, *rest = path
    value = changes.get(top, body.get(top))
    if not rest:
        if top in body or top in changes:
            changes[top] = REMOVED
    elif isinstance(value, dict):
        changes[top] = _without(value, rest)


def _without(value: Json, path: list[str]) -> Json:
    name, *rest = path
    if rest and isinstance(value.get(name), dict):
        return {**value, name: _without(value[name], rest)}
    return value if rest else {key: item for key, item in value.items() if key != name}


def _rename(body: Json, changes: dict[str, Any], renames: Mapping[str, str]) -> None:
    for name, other in renames.items():
        value = changes.get(name, body.get(name, REMOVED))
        if value is REMOVED:
            continue
        if name in body:
            changes[name] = REMOVED
        else:
            changes.pop(name, None)
        if other not in body:
            changes[other] = value


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
            changes.update(self._dialect.from_headers(call.body, call.headers))
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
        dropped = fidelity.settle(features, target.carries, self._client.names, target.name)
        if links and not call.files:
            return Wanted(links=links)
        body = target.render_request(request, dropped)
        for name in request.binding.intersection(dropped):
            raise Unsupported(f"{name} cannot be expressed in {target.name}", param=name)
        changes = target.edits(body, call.model, self._quirks.stream_usage)
        tuned, lost = tuning(body, self._quirks)
        changes.update(tuned)
        for name, value in changes.items():
            if value is REMOVED:
                body.pop(name, None)
            else:
                body[name] = value
        found = (*dropped, *lost)
        named = dict.fromkeys(name for each in found for name in self._names(each, request, call))
        return Sent(body=orjson.dumps(body), dropped=tuple(named))

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
        response = self._target.parse_response(_loads(data, self._target))
        body = orjson.dumps(self._client.render_response(response, context))
        return body, _seen(response)

    def stream(self, context: Context) -> Relay:
        """A relay that parses and renders."""
        return TranslatedStream(self._target.parser(), self._client.renderer(context))

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


def _seen(response: ChatResponse) -> Seen:
    finish = next((choice.finish for choice in response.choices), None)
    return Seen(usage=response.usage, model=response.model, finish=finish)


class TranslatedStream:
    """A relay between two dialects."""

    def __init__(self, parser: Any, renderer: Any) -> None:
        self.seen = Seen()
        self._parser = parser
        self._renderer = renderer
        self._characters = 0

    def feed(self, data: bytes) -> bytes | None:
        """The client's form of what `data` completes."""
        return self._render(self._parse(data))

    def _parse(self, data: bytes) -> list[AnyDelta]:
        try:
            deltas: list[AnyDelta] = self._parser.feed(data)
        except GatewayError as error:
            deltas = [Failed(error=error.as_api_error())]
        return deltas

    def _render(self, deltas: list[AnyDelta]) -> bytes:
        for delta in deltas:
            self._watch(delta)
        rendered: bytes = self._renderer.feed(deltas)
        return rendered

    def _watch(self, delta: AnyDelta) -> None:
        seen = self.seen
        match delta:
            case Begin():
                seen.model = delta.model
                if delta.usage is not None:
                    seen.usage = delta.usage
            case Used():
                seen.usage = delta.usage
            case End():
                seen.finish = seen.finish or delta.finish
            case Failed():
                seen.error = delta.error
                seen.finish = Finish.ERROR
            case _:
                self._characters += size_of(delta)
                seen.generated = -(-self._characters // CHARACTERS_PER_TOKEN)

    def flush(self) -> bytes:
        """What closes the client's stream."""
        out = self._render(self._parser.flush())
        closing: bytes = self._renderer.flush()
        return out + closing


def stream_of(
    dialect: Dialect, data: bytes, client: Dialect, context: Context
) -> tuple[bytes, Seen]:
    """A whole answer as the stream that the client asked for.

    Some servers answer a request for a stream with one JSON object.
    """
    response = dialect.parse_response(_loads(data, dialect))
    renderer = client.renderer(context)
    return renderer.feed(replay(response)) + renderer.flush(), _seen(response)
