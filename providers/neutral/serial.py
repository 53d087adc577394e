"""Parts of a streamed answer, one after the other, for formats that close one before the next.

Tool calls of an OpenAI chat stream may be told interleaved, by their index. What comes of another
part while a call's arguments are not yet a whole JSON object waits until they are.
"""

import re

from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    AudioDelta,
    Begin,
    Beside,
    End,
    Failed,
    PartEnd,
    Ping,
    RefusalDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
    Used,
    WholePart,
)

OF_NO_PART = (Begin, Beside, Used, Ping)
SPEAKING = frozenset({AudioDelta, RefusalDelta, TextDelta, ThinkingDelta, ToolCallBegin, WholePart})
"""What says something that is no part of a call before it."""

OUTSIDE = re.compile(r'["{}\[\]]')
"""What matters outside a JSON string."""
INSIDE = re.compile(r'["\\]')
"""What matters inside a JSON string."""


class Serial:
    """Orders deltas, those of each choice by themselves."""

    def __init__(self) -> None:
        self._choices: dict[int, Order] = {}
        """Choices of which a call is being told."""

    def feed(self, deltas: list[AnyDelta]) -> list[AnyDelta]:
        """The deltas whose turn it is."""
        if not self._choices:
            for delta in deltas:
                if type(delta) is ToolCallBegin:
                    break
            else:
                return deltas
        out: list[AnyDelta] = []
        for delta in deltas:
            self._take(delta, out)
        return out

    def _take(self, delta: AnyDelta, out: list[AnyDelta]) -> None:
        if isinstance(delta, OF_NO_PART):
            out.append(delta)
            return
        if isinstance(delta, Failed):
            for order in self._choices.values():
                order.release(out)
            self._choices = {}
            out.append(delta)
            return
        order = self._choices.get(delta.choice) or Order()
        order.take(delta, out)
        if order.idle:
            self._choices.pop(delta.choice, None)
        else:
            self._choices[delta.choice] = order


class Order:
    """Orders the deltas of one choice."""

    def __init__(self) -> None:
        self._call: int | None = None
        """The part of the call whose arguments are still to come."""
        self._arguments: list[str] = []
        """What came of them since they were last looked at."""
        self._nest = Nest()
        self._held: list[AnyDelta] = []

    @property
    def idle(self) -> bool:
        """True where nothing is waited for."""
        return self._call is None

    def take(self, delta: AnyDelta, out: list[AnyDelta]) -> None:
        """Appends the delta and what waited for it, or lets it wait."""
        if isinstance(delta, End):
            self.release(out)
            out.append(delta)
        elif self._call is None or getattr(delta, "part", None) == self._call:
            self._pass(delta, out)
        elif self._held or not self._complete():
            self._held.append(delta)
        else:
            self._call = None
            self._pass(delta, out)

    def release(self, out: list[AnyDelta]) -> None:
        """Nothing more comes: all that waited, part by part."""
        self._call = None
        out += sorted(self._held, key=lambda delta: getattr(delta, "part", 0))
        self._held = []

    def _pass(self, delta: AnyDelta, out: list[AnyDelta]) -> None:
        out.append(delta)
        if isinstance(delta, ToolCallBegin):
            self._call, self._arguments, self._nest = delta.part, [], Nest()
        elif isinstance(delta, PartEnd):
            self._next(out)
        elif isinstance(delta, ArgumentsDelta):
            self._arguments.append(delta.text)
            if self._held and self._complete():
                self._next(out)

    def _next(self, out: list[AnyDelta]) -> None:
        """The call is complete: what waited for that comes, up to the next call that is not."""
        self._call = None
        held, self._held = self._held, []
        for delta in held:
            self.take(delta, out)

    def _complete(self) -> bool:
        for text in self._arguments:
            self._nest.feed(text)
        self._arguments = []
        return self._nest.closed


class Nest:
    """Whether pieces of JSON text have closed all that they opened; each is looked at once."""

    def __init__(self) -> None:
        self.closed = False
        self._depth = 0
        self._quoted = False
        self._escaped = False

    def feed(self, text: str) -> None:
        """Another piece."""
        at = 0
        while at < len(text):
            if self._escaped:
                self._escaped, at = False, at + 1
                continue
            match = (INSIDE if self._quoted else OUTSIDE).search(text, at)
            if match is None:
                return
            at = match.end()
            self._note(match[0])

    def _note(self, mark: str) -> None:
        if mark == '"':
            self._quoted = not self._quoted
        elif mark == "\\":
            self._escaped = True
        else:
            self._depth += 1 if mark in "{[" else -1
            self.closed = self._depth <= 0
