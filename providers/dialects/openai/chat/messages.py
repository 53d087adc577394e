"""The messages of an OpenAI chat request, both ways."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from providers.bridging.fidelity import Feature
from providers.dialects.openai.chat import fields
from providers.dialects.openai.chat.calls import is_call, render_native
from providers.dialects.openai.chat.known import REFERENCE
from providers.dialects.openai.chat.media import NAME, parse_part, render_part
from providers.dialects.openai.chat.reasoning import (
    BLOCK,
    field_of,
    own,
    parse_thinking,
    render_block,
    render_thinking,
)
from providers.dialects.openai.ids import CHAT, short_id
from providers.dialects.openai.media import cache
from providers.dialects.openai.signatures import FAMILY, parse_extra, render_extra
from providers.errors import InvalidRequest, Unsupported
from providers.neutral.chat import (
    Audio,
    Document,
    Image,
    Message,
    Native,
    Part,
    Refusal,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)
from providers.neutral.media import FileId
from providers.neutral.thoughts import is_plain
from providers.wire import members
from providers.wire.members import Json

ROLES = {
    "system": Role.SYSTEM,
    "developer": Role.DEVELOPER,
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
    "tool": Role.TOOL,
    "function": Role.TOOL,
}


def parse_messages(body: Json) -> tuple[Message, ...]:
    """Every message; a run of tool results is one."""
    if not isinstance(body.get("messages"), list):
        raise members.wrong("messages", "an array")
    names: dict[str, str] = {}
    parsed = [_message(message, at, names) for message, at in members.objects(body, "messages")]
    return tuple(_merged(parsed))


def _merged(messages: Iterable[Message]) -> Iterator[Message]:
    for tool, run in groupby(messages, lambda message: message.role is Role.TOOL):
        if tool:
            parts = tuple(part for message in run for part in message.parts)
            yield Message(role=Role.TOOL, parts=parts)
        else:
            yield from run


def _message(message: Json, at: str, names: dict[str, str]) -> Message:
    word = members.required_text(message, "role", at)
    role = ROLES.get(word)
    if role is None:
        raise InvalidRequest(
            f"{at}role must be one of {', '.join(ROLES)}, not {word!r}", param=f"{at}role"
        )
    name = members.text(message, "name", at)
    if role is Role.TOOL:
        return Message(role=role, parts=(_result(message, at, names),))
    if role is Role.ASSISTANT:
        return Message(role=role, parts=tuple(_assistant(message, at, names)), name=name)
    parts = _content(message, at)
    return Message(role=role, parts=parts, name=name)


def _content(message: Json, at: str) -> tuple[Part, ...]:
    content = message.get("content")
    if isinstance(content, str):
        # A marker beside the content is LiteLLM's.
        return (Text(text=content, cache=cache(message, at)),)
    if content is None or isinstance(content, list):
        return tuple(
            parse_part(part, place)
            for part, place in members.objects(message, "content", at)
            if part.get("type") != REFERENCE
        )
    raise members.wrong(f"{at}content", "a string or an array")


def _assistant(message: Json, at: str, names: dict[str, str]) -> Iterator[Part]:
    yield from parse_thinking(message)
    signature = parse_extra(message)
    for part in _content(message, at):
        if isinstance(part, Text) and signature is not None:
            yield Text(text=part.text, cache=part.cache, signature=signature)
            signature = None
        elif part != Text(text=""):
            yield part
    refusal = members.text(message, "refusal", at)
    if refusal:
        yield Refusal(text=refusal)
    audio = members.mapping(message, "audio", at)
    if audio is not None:
        id = members.required_text(audio, "id", f"{at}audio.")
        yield Audio(source=FileId(id=id), id=id)
    for call, place in members.objects(message, "tool_calls", at):
        yield _call(call, place, names)
    legacy = members.mapping(message, "function_call", at)
    if legacy is not None:
        yield _function(legacy, f"call_{len(names)}", f"{at}function_call.", names)


def _call(call: Json, at: str, names: dict[str, str]) -> Part:
    if call.get("type", "function") != "function":
        members.required_text(call, "id", at)
        return Native(dialect=NAME, value=call)
    id = members.text(call, "id", at) or f"call_{len(names)}"
    part = _function(members.required_mapping(call, "function", at), id, f"{at}function.", names)
    return ToolCall(
        id=id,
        name=part.name,
        arguments=part.arguments,
        signature=parse_extra(call),
        cache=cache(call, at),
    )


def _function(function: Json, id: str, at: str, names: dict[str, str]) -> ToolCall:
    name = names[id] = members.required_text(function, "name", at)
    arguments = members.text(function, "arguments", at)
    return ToolCall(id=id, name=name, arguments=arguments or "{}")


def _result(message: Json, at: str, names: dict[str, str]) -> ToolResult:
    name = members.text(message, "name", at)
    if message["role"] == "function":
        # The legacy form has no ids: the latest call of that name is meant.
        id = next((id for id, other in reversed(names.items()) if other == name), f"call_{name}")
    else:
        id = members.required_text(message, "tool_call_id", at)
    marked = isinstance(message.get("content"), str)
    parts = _content({**message, "cache_control": None} if marked else message, at)
    return ToolResult(
        call_id=id,
        name=name or names.get(id),
        parts=parts,
        cache=cache(message, at),
    )


def render_messages(messages: Iterable[Message], dropped: list[str]) -> list[Json]:
    """The messages as OpenAI wants them: one for each tool result."""
    rendered: list[Json] = []
    for message in messages:
        if message.role is Role.ASSISTANT:
            rendered += _render_assistant(message, dropped)
        else:
            rendered += _render_other(message)
    return rendered


# OpenAI reads a system message to a model that knows developers as a developer's; many others
# refuse the role: https://platform.openai.com/docs/guides/text#message-roles-and-instruction-following
WORDS = {Role.DEVELOPER: "system", Role.TOOL: "user"}


def _render_other(message: Message) -> Iterator[Json]:
    """Results come first: OpenAI wants them right after the calls."""
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    rest = [part for part in message.parts if not isinstance(part, ToolResult)]
    yield from map(_render_result, results)
    media = [part for result in results for part in _render_media(result)]
    if media:
        yield {"role": "user", "content": media}
    if rest or not results:
        yield {
            "role": WORDS.get(message.role, message.role.value),
            "content": _render_content(rest),
            **fields.optional(name=message.name),
        }


def _render_content(parts: Sequence[Part]) -> str | list[Json]:
    """A lone plain text is a string, which every compatible provider understands."""
    match parts:
        case []:
            return ""
        case [Text(text=text)]:
            return text
    return [render_part(part) for part in parts]


def _render_result(result: ToolResult) -> Json:
    texts = [part for part in result.parts if isinstance(part, Text)]
    content = _render_content(texts)
    if not texts and result.parts:
        content = "The result follows."
    return {"role": "tool", "tool_call_id": short_id(result.call_id, CHAT), "content": content}


def _render_media(result: ToolResult) -> list[Json]:
    """A tool's message holds text only; what else it returned is shown by the user.

    https://platform.openai.com/docs/api-reference/chat/create
    """
    media = [render_part(part) for part in result.parts if not isinstance(part, Text)]
    if not media:
        return []
    return [{"type": "text", "text": f"The result of {short_id(result.call_id, CHAT)}:"}, *media]


def _render_assistant(message: Message, dropped: list[str]) -> Iterator[Json]:
    rendered: Json = {"role": "assistant", "content": None}
    yield from (_render_result(part) for part in message.parts if isinstance(part, ToolResult))
    _put_content(rendered, [part for part in message.parts if _is_content(part)])
    _put_thinking(rendered, message, dropped)
    calls = [call for part in message.parts if (call := _render_call(part)) is not None]
    if calls:
        rendered["tool_calls"] = calls
    if message.name is not None:
        rendered["name"] = message.name
    for part in message.parts:
        if isinstance(part, Audio) and part.id is not None:
            rendered["audio"] = {"id": part.id}
        elif isinstance(part, Image | Audio | Video | Document):
            kind = type(part).__name__.lower()
            raise Unsupported(
                f"an assistant's {kind} cannot be expressed in {NAME}", param="messages"
            )
    if rendered["content"] is None and not rendered.keys() & {"tool_calls", "refusal", "audio"}:
        rendered["content"] = ""
    yield rendered


def _put_thinking(rendered: Json, message: Message, dropped: list[str]) -> None:
    thoughts = [part for part in message.parts if isinstance(part, Thinking)]
    shown = [told for thinking in thoughts if (told := _told(thinking)) is not None]
    if len(shown) < len(thoughts) and Feature.THINKING not in dropped:
        dropped.append(Feature.THINKING)
    field = field_of(shown)
    if field == BLOCK:
        content = rendered["content"] or []
        said = [{"type": "text", "text": content}] if isinstance(content, str) else content
        rendered["content"] = [*map(render_block, shown), *said]
    else:
        rendered.update(render_thinking(shown, field))


def _told(thinking: Thinking) -> Thinking | None:
    """What a provider may be told of a thought: its own whole, of others what is plain text."""
    if own(thinking):
        return thinking
    return Thinking(text=thinking.text) if is_plain(thinking) else None


def _is_content(part: Part) -> bool:
    return isinstance(part, Text | Refusal) or (isinstance(part, Native) and not is_call(part))


def _put_content(message: Json, content: list[Part]) -> None:
    match content:
        case []:
            return
        case [Refusal(text=refusal)]:
            message["refusal"] = refusal
        case _:
            message["content"] = _spoken(content)
            signature = next((part.signature for part in content if isinstance(part, Text)), None)
            if signature is not None and signature.origin == FAMILY:
                message |= render_extra(signature)


def _spoken(content: list[Part]) -> str | list[Json]:
    """The pieces of what a model said are one text, which every compatible provider understands."""
    texts = [part.text for part in content if isinstance(part, Text)]
    return "".join(texts) if len(texts) == len(content) else _render_content(content)


def _with_short_id(call: Json) -> Json:
    return {**call, "id": short_id(str(call["id"]), CHAT)}


def _render_call(part: Part) -> Json | None:
    if isinstance(part, Native):
        return _with_short_id(render_native(part)) if is_call(part) else None
    if not isinstance(part, ToolCall):
        return None
    rendered: Json = {
        "id": short_id(part.id, CHAT),
        "type": "function",
        "function": {"name": part.name, "arguments": part.arguments},
    }
    if part.signature is not None and part.signature.origin == FAMILY:
        rendered |= render_extra(part.signature)
    return rendered
