"""Sound in the format that a client of a realtime session has chosen: samples, or G.711.

https://platform.openai.com/docs/api-reference/realtime-client-events/session/update (checked
2026-11). A provider of another family gets telephone sound as samples at its own rate, which
Gemini brings to that of its model (https://ai.google.dev/gemini-api/docs/live-guide#audio-formats).
"""

import base64

from providers.errors import BadAnswer, Unsupported
from providers.neutral.talks import RATE, Sound
from providers.wire import g711, pcm
from providers.wire.members import Json

PLAIN = "audio/pcm"
LAWS = {"audio/pcmu": "u", "audio/pcma": "a"}
MOST = 1024 * 1024
"""Bytes of Base64 that are decoded at once: 98 s."""


def law_of(session: Json, side: str) -> str | None:
    """That of a side's sound (`input` or `output`); None: it is samples."""
    chosen = session["audio"][side].get("format")
    kind = chosen.get("type") if isinstance(chosen, dict) else chosen
    return LAWS.get(kind) if isinstance(kind, str) else None


def check(value: object, at: str) -> None:
    """Raises Unsupported where a format is none of OpenAI's."""
    said = value if isinstance(value, dict) else {"type": value}
    kind, rate = said.get("type"), said.get("rate")
    if isinstance(kind, str) and kind in LAWS and rate in (None, g711.RATE):
        return
    if kind not in (None, PLAIN) or rate not in (None, RATE):
        told = f"only {PLAIN} of {RATE} samples a second, {' and '.join(LAWS)} can be carried"
        raise Unsupported(told, param=at)


def heard(data: str, law: str | None, at: str) -> Sound:
    """What a client says, from Base64 to Base64; raises Unsupported."""
    if law is None:
        return Sound(data)
    if len(data) > MOST:
        raise Unsupported(f"more than {MOST} bytes of {law}-law at once", param=at)
    samples = g711.law(law).decode(base64.b64decode(data))
    return Sound(base64.b64encode(samples).decode(), g711.RATE)


class Speech:
    """What a model says in one response, piece by piece."""

    def __init__(self, law: str | None) -> None:
        self._law = None if law is None else g711.law(law)
        self._slower = pcm.Resampler(RATE, g711.RATE)

    def said(self, data: str) -> str:
        """A piece, from Base64 to Base64; empty where it is too short to be said yet."""
        if self._law is None:
            return data
        try:
            samples = base64.b64decode(data)
        except ValueError:
            raise BadAnswer("the provider's sound is not Base64") from None
        return self._coded(self._slower.feed(samples))

    def rest(self) -> str:
        """What of it still waits."""
        return "" if self._law is None else self._coded(self._slower.rest())

    def _coded(self, samples: bytes) -> str:
        assert self._law is not None
        return base64.b64encode(self._law.encode(samples)).decode()
