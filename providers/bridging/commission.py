"""Acts on a batch that is run in another format than its client's, and on its files.

Nothing is kept here: a file becomes the provider's as it is sent, and whatever its answers do not
say again stands in the ids.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from providers.bridging import batching
from providers.bridging.batch_answers import Answers, Each, Fetching, Reply
from providers.bridging.batching import Sides, Way
from providers.bridging.dialect import Bridge, Dialect, Sent
from providers.bridging.jobs import Foreign, Verb
from providers.errors import InvalidRequest, NotFound, Unsupported
from providers.neutral.batch_lists import span
from providers.neutral.batches import MODEL, Line, Part, Run, Slip, State
from providers.wire.members import Json

Name = Callable[[str], str]
Called = Callable[[str, str], str]
"""(the provider's name of a model, the client's once) → the client's; empty: it is none of its."""
BEGUN = "the batch of that file has begun: ask for it by its id"


class Going(msgspec.Struct, frozen=True, kw_only=True):
    """A request for the provider."""

    way: Way
    bridge: Bridge
    dropped: tuple[str, ...] = ()
    model: str = ""
    """The client's, of answers that may not say theirs."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """An answer for which nobody need be asked."""

    said: Json
    dropped: tuple[str, ...] = ()


class File(msgspec.Struct, frozen=True, kw_only=True):
    """Requests as their provider gets them."""

    name: str
    size: int
    """As the client has sent them."""
    lines: Sequence[bytes]
    model: str
    """As the client knows it."""
    endpoint: str
    """What all of them ask for."""
    created: int
    dropped: tuple[str, ...]
    headers: dict[str, str]
    """What some of them need."""


class Commission(Foreign):
    """The bridge of such an act."""

    def __init__(self, client: Dialect, target: Dialect, sides: Sides, verb: Verb) -> None:
        super().__init__(client, target)
        self._sides = sides
        self._asking, self._running = sides
        self.verb = verb

    @property
    def most(self) -> int:
        """Lines of a file."""
        return self._running.most

    def line(self, number: int, data: bytes) -> Line:
        """A request in a file; raises InvalidRequest."""
        return self._asking.line(number, data)

    def dialect(self, line: Line) -> str:
        """The dialect that a request is in."""
        return self._asking.dialects[line.endpoint]

    def takes(self, model: str, dialect: Dialect) -> None:
        """Raises Unsupported for a model, and a dialect of the provider's, of which no batch is."""
        if len(model.encode()) > MODEL:
            raise Unsupported(f"a model's name may have {MODEL} bytes in a batch", param="model")
        if dialect.name not in self._running.dialects:
            raise Unsupported(f"a batch there holds no requests of {dialect.name}", param="url")

    def written(self, line: Line, sent: Sent) -> bytes:
        """A request as the provider gets it; raises InvalidRequest."""
        return batching.written(self._sides, line, sent)

    def load(self, file: File) -> Going:
        """How a file is sent."""
        asking, running = self._sides

        def told(answer: Json) -> Json:
            slip = Slip(
                part=Part.INPUT,
                ref=running.sent(answer),
                model=file.model,
                endpoint=file.endpoint,
                lines=len(file.lines),
                size=file.size,
                created=file.created,
            )
            document = msgspec.structs.replace(running.document(answer), name=file.name)
            return asking.file(slip, document)

        way = running.send(file.lines, file.name)
        way = msgspec.structs.replace(way, headers={**file.headers, **way.headers})
        return Going(way=way, bridge=self._reply(told), dropped=file.dropped)

    def make(self, body: Json, opened: Name, named: Name) -> Going | Known:
        """How a batch of a file is begun; raises InvalidRequest, NotFound."""
        asking, running = self._sides
        id, endpoint, dropped = asking.made(body)
        slip = asking.standing(opened(id)).slip
        if slip.part is not Part.INPUT:
            raise NotFound(f"there is no file of requests with the id {id[:200]!r}")
        if not slip.endpoint:
            raise Unsupported(BEGUN, param="input_file_id")
        if slip.endpoint != endpoint:
            raise InvalidRequest("endpoint must be the url of the file's lines", param="endpoint")
        way = running.make(slip, named(slip.model))
        if way is None:
            run = Run(ref=slip.ref, state=State.VALIDATING)
            return Known(said=asking.batch(slip.begun(slip.ref), run), dropped=dropped)

        def told(answer: Json) -> Json:
            run = running.run(answer, slip)
            return asking.batch(slip.begun(run.ref), run)

        return Going(way=way, bridge=self._reply(told), dropped=dropped)

    def asks(self, id: str, each: Each) -> Going:
        """How anything else is asked for, of the batch or the file of that id; raises NotFound,
        Unsupported."""
        asking, running = self._sides
        slip = asking.standing(id).slip

        def batch(answer: Json) -> Json:
            return asking.batch(slip, running.run(answer, slip))

        def file(answer: Json) -> Json:
            return asking.file(slip, running.document(answer))

        match self.verb:
            case Verb.FETCH:
                way = running.fetch(slip)
                answers = Answers(self._sides, each, slip)
                fetching = Fetching(self._client, self._target, answers)
                return Going(way=way, bridge=fetching, model=slip.model)
            case Verb.DROP:
                gone = asking.gone(slip)
                return Going(way=running.drop(slip), bridge=self._reply(lambda answer: gone))
            case Verb.STOP:
                return Going(way=running.stop(slip), bridge=self._reply(batch))
            case _ if slip.part is Part.BATCH:
                return Going(way=running.show(slip), bridge=self._reply(batch))
        return Going(way=running.look(slip), bridge=self._reply(file))

    def lists(self, query: Mapping[str, str], called: Called) -> Going:
        """How batches are listed; raises InvalidRequest, NotFound, Unsupported."""
        asking, listing = self._asking, self._running.listing
        asked = span(query, asking.standing)

        def told(answer: Json) -> Json:
            return asking.page(asked.of(listing.parse(answer), called, by_token=listing.by_token))

        lost = asking.unsaid if self._running.nameless else ()
        return Going(way=Way(path=listing.path(asked)), bridge=self._reply(told, lost))

    def _reply(self, told: Callable[[Json], Json], lost: tuple[str, ...] = ()) -> Reply:
        return Reply(self._client, self._target, told, lost)
