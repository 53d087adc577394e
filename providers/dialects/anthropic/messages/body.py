"""A request for the provider, written."""

from typing import Any

from providers.bridging.fidelity import Feature, lose
from providers.dialects.anthropic.messages.content import lone_text, render_cache
from providers.dialects.anthropic.messages.searches import render_tool
from providers.dialects.anthropic.messages.turns import render_turns
from providers.dialects.anthropic.names import NAME
from providers.errors import InvalidRequest, Unsupported
from providers.models.claude.models import Family, family
from providers.models.claude.sampling import sampling
from providers.models.claude.thinking import lose_thoughts, render_effort, render_thinking
from providers.models.longest import longest, within
from providers.neutral.chat import ChatRequest, NativeTool, Tool, ToolChoice, ToolMode
from providers.wire.members import Json

EXTRAS = frozenset(
    {
        "billing_policy",
        "compaction",
        "container",
        "context_management",
        "diagnostics",
        "fallback_credit_token",
        "fallbacks",
        "inference_geo",
        "mcp_servers",
        "output_config",
        "speed",
        "thread",
    }
)
"""Members that only this API knows (https://platform.claude.com/docs/en/api/messages)."""

TIERS = {
    "auto": "auto",
    # OpenAI's names; https://platform.claude.com/docs/en/api/service-tiers says that `auto` uses
    # priority capacity where there is some.
    "default": "standard_only",
    "priority": "auto",
    "standard_only": "standard_only",
}

MAX_USER = 256
"""Characters of `metadata.user_id`."""

CHOICES = {ToolMode.AUTO: "auto", ToolMode.REQUIRED: "any", ToolMode.NONE: "none"}


def render_request(request: ChatRequest, dropped: list[str]) -> Json:
    """The body; appends to `dropped` what had to change, raises Unsupported for what must not."""
    request = within(request, dropped)
    known = family(request.known_as)
    system, messages = render_turns(request, known.system_turns, dropped)
    body: Json = {"model": request.model, "max_tokens": 0, "messages": messages}
    if system:
        body["system"] = lone_text(system) or system
    thinking = _thinking(request, known, messages, dropped)
    if thinking is not None:
        body["thinking"] = thinking
    body["max_tokens"] = _max_tokens(request, known, thinking)
    thinks = thinking is not None and thinking["type"] in ("enabled", "adaptive")
    body.update(sampling(request, known, thinks, dropped))
    body.update(_tools(request, dropped))
    body.update(_extras(request, dropped))
    body.update(_output(request, known, dropped))
    body.update(_rest(request, dropped))
    return body


def _thinking(
    request: ChatRequest, known: Family, messages: list[Json], dropped: list[str]
) -> Json | None:
    thinking = render_thinking(request, known, dropped)
    if thinking is None or thinking["type"] != "enabled" or not _unthought(messages):
        return thinking
    lose_thoughts(request, dropped)
    return None


def _unthought(messages: list[Json]) -> bool:
    """Whether the turn to go on with, a tool loop's or a prefill, began without thoughts.

    With a budget the API demands that it begins with a thinking block:
    https://platform.claude.com/docs/en/build-with-claude/extended-thinking
    """
    open_turn = messages[-1]
    if open_turn["role"] == "user" and _answers(open_turn) and len(messages) > 1:
        open_turn = messages[-2]
    if open_turn["role"] != "assistant":
        return False
    content = open_turn["content"]
    first = content[0]["type"] if isinstance(content, list) else "text"
    return first not in ("thinking", "redacted_thinking")


def _answers(message: Json) -> bool:
    content = message["content"]
    return isinstance(content, list) and content[0]["type"] == "tool_result"


def _max_tokens(request: ChatRequest, known: Family, thinking: Json | None) -> int:
    if request.max_tokens is not None:
        return request.max_tokens
    usual = known.max_tokens + int((thinking or {}).get("budget_tokens", 0))
    return min(usual, longest(request.known_as) or usual)


def _tools(request: ChatRequest, dropped: list[str]) -> Json:
    choice = request.tool_choice
    forced = choice is not None and choice.mode in (ToolMode.REQUIRED, ToolMode.NAMED)
    if not request.tools:
        if forced:
            raise InvalidRequest("tool_choice needs tools", param="tool_choice")
        return {}
    result: Json = {"tools": [_tool(tool, request.known_as, dropped) for tool in _allowed(request)]}
    rendered = _choice(choice, request.parallel_tool_calls)
    if rendered is not None:
        result["tool_choice"] = rendered
    return result


def _allowed(request: ChatRequest) -> list[Tool | NativeTool]:
    """The tools that may be called: what the client forbids is not shown to the model."""
    choice = request.tool_choice
    if choice is None or not choice.allowed:
        return list(request.tools)
    allowed = frozenset(choice.allowed)
    tools = [
        tool
        for tool in request.tools
        if (tool.name if isinstance(tool, Tool) else tool.value.get("name")) in allowed
    ]
    if not tools:
        raise InvalidRequest("tool_choice allows no tool that is given", param="tool_choice")
    return tools


def _tool(tool: Tool | NativeTool, model: str, dropped: list[str]) -> Json:
    if isinstance(tool, NativeTool):
        if tool.search is not None and tool.dialect != NAME:
            return render_tool(tool.search, model, dropped)
        if tool.dialect != NAME:
            kind = tool.value.get("type", "a tool")
            raise Unsupported(f"{kind} of {tool.dialect} is not known to {NAME}", param="tools")
        return dict(tool.value)
    result: Json = {"name": tool.name}
    if tool.description:
        result["description"] = tool.description
    result["input_schema"] = _input_schema(tool)
    if tool.strict:
        result["strict"] = True
    if tool.cache is not None:
        result["cache_control"] = render_cache(tool.cache, dropped)
    return result


def _input_schema(tool: Tool) -> Json:
    if not tool.schema:
        return {"type": "object", "properties": {}}
    if tool.schema.get("type") == "object":
        return dict(tool.schema)
    return {"type": "object", **tool.schema} if "type" not in tool.schema else dict(tool.schema)


def _choice(choice: ToolChoice | None, parallel: bool | None) -> Json | None:
    if choice is None and parallel is not False:
        return None
    mode = ToolMode.AUTO if choice is None else choice.mode
    result: Json = {"type": CHOICES.get(mode, "tool")}
    if choice is not None and mode is ToolMode.NAMED:
        result["name"] = choice.name
    if parallel is False and mode is not ToolMode.NONE:
        result["disable_parallel_tool_use"] = True
    return result


def _output(request: ChatRequest, known: Family, dropped: list[str]) -> Json:
    config: dict[str, Any] = {}
    rest = request.extras.get("output_config")
    if isinstance(rest, dict):
        config |= rest
    effort = render_effort(request, known, dropped)
    if effort is not None:
        config["effort"] = effort
    if request.output is not None and request.output.schema is not None:
        schema = dict(request.output.described or {})
        config["format"] = {"type": "json_schema", "schema": schema}
    return {"output_config": config} if config else {}


def _rest(request: ChatRequest, dropped: list[str]) -> Json:
    result: Json = {}
    if request.stream:
        result["stream"] = True
    stops = [stop for stop in request.stop if stop]
    if any(stop.isspace() for stop in stops):
        raise Unsupported(f"{NAME} takes no stop sequence of white space", param="stop")
    if stops:
        result["stop_sequences"] = stops
    if request.cache is not None:
        result["cache_control"] = render_cache(request.cache, dropped)
    result.update(_user(request, dropped))
    if request.service_tier is not None:
        tier = TIERS.get(request.service_tier)
        if tier is None:
            lose(dropped, Feature.SERVICE_TIER)
        else:
            result["service_tier"] = tier
    return result


def _user(request: ChatRequest, dropped: list[str]) -> Json:
    # `user_id` serves to find abuse, which is what OpenAI calls a safety identifier.
    feature = Feature.SAFETY_IDENTIFIER if request.user is None else Feature.USER
    user = request.safety_identifier if request.user is None else request.user
    if request.user is not None and request.safety_identifier not in (None, request.user):
        lose(dropped, Feature.SAFETY_IDENTIFIER)
    if not user:
        return {}
    if len(user) > MAX_USER:
        lose(dropped, feature)
        return {}
    return {"metadata": {"user_id": user}}


def _extras(request: ChatRequest, dropped: list[str]) -> Json:
    result: Json = {}
    known = frozenset(dropped)
    for name, value in request.extras.items():
        # OpenAI's Responses API has a list under this name.
        strange = name == "context_management" and not isinstance(value, dict)
        if name in EXTRAS and not strange:
            result[name] = value
        elif name not in known:
            dropped.append(name)
    result.pop("output_config", None)
    return result
