"""Batches: many requests that may wait for a day, and their answers.

A batch is made of a file, a request on each line, and ends with another, an answer on each line.
What a provider does not say again stands in the ids that clients are shown.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from enum import StrEnum
from typing import Self

import msgspec

from providers.errors import InvalidRequest
from providers.neutral import tickets
from providers.wire.members import Json

MODEL = 100
"""Characters of a model's name in an id, which must not become too long."""


class State(StrEnum):
    """How far a batch is, in OpenAI's words."""

    VALIDATING = "validating"
    FAILED = "failed"
    RUNNING = "in_progress"
    COMPLETED = "completed"
    EXPIRED = "expired"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"


class Part(StrEnum):
    """What an id is of."""

    INPUT = "i"
    BATCH = "b"
    OUTPUT = "o"
    ERRORS = "e"


class Slip(msgspec.Struct, frozen=True, array_like=True):
    """What an id says of a batch or of one of its files."""

    part: Part
    ref: str
    """What the provider calls it, or where its contents are."""
    model: str
    """As the client knows it."""
    endpoint: str
    """Which operation its lines ask for, in the client's format."""
    lines: int
    size: int
    """Bytes of the file that the client has sent."""
    created: int
    """Of that file."""
    file: str = ""
    """What the provider calls the file of a batch, where that is another thing."""

    def text(self) -> str:
        """An id that every SDK takes for one."""
        return tickets.written(self)

    @classmethod
    def of(cls, text: str) -> Self:
        """The same again; raises NotFound."""
        return tickets.read(text, cls)

    def as_part(self, part: Part, ref: str = "") -> Self:
        """The id of something else of the same batch."""
        return msgspec.structs.replace(self, part=part, ref=ref or self.ref, file="")

    def begun(self, ref: str) -> Self:
        """The id of the batch that is made of this file."""
        file = "" if ref == self.ref else self.ref
        return msgspec.structs.replace(self, part=Part.BATCH, ref=ref, file=file)

    @property
    def source(self) -> Self:
        """The file of the batch."""
        changed = msgspec.structs.replace(self, part=Part.INPUT, ref=self.file or self.ref)
        return msgspec.structs.replace(changed, file="")


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One request of a batch."""

    id: str
    endpoint: str
    body: Json


class Counts(msgspec.Struct, frozen=True):
    """Requests of a batch."""

    total: int
    completed: int = 0
    failed: int = 0


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A batch, and what is known of it; times are seconds since the epoch, 0: nobody says."""

    ref: str
    state: State
    counts: Counts | None = None
    """None: nobody says."""
    created: int = 0
    ended: int = 0
    expires: int = 0
    stopped: int = 0
    """When it was told to end."""
    results: str = ""
    """Where its answers are; empty: there are none yet."""
    failure: str = ""
    """Why it came to nothing."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A file, as far as its provider tells of it."""

    name: str = ""
    size: int = 0
    created: int = 0
    expires: int = 0


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one request."""

    id: str
    answer: bytes = b""
    """In the provider's format; empty: there is none."""
    error: bytes = b""
    """The same."""
    status: int = 500
    """Of the error."""
    ended: State = State.COMPLETED
    """EXPIRED or CANCELLED where the batch ended before it was done."""


def seconds(when: object) -> int:
    """A time as RFC 3339 has it, in seconds since the epoch; 0 for what is none."""
    try:
        return max(int(datetime.fromisoformat(str(when)).timestamp()), 0)
    except (ValueError, OverflowError):
        return 0


# A provider says of a request nothing again but its id.
MARKED = re.compile(r"gw_([a-z]*)_([A-Za-z0-9_-]+)")


def marked(id: str, marks: str, allowed: re.Pattern[str]) -> str:
    """An id that a provider takes, and what must be remembered for the answer, a letter each;
    raises InvalidRequest for one that is too long."""
    if not marks and allowed.fullmatch(id) and not MARKED.fullmatch(id):
        return id
    text = f"gw_{marks}_{urlsafe_b64encode(id.encode()).rstrip(b'=').decode()}"
    if allowed.fullmatch(text) is None:
        words = "is too long for its provider, of whose ids it must become one"
        raise InvalidRequest(f"custom_id {id[:80]!r} {words}", param="file")
    return text


def unmarked(text: str) -> tuple[str, str]:
    """(the client's id, what was to be remembered)."""
    match = MARKED.fullmatch(text)
    if match is None:
        return text, ""
    padded = match[2] + "=" * (-len(match[2]) % 4)
    try:
        return urlsafe_b64decode(padded).decode(), match[1]
    except ValueError:
        return text, ""
