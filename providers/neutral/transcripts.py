"""Transcripts: what is said in a recording, in its own language or in English.

Billed by seconds of sound, or by tokens.
"""

from collections.abc import Mapping
from enum import StrEnum
from itertools import pairwise
from typing import Any, ClassVar

import msgspec

from providers.errors import ApiError
from providers.neutral.asking import Asking
from providers.usage import Usage
from providers.wire.multipart import Upload


class Form(StrEnum):
    """What a client gets."""

    JSON = "json"
    TEXT = "text"
    SRT = "srt"
    VTT = "vtt"
    VERBOSE = "verbose_json"
    """With segments and, where they are asked for, words."""


class TranscriptRequest(Asking, frozen=True, kw_only=True):
    """A recording, and what is known of it."""

    HINTS: ClassVar[frozenset[str]] = frozenset(
        {"prompt", "terms", "temperature", "language", "form", "seed", "chunking"}
    )

    file: Upload
    language: str | None = None
    """ISO 639-1; of the recording."""
    prompt: str | None = None
    """How names are written, and what was said before."""
    terms: tuple[str, ...] = ()
    """Names and other words that may be heard."""
    temperature: float | None = None
    form: Form = Form.JSON
    """Every dialect of clients writes each of these by itself."""
    words: bool | None = None
    """Whether times of words are wanted."""
    segments: bool | None = None
    speakers: bool | None = None
    """Whether it is to be told who speaks."""
    logprobs: bool | None = None
    chunking: Any = None
    seed: int | None = None

    @property
    def hints(self) -> str | None:
        """The prompt and the terms, where only a prompt can be said."""
        said = [self.prompt] if self.prompt else []
        return "\n".join([*said, ", ".join(self.terms)] if self.terms else said) or None


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a transcript; times in seconds."""

    text: str
    start: float
    end: float
    speaker: str | None = None


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """What was heard."""

    text: str
    language: str | None = None
    duration: float | None = None
    segments: tuple[Segment, ...] = ()
    words: tuple[Segment, ...] = ()
    usage: Usage | None = None

    @property
    def pieces(self) -> tuple[Segment, ...]:
        """The segments; without any, all of it is one."""
        if self.segments:
            return self.segments
        ends = [word.end for word in self.words]
        end = max(ends, default=self.duration or 0.0)
        return (Segment(text=self.text, start=0.0, end=end),)


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """More of the text, in a stream."""

    text: str


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """The language of the recording, in a stream."""

    language: str


class Timed(msgspec.Struct, frozen=True, kw_only=True):
    """A segment of which the times are known, in a stream."""

    segment: Segment


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a stream: all of it again, and what was used."""

    transcript: Transcript


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """The provider gave up in mid-stream, or its stream ended before its time."""

    error: ApiError


Delta = Said | Spoken | Timed | Heard | Failed
"""What a stream is made of: last `Heard` or `Failed`, and nothing after it."""


ENDS = tuple(".?!…。\N{FULLWIDTH QUESTION MARK}\N{FULLWIDTH EXCLAMATION MARK}")
"""How the last word of a sentence ends."""


def turns(words: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """Words of one speaker in a row as segments, each as long as a sentence."""
    found: list[Segment] = []
    said: list[Segment] = []
    for word, following in pairwise((*words, None)):
        assert word is not None
        said.append(word)
        ended = word.text.endswith(ENDS)
        if following is None or ended or following.speaker != word.speaker:
            found.append(_together(said))
            said = []
    return tuple(found)


def _together(words: list[Segment]) -> Segment:
    text = " ".join([word.text for word in words])
    return Segment(text=text, start=words[0].start, end=words[-1].end, speaker=words[0].speaker)


def srt(transcript: Transcript) -> str:
    """Subtitles in the form of SubRip."""
    return "".join(
        f"{number}\n{_clock(one.start, ',')} --> {_clock(one.end, ',')}\n{one.text.strip()}\n\n"
        for number, one in enumerate(transcript.pieces, 1)
    )


def vtt(transcript: Transcript) -> str:
    """https://www.w3.org/TR/webvtt1/"""
    cues = [
        f"{_clock(one.start, '.')} --> {_clock(one.end, '.')}\n{one.text.strip()}\n\n"
        for one in transcript.pieces
    ]
    return "WEBVTT\n\n" + "".join(cues)


def _clock(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"


TEXTS: Mapping[Form, Any] = {Form.SRT: srt, Form.VTT: vtt, Form.TEXT: lambda one: one.text + "\n"}
"""Forms that are no JSON."""


LONGEST = 32
"""Characters of a number."""


def seconds(value: Any) -> float:
    """A time that a provider says, some of them (vLLM) as a text; 0 where it is none."""
    if isinstance(value, str) and len(value) < LONGEST:
        try:
            value = float(value)
        except ValueError:
            return 0.0
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e7
    return float(value) if good else 0.0
