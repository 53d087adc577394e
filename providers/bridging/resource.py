"""What a provider keeps for a client, and the acts on it: files, jobs, stored answers.

There is no model to ask for and nothing is translated: method, path and body go to the backend that
keeps the thing. What must be known of a format is where ids stand in it, for a client may be shown
ids that lead back to their backend.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec
import orjson

from providers.bridging.batching import Commissioning, Running
from providers.bridging.bridge import Passage, loads
from providers.bridging.commission import Commission
from providers.bridging.dialect import Bridge, Call, Context, Dialect, Relay, Seen, Sent
from providers.bridging.jobs import Doing, Following, Verb
from providers.bridging.kept_ids import Ids
from providers.bridging.pages import ByCursor, ByTime
from providers.bridging.quirks import Quirks
from providers.errors import BadAnswer, Unsupported
from providers.operations import Operation
from providers.usage import Usage
from providers.wire import ndjson
from providers.wire.members import Json

Told = Callable[[Json], Seen]
"""(an answer, an event or a line of results) → what it says was used, if anything."""


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be done: a method and a path."""

    method: str
    path: str
    """After the version; `{name}` is a segment with an id that leads to a backend, `{model}` one
    with a client's name of a model, `*` any."""
    streams: bool = False
    """Whether the query or the body may ask for a stream."""
    listed: bool = False
    """Whether the answer lists what is kept, whoever keeps it there."""
    pages: ByTime | ByCursor | None = None
    """How such a list goes on, where those of several backends can become one."""
    paged: bool = False
    """Whether a page begins behind an id that leads to a backend, though the list is a client's."""
    content: bool = False
    """Whether the answer is what a file holds, of any type and size."""
    models: tuple[tuple[str, ...], ...] = ()
    """Where a model is named in the body; `*` is every item. In a form the first is a part, which
    holds JSON."""
    share: float = 1.0
    """Of a model's price, where work that may wait is cheaper."""
    told: Told | None = None
    """What an answer, or a line of it, says was used; None: nothing is charged."""
    trimmed: Callable[[Json], Json] | None = None
    """(an answer) → the same without what is charged where it is shown by itself; None: nothing of
    it is."""
    raw: bool = False
    """Whether a body holds nothing but bytes, or words of the client's own."""
    types: tuple[str, ...] = ()
    """Types of bodies that hold nothing to be read, beside others."""
    leads: frozenset[str] = frozenset()
    """What of its query is an id, beside where a page begins."""
    links: frozenset[str] = frozenset()
    """Headers of answers with a URL of the provider's."""
    verb: Verb | None = None
    """What it asks of a job, where that may be done by a provider of another format."""


class Kept(Dialect, frozen=True, kw_only=True):
    """One kind of thing that is kept, in one family's format."""

    prefixes: tuple[str, ...]
    """What may stand before `root` in a client's path."""
    root: str
    acts: tuple[Act, ...]
    ids: Callable[[Json], Ids]
    urls: frozenset[str] = frozenset()
    """Members of answers that hold a URL of the provider's."""
    marked: str = ""
    """A header by which its clients are known where another kind may have the same paths."""
    sweeps: Callable[[Json], bool] = lambda body: False
    """Whether a request reads all that is kept, whoever keeps it."""
    lines: tuple[str, ...] = ()
    """Where a line of a file for a batch names its model."""
    also: tuple[str, ...] = ()
    """Other places of it: paths, and what stands behind a model's path, with its colon, where one
    is made at a model."""
    collection: str = ""
    """What stands before an id in bodies, as a part of it, and in paths as a segment of its own."""
    models_at: str = ""
    """What stands before the name of a model in bodies."""
    before: str = ""
    """What stands before the provider's version in its path."""
    queries: frozenset[str] | None = None
    """What of a client's query goes on; None: whatever does not prove who asks."""
    hollow: bool = True
    following: Following | Commissioning | None = None
    """How its clients ask for jobs that are done in another format; None: they cannot."""
    doing: Doing | Running | None = None
    """How jobs of this format are asked for, whatever format clients speak."""
    does: tuple[Operation, ...] = ()
    """Of which operations others' jobs are done so; empty: of its own."""

    @property
    def has_ids(self) -> bool:
        """Whether anything in it has an id that must lead back."""
        places = self.ids({})
        return bool(places.kinds or places.names)

    @property
    def places(self) -> Iterator[str]:
        """Every path below which clients find it, and the other places."""
        yield from (prefix + self.root for prefix in self.prefixes)
        yield from self.also


class Carriage:
    """The bridge of an act: whatever the provider says is for the client."""

    def __init__(self, kept: Kept, act: Act) -> None:
        self._kept = kept
        self._act = act
        self._passage = Passage(kept, kept, Quirks())

    def request(self, call: Call) -> Sent:
        """Nothing that a body says is changed here."""
        return Sent(body=None)

    def whole(self, data: bytes, context: Context) -> tuple[bytes | None, Seen]:
        """The provider's own bytes; what they say was used, where that is charged."""
        if self._act.trimmed is not None:
            answer = self._act.trimmed(loads(data, self._kept, context.bounds))
            return orjson.dumps(answer), Seen(usage=Usage())
        if self._act.told is None:
            return None, Seen(usage=Usage())
        context.bounds.answer(data)
        seen = _told(data, self._act.told) or Seen()
        seen.usage = seen.usage or Usage()
        return None, seen

    def replay(self, data: bytes, context: Context) -> tuple[bytes, Seen]:
        """Raises BadAnswer: what was asked for is a stream."""
        raise BadAnswer("the provider's answer is no stream")

    def stream(self, context: Context) -> Relay:
        """A relay that reads the lines."""
        return Lines(self._act.told)

    def error(
        self, status: int, headers: Mapping[str, str], data: bytes
    ) -> tuple[Any, int, Mapping[str, str], bytes]:
        """The provider's own body where it has the family's shape."""
        return self._passage.error(status, headers, data)


COUNTS = re.compile(rb'"(?:usage|tokenCount)')
"""In a line that says what was used."""


class Lines:
    """Passes pieces of any size; adds up what lines, or events, say was used."""

    def __init__(self, told: Told | None) -> None:
        self.seen = Seen(usage=Usage(), bills=[])
        self._told = told
        self._skimmer: ndjson.Skimmer | None = None if told is None else ndjson.Skimmer()

    def feed(self, data: bytes) -> None:
        """Nothing is changed."""
        if self._skimmer is not None:
            self._read(self._skimmer.feed(data))

    def flush(self) -> bytes:
        """Nothing is added."""
        if self._skimmer is not None:
            self._read([self._skimmer.flush()])
        return b""

    def _read(self, lines: Iterable[bytes]) -> None:
        assert self._told is not None
        for line in lines:
            if COUNTS.search(line) is None:
                continue
            said = _told(ndjson.skimmed(line.removeprefix(b"data:")), self._told)
            if said is not None and said.usage is not None:
                self.seen.note(said.usage, said.model)


def _told(data: bytes, told: Told) -> Seen | None:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    return told(value) if isinstance(value, dict) else None


def carriage(kept: Kept, act: Act) -> Bridge:
    """The bridge of `act`."""
    return Carriage(kept, act)


UNLISTED = "this provider lists no files of batches: ask for one by its id"


def commission(client: Kept, target: Kept, act: Act) -> Commission:
    """The bridge of `act` on a batch that is run in another format; raises Unsupported."""
    asking, running = client.following, target.doing
    assert isinstance(asking, Commissioning)
    assert isinstance(running, Running)
    if act.verb is None:
        why = UNLISTED if act.listed else f"{act.method} {act.path} is not possible there"
        raise Unsupported(why)
    return Commission(client, target, (asking, running), act.verb)
