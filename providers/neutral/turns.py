"""Turns of a conversation: who speaks, and in which pieces."""

from collections.abc import Iterable, Iterator
from itertools import groupby

import msgspec

from providers.errors import InvalidRequest
from providers.neutral.chat import (
    Image,
    Message,
    Part,
    Role,
    Text,
    Thinking,
    ToolResult,
)
from providers.wire import members
from providers.wire.members import Json

ROLES = {
    "system": Role.SYSTEM,
    "developer": Role.DEVELOPER,
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
    "tool": Role.TOOL,
}
GREETING = "Hello."
"""What the user is made to say first where the assistant begins and the provider minds."""


def role_of(message: Json, at: str) -> Role:
    """Who speaks, in any case of letters; raises InvalidRequest for a role that is not known."""
    word = members.required_text(message, "role", at)
    role = ROLES.get(word.lower())
    if role is None:
        raise InvalidRequest(
            f"{at}role must be one of {', '.join(ROLES)}, not {word!r}", param=f"{at}role"
        )
    return role


def details(messages: Iterable[Message]) -> set[str | None]:
    """How closely pictures shall be looked at, those in tool results too; None: nothing is said."""
    return {
        part.detail
        for message in messages
        for outer in message.parts
        for part in (outer.parts if isinstance(outer, ToolResult) else (outer,))
        if isinstance(part, Image)
    }


def results_apart(parts: tuple[Part, ...]) -> Iterator[Message]:
    """The messages that a user's turn stands for: runs of tool results, and the rest."""
    if not any(type(part) is ToolResult for part in parts):
        yield Message(role=Role.USER, parts=parts)
        return
    for is_result, run in groupby(parts, lambda part: type(part) is ToolResult):
        yield Message(role=Role.TOOL if is_result else Role.USER, parts=tuple(run))


def merged(messages: Iterable[Message]) -> Iterator[Message]:
    """The same turns, with every run of tool results in one."""
    for tool, run in groupby(messages, lambda message: message.role is Role.TOOL):
        if tool:
            yield Message(role=Role.TOOL, parts=tuple(p for one in run for p in one.parts))
        else:
            yield from run


def joined(parts: Iterable[Part]) -> tuple[Part, ...]:
    """What a model said, whose words came in pieces, with each text and each thought whole.

    A signature ends what it signs.
    """
    runs: list[list[Part]] = []
    for part in parts:
        if runs and _goes_on(runs[-1][-1], part):
            runs[-1].append(part)
        else:
            runs.append([part])
    return tuple(map(_whole, runs))


def _goes_on(last: Part, part: Part) -> bool:
    match last, part:
        case Text(signature=None, cache=None, citations=()), Text(citations=()):
            return True
        case Thinking(signature=None, redacted=None), Thinking(redacted=None):
            return True
    return False


def _whole(run: list[Part]) -> Part:
    if len(run) == 1:
        return run[0]
    text = "".join([part.text for part in run if isinstance(part, Text | Thinking)])
    return msgspec.structs.replace(run[-1], text=text)
