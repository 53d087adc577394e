"""A whole answer of a streamed one: what a client gets that asked for none in pieces."""

from collections.abc import Mapping
from typing import Any, assert_never

import msgspec

from providers.errors import ApiError, BadAnswer
from providers.neutral.chat import (
    ChatResponse,
    Choice,
    Citation,
    Part,
    Refusal,
    Signature,
    Text,
    Thinking,
    ToolCall,
)
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    AudioDelta,
    Begin,
    Beside,
    CitationDelta,
    End,
    Failed,
    PartEnd,
    Ping,
    RefusalDelta,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
    Used,
    WholePart,
)
from providers.usage import Usage

NOTHING = Begin(id="", model="")
EMPTY = Text(text="")
Wordy = TextDelta | ThinkingDelta | RefusalDelta | ArgumentsDelta
OfChoice = (
    Wordy | CitationDelta | SignatureDelta | ToolCallBegin | WholePart | AudioDelta | PartEnd | End
)
BEGUN: Mapping[type[Wordy], Part] = {
    TextDelta: EMPTY,
    ThinkingDelta: Thinking(),
    RefusalDelta: Refusal(text=""),
    ArgumentsDelta: ToolCall(id="", name="", arguments=""),
}


class Growing:
    """A part in the making."""

    def __init__(self, kind: Part) -> None:
        self._kind = kind
        """The part without what comes in pieces."""
        self.words: list[str] = []
        self.citations: list[Citation] = []
        self.signature: Signature | None = None

    def whole(self) -> Part | None:
        """What has become of it; None: nothing."""
        text, kind = "".join(self.words), self._kind
        match kind:
            case Text():
                cited = (*kind.citations, *self.citations)
                signature = self.signature or kind.signature
                made = Text(text=kind.text + text, citations=cited, signature=signature)
                return None if made == EMPTY else made
            case Thinking():
                signature = self.signature or kind.signature
                return msgspec.structs.replace(kind, text=kind.text + text, signature=signature)
            case ToolCall():
                signature = self.signature or kind.signature
                arguments = kind.arguments + text or "{}"
                return msgspec.structs.replace(kind, arguments=arguments, signature=signature)
            case Refusal():
                return Refusal(text=kind.text + text)
            case _:
                return kind


class Answering:
    """A choice in the making."""

    def __init__(self) -> None:
        self.parts: dict[int, Growing] = {}
        self.likely: dict[str, Any] = {}
        self.end: End | None = None

    def part(self, number: int, kind: Part) -> Growing:
        """The part of this number, which begins as `kind`."""
        found = self.parts.get(number)
        if found is None:
            found = self.parts[number] = Growing(kind)
        return found

    def weigh(self, logprobs: Mapping[str, Any]) -> None:
        """More probabilities, in lists that go on."""
        for name, value in logprobs.items():
            known = self.likely.get(name)
            if isinstance(known, list) and isinstance(value, list):
                known += value
            elif value is not None or name not in self.likely:
                self.likely[name] = [*value] if isinstance(value, list) else value

    def choice(self, index: int) -> Choice:
        """The choice."""
        parts = [growing.whole() for _, growing in sorted(self.parts.items())]
        made = Choice(
            parts=tuple(part for part in parts if part is not None),
            index=index,
            logprobs=self.likely or None,
        )
        if self.end is None:
            return made
        return msgspec.structs.replace(
            made,
            finish=self.end.finish,
            stop_sequence=self.end.stop_sequence,
            native=self.end.native,
            error=self.end.error,
        )


class Gathering:
    """Takes deltas as a renderer of streams does, and says nothing before their end."""

    def __init__(self) -> None:
        self._begin = NOTHING
        self._usage: Usage | None = None
        self._tier: str | None = None
        self._native: dict[str, Any] = {}
        self._choices: dict[int, Answering] = {}
        self.error: ApiError | None = None

    def feed(self, deltas: list[AnyDelta]) -> bytes:
        """More of the answer; raises BadAnswer."""
        for delta in deltas:
            self._take(delta)
        return b""

    def flush(self) -> bytes:
        """The end adds nothing."""
        return b""

    def response(self) -> ChatResponse:
        """The whole answer."""
        begin = self._begin
        return ChatResponse(
            id=begin.id,
            model=begin.model,
            created=begin.created,
            service_tier=self._tier,
            usage=self._usage or begin.usage,
            native=self._native,
            choices=tuple(one.choice(index) for index, one in sorted(self._choices.items())),
        )

    def _tell(self, said: Mapping[str, Any]) -> None:
        """What else the answer says; a dialect may have it all under its own name."""
        for name, value in said.items():
            known = self._native.get(name)
            if isinstance(known, dict) and isinstance(value, dict):
                known.update(value)
            else:
                self._native[name] = dict(value) if isinstance(value, dict) else value

    def _take(self, delta: AnyDelta) -> None:
        match delta:
            case Begin():
                self._begin = delta
                self._tier = delta.service_tier
            case Used():
                self._usage = delta.usage
                self._tier = delta.service_tier or self._tier
            case Failed():
                self.error = delta.error
            case Beside():
                self._tell(delta.members)
            case Ping():
                pass
            case _:
                self._add(self._choices.setdefault(delta.choice, Answering()), delta)

    def _add(self, to: Answering, delta: OfChoice) -> None:
        match delta:
            case TextDelta() | ThinkingDelta() | RefusalDelta() | ArgumentsDelta():
                to.part(delta.part, BEGUN[type(delta)]).words.append(delta.text)
                if isinstance(delta, TextDelta) and delta.logprobs:
                    to.weigh(delta.logprobs)
            case CitationDelta():
                to.part(delta.part, EMPTY).citations.append(delta.citation)
            case SignatureDelta():
                to.part(delta.part, Thinking()).signature = delta.signature
            case ToolCallBegin():
                to.part(delta.part, _call(delta))
            case WholePart():
                to.part(delta.part, delta.value)
            case AudioDelta():
                raise BadAnswer("the provider streams sound, of which no whole answer is made")
            case PartEnd():
                pass
            case End():
                to.end = delta
            case _:
                assert_never(delta)


def _call(delta: ToolCallBegin) -> ToolCall:
    return ToolCall(
        id=delta.id,
        name=delta.name,
        namespace=delta.namespace,
        arguments="",
        signature=delta.signature,
    )
