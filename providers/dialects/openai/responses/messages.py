"""The input: a string, or items, of which a conversation's turns are made, and back.

https://platform.openai.com/docs/api-reference/responses/create#responses-create-input
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import msgspec

from providers.bridging.fidelity import Feature
from providers.dialects.openai import searches
from providers.dialects.openai.custom import call_ids, call_of
from providers.dialects.openai.ids import RESPONSES, short_id
from providers.dialects.openai.responses.kept import restored
from providers.dialects.openai.responses.media import NAME, parse_part, render_output, render_part
from providers.dialects.openai.responses.thoughts import own, parse_thinking, render_own
from providers.dialects.openai.signatures import parse_extra
from providers.errors import InvalidRequest, Unsupported
from providers.neutral.carriers import attached
from providers.neutral.chat import (
    Document,
    Message,
    Native,
    Part,
    Refusal,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from providers.neutral.media import PlainText
from providers.neutral.web_search import Searched
from providers.wire import members
from providers.wire.members import Json

ROLES = {
    "system": Role.SYSTEM,
    "developer": Role.DEVELOPER,
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
}

MERGED = frozenset({Role.ASSISTANT, Role.TOOL})
"""Roles whose turns are told in several items."""


def parse_messages(body: Json) -> tuple[Message, ...]:
    """Instructions and input; the items of one assistant's turn are one message."""
    messages = list(_instructions(body))
    body = restored(body)
    value = body.get("input")
    if isinstance(value, str):
        return (*messages, Message(role=Role.USER, parts=(Text(text=value),)))
    names: dict[str, str] = {}
    for item, at in members.objects(body, "input"):
        messages.append(_item(item, at, names))
    return tuple(_merged(messages))


def _instructions(body: Json) -> Iterator[Message]:
    words = members.text(body, "instructions")
    if words:
        yield Message(role=Role.SYSTEM, parts=(Text(text=words),))


def _merged(messages: Iterable[Message]) -> Iterator[Message]:
    for role, run in groupby(messages, lambda message: message.role):
        if role in MERGED:
            yield Message(role=role, parts=attached(part for each in run for part in each.parts))
        else:
            yield from run


def _item(item: Json, at: str, names: dict[str, str]) -> Message:
    kind = members.text(item, "type", at) or ("message" if "role" in item else "item_reference")
    match kind:
        case "message":
            return _message(item, at)
        case "reasoning":
            return Message(role=Role.ASSISTANT, parts=(parse_thinking(item),))
        case "function_call":
            return Message(role=Role.ASSISTANT, parts=(_call(item, at, names),))
        case "function_call_output" | "custom_tool_call_output":
            return Message(role=Role.TOOL, parts=(_result(item, at, names),))
        case searches.CALL:
            return Message(role=Role.ASSISTANT, parts=(searches.parse_searched(item),))
    result = kind.endswith("_output") or kind == "mcp_approval_response"
    native = Native(dialect=NAME, value=item)
    return Message(role=Role.TOOL if result else Role.ASSISTANT, parts=(native,))


def _message(item: Json, at: str) -> Message:
    word = members.required_text(item, "role", at)
    role = ROLES.get(word)
    if role is None:
        raise InvalidRequest(
            f"{at}role must be one of {', '.join(ROLES)}, not {word!r}", param=f"{at}role"
        )
    parts = _content(item, "content", at)
    if role is Role.ASSISTANT:
        parts = tuple(part for part in parts if part != Text(text=""))
    return Message(role=role, parts=parts)


def _content(owner: Json, name: str, at: str) -> tuple[Part, ...]:
    content = owner.get(name)
    if isinstance(content, str):
        return (Text(text=content),)
    if isinstance(content, list):
        return tuple(parse_part(part, place) for part, place in members.objects(owner, name, at))
    raise members.wrong(f"{at}{name}", "a string or an array")


def _call(item: Json, at: str, names: dict[str, str]) -> ToolCall:
    id = members.text(item, "call_id", at) or members.text(item, "id", at) or f"call_{len(names)}"
    name = names[id] = members.required_text(item, "name", at)
    return ToolCall(
        id=id,
        name=name,
        arguments=members.text(item, "arguments", at) or "{}",
        namespace=members.text(item, "namespace", at) or "",
        signature=parse_extra(item),
    )


def _result(item: Json, at: str, names: dict[str, str]) -> ToolResult:
    id = members.required_text(item, "call_id", at)
    return ToolResult(
        call_id=id,
        name=names.get(id) or members.text(item, "name", at),
        parts=_content(item, "output", at),
    )


def render_messages(messages: Sequence[Message], dropped: list[str]) -> list[Json]:
    """The input.

    A system's words stand in it like all others: xAI refuses `instructions`, and JSON mode does not
    look there.
    """
    items: list[Json] = []
    custom = call_ids(messages)
    for message in messages:
        if message.role is Role.ASSISTANT:
            items += _Turn(len(items), dropped, custom).items(message.parts)
        else:
            items += _render_other(message, custom)
    return items


def _render_other(message: Message, custom: frozenset[str]) -> Iterator[Json]:
    """Outputs first: they belong right after their calls."""
    rest: list[Part] = []
    for part in message.parts:
        if isinstance(part, ToolResult):
            yield _render_result(part, custom)
        elif message.role is Role.TOOL and isinstance(part, Native):
            yield _render_native(part)
        else:
            rest.append(part)
    if rest or not message.parts:
        role = "user" if message.role is Role.TOOL else message.role.value
        yield {"type": "message", "role": role, "content": _render_content(rest)}


def _render_content(parts: Sequence[Part]) -> str | list[Json]:
    """A lone plain text is a string, which every compatible provider understands."""
    match parts:
        case []:
            return ""
        case [Text(text=text)]:
            return text
    return [render_part(part) for part in parts]


def _render_result(result: ToolResult, custom: frozenset[str]) -> Json:
    kind = "custom_tool_call" if result.call_id in custom else "function_call"
    return {
        "type": f"{kind}_output",
        "call_id": short_id(result.call_id, RESPONSES),
        "output": _render_content(result.parts),
    }


def _render_native(part: Native) -> Json:
    call = None if part.dialect == NAME else call_of(part)
    if call is not None:
        return {
            "type": "custom_tool_call",
            "call_id": short_id(call.id, RESPONSES),
            "name": call.name,
            "input": call.input,
        }
    if part.dialect != NAME:
        message = f"a part of {part.dialect} cannot stand in the input of {NAME}"
        raise Unsupported(message, param="input")
    return dict(part.value)


class _Turn:
    """Tells one turn of the assistant in items."""

    def __init__(self, start: int, dropped: list[str], custom: frozenset[str]) -> None:
        self._items: list[Json] = []
        self._start = start
        self._dropped = dropped
        self._custom = custom
        """Ids of calls of custom tools."""

    def items(self, parts: Sequence[Part]) -> list[Json]:
        """The items, in the order of the parts; neighbouring texts are one message."""
        for said, run in groupby(parts, lambda part: isinstance(part, Text | Refusal)):
            if said:
                texts = [part for part in run if isinstance(part, Text | Refusal)]
                self._items.append(self._message(texts))
                continue
            for part in run:
                self._add(part)
        return self._items

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{self._start + len(self._items)}"

    def _add(self, part: Part) -> None:
        match part:
            case Thinking():
                self._think(part)
            case ToolCall():
                call = {
                    "type": "function_call",
                    "call_id": short_id(part.id, RESPONSES),
                    "name": part.name,
                    "arguments": part.arguments,
                }
                self._items.append(call)
            case ToolResult():
                self._items.append(_render_result(part, self._custom))
            case Native():
                self._items.append(_render_native(part))
            case Searched(dialect=dialect, value=value) if dialect == NAME:
                self._items.append(dict(value))
            case Document(source=PlainText(text=text)):
                self._items.append(self._message([Text(text=text)]))
            case _:
                kind = type(part).__name__.lower()
                raise Unsupported(
                    f"an assistant's {kind} cannot be expressed in {NAME}", param="input"
                )

    def _think(self, thinking: Thinking) -> None:
        if own(thinking):
            self._items.append(render_own(thinking, self._id("rs")))
        elif Feature.THINKING not in self._dropped:
            self._dropped.append(Feature.THINKING)

    def _message(self, parts: list[Text | Refusal]) -> Json:
        shown = [self._citable(part) for part in parts]
        match shown:
            case [Text(text=text, citations=())]:
                return {"type": "message", "role": "assistant", "content": text}
        # A turn in several parts is told as an answer, whose id the SDK's types demand.
        return {
            "type": "message",
            "id": self._id("msg"),
            "role": "assistant",
            "status": "completed",
            "content": [render_output(part) for part in shown],
        }

    def _citable(self, part: Text | Refusal) -> Text | Refusal:
        """The part without citations that other providers made of the user's documents."""
        if isinstance(part, Refusal) or not part.citations:
            return part
        kept = tuple(each for each in part.citations if each.url or each.dialect == NAME)
        if len(kept) < len(part.citations) and Feature.CITATIONS not in self._dropped:
            self._dropped.append(Feature.CITATIONS)
        # Cited words are shown to clients, and an unknown member to OpenAI.
        shown = tuple(msgspec.structs.replace(each, quote=None) for each in kept)
        return msgspec.structs.replace(part, citations=shown)
