"""Conversations as clients keep them: results late, twice or lost, pieces, ids that repeat."""

from collections.abc import Callable

from hypothesis import strategies as st
from msgspec.structs import replace

from providers.neutral.chat import Message, Part, Role, Text, ToolCall, ToolResult

Messages = list[Message]


def _tools(messages: Messages) -> list[int]:
    return [at for at, message in enumerate(messages) if message.role is Role.TOOL]


def lost(messages: Messages, at: int) -> Messages:
    """A turn's results never came."""
    return [*messages[:at], *messages[at + 1 :]]


def late(messages: Messages, at: int) -> Messages:
    """They came when the user had spoken already."""
    waited = Message(role=Role.USER, parts=(Text(text="wait"),))
    return [*messages[:at], waited, *messages[at:]]


def a_turn_late(messages: Messages, at: int) -> Messages:
    """They came after the next turn."""
    return [*messages[:at], *messages[at + 1 : at + 3], messages[at], *messages[at + 3 :]]


def twice(messages: Messages, at: int) -> Messages:
    """They came twice."""
    return [*messages[:at], messages[at], *messages[at:]]


def with_one_id(messages: Messages, at: int) -> Messages:
    """The model called every call of its the same."""
    return [replace(each, parts=tuple(map(_one_id, each.parts))) for each in messages]


def _one_id(part: Part) -> Part:
    if isinstance(part, ToolCall):
        return replace(part, id="look:0")
    return replace(part, call_id="look:0") if isinstance(part, ToolResult) else part


def in_pieces(messages: Messages, at: int) -> Messages:
    """Each part of a model's turn was kept as a turn of its own."""
    return [replace(message, parts=parts) for message in messages for parts in _pieces(message)]


def _pieces(message: Message) -> list[tuple[Part, ...]]:
    if message.role is not Role.ASSISTANT:
        return [message.parts]
    return [(part,) for part in message.parts]


BREAKS: tuple[Callable[[Messages, int], Messages], ...] = (
    lost,
    late,
    a_turn_late,
    twice,
    with_one_id,
    in_pieces,
)


@st.composite
def kept(draw: st.DrawFn, messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The conversation as a client may have kept it; often as it was."""
    found = list(messages)
    for broken in draw(st.lists(st.sampled_from(BREAKS), max_size=2)):
        places = _tools(found)
        if places:
            found = broken(found, draw(st.sampled_from(places)))
    return tuple(found)
