"""Speech: a text, spoken.

Billed by characters of the text, by tokens, or by seconds of sound.
"""

import struct
from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar

import msgspec

from providers.errors import Unsupported
from providers.neutral.asking import Asking
from providers.usage import Units, Usage
from providers.wire.members import Json


class Sound(StrEnum):
    """How sound is written."""

    MP3 = "mp3"
    OPUS = "opus"
    AAC = "aac"
    FLAC = "flac"
    WAV = "wav"
    PCM = "pcm"
    """24,000 samples a second of 16 bits, little-endian, mono."""


MEDIA_TYPES: Mapping[Sound, str] = {
    Sound.MP3: "audio/mpeg",
    Sound.OPUS: "audio/opus",
    Sound.AAC: "audio/aac",
    Sound.FLAC: "audio/flac",
    Sound.WAV: "audio/wav",
    Sound.PCM: "audio/pcm",
}


class SpeechRequest(Asking, frozen=True, kw_only=True):
    """What is to be said, and how."""

    HINTS: ClassVar[frozenset[str]] = frozenset(
        {"instructions", "speed", "language", "user", "seed"}
    )

    text: str
    voice: str
    """As the provider calls it: voices have no names in common."""
    format: Sound | None = None
    """None: whatever the provider likes best."""
    speed: float | None = None
    """1 is as people speak."""
    instructions: str | None = None
    language: str | None = None
    seed: int | None = None
    user: str | None = None

    def one_of(self, *formats: Sound, where: str) -> Sound:
        """The format, of those that a provider has; the first where the client says none."""
        if self.format is not None and self.format not in formats:
            names = ", ".join(formats)
            raise Unsupported(f"{where} has sound as {names} alone", param="format")
        return self.format or formats[0]


class SpeechAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The sound."""

    data: bytes
    rate: int | None = None
    """Of bare samples, how many a second; None: in a format of its own already."""
    usage: Usage | None = None

    def finished(self, format: Sound) -> tuple[bytes, str]:
        """(sound, media type); bare samples get a header, unless they are wanted bare."""
        if self.rate is None:
            return self.data, MEDIA_TYPES[format]
        if format is Sound.PCM:
            return self.data, MEDIA_TYPES[Sound.PCM]
        return wav(self.data, self.rate), MEDIA_TYPES[Sound.WAV]


def spoken(body: Json, name: str) -> Units:
    """The characters of the text that is to be said."""
    text = body.get(name)
    return Units(characters=len(text) if isinstance(text, str) else 0)


def wav(samples: bytes, rate: int) -> bytes:
    """PCM of 16 bits with the header of a WAV file.

    https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/WAVE/WAVE.html
    """
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16)
    size = len(samples)
    head = struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE")
    return head + form + struct.pack("<4sI", b"data", size) + samples
