"""A text completion as a conversation, and back: what a prompt asks, one user says.

What all formats of text completions share.
"""

from typing import Any

from providers.errors import Unsupported
from providers.neutral.chat import Audio, ChatRequest, Message, Part, Refusal, Role, Text, Thinking
from providers.neutral.deltas import AnyDelta, AudioDelta, RefusalDelta, TextDelta, WholePart
from providers.neutral.media import PlainText


def said(prompt: str) -> tuple[Message, ...]:
    """The conversation that a prompt begins."""
    return (Message(role=Role.USER, parts=(Text(text=prompt),)),)


def prompt_of(request: ChatRequest, target: str) -> str:
    """The prompt that one user's words are; raises Unsupported for any other conversation."""
    match request.messages:
        case [Message(role=Role.USER)] as messages:
            return text_of(messages[0], target)
    message = f"a conversation, or a system's words, cannot be expressed in {target}"
    raise Unsupported(message, param="messages")


def text_of(message: Message, target: str) -> str:
    """The words of a turn; raises Unsupported for a part that is none."""
    return "".join([_text(part, target) for part in message.parts])


def _text(part: Any, target: str) -> str:
    if isinstance(part, Text | Refusal):
        return part.text
    if isinstance(part, Thinking):
        return ""  # a hint, which `fidelity` has named
    source = getattr(part, "source", None)
    if isinstance(source, PlainText):
        return source.text
    kind = type(part).__name__.lower()
    raise Unsupported(f"a part of kind {kind} cannot stand in {target}", param="messages")


def words(part: Part) -> str:
    """What of an answer's part can be told: thoughts and calls have no place in a text."""
    if isinstance(part, Text | Refusal):
        return part.text
    return part.transcript or "" if isinstance(part, Audio) else ""


def told(delta: AnyDelta) -> str:
    """What of a piece of a stream can be told."""
    match delta:
        case TextDelta() | RefusalDelta():
            return delta.text
        case AudioDelta():
            return delta.transcript
        case WholePart():
            return words(delta.value)
    return ""
