"""Tools and the choice among them."""

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from providers.bridging.fidelity import Feature
from providers.dialects.bedrock.converse import claude_tools, fields
from providers.dialects.bedrock.converse.blocks import parse_cache
from providers.dialects.bedrock.names import NAME
from providers.errors import Unsupported
from providers.models.bedrock import Family
from providers.neutral.chat import (
    Cache,
    ChatRequest,
    NativeTool,
    Tool,
    ToolCall,
    ToolChoice,
    ToolMode,
    ToolResult,
)
from providers.wire import members
from providers.wire.members import Json

TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
CALL_ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
CHOICES = {"auto": ToolMode.AUTO, "any": ToolMode.REQUIRED, "tool": ToolMode.NAMED}
NOT_IN_ID = re.compile(r"[^a-zA-Z0-9_.:-]")


def parse_tools(config: Json) -> tuple[Tool | NativeTool, ...]:
    """The tools of `toolConfig`; a cache point marks the tool before it."""
    tools: list[Tool | NativeTool] = []
    for block, at in members.objects(config, "tools", "toolConfig."):
        kind, value = fields.union(block, at)
        if kind == "toolSpec":
            tools.append(_tool(members.required_mapping(block, kind, at), f"{at}toolSpec."))
        elif kind == "cachePoint" and tools and isinstance(tools[-1], Tool):
            tools[-1] = msgspec.structs.replace(tools[-1], cache=parse_cache(block, at))
        elif isinstance(value, dict):
            tools.append(NativeTool(dialect=NAME, value=block))
        else:
            raise members.wrong(at + kind, "an object")
    return tuple(tools)


def _tool(spec: Json, at: str) -> Tool:
    schema = fields.mapping(spec, "inputSchema", at)
    return Tool(
        name=members.required_text(spec, "name", at),
        description=members.text(spec, "description", at),
        schema=fields.mapping(schema, "json", f"{at}inputSchema.") if schema else None,
        strict=members.boolean(spec, "strict", at),
    )


def parse_choice(config: Json) -> ToolChoice | None:
    """The `toolChoice` of `toolConfig`."""
    choice = fields.mapping(config, "toolChoice", "toolConfig.")
    if not choice:
        return None
    at = "toolConfig.toolChoice."
    kind, value = fields.union(choice, at)
    mode = CHOICES.get(kind)
    if mode is None or not isinstance(value, dict):
        raise members.wrong(at.removesuffix("."), "one of auto, any, tool")
    named = mode is ToolMode.NAMED
    name = members.required_text(value, "name", f"{at}tool.") if named else None
    return ToolChoice(mode=mode, name=name)


CLAUDE_CHOICES = {
    "auto": ToolMode.AUTO,
    "any": ToolMode.REQUIRED,
    "tool": ToolMode.NAMED,
    "none": ToolMode.NONE,
}


def take_choice(additional: Json) -> tuple[ToolChoice | None, bool | None]:
    """(choice, whether calls may be parallel) in Claude's own words, taken out of
    additionalModelRequestFields."""
    words = additional.get("tool_choice")
    kind = words.get("type") if isinstance(words, dict) else None
    if not isinstance(words, dict) or not isinstance(kind, str) or kind not in CLAUDE_CHOICES:
        return None, None
    at = "additionalModelRequestFields.tool_choice."
    mode = CLAUDE_CHOICES[kind]
    name = members.required_text(words, "name", at) if mode is ToolMode.NAMED else None
    disabled = members.boolean(words, "disable_parallel_tool_use", at)
    del additional["tool_choice"]
    choice = None if mode is ToolMode.AUTO else ToolChoice(mode=mode, name=name)
    return choice, None if disabled is None else not disabled


def call_id(value: str) -> str:
    """An id that Bedrock takes; a foreign one always becomes the same."""
    if CALL_ID.fullmatch(value):
        return value
    digest = hashlib.sha256(value.encode()).hexdigest()[:16]
    return f"{NOT_IN_ID.sub('_', value)[:47]}_{digest}"


class Tooling(msgspec.Struct, frozen=True):
    """What the tools of a request become."""

    config: Json | None
    """`toolConfig`."""
    additional: Json
    """Members of additionalModelRequestFields."""


def render_tooling(request: ChatRequest, family: Family, marker: "Marker") -> Tooling:
    """`toolConfig` and what it cannot say."""
    choice = request.tool_choice
    tools = _offered(request, choice)
    silent = not tools or (choice is not None and choice.mode is ToolMode.NONE)
    if silent and not _remembered(request):
        return Tooling(None, {})  # what is not offered is not called
    if silent:
        return _silent(request, tools, family, marker)
    own = [tool for tool in tools if family.claude is not None and claude_tools.is_known(tool)]
    if own:
        rest = [tool for tool in tools if not claude_tools.is_known(tool)]
        return _with_own(request, own, _config(rest, marker) if rest else None)
    config = _config(tools, marker)
    if request.parallel_tool_calls is False:
        return Tooling(config, {"tool_choice": _claude_choice(choice, True)})
    rendered = _choice(choice)
    if rendered:
        config["toolChoice"] = rendered
    return Tooling(config, {})


def _config(tools: list[Tool | NativeTool], marker: "Marker") -> Json:
    return {"tools": [block for tool in tools for block in _blocks(tool, marker)]}


def _with_own(
    request: ChatRequest,
    own: list[Tool | NativeTool],
    config: Json | None,
) -> Tooling:
    """Claude's own tools, and the choice in its words, as `toolChoice` does not know them."""
    additional = claude_tools.render(own)
    single = request.parallel_tool_calls is False
    if request.tool_choice is not None or single:
        additional["tool_choice"] = _claude_choice(request.tool_choice, single)
    return Tooling(config, additional)


def _silent(
    request: ChatRequest,
    tools: list[Tool | NativeTool],
    family: Family,
    marker: "Marker",
) -> Tooling:
    """The tools of a conversation that shall go on without calls.

    Bedrock refuses tool blocks in the history of a request that has no toolConfig ("The toolConfig
    field must be defined when using toolUse and toolResult content blocks"); a client that offers
    no tools any more still has them in its history.
    """
    if tools and family.claude is None:
        param = Feature.TOOL_CHOICE_NONE.value
        raise Unsupported(f"{param}: this model cannot be told to call no tool", param=param)
    shown = [tool for tool in tools if not claude_tools.is_known(tool)]
    shown = shown or [Tool(name=name) for name in _remembered(request)]
    config = _config(shown, marker)
    return Tooling(config, {"tool_choice": {"type": "none"}} if family.claude else {})


def _offered(request: ChatRequest, choice: ToolChoice | None) -> list[Tool | NativeTool]:
    """The tools that the model may call; the allowed ones where the client names them."""
    allowed = frozenset(choice.allowed if choice is not None else ())
    tools = [
        tool
        for tool in request.tools
        if not allowed or (isinstance(tool, Tool) and tool.name in allowed)
    ]
    if request.tools and not tools:
        param = Feature.TOOL_CHOICE_ALLOWED.value
        raise Unsupported(f"{param} names none of the tools", param=param)
    forced = choice is not None and choice.mode in (ToolMode.REQUIRED, ToolMode.NAMED)
    if forced and not tools:
        raise Unsupported("tool_choice demands a tool, and there is none", param="tool_choice")
    return tools


def _blocks(tool: Tool | NativeTool, marker: "Marker") -> Iterator[Json]:
    if isinstance(tool, NativeTool):
        if tool.dialect != NAME:
            param = Feature.NATIVE_TOOLS.value
            raise Unsupported(f"{param}: a tool of {tool.dialect} cannot be used here", param=param)
        yield dict(tool.value)
        return
    yield {"toolSpec": _spec(tool)}
    if tool.cache is not None:
        yield from marker.point(tool.cache, behind_tool=True)


def _spec(tool: Tool) -> Json:
    if not TOOL_NAME.fullmatch(tool.name):
        raise Unsupported(
            f"tools.name: {tool.name[:80]!r} must be up to 64 letters, digits, _ and -",
            param="tools.name",
        )
    spec: Json = {"name": tool.name}
    if tool.description and tool.description.strip():
        spec["description"] = tool.description
    # Claude and Nova demand the word.
    spec["inputSchema"] = {"json": {"type": "object", **(tool.schema or {"properties": {}})}}
    if tool.strict:
        spec["strict"] = True
    return spec


def _remembered(request: ChatRequest) -> list[str]:
    """The names of the tools in the history."""
    names: dict[str, None] = {}
    for message in request.messages:
        for part in message.parts:
            if isinstance(part, ToolCall) or (isinstance(part, ToolResult) and part.name):
                names[str(part.name)] = None
    return list(names)


def _choice(choice: ToolChoice | None) -> Json | None:
    match choice:
        case ToolChoice(mode=ToolMode.REQUIRED):
            return {"any": {}}
        case ToolChoice(mode=ToolMode.NAMED, name=name):
            return {"tool": {"name": name or ""}}
        case ToolChoice(mode=ToolMode.AUTO):
            return {"auto": {}}
    return None


def _claude_choice(choice: ToolChoice | None, single: bool) -> Json:
    """Claude's own words for the choice: `toolChoice` beside them would contradict them.

    https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html
    """
    words: dict[str, Any] = {"type": "auto"}
    if single:
        words["disable_parallel_tool_use"] = True
    if choice is not None and choice.mode is ToolMode.REQUIRED:
        words["type"] = "any"
    elif choice is not None and choice.mode is ToolMode.NAMED:
        words["type"], words["name"] = "tool", choice.name
    return words


class Marker:
    """Makes cache points for a model that takes them, and names what a marker loses."""

    TTLS = ("5m", "1h")

    def __init__(self, family: Family, dropped: list[str]) -> None:
        self.family = family
        self._dropped = dropped

    def point(self, cache: Cache, behind_tool: bool = False) -> tuple[Json, ...]:
        """A cache point; none for a model that would refuse the request for it.

        `behind_tool`: it is to stand behind a tool or a tool's result.
        """
        family = self.family
        if not family.caches or (behind_tool and not family.caches_tools):
            self._dropped.append(Feature.CACHE.value)
            return ()
        point = {"type": "default"}
        if cache.ttl in self.TTLS and (family.caches_tools or cache.ttl != "1h"):
            point["ttl"] = str(cache.ttl)
        elif cache.ttl is not None:
            self._dropped.append(Feature.CACHE_TTL.value)
        return ({"cachePoint": point},)
