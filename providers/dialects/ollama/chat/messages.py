"""The messages of an Ollama chat request, both ways.

https://docs.ollama.com/api/chat
"""

from collections.abc import Iterable, Sequence

from providers.bridging.fidelity import Feature
from providers.dialects.ollama.chat.calls import arguments_text, render_call
from providers.dialects.ollama.names import NAME, PLAIN
from providers.dialects.ollama.pictures import parse_pictures
from providers.errors import InvalidRequest, Unsupported
from providers.neutral.chat import (
    Document,
    Image,
    Message,
    Part,
    Refusal,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from providers.neutral.media import Data, PlainText
from providers.neutral.thoughts import is_plain
from providers.neutral.turns import merged, role_of
from providers.wire import members
from providers.wire.members import Json

SEPARATOR = "\n"
"""Between the texts of a message, which has only one here; a model's are pieces of one."""


class Calls:
    """The calls of a conversation, for results that have no ids: names and order tell."""

    def __init__(self) -> None:
        self._count = 0
        self._open: dict[str, str] = {}
        """Id → name of each call without a result."""

    def add(self, id: str | None, name: str) -> str:
        """The id of a new call."""
        id = id or f"call_{self._count}"
        self._count += 1
        self._open[id] = name
        return id

    def answer(self, id: str | None, name: str | None) -> tuple[str, str | None]:
        """(id, name) of the call that a result belongs to."""
        if id is None:
            named = (key for key, other in self._open.items() if name in (None, other))
            id = next(named, f"call_{name or self._count}")
        known = self._open.pop(id, None)
        return id, name or known


def parse_messages(body: Json) -> tuple[Message, ...]:
    """Every message; a run of tool results is one."""
    calls = Calls()
    if not body.get("messages"):
        raise InvalidRequest(
            "messages must not be empty: only an Ollama server loads and unloads models",
            param="messages",
        )
    parsed = [_message(message, at, calls) for message, at in members.objects(body, "messages")]
    return tuple(merged(parsed))


def _message(message: Json, at: str, calls: Calls) -> Message:
    role = role_of(message, at)
    content = members.text(message, "content", at)
    parts: list[Part] = [Text(text=content)] if content else []
    parts += parse_pictures(message, at)
    if role is Role.TOOL:
        return Message(role=role, parts=(_result(message, at, calls, tuple(parts)),))
    if role is Role.ASSISTANT:
        thinking = members.text(message, "thinking", at)
        thoughts = [Thinking(text=thinking, signature=PLAIN)] if thinking else []
        made = [_call(call, at, calls) for call, at in members.objects(message, "tool_calls", at)]
        return Message(role=role, parts=(*thoughts, *parts, *made))
    return Message(role=role, parts=tuple(parts))


def _result(message: Json, at: str, calls: Calls, parts: tuple[Part, ...]) -> ToolResult:
    # `name` is what OpenAI's clients send.
    name = members.text(message, "tool_name", at) or members.text(message, "name", at)
    id, name = calls.answer(members.text(message, "tool_call_id", at) or None, name)
    return ToolResult(call_id=id, name=name, parts=parts)


def _call(call: Json, at: str, calls: Calls) -> ToolCall:
    function, place = members.required_mapping(call, "function", at), f"{at}function."
    name = members.required_text(function, "name", place)
    value = function.get("arguments")
    if not isinstance(value, dict | str | None):
        raise members.wrong(f"{place}arguments", "an object")
    id = calls.add(members.text(call, "id", at), name)
    return ToolCall(id=id, name=name, arguments=arguments_text(value))


def render_messages(messages: Iterable[Message], dropped: list[str]) -> list[Json]:
    """The messages as Ollama wants them: one text, pictures beside it, one for each result."""
    rendered: list[Json] = []
    for message in messages:
        results = [part for part in message.parts if isinstance(part, ToolResult)]
        rendered += map(_render_result, results)
        rendered += [shown for result in results for shown in _render_pictures(result)]
        if message.role is Role.ASSISTANT:
            rendered.append(_render_assistant(message, dropped))
        elif not results or len(results) < len(message.parts):
            rest = [part for part in message.parts if not isinstance(part, ToolResult)]
            system = message.role in (Role.SYSTEM, Role.DEVELOPER)
            rendered.append({"role": "system" if system else "user", **_render_content(rest)})
    return rendered


def _render_result(result: ToolResult) -> Json:
    texts = [part for part in result.parts if not isinstance(part, Image)]
    rendered: Json = {"role": "tool", "content": _render_content(texts)["content"]}
    if result.name is not None:
        rendered["tool_name"] = result.name
    return {**rendered, "tool_call_id": result.call_id}


def _render_pictures(result: ToolResult) -> list[Json]:
    """Templates show a tool's text only; its pictures are shown by the user."""
    pictures = [part for part in result.parts if isinstance(part, Image)]
    if not pictures:
        return []
    words = Text(text=f"The result of {result.name or result.call_id}:")
    return [{"role": "user", **_render_content([words, *pictures])}]


def _render_assistant(message: Message, dropped: list[str]) -> Json:
    thoughts = [part for part in message.parts if isinstance(part, Thinking)]
    own = [thought.text for thought in thoughts if is_plain(thought)]
    if len(own) < len(thoughts) and Feature.THINKING not in dropped:
        dropped.append(Feature.THINKING)
    calls = [part for part in message.parts if isinstance(part, ToolCall)]
    said = [p for p in message.parts if not isinstance(p, Thinking | ToolCall | ToolResult)]
    rendered: Json = {"role": "assistant", **_render_content(said, "")}
    if own:
        rendered["thinking"] = "".join(own)
    if calls:
        rendered["tool_calls"] = [render_call(call, index) for index, call in enumerate(calls)]
    return rendered


def _render_content(parts: Sequence[Part], separator: str = SEPARATOR) -> Json:
    """The members `content` and `images`; raises Unsupported for what neither can hold."""
    texts: list[str] = []
    images: list[str] = []
    for part in parts:
        match part:
            case Text(text=text) | Refusal(text=text) | Document(source=PlainText(text=text)):
                texts.append(text)
            case Image(source=Data(base64=base64)):
                images.append(base64)
            case _:
                kind = type(part).__name__.lower()
                message = f"a part of kind {kind} cannot be expressed in {NAME}"
                raise Unsupported(message, param="messages")
    content: Json = {"content": separator.join(texts)}
    return {**content, "images": images} if images else content
