"""An OpenAI chat request, both ways.

https://platform.openai.com/docs/api-reference/chat/create
"""

from collections.abc import Mapping
from typing import Any

from providers.bridging.fidelity import Feature
from providers.dialects.openai import asking, searches, thinking
from providers.dialects.openai.chat import fields
from providers.dialects.openai.chat.edits import SEED
from providers.dialects.openai.chat.functions import declared
from providers.dialects.openai.chat.media import NAME
from providers.dialects.openai.chat.messages import parse_messages, render_messages
from providers.dialects.openai.chat.reasoning import parse_reasoning
from providers.dialects.openai.custom import chat_tool
from providers.dialects.openai.ids import keep_lengths
from providers.dialects.openai.media import cache
from providers.dialects.openai.tooling import native_value, render_tooling
from providers.errors import InvalidRequest
from providers.models.longest import within
from providers.neutral.chat import (
    AudioOutput,
    ChatRequest,
    JsonOutput,
    NativeTool,
    Tool,
    ToolChoice,
    ToolMode,
)
from providers.neutral.functions import arguments_of
from providers.wire import members
from providers.wire.members import Json

SAMPLING = {
    "max_tokens": members.integer,
    "temperature": members.number,
    "top_p": members.number,
    "top_k": members.integer,
    "min_p": members.number,
    "seed": members.integer,
    "presence_penalty": members.number,
    "frequency_penalty": members.number,
    "repetition_penalty": members.number,
    "logit_bias": members.mapping,
    "logprobs": members.boolean,
    "top_logprobs": members.integer,
    "n": members.integer,
    "parallel_tool_calls": members.boolean,
    "verbosity": members.text,
    "user": members.text,
    "metadata": members.mapping,
    "service_tier": members.text,
    "store": members.boolean,
    "prompt_cache_key": members.text,
    "safety_identifier": members.text,
}
"""Members with the neutral name and meaning, and what they must be."""

RENDERED = tuple(name for name in SAMPLING if name not in ("parallel_tool_calls", "metadata"))

READ = frozenset(
    {
        *SAMPLING,
        "model",
        "messages",
        "stream",
        "stream_options",
        "max_completion_tokens",
        "stop",
        "tools",
        "tool_choice",
        "functions",
        "function_call",
        "response_format",
        "reasoning_effort",
        "thinking",
        "enable_thinking",
        "thinking_budget",
        "modalities",
        "audio",
        "prediction",
        "cache_control",
        searches.OPTION,
        SEED,
    }
)
"""Every member that the neutral conversation has a place for; the others are extras."""

EXTRAS = frozenset(
    {
        "moderation",
        "prompt_cache_options",
        "prompt_cache_retention",
    }
)
"""Extras that OpenAI's own API knows."""


RANGES = {**asking.RANGES, "presence_penalty": (-2, 2), "frequency_penalty": (-2, 2)}
"""Smallest and largest value that OpenAI takes."""


def parse_request(body: Json, path_model: str, path_stream: bool) -> ChatRequest:
    """What the client asks for; raises InvalidRequest naming the member that is wrong."""
    model = members.text(body, "model") or path_model
    if not model:
        raise InvalidRequest("model is required", param="model")
    values: Json = {name: read(body, name) for name, read in SAMPLING.items() if name in body}
    searched = searches.parse_options(body)
    limit = members.integer(body, "max_completion_tokens")
    if limit is not None:
        values["max_tokens"] = limit
    if SEED in body:
        values.setdefault("seed", members.integer(body, SEED))
    if declared(body):
        values["parallel_tool_calls"] = False
    return ChatRequest(
        **values,
        model=model,
        messages=parse_messages(body),
        stream=bool(members.boolean(body, "stream")) or path_stream,
        stop=fields.strings(body, "stop"),
        tools=(*_tools(body), *_functions(body), *([] if searched is None else [searched])),
        tool_choice=_tool_choice(body),
        output=_output(body),
        reasoning=parse_reasoning(body),
        modalities=fields.strings(body, "modalities"),
        audio=_audio(body),
        prediction=body.get("prediction"),
        cache=cache(body, ""),
        extras=_extras(body, {} if searched is None else searched.value),
    )


def _extras(body: Json, searched: Mapping[str, Any]) -> Json:
    extras = {
        name: value for name, value in body.items() if name not in READ and name not in searched
    }
    if isinstance(extras.get("reasoning"), dict):
        del extras["reasoning"]
    options = dict(members.mapping(body, "stream_options") or {})
    options.pop("include_usage", None)
    if options:
        extras["stream_options"] = options
    for outer in ("extra_body", "google"):
        if outer in extras:
            extras[outer] = _without_thinking(extras[outer])
            if not extras[outer]:
                del extras[outer]
    return extras


def _without_thinking(value: Any) -> Any:
    """What Google's extras say beside how much to think."""
    if not isinstance(value, dict):
        return value
    rest = {name: inner for name, inner in value.items() if name != "thinking_config"}
    if "google" in rest:
        rest["google"] = _without_thinking(rest["google"])
        if not rest["google"]:
            del rest["google"]
    return rest


def _tools(body: Json) -> list[Tool | NativeTool]:
    return [_tool(tool, at) for tool, at in members.objects(body, "tools")]


def _tool(tool: Json, at: str) -> Tool | NativeTool:
    kind = tool.get("type", "function")
    if kind != "function":
        return searches.parse_tool(NAME, tool)
    function, place = members.required_mapping(tool, "function", at), f"{at}function."
    return Tool(
        name=members.required_text(function, "name", place),
        description=members.text(function, "description", place),
        schema=members.mapping(function, "parameters", place),
        strict=members.boolean(function, "strict", place),
        cache=cache(tool, at) or cache(function, place),
    )


def _functions(body: Json) -> list[Tool]:
    return [
        Tool(
            name=members.required_text(function, "name", at),
            description=members.text(function, "description", at),
            schema=members.mapping(function, "parameters", at),
        )
        for function, at in members.objects(body, "functions")
    ]


def _tool_choice(body: Json) -> ToolChoice | None:
    value = body.get("tool_choice")
    if value is None:
        return _function_call(body)
    match value:
        case "auto" | "none" | "required":
            return ToolChoice(mode=ToolMode(value))
        case "any":  # Mistral's word
            return ToolChoice(mode=ToolMode.REQUIRED)
        case {"type": "function" | "custom" as kind}:
            inner = members.required_mapping(value, kind, "tool_choice.")
            name = members.required_text(inner, "name", f"tool_choice.{kind}.")
            return ToolChoice(mode=ToolMode.NAMED, name=name)
        case {"type": "allowed_tools"}:
            return _allowed(members.required_mapping(value, "allowed_tools", "tool_choice."))
        case {"type": "auto" | "none" | "required" as mode}:
            return ToolChoice(mode=ToolMode(mode))
    raise members.wrong("tool_choice", "auto, none, required, a function or allowed_tools")


def _allowed(value: Json) -> ToolChoice:
    at = "tool_choice.allowed_tools."
    mode = members.text(value, "mode", at) or "auto"
    if mode not in ("auto", "required"):
        raise members.wrong(f"{at}mode", "auto or required")
    names = []
    for tool, place in members.objects(value, "tools", at):
        kind = tool.get("type", "function")
        inner = tool.get(kind) if isinstance(kind, str) else None
        owner = inner if isinstance(inner, dict) else tool
        names.append(members.required_text(owner, "name", place))
    return ToolChoice(mode=ToolMode(mode), allowed=tuple(names))


def _function_call(body: Json) -> ToolChoice | None:
    match body.get("function_call"):
        case None:
            return None
        case "auto" | "none" as mode:
            return ToolChoice(mode=ToolMode(mode))
        case dict() as function:
            name = members.required_text(function, "name", "function_call.")
            return ToolChoice(mode=ToolMode.NAMED, name=name)
    raise members.wrong("function_call", "auto, none or a function")


def _output(body: Json) -> JsonOutput | None:
    value = members.mapping(body, "response_format")
    if value is None:
        return None
    match value.get("type"):
        case "text":
            return None
        case "json_object":
            return JsonOutput(schema=_unnamed(value))
        case "json":
            return JsonOutput(schema=_unnamed(value) or {})
        case "json_schema":
            return _schema(members.required_mapping(value, "json_schema", "response_format."))
    raise members.wrong("response_format.type", "text, json_object or json_schema")


def _unnamed(value: Json) -> Json | None:
    """The schema where Together and Fireworks take it, or TGI, for which huggingface_hub writes."""
    name = "schema" if value.get("schema") is not None else "value"
    return members.mapping(value, name, "response_format.")


def _schema(value: Json) -> JsonOutput:
    at = "response_format.json_schema."
    schema = members.mapping(value, "schema", at)
    return JsonOutput(
        schema={} if schema is None else schema,
        name=members.text(value, "name", at),
        description=members.text(value, "description", at),
        strict=bool(members.boolean(value, "strict", at)),
    )


def _audio(body: Json) -> AudioOutput | None:
    value = members.mapping(body, "audio")
    if value is None:
        return None
    return AudioOutput(voice=value.get("voice"), format=members.text(value, "format", "audio."))


def render_request(
    request: ChatRequest, dropped: list[str], write: searches.Write = searches.write_options
) -> Json:
    """The body for a provider; what a value's range cost is named in `dropped`."""
    request = within(request, dropped)
    body: Json = {
        "model": request.model,
        "messages": render_messages(request.messages, dropped),
    }
    for name in RENDERED:
        value = getattr(request, name)
        if value is not None:
            body[name] = value
    if request.max_tokens is not None:
        body["max_completion_tokens"] = body.pop("max_tokens")
    keep_lengths(body, dropped)
    asking.name_lost_titles(request.messages, dropped)
    asking.keep_ranges(body, RANGES, dropped)
    _keep_logprobs(body)
    if request.stream:
        body["stream"] = True
        # Whether to ask for the usage is up to the provider: `edits` does.
        if "stream_options" in request.extras:
            body["stream_options"] = request.extras["stream_options"]
    body |= fields.optional(
        stop=list(request.stop),
        modalities=list(request.modalities),
        prediction=request.prediction,
        audio=_render_audio(request),
        response_format=_render_output(request.output),
        metadata=_render_metadata(request, dropped),
    )
    wants_json = request.output is not None and request.output.schema is None
    if wants_json and not asking.speaks_of_json(body["messages"]):
        body["messages"].insert(0, {"role": "system", "content": asking.ANSWER_IN_JSON})
    listed, asked = searches.beside(request, dropped)
    body |= render_tooling(listed, _render_tool, _render_choice)
    for tool in asked:
        searches.ask(body, tool, write, dropped)
    if request.reasoning is not None:
        effort = thinking.effort_of(request.reasoning, request.known_as, dropped)
        body |= fields.optional(reasoning_effort=effort)
    for name, value in request.extras.items():
        if name in EXTRAS:
            body[name] = value
        elif name != "stream_options":
            dropped.append(name)
    return body


def _render_metadata(request: ChatRequest, dropped: list[str]) -> Json | None:
    """OpenAI takes it only of what is stored, and nothing is stored that nobody wished to be.

    https://community.openai.com/t/metadata-parameter-in-chat-completion-api-reference-documentation-needs-to-be-updated/1119240
    """
    if request.store:
        return asking.texts_of(request.metadata, dropped)
    if request.metadata:
        dropped.append(Feature.METADATA)
    return None


def _keep_logprobs(body: Json) -> None:
    """`top_logprobs` is refused without `logprobs`, which other dialects do not have."""
    if body.get("top_logprobs") and body.get("logprobs") is None:
        body["logprobs"] = True
    if not body.get("logprobs"):
        body.pop("top_logprobs", None)


def _render_audio(request: ChatRequest) -> Json | None:
    if request.audio is None:
        return None
    return {"voice": request.audio.voice or "alloy", "format": request.audio.format or "wav"}


def _render_output(output: JsonOutput | None) -> Json | None:
    if output is None:
        return None
    if output.schema is None:
        return {"type": "json_object"}
    inner = fields.optional(
        name=output.name or "answer",
        description=output.description,
        strict=output.strict or None,
    )
    return {"type": "json_schema", "json_schema": {**inner, "schema": output.schema}}


def _render_tool(tool: Tool | NativeTool) -> Json:
    if isinstance(tool, NativeTool):
        return native_value(tool, NAME, chat_tool(tool))
    members: Json = {"name": tool.name, "description": tool.description}
    # A function without a schema has no arguments.
    members |= {"parameters": tool.schema and arguments_of(tool), "strict": tool.strict}
    function = {name: value for name, value in members.items() if value is not None}
    return {"type": "function", "function": function}


def _named(name: str | None, custom: frozenset[str]) -> Json:
    kind = "custom" if name in custom else "function"
    return {"type": kind, kind: {"name": name}}


def _render_choice(choice: ToolChoice, custom: frozenset[str]) -> str | Json:
    if choice.mode is ToolMode.NAMED:
        return _named(choice.name, custom)
    if not choice.allowed:
        return choice.mode.value
    tools = [_named(name, custom) for name in choice.allowed]
    allowed = {"mode": choice.mode.value, "tools": tools}
    return {"type": "allowed_tools", "allowed_tools": allowed}
