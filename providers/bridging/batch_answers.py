"""What clients are told of batches that are run in another format, and of their files."""

from collections.abc import Callable, Iterable
from hashlib import blake2s

import msgspec
import orjson

from providers.bridging.batching import MARKS, Sides
from providers.bridging.bridge import loads
from providers.bridging.dialect import Bridge, Context, Dialect, Relay, Seen
from providers.bridging.jobs import Foreign
from providers.errors import CUT, ApiError, BadAnswer, GatewayError
from providers.neutral.batches import Part, Result, Slip, State, unmarked
from providers.usage import Usage
from providers.wire import ndjson
from providers.wire.members import Json

Each = Callable[[str, str], Bridge]
"""(dialect of the client, a name of the model, the client's where it is known) → the bridge of one
request."""


class Reply(Foreign):
    """An answer that is told otherwise."""

    def __init__(
        self,
        client: Dialect,
        target: Dialect,
        told: Callable[[Json], Json],
        lost: tuple[str, ...] = (),
    ) -> None:
        """`lost`: members of it that nobody can tell."""
        super().__init__(client, target)
        self._told = told
        self._lost = lost

    def whole(self, data: bytes, context: Context) -> tuple[bytes | None, Seen]:
        """The answer as the client knows it."""
        answer = loads(data or b"{}", self._target, context.bounds)
        return orjson.dumps(self._told(answer)), Seen(usage=Usage(), lost=self._lost)


class Fetching(Foreign):
    """Answers on their way to the client, a line each."""

    def __init__(self, client: Dialect, target: Dialect, answers: "Answers") -> None:
        super().__init__(client, target)
        self._answers = answers

    def stream(self, context: Context) -> Relay:
        """A relay that translates lines."""
        return Lines(self._answers, context)


class Answers:
    """How the answers of one batch are told."""

    def __init__(self, sides: Sides, each: Each, slip: Slip) -> None:
        """`each`: makes the bridge of one answer."""
        self._asking, self._running = sides
        self._each = each
        self._slip = slip
        self._bridges: dict[str, Bridge] = {}
        if slip.endpoint:
            self._bridge(slip.endpoint, {})  # before anybody is asked

    def line(self, data: bytes, context: Context, number: int) -> tuple[bytes, Seen]:
        """(the line for the client, empty where it is for another file; what it says was used)."""
        try:
            said = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise BadAnswer("a line of the provider's results is not JSON") from error
        result = self._running.result(said) if isinstance(said, dict) else None
        failed = result is not None and not result.answer
        if result is None or failed is not (self._slip.part is Part.ERRORS):
            return b"", Seen()
        id, marks = unmarked(result.id)
        bridge = self._bridge(self._slip.endpoint or self._asked(marks), said)
        told, seen = self._told(result, id, bridge, self._context(context, marks, number))
        # What a client cannot be told was served all the same.
        return ndjson.line(orjson.dumps(told)), seen or self._running.used(said)

    def _asked(self, marks: str) -> str:
        """What a line asked for, where the batch's id does not say it."""
        return next((mark for mark in marks if mark in self._asking.dialects), self._asking.usual)

    def _bridge(self, endpoint: str, said: Json) -> Bridge:
        found = self._bridges.get(endpoint)
        if found is None:
            model = self._slip.model or self._running.used(said).model
            found = self._each(self._asking.dialects[endpoint], model)
            self._bridges[endpoint] = found
        return found

    def _context(self, context: Context, marks: str, number: int) -> Context:
        return msgspec.structs.replace(
            context,
            model=self._slip.model,
            mapped=True,
            id=f"{context.id}{number:05x}",
            amendments=tuple(MARKS[mark]() for mark in marks if mark in MARKS),
        )

    def _told(
        self, result: Result, id: str, bridge: Bridge, context: Context
    ) -> tuple[Json, Seen | None]:
        """(the line for the client; what was used, where its answer could be read)."""
        own = blake2s(f"{self._slip.ref}\0{id}".encode(), digest_size=12).hexdigest()
        if result.ended is not State.COMPLETED:
            return self._asking.ended(own, id, result.ended), None
        if result.error:
            _, status, _, body = bridge.error(result.status, {}, result.error)
            return self._asking.result(own, id, status, body), None
        try:
            data, seen = bridge.whole(result.answer, context)
        except GatewayError as error:
            failure = error.as_api_error()
            _, status, _, body = bridge.error(failure.status, {}, _words(failure))
            return self._asking.result(own, id, status, body), None
        return self._asking.result(own, id, 200, result.answer if data is None else data), seen


def _words(failure: ApiError) -> bytes:
    return orjson.dumps({"error": {"message": failure.message}})


class Lines:
    """Translates lines, however they are cut; adds up what they say was used."""

    def __init__(self, answers: Answers, context: Context) -> None:
        self.seen = Seen(usage=Usage(), bills=[])
        self._answers = answers
        self._context = context
        self._splitter = ndjson.Splitter()
        self._number = 0

    def feed(self, data: bytes) -> bytes:
        """The lines that `data` completes."""
        return self._lines(self._splitter.feed(data))

    def flush(self) -> bytes:
        """The last line."""
        if self.seen.error is not None:
            return b""
        rest = self._splitter.flush()
        try:
            return self._lines([rest] if rest.strip() else [])
        except BadAnswer:  # a line that was cut
            self.seen.error = CUT
            return b""

    def _lines(self, lines: Iterable[bytes]) -> bytes:
        return b"".join([self._line(line) for line in lines])

    def _line(self, line: bytes) -> bytes:
        self._number += 1
        told, seen = self._answers.line(line, self._context, self._number)
        if seen.usage is not None:
            self.seen.note(seen.usage, seen.model)
        return told
