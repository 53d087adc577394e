"""What the user of an OpenAI client says, as the events of its realtime session tell of it.

https://platform.openai.com/docs/api-reference/realtime-server-events/input_audio_buffer (checked
2026-11)
"""

from collections.abc import Callable, Iterator

from providers.errors import InvalidRequest
from providers.neutral.talks import RATE, SAMPLE
from providers.wire.members import Json

PER_MS = RATE * SAMPLE // 1000
"""Bytes of a millisecond of sound."""
MOST = 1_000_000
"""Characters of a transcript that are told again at its end; what is beyond is told once."""
BUFFER = "input_audio_buffer"
TRANSCRIPTION = "conversation.item.input_audio_transcription"


class UserSound:
    """The input audio buffer, which has gone to the provider already, and its last item."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._heard = self._committed = 0
        """Bytes of sound: all, and those before the last item of it."""
        self._item = ""
        """The item of what the user says or has said, until the turn is over."""
        self._added = False
        """Whether the client knows it."""
        self._transcript: list[str] = []
        self._written = 0
        """Its characters."""

    @property
    def fresh(self) -> bool:
        """Whether there is sound that is no item yet."""
        return self._heard != self._committed

    def appended(self, size: int) -> None:
        """So many bytes are new."""
        self._heard += size

    def committed(self) -> Iterator[Json]:
        """The client says that this is all; raises InvalidRequest where there is nothing."""
        if not self.fresh:
            raise InvalidRequest(
                "Error committing input audio buffer: buffer too small.",
                code="input_audio_buffer_commit_empty",
            )
        return self.item()

    def started(self) -> Iterator[Json]:
        """The user begins to speak, unless that was told."""
        if self._item and not self._added:
            return
        self._item, self._added = self._new_id(), False
        at = self._committed // PER_MS
        yield {"type": f"{BUFFER}.speech_started", "audio_start_ms": at, "item_id": self._item}

    def item(self) -> Iterator[Json]:
        """What was heard becomes an item."""
        started = bool(self._item) and not self._added
        id = self._item if started else self._new_id()
        self._item, self._added = id, True
        if started:
            at = self._heard // PER_MS
            yield {"type": f"{BUFFER}.speech_stopped", "audio_end_ms": at, "item_id": id}
        yield {"type": f"{BUFFER}.committed", "item_id": id}
        item = {
            "id": id,
            "object": "realtime.item",
            "type": "message",
            "status": "completed",
            "role": "user",
            "content": [{"type": "input_audio", "transcript": None}],
        }
        yield {"type": "conversation.item.added", "item": item}
        yield {"type": "conversation.item.done", "item": item}
        self._committed = self._heard
        if self._transcript:
            yield self._delta("".join(self._transcript))

    def written(self, text: str) -> Iterator[Json]:
        """A piece of its transcript, which may come at any time."""
        if not self._item:
            yield from self.started()
        if self._written < MOST:
            self._transcript.append(text)
            self._written += len(text)
        if self._added:
            yield self._delta(text)

    def _delta(self, text: str) -> Json:
        place = {"item_id": self._item, "content_index": 0}
        return {"type": f"{TRANSCRIPTION}.delta", **place, "delta": text}

    def over(self) -> Iterator[Json]:
        """With the turn, what was said before it is written down."""
        if self._transcript:
            if not self._added:
                yield from self.item()
            yield {
                "type": f"{TRANSCRIPTION}.completed",
                "item_id": self._item,
                "content_index": 0,
                "transcript": "".join(self._transcript),
                # What it costs is a part of what the response used.
                "usage": {"type": "duration", "seconds": 0},
            }
        self._transcript, self._written = [], 0
        if self._added:
            self._item, self._added = "", False
