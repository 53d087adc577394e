"""Batches that one family's clients ask for, and another's provider runs.

Each line is translated as a request by itself is, and so is each answer. Nothing is remembered in
between: what an answer needs of its request stands in an id, or the line is refused.
"""

import re
from collections.abc import Callable, Mapping, Sequence

import msgspec

from providers.bridging.amending.amendment import Amendment
from providers.bridging.amending.bare_json import BareJson
from providers.bridging.amending.first_call import FirstCall
from providers.bridging.dialect import Seen, Sent
from providers.errors import Unsupported
from providers.neutral.batch_lists import Listing, Shown, Standing
from providers.neutral.batches import Document, Line, Result, Run, Slip, State, marked
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
    usual: str
    """What one asks for of which nobody says it."""
    unsaid: tuple[str, ...]
    """Members of a batch that nobody knows where its lines alone say them."""
    line: Callable[[int, bytes], Line]
    """(number, what stands there) → a request; raises InvalidRequest."""
    standing: Callable[[str], Standing]
    """(an id) → what it says; raises NotFound."""
    made: Callable[[Json], tuple[str, str, tuple[str, ...]]]
    """(a request for a batch) → (the id of its file, what its lines ask for, what is dropped);
    raises InvalidRequest."""
    id: Callable[[Slip], str]
    """The id that says it."""
    file: Callable[[Slip, Document], Json]
    batch: Callable[[Slip, Run], Json]
    page: Callable[[Shown], Json]
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
    used: Callable[[Json], Seen]
    """(a line of them) → what it says was used, whatever else it says."""
    listing: Listing
    """How batches are listed."""
    nameless: bool = False
    """Whether its list says nothing of what lines ask for, so that each line must."""


Sides = tuple[Commissioning, Running]
"""Who asks, and who runs."""


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


def written(sides: Sides, line: Line, sent: Sent) -> bytes:
    """A line as the provider gets it; raises InvalidRequest, Unsupported."""
    asking, running = sides
    assert sent.body is not None
    said = line.endpoint if running.nameless and line.endpoint != asking.usual else ""
    return running.line(marked(line.id, said + remembered(sent), running.ids), sent.body)
