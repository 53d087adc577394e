"""A path of a provider's that nobody here knows: bytes pass, and what they say of usage is read.

Vendors say it alike at all their paths: as `usage` or `usageMetadata`, at the top, in a response or
in a message, whole or event by event. Who speaks a format of theirs knows what the numbers mean.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from providers.bridging.dialect import Call, Context, Dialect, Relay, Seen, Sent
from providers.errors import ApiError, BadAnswer
from providers.operations import Operation
from providers.usage import Usage
from providers.wire import ndjson
from providers.wire.budget import Bounds
from providers.wire.members import Json

NAME = "passthrough"
NUMBERS = ("usage", "usageMetadata")
NAMED = ("model", "modelVersion")
AROUND = ("response", "message")
"""What an event may have around the answer that it tells of."""

EVENTS = (b"data:", b"event:", b"id:", b"retry:", b":")
"""How a stream of events begins."""
LONGEST = 4 * 1024 * 1024
"""Bytes of an answer that are kept until its end, where that tells what was used."""


class Reading:
    """Finds what an answer says of its usage, wherever its pieces are cut."""

    def __init__(self, speaks: Sequence[Dialect], bounds: Bounds) -> None:
        """`speaks`: the formats of its provider, of which one knows the numbers."""
        self.seen = Seen(usage=Usage())
        self._speaks = speaks
        self._bounds = bounds
        self._said: dict[str, Any] = {}
        self._parts: list[bytes] = []
        self._size = 0
        self._lines: ndjson.Splitter | None = None
        self._kept = False
        """Whether it is JSON, which tells nothing before its end."""
        self._blind = False
        """True once nothing more can be told."""

    def feed(self, data: bytes) -> None:
        """Nothing is changed."""
        if self._blind:
            return None
        if self._lines is not None:
            return self._events(self._lines, data)
        self._parts.append(data)
        self._size += len(data)
        if self._size > LONGEST:
            self._give_up()
        elif not self._kept:
            self._look(b"".join(self._parts))
        return None

    def _look(self, begun: bytes) -> None:
        """What kind of answer it is, as soon as its first bytes tell."""
        first = begun.lstrip()
        self._kept = first[:1] in (b"{", b"[")
        if first.startswith(EVENTS):
            self._lines, self._parts = ndjson.Splitter(), []
            self._events(self._lines, begun)
        elif not first:
            self._parts = []
        elif not self._kept and not any(event.startswith(first) for event in EVENTS):
            self._parts, self._blind = [], True

    def flush(self) -> bytes:
        """Nothing is added."""
        if self._lines is not None:
            self._events(self._lines, b"\n")
        elif self._kept:
            self._whole(b"".join(self._parts))
        return b""

    def _events(self, lines: ndjson.Splitter, data: bytes) -> None:
        try:
            for line in lines.feed(data):
                if b'"usage' in line:
                    self._value(line.removeprefix(b"data:"))
        except BadAnswer:
            self._give_up()

    def _whole(self, data: bytes) -> None:
        """One value, or one on each line."""
        if b'"usage' not in data:
            return
        try:
            if not self._value(data):
                for line in data.splitlines():
                    self._value(line)
        except BadAnswer:
            self._give_up()

    def _value(self, data: bytes) -> bool:
        """Whether `data` is JSON; raises BadAnswer for more than may be read."""
        self._bounds.answer(data)
        try:
            value = orjson.loads(data)
        except orjson.JSONDecodeError:
            return False
        for item in value if isinstance(value, list) else (value,):
            for answer in _answers(item):
                self._read(answer)
        return True

    def _read(self, answer: Json) -> None:
        """What one says replaces what was said before, number by number: they are running sums."""
        for name in NUMBERS:
            numbers = answer.get(name)
            if isinstance(numbers, dict):
                known = {key: number for key, number in numbers.items() if number is not None}
                self._said[name] = {**self._said.get(name, {}), **known}
        self._said.update({name: answer[name] for name in NAMED if answer.get(name)})
        self._tell(dialect.watch(self._said) for dialect in self._speaks)

    def _tell(self, told: Iterable[Seen]) -> None:
        for seen in told:
            if seen.usage is not None and seen.usage.total:
                self.seen.usage, self.seen.model = seen.usage, seen.model
                return

    def _give_up(self) -> None:
        self._parts, self._lines = [], None
        self._kept, self._blind = False, True
        self.seen.usage = None


def _answers(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        yield from (inner for name in AROUND if isinstance(inner := value.get(name), dict))
        yield value


class Through:
    """The bridge of such requests."""

    def __init__(self, dialect: Dialect, speaks: Sequence[Dialect]) -> None:
        self._dialect = dialect
        self._speaks = speaks

    def request(self, call: Call) -> Sent:
        """The client's own bytes."""
        return Sent(body=None)

    def whole(self, data: bytes, context: Context) -> tuple[bytes | None, Seen]:
        """Never asked for: every answer passes as a stream."""
        raise BadAnswer("the provider's answer is no stream")

    def replay(self, data: bytes, context: Context) -> tuple[bytes, Seen]:
        """The same."""
        raise BadAnswer("the provider's answer is no stream")

    def stream(self, context: Context) -> Relay:
        """A relay that reads."""
        return Reading(self._speaks, context.bounds)

    def error(
        self, status: int, headers: Mapping[str, str], data: bytes
    ) -> tuple[ApiError, int, Mapping[str, str], bytes]:
        """The provider's own words, if there are any."""
        error = self._dialect.parse_error(status, headers, data)
        if not data:
            return error, *self._dialect.render_error(error)
        type = headers.get("content-type")
        return error, status, {"content-type": type} if type else {}, data


def through(speaks: Sequence[Dialect]) -> Dialect:
    """What is spoken at paths that nobody here knows, by who speaks these formats elsewhere."""
    like = speaks[0]
    return Dialect(
        name=NAME,
        operation=Operation.PASSTHROUGH,
        client=(),
        upstream=(),
        stream_type="",
        parse_error=like.parse_error,
        render_error=like.render_error,
        watch=lambda body: Seen(),
        request_headers=like.request_headers,
        own_headers=like.own_headers,
        request_id=like.request_id,
        hollow=True,
    )
