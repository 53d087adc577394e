"""Video: films that are made from words, and perhaps from the picture with which they begin.

A film is a job: it is made, asked for until it is there, and fetched. Billed by its seconds, when
the job is made.
"""

from enum import StrEnum
from typing import ClassVar, Self

import msgspec

from providers.errors import InvalidRequest, NotFound, Unsupported
from providers.neutral import tickets
from providers.neutral.asking import Asking
from providers.neutral.images import Size
from providers.neutral.media import Data, FileId, Url
from providers.usage import Units, Usage

USUAL = 4
"""Seconds of a film of which a client does not say how long it is to be.
https://platform.openai.com/docs/api-reference/videos/create"""
LONGEST = 3600
"""Seconds."""


class VideoRequest(Asking, frozen=True, kw_only=True):
    """What is to be seen, and for how long."""

    HINTS: ClassVar[frozenset[str]] = frozenset({"seed", "user"})

    prompt: str
    seconds: int | None = None
    size: Size | None = None
    picture: Data | Url | FileId | None = None
    """With which it begins."""
    negative: str | None = None
    """What is not to be seen."""
    seed: int | None = None
    user: str | None = None

    def lasting(self, offered: tuple[int, ...], where: str) -> int:
        """The seconds, if they are among those offered; who does not say gets what comes nearest
        to the usual. Raises Unsupported."""
        if self.seconds is None:
            return min(offered, key=lambda one: abs(one - USUAL))
        if self.seconds not in offered:
            some = ", ".join(map(str, offered))
            raise Unsupported(f"{where} makes films of {some} seconds", param="seconds")
        return self.seconds


class State(StrEnum):
    """How far a job is, in OpenAI's words."""

    QUEUED = "queued"
    RUNNING = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """What an id says, beside the provider's name of a job, of what it does not tell itself."""

    ref: str
    """What the provider calls the job."""
    model: str = ""
    """As the client knows it."""
    seconds: int = 0
    """0: nobody knows."""
    size: str = ""
    created: int = 0

    def text(self) -> str:
        """An id that every SDK takes for one."""
        said = self if len(self.model) <= MODEL else msgspec.structs.replace(self, model="")
        return tickets.written(said)

    @classmethod
    def of(cls, text: str) -> Self:
        """The same again; raises NotFound."""
        return tickets.read(text, cls)


MODEL = 100
"""Characters of a model's name in an id, which must not become too long."""


class Failure(msgspec.Struct, frozen=True):
    """Why there is no film."""

    code: str
    message: str


class Film(msgspec.Struct, frozen=True, kw_only=True):
    """A job, and what is known of it."""

    ref: str
    state: State
    progress: int | None = None
    """Percent."""
    failure: Failure | None = None
    prompt: str = ""
    completed: int = 0
    """When, in seconds since the epoch; 0: nobody says."""
    link: str = ""
    """Where it can be fetched."""
    data: Data | None = None
    """The film itself, where the provider sends it along."""

    @property
    def percent(self) -> int:
        """Of the work that is done, as far as anybody says."""
        if self.progress is not None:
            return max(0, min(self.progress, 100))
        return 100 if self.state is State.COMPLETED else 0

    def lies_in(self, bucket: str) -> bool:
        """Whether it is where the backend has films put, if it says that: what lies elsewhere in
        its cloud is not of this gateway."""
        return not (bucket and self.link) or lies_in(self.link, bucket)

    def fetched(self) -> str:
        """Where it can be fetched; raises NotFound while it cannot."""
        if self.link:
            return self.link
        if self.failure is not None:
            raise NotFound(f"there is no video: {self.failure.message}")
        raise NotFound(f"the video is not ready yet: it is {self.state}")


def lies_in(place: str, bucket: str) -> bool:
    """Whether a place is a bucket, or a folder of it, or below that."""
    return f"{place}/".startswith(f"{bucket.rstrip('/')}/")


def web(link: object) -> str:
    """A link that a client may be sent to; empty where it is none."""
    return link if isinstance(link, str) and link.startswith(("https://", "http://")) else ""


def used(seconds: float) -> Usage:
    """The seconds of a film."""
    return Usage(units=Units(seconds=seconds))


def duration(value: object, param: str = "seconds") -> int | None:
    """Seconds as a client says them, as a number or in words; raises InvalidRequest."""
    if value is None:
        return None
    said = int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 6 else value
    if type(said) is not int or not 0 < said <= LONGEST:
        raise InvalidRequest(f"{param} must be a whole number of seconds", param=param)
    return said
