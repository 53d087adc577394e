"""A streamed answer, piece by piece: what stream parsers yield and stream renderers take.

The order that every parser keeps and every renderer relies on: one `Begin` first; then deltas of
parts; `End` once for each choice; `Used` any time, the last one counts; `Failed` at most once, and
nothing after it. A part is known by (choice, part): `part` counts parts of a choice from 0 in the
order of their first delta, and a part never changes its kind. `PartEnd` comes where the source
says so; a renderer that needs ends closes a part itself when another one begins.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from providers.errors import ApiError
from providers.neutral.chat import (
    ChatResponse,
    Choice,
    Citation,
    Finish,
    Part,
    Refusal,
    Signature,
    Text,
    Thinking,
    ToolCall,
)
from providers.usage import Usage


class Begin(msgspec.Struct, frozen=True, kw_only=True):
    """The provider has begun to answer."""

    id: str
    model: str
    created: int = 0
    usage: Usage | None = None
    """What the provider says of the prompt before the answer (Anthropic's message_start)."""
    service_tier: str | None = None


class TextDelta(msgspec.Struct, frozen=True, kw_only=True):
    """More text of a Text part; may be empty where a part begins."""

    text: str
    part: int
    choice: int = 0
    logprobs: Mapping[str, Any] | None = None
    """In OpenAI chat's wire form."""


class CitationDelta(msgspec.Struct, frozen=True, kw_only=True):
    """A citation of a Text part."""

    citation: Citation
    part: int
    choice: int = 0


class ThinkingDelta(msgspec.Struct, frozen=True, kw_only=True):
    """More of a Thinking part."""

    part: int
    text: str = ""
    choice: int = 0


class SignatureDelta(msgspec.Struct, frozen=True, kw_only=True):
    """The signature of a Thinking, Text or ToolCall part."""

    signature: Signature
    part: int
    choice: int = 0


class RefusalDelta(msgspec.Struct, frozen=True, kw_only=True):
    """More text of a Refusal part."""

    text: str
    part: int
    choice: int = 0


class ToolCallBegin(msgspec.Struct, frozen=True, kw_only=True):
    """A ToolCall part begins."""

    id: str
    name: str
    namespace: str = ""
    part: int
    choice: int = 0
    signature: Signature | None = None
    """Where it is known by then; else it comes in a delta of its own."""


class ArgumentsDelta(msgspec.Struct, frozen=True, kw_only=True):
    """More JSON text of a ToolCall part's arguments."""

    text: str
    part: int
    choice: int = 0


class WholePart(msgspec.Struct, frozen=True, kw_only=True):
    """A part that comes in one piece: an image, redacted thinking, a native block."""

    value: Part
    part: int
    choice: int = 0


class AudioDelta(msgspec.Struct, frozen=True, kw_only=True):
    """More of an Audio part."""

    part: int
    choice: int = 0
    base64: str = ""
    transcript: str = ""
    id: str | None = None
    expires_at: int | None = None


class PartEnd(msgspec.Struct, frozen=True, kw_only=True):
    """A part is complete."""

    part: int
    choice: int = 0


class End(msgspec.Struct, frozen=True, kw_only=True):
    """A choice is complete."""

    finish: Finish
    choice: int = 0
    stop_sequence: str | None = None
    native: Mapping[str, Any] = {}
    error: ApiError | None = None
    """What the provider says of an ERROR."""


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """What was used so far, all of it: replaces the one before."""

    usage: Usage
    service_tier: str | None = None
    """Where the provider says it now, and not where it begins."""


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """What else the provider says, of which other dialects know nothing."""

    names: tuple[str, ...]
    """What it calls that, below the top level with dots."""
    members: Mapping[str, Any] = {}
    """Of these, what its own dialect tells of a whole answer (`ChatResponse.native`); the later
    ones win."""


class Ping(msgspec.Struct, frozen=True, kw_only=True):
    """The provider is alive."""


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """The provider gave up in mid-stream, or its stream ended before its time."""

    error: ApiError


AnyDelta = (
    Begin
    | TextDelta
    | CitationDelta
    | ThinkingDelta
    | SignatureDelta
    | RefusalDelta
    | ToolCallBegin
    | ArgumentsDelta
    | WholePart
    | AudioDelta
    | PartEnd
    | End
    | Used
    | Beside
    | Ping
    | Failed
)


def words_of(delta: AnyDelta) -> str:
    """What the model wrote of this delta."""
    match delta:
        case TextDelta() | ThinkingDelta() | RefusalDelta() | ArgumentsDelta():
            return delta.text
        case ToolCallBegin():
            return delta.name
        case _:
            return ""


def replay(response: ChatResponse) -> list[AnyDelta]:
    """The stream that would have given `response`."""
    begin = Begin(
        id=response.id,
        model=response.model,
        created=response.created,
        usage=response.usage,
        service_tier=response.service_tier,
    )
    deltas: list[AnyDelta] = [begin]
    for choice in response.choices:
        deltas += _replay_choice(choice)
    if response.usage is not None:
        deltas.append(Used(usage=response.usage, service_tier=response.service_tier))
    return deltas


def _replay_choice(choice: Choice) -> list[AnyDelta]:
    deltas: list[AnyDelta] = []
    likely = choice.logprobs
    for number, part in enumerate(choice.parts):
        deltas += pieces(part, number, choice.index, likely)
        likely = None if isinstance(part, Text) else likely
        deltas.append(PartEnd(part=number, choice=choice.index))
    end = End(
        finish=choice.finish or Finish.STOP,
        choice=choice.index,
        stop_sequence=choice.stop_sequence,
        native=choice.native,
        error=choice.error,
    )
    return [*deltas, end]


def pieces(
    part: Part, number: int, choice: int = 0, logprobs: Mapping[str, Any] | None = None
) -> list[AnyDelta]:
    """A part that is there at once, as the deltas that it might have come in."""
    match part:
        case Text():
            text = TextDelta(text=part.text, part=number, choice=choice, logprobs=logprobs)
            cited = [CitationDelta(citation=c, part=number, choice=choice) for c in part.citations]
            return [text, *cited, *_signed(part.signature, number, choice)]
        case Refusal():
            return [RefusalDelta(text=part.text, part=number, choice=choice)]
        case Thinking(redacted=None):
            thought = ThinkingDelta(text=part.text, part=number, choice=choice)
            return [thought, *_signed(part.signature, number, choice)]
        case ToolCall():
            begin = ToolCallBegin(
                id=part.id,
                name=part.name,
                namespace=part.namespace,
                part=number,
                choice=choice,
                signature=part.signature,
            )
            return [begin, ArgumentsDelta(text=part.arguments, part=number, choice=choice)]
        case _:
            return [WholePart(value=part, part=number, choice=choice)]


def _signed(signature: Signature | None, number: int, choice: int) -> list[AnyDelta]:
    if signature is None:
        return []
    return [SignatureDelta(signature=signature, part=number, choice=choice)]
