"""Batches that one family's clients ask for, and another's provider runs.

Each line is translated as a request by itself is, and so is each answer. Nothing is remembered in
between: what an answer needs of its request stands in an id, or the line is refused.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2s

import msgspec
import orjson

from providers.bridging.amending.amendment import Amendment
from providers.bridging.amending.bare_json import BareJson
from providers.bridging.amending.first_call import FirstCall
from providers.bridging.bridge import loads
from providers.bridging.dialect import Bridge, Context, Dialect, Relay, Seen, Sent
from providers.bridging.jobs import Foreign, Verb
from providers.errors import CUT, ApiError, BadAnswer, GatewayError, Unsupported
from providers.neutral.batches import (
    Document,
    Line,
    Part,
    Result,
    Run,
    Slip,
    State,
    marked,
    unmarked,
)
from providers.usage import Usage, joined
from providers.wire import ndjson
from providers.wire.members import Json

MARKS: Mapping[str, Callable[[], Amendment]] = {"f": FirstCall, "j": BareJson}
"""Letter → what is done to an answer; what needs more than a letter cannot be remembered."""


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """A request to a provider."""

    path: str
    """After the version."""
    before: str = ""
    """What stands before the version."""
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = {}


class Commissioning(msgspec.Struct, frozen=True, kw_only=True):
    """How clients of a format ask for batches that others run."""

    dialects: Mapping[str, str]
    """What a line asks for → the dialect that it is in."""
    line: Callable[[int, bytes], Line]
    """(number, what stands there) → a request; raises InvalidRequest."""
    slip: Callable[[str], Slip]
    """(an id) → what it says; raises NotFound."""
    made: Callable[[Json], tuple[str, str, tuple[str, ...]]]
    """(a request for a batch) → (the id of its file, what its lines ask for, what is dropped);
    raises InvalidRequest."""
    id: Callable[[Slip], str]
    """The id that says it."""
    file: Callable[[Slip, Document], Json]
    batch: Callable[[Slip, Run], Json]
    gone: Callable[[Slip], Json]
    """What is said of a file that was deleted."""
    result: Callable[[str, str, int, bytes], Json]
    """(the answer's id, the request's, status, body) → a line."""
    ended: Callable[[str, str, State], Json]
    """(the answer's id, the request's, how the batch ended before it) → a line."""


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """How a provider of a format is given batches of requests, and asked for them."""

    dialects: frozenset[str]
    """In which lines may be."""
    most: int
    """Lines of a file."""
    ids: re.Pattern[str]
    """Those of requests."""
    line: Callable[[str, bytes], bytes]
    """(id, body) → a line; raises Unsupported."""
    send: Callable[[Sequence[bytes], str], Way]
    """(lines, a file's name) → where they are sent."""
    sent: Callable[[Json], str]
    """(the answer) → what the provider calls them; raises BadAnswer."""
    make: Callable[[Slip, str], Way | None]
    """(file, upstream model) → how the batch is begun; None: it has begun with its file."""
    show: Callable[[Slip], Way]
    stop: Callable[[Slip], Way]
    run: Callable[[Json, Slip], Run]
    """(an answer, the batch) → the batch; raises BadAnswer."""
    look: Callable[[Slip], Way]
    """(a file) → where it is shown."""
    document: Callable[[Json], Document]
    drop: Callable[[Slip], Way]
    """(a file) → how it is deleted; raises Unsupported."""
    fetch: Callable[[Slip], Way]
    """(a file) → where its contents are; raises Unsupported."""
    result: Callable[[Json], Result | None]
    """(a line of them) → what became of a request; None: it says nothing of any."""


class Commission(Foreign):
    """The bridge of an act on a batch that is run in another format."""

    def __init__(self, client: Dialect, target: Dialect, sides: "Sides", verb: Verb) -> None:
        super().__init__(client, target)
        self.asking, self.running = sides
        self.verb = verb

    def reply(self, told: Callable[[Json], Json]) -> "Reply":
        """The bridge of one such act, whose answer says what `told` makes of it."""
        return Reply(self._client, self._target, told)

    def results(self, each: Bridge, slip: Slip) -> "Fetching":
        """The bridge of the answers, of which each is translated by `each`."""
        return Fetching(self._client, self._target, Answers(self, each, slip))


Sides = tuple[Commissioning, Running]


class Reply(Foreign):
    """An answer that is told otherwise."""

    def __init__(self, client: Dialect, target: Dialect, told: Callable[[Json], Json]) -> None:
        super().__init__(client, target)
        self._told = told

    def whole(self, data: bytes, context: Context) -> tuple[bytes | None, Seen]:
        """The answer as the client knows it."""
        answer = loads(data or b"{}", self._target, context.bounds)
        return orjson.dumps(self._told(answer)), Seen(usage=Usage())


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

    def __init__(self, commission: Commission, each: Bridge, slip: Slip) -> None:
        self._asking = commission.asking
        self._running = commission.running
        self._each = each
        self._slip = slip

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
        told, seen = self._told(result, id, self._context(context, marks, number))
        return ndjson.line(orjson.dumps(told)), seen

    def _context(self, context: Context, marks: str, number: int) -> Context:
        return msgspec.structs.replace(
            context,
            model=self._slip.model,
            mapped=True,
            id=f"{context.id}{number:05x}",
            amendments=tuple(MARKS[mark]() for mark in marks if mark in MARKS),
        )

    def _told(self, result: Result, id: str, context: Context) -> tuple[Json, Seen]:
        own = blake2s(f"{self._slip.ref}\0{id}".encode(), digest_size=12).hexdigest()
        if result.ended is not State.COMPLETED:
            return self._asking.ended(own, id, result.ended), Seen()
        if result.error:
            _, status, _, body = self._each.error(result.status, {}, result.error)
            return self._asking.result(own, id, status, body), Seen()
        try:
            data, seen = self._each.whole(result.answer, context)
        except GatewayError as error:
            failure = error.as_api_error()
            _, status, _, body = self._each.error(failure.status, {}, _words(failure))
            return self._asking.result(own, id, status, body), Seen()
        return self._asking.result(own, id, 200, result.answer if data is None else data), seen


def _words(failure: ApiError) -> bytes:
    return orjson.dumps({"error": {"message": failure.message}})


class Lines:
    """Translates lines, however they are cut; adds up what they say was used."""

    def __init__(self, answers: Answers, context: Context) -> None:
        self.seen = Seen(usage=Usage())
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
            self.seen.usage = joined(self.seen.usage or Usage(), seen.usage)
            self.seen.model = self.seen.model or seen.model
        return told


def remembered(sent: Sent) -> str:
    """The letters for what an answer needs of its request; raises Unsupported where letters do not
    say it."""
    if sent.renamed or sent.stand_ins:
        raise Unsupported(
            "its tools would need other names or forms there, which a batch cannot give back",
            param="tools",
        )
    letters = {kind: letter for letter, kind in MARKS.items()}
    found = [letters.get(type(amendment), "") for amendment in sent.amendments]
    if not all(found):
        raise Unsupported(
            "its answer would have to be changed by what the request says (a schema, words to stop "
            "at), which a batch does not keep"
        )
    return "".join(found)


def written(running: Running, line: Line, sent: Sent) -> bytes:
    """A line as the provider gets it; raises InvalidRequest, Unsupported."""
    assert sent.body is not None
    return running.line(marked(line.id, remembered(sent), running.ids), sent.body)


def asked(running: Running, dialect: Dialect) -> None:
    """Raises Unsupported for lines that no batch of the provider's can hold."""
    if dialect.name not in running.dialects:
        raise Unsupported(f"a batch there holds no requests of {dialect.name}", param="url")
