"""An answer by a schema, of models that know no schema but a tool's: the call is the answer.

https://docs.aws.amazon.com/nova/latest/userguide/prompting-structured-output.html
"""

import msgspec

from providers.neutral.chat import Choice, Finish, Part, Text, ToolCall
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    CitationDelta,
    End,
    PartEnd,
    SignatureDelta,
    TextDelta,
    ToolCallBegin,
)

OF_PARTS = (TextDelta, CitationDelta, SignatureDelta, PartEnd)


class AnswerTool:
    """Tells the arguments of one tool's call as the answer's text, in the place of all other."""

    def __init__(self, name: str) -> None:
        self._name = name

    def whole(self, choice: Choice) -> Choice:
        """The answer with text for the call."""
        if not any(map(self._is_answer, choice.parts)):
            return choice
        others = (part for part in choice.parts if not isinstance(part, Text))
        parts = tuple(map(self._told, others))
        calls = any(isinstance(part, ToolCall) for part in parts)
        finish = choice.finish if calls else _plain(choice.finish)
        return msgspec.structs.replace(choice, parts=parts, finish=finish)

    def _is_answer(self, part: Part) -> bool:
        return isinstance(part, ToolCall) and part.name == self._name

    def _told(self, part: Part) -> Part:
        if isinstance(part, ToolCall) and part.name == self._name:
            return Text(text=part.arguments)
        return part

    def stream(self) -> "AnswerToolStream":
        """The same for a stream."""
        return AnswerToolStream(self._name)


def _plain(finish: Finish | None) -> Finish | None:
    return Finish.STOP if finish is Finish.TOOL_CALLS else finish


class AnswerToolStream:
    """Tells the call's arguments as they come; other text waits for the end."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._answers: set[int] = set()
        self._texts: set[int] = set()
        self._held: list[AnyDelta] = []
        self._calls = False

    def feed(self, delta: AnyDelta) -> list[AnyDelta]:
        """What is told of the delta."""
        if isinstance(delta, End):
            return [*self.release(), self._end(delta)]
        if isinstance(delta, TextDelta):
            self._texts.add(delta.part)
        if isinstance(delta, OF_PARTS) and delta.part in self._texts:
            self._held.append(delta)
            return []
        if isinstance(delta, ToolCallBegin):
            if delta.name != self._name:
                self._calls = True
                return [delta]
            self._answers.add(delta.part)
            return [TextDelta(text="", part=delta.part, choice=delta.choice)]
        if isinstance(delta, ArgumentsDelta) and delta.part in self._answers:
            return [TextDelta(text=delta.text, part=delta.part, choice=delta.choice)]
        return [] if isinstance(delta, SignatureDelta) and self._is_answer(delta) else [delta]

    def _is_answer(self, delta: SignatureDelta) -> bool:
        return delta.part in self._answers

    def _end(self, end: End) -> End:
        if not self._answers or self._calls:
            return end
        return msgspec.structs.replace(end, finish=_plain(end.finish) or end.finish)

    def release(self) -> list[AnyDelta]:
        """Other text, where there is no answer."""
        held, self._held = self._held, []
        return [] if self._answers else held
