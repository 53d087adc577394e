"""A client's request, read."""

from typing import Any

from providers.dialects.anthropic.messages.blocks import Blocks, parse_cache
from providers.dialects.anthropic.messages.fields import (
    Wrong,
    each,
    inside,
    integer,
    number,
    obj,
    optional,
    required,
    string,
)
from providers.dialects.anthropic.messages.searches import parse_tool
from providers.dialects.anthropic.messages.threads import check_whole
from providers.errors import InvalidRequest
from providers.neutral.chat import (
    ChatRequest,
    JsonOutput,
    Message,
    NativeTool,
    Part,
    Reasoning,
    Role,
    Tool,
    ToolChoice,
    ToolMode,
    ToolResult,
)
from providers.wire.members import Json

KNOWN = frozenset(
    {
        "model",
        "messages",
        "system",
        "max_tokens",
        "temperature",
        "top_p",
        "top_k",
        "stop_sequences",
        "stream",
        "tools",
        "tool_choice",
        "thinking",
        "output_config",
        "output_format",
        "metadata",
        "service_tier",
        "cache_control",
        # Bedrock's and Vertex AI's name for the header; a version asks for nothing.
        "anthropic_version",
    }
)

MESSAGE = frozenset({"role", "content"})
TOOL = frozenset({"type", "name", "description", "input_schema", "strict", "cache_control"})

BINDING = ("compaction", "container", "inference_geo", "mcp_servers")
"""Members that decide what is answered, or where."""

MODES = {
    "auto": ToolMode.AUTO,
    "any": ToolMode.REQUIRED,
    "tool": ToolMode.NAMED,
    "none": ToolMode.NONE,
}

ASKED_TIERS = {"standard_only": "default"}


def parse_request(body: Json, path_model: str, path_stream: bool) -> ChatRequest:
    """The neutral request; raises InvalidRequest naming the member that is wrong, NotFound for a
    turn of a thread that only its provider knows."""
    check_whole(body)
    try:
        return _request(body, path_model, path_stream)
    except Wrong as wrong:
        raise InvalidRequest(f"{wrong.place}: {wrong.expected}", param=wrong.place) from None


def _request(body: Json, path_model: str, path_stream: bool) -> ChatRequest:
    blocks = Blocks()
    messages = _conversation(body, blocks)
    extras = {name: value for name, value in body.items() if name not in KNOWN} | blocks.extras
    choice, parallel = inside(body, "tool_choice", _tool_choice) or (None, None)
    metadata = dict(optional(body, "metadata", dict) or {})
    tier = optional(body, "service_tier", str)
    return ChatRequest(
        model=path_model or required(body, "model", str),
        messages=messages,
        stream=optional(body, "stream", bool) or path_stream,
        max_tokens=integer(body, "max_tokens"),
        temperature=number(body, "temperature"),
        top_p=number(body, "top_p"),
        top_k=integer(body, "top_k"),
        stop=tuple(each(body, "stop_sequences", string)),
        tools=tuple(each(body, "tools", lambda value: _tool(obj(value), extras))),
        tool_choice=choice,
        parallel_tool_calls=parallel,
        output=_output(body),
        reasoning=_reasoning(body, extras),
        user=_user(metadata),
        metadata=metadata or None,
        service_tier=ASKED_TIERS.get(tier, tier) if tier else None,
        cache=parse_cache(body),
        extras=extras,
        binding=frozenset(name for name in BINDING if extras.get(name)),
    )


def _conversation(body: Json, blocks: Blocks) -> tuple[Message, ...]:
    messages: list[Message] = []
    if body.get("system") is not None:
        try:
            parts = blocks.content({"content": body["system"]})
        except Wrong as wrong:
            place = "system" + wrong.place.removeprefix("content")
            raise Wrong(place, wrong.expected) from None
        if parts:
            messages.append(Message(role=Role.SYSTEM, parts=parts))
    required(body, "messages", list)
    for turn in each(body, "messages", lambda value: _message(obj(value), blocks)):
        messages += turn
    return tuple(messages)


def _message(value: Json, blocks: Blocks) -> list[Message]:
    role = required(value, "role", str)
    if role not in ("user", "assistant", "system"):
        raise Wrong("role", "must be user, assistant or system")
    parts = blocks.content(value)
    blocks.note(value, MESSAGE, "messages")
    if role != "user":
        return [Message(role=Role(role), parts=parts)]
    return _user_turn(parts)


def _user_turn(parts: tuple[Part, ...]) -> list[Message]:
    """A user's turn, with runs of tool results in messages of their own."""
    runs: list[tuple[Role, list[Part]]] = []
    for part in parts:
        role = Role.TOOL if isinstance(part, ToolResult) else Role.USER
        if not runs or runs[-1][0] is not role:
            runs.append((role, []))
        runs[-1][1].append(part)
    if not runs:
        return [Message(role=Role.USER)]
    return [Message(role=role, parts=tuple(run)) for role, run in runs]


def _tool(value: Json, extras: dict[str, Any]) -> Tool | NativeTool:
    kind = optional(value, "type", str)
    if kind not in (None, "custom"):
        return parse_tool(value)
    for name in value.keys() - TOOL:
        extras.setdefault(f"tools.{name}", value[name])
    return Tool(
        name=required(value, "name", str),
        description=optional(value, "description", str),
        schema=required(value, "input_schema", dict),
        strict=optional(value, "strict", bool),
        cache=parse_cache(value),
    )


def _tool_choice(value: Json) -> tuple[ToolChoice, bool | None]:
    """(choice, whether calls may be parallel)."""
    mode = MODES.get(required(value, "type", str))
    if mode is None:
        raise Wrong("type", "must be auto, any, tool or none")
    name = required(value, "name", str) if mode is ToolMode.NAMED else None
    disabled = optional(value, "disable_parallel_tool_use", bool)
    return ToolChoice(mode=mode, name=name), None if disabled is None else not disabled


def _output(body: Json) -> JsonOutput | None:
    # `output_format` is the member's name of 2025 (beta structured-outputs-2025-11-13).
    return inside(body, "output_config", _format) or inside(body, "output_format", _schema)


def _format(config: Json) -> JsonOutput | None:
    return inside(config, "format", _schema)


def _schema(value: Json) -> JsonOutput:
    if required(value, "type", str) != "json_schema":
        raise Wrong("type", "must be json_schema")
    return JsonOutput(schema=required(value, "schema", dict))


def _reasoning(body: Json, extras: dict[str, Any]) -> Reasoning | None:
    config = optional(body, "output_config", dict) or {}
    rest = {name: value for name, value in config.items() if name not in ("effort", "format")}
    if rest:
        extras["output_config"] = rest
    effort = inside(body, "output_config", lambda value: optional(value, "effort", str))
    thinking = inside(body, "thinking", _thinking)
    if thinking is None:
        return None if effort is None else Reasoning(effort=effort)
    enabled, budget, show = thinking
    return Reasoning(enabled=enabled, effort=effort, budget=budget, show=show)


def _thinking(value: Json) -> tuple[bool, int | None, bool | None]:
    """(on, budget, whether thoughts are shown)."""
    display = optional(value, "display", str)
    show = None if display is None else display != "omitted"
    match required(value, "type", str):
        case "enabled":
            return True, integer(value, "budget_tokens"), show
        case "adaptive":
            return True, -1, show
        case "disabled" | "between_tools":
            return False, None, None
    raise Wrong("type", "must be enabled, adaptive, disabled or between_tools")


def _user(metadata: dict[str, Any]) -> str | None:
    user = metadata.pop("user_id", None)
    if user is None or isinstance(user, str):
        return user
    raise Wrong("metadata.user_id", "must be a string")
