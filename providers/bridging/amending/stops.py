"""Stop sequences, of formats and models that know none: the answer is cut where one stands."""

import re
from collections.abc import Sequence

import msgspec

from providers.neutral.chat import Choice, Finish, Part, Text
from providers.neutral.deltas import AnyDelta, End, PartEnd, TextDelta


class Stops:
    """Ends an answer before the first of some sequences."""

    def __init__(self, sequences: Sequence[str]) -> None:
        self._sequences = [each for each in sequences if each]
        self._pattern = re.compile("|".join(map(re.escape, self._sequences)) or r"(?!)")

    def whole(self, choice: Choice) -> Choice:
        """The answer up to the sequence."""
        kept: list[Part] = []
        for part in choice.parts:
            found = self._pattern.search(part.text) if isinstance(part, Text) else None
            if found is None or not isinstance(part, Text):
                kept.append(part)
                continue
            if found.start():
                kept.append(msgspec.structs.replace(part, text=part.text[: found.start()]))
            return msgspec.structs.replace(
                choice, parts=tuple(kept), finish=Finish.STOP_SEQUENCE, stop_sequence=found[0]
            )
        return choice

    def stream(self) -> "StopsStream":
        """The same for a stream."""
        return StopsStream(self._sequences, self._pattern)


class StopsStream:
    """Ends a stream; what may be the beginning of a sequence waits."""

    def __init__(self, sequences: Sequence[str], pattern: re.Pattern[str]) -> None:
        self._sequences = sequences
        self._longest = max(map(len, sequences), default=1)
        self._pattern = pattern
        self._held: TextDelta | None = None
        self._stopped = ""

    def feed(self, delta: AnyDelta) -> list[AnyDelta]:
        """The delta, as far as the answer goes."""
        if isinstance(delta, End):
            return [*self.release(), self._end(delta)]
        if self._stopped:
            return []
        if not isinstance(delta, TextDelta):
            same = self._held is not None and getattr(delta, "part", None) == self._held.part
            waits = not same or isinstance(delta, PartEnd)
            return [*(self.release() if waits else []), delta]
        return self._text(delta)

    def _text(self, delta: TextDelta) -> list[AnyDelta]:
        before: list[AnyDelta] = []
        text = delta.text
        if self._held is not None and self._held.part == delta.part:
            text = self._held.text + text
            self._held = None
        elif self._held is not None:
            before = self.release()
        found = self._pattern.search(text)
        if found is not None:
            self._stopped, text = found[0], text[: found.start()]
        waiting = 0 if found else self._waiting(text)
        shown = text[: len(text) - waiting]
        if waiting:
            self._held = TextDelta(text=text[-waiting:], part=delta.part, choice=delta.choice)
        if shown == delta.text:
            return [*before, delta]
        changed = msgspec.structs.replace(delta, text=shown, logprobs=None)
        return [*before, changed] if shown else before

    def _waiting(self, text: str) -> int:
        """How many characters at the end of `text` may begin a sequence."""
        for size in range(min(self._longest - 1, len(text)), 0, -1):
            tail = text[-size:]
            if any(each.startswith(tail) for each in self._sequences):
                return size
        return 0

    def _end(self, end: End) -> End:
        if not self._stopped:
            return end
        return msgspec.structs.replace(
            end, finish=Finish.STOP_SEQUENCE, stop_sequence=self._stopped
        )

    def release(self) -> list[AnyDelta]:
        """What waited and began no sequence."""
        held, self._held = self._held, None
        return [] if held is None else [held]
