"""A Responses request, both ways.

https://platform.openai.com/docs/api-reference/responses/create
"""

from collections.abc import Mapping
from typing import Any

from providers.bridging.fidelity import Feature, lose
from providers.dialects.openai import asking, searches, thinking
from providers.dialects.openai.ids import keep_lengths
from providers.dialects.openai.responses.messages import parse_messages, render_messages
from providers.dialects.openai.responses.thoughts import own
from providers.dialects.openai.responses.tools import (
    MOST,
    native_choice,
    parse_choice,
    parse_tools,
    render_tools,
)
from providers.errors import InvalidRequest, Unsupported
from providers.models.longest import within
from providers.models.openai import THOUGHTLESS
from providers.neutral.chat import (
    ChatRequest,
    JsonOutput,
    NativeTool,
    Reasoning,
    Thinking,
    Tool,
)
from providers.wire import members
from providers.wire.members import Json

SHARED = {
    "temperature": members.number,
    "top_p": members.number,
    "top_logprobs": members.integer,
    "parallel_tool_calls": members.boolean,
    "user": members.text,
    "metadata": members.mapping,
    "service_tier": members.text,
    "store": members.boolean,
    "prompt_cache_key": members.text,
    "safety_identifier": members.text,
    "previous_response_id": members.text,
}
"""Members with the neutral name and meaning, and what they must be."""

RENDERED = tuple(name for name in SHARED if name not in ("parallel_tool_calls", "metadata"))

READ = frozenset(
    {
        *SHARED,
        "model",
        "input",
        "instructions",
        "stream",
        "max_output_tokens",
        "tools",
        "tool_choice",
        "text",
        "reasoning",
        "include",
    }
)
"""Every member that the neutral conversation has a place for; the others are extras."""

KEPT_THERE = ("conversation", "prompt", "background")
"""What only those can do who keep the conversation, the prompt or the answer."""

EXTRAS = frozenset(
    {
        "access_programs",
        "background",
        "background_options",
        "context_management",
        "conversation",
        "image",
        "include",
        "max_tool_calls",
        "moderation",
        "prompt",
        "prompt_cache_options",
        "prompt_cache_retention",
        "reasoning",
        "stream_options",
        "text",
        "tool_choice",
        "truncation",
    }
)
"""Extras that OpenAI's own API knows."""

LISTS = frozenset({"context_management", "include"})
"""Extras that are arrays."""

RANGES = {**asking.RANGES, "max_output_tokens": (16, 2**31 - 1)}
"""Smallest and largest value that OpenAI takes."""

NEUTRAL_NAMES = {"max_output_tokens": Feature.MAX_TOKENS.value}

LOGPROBS = "message.output_text.logprobs"
ENCRYPTED = "reasoning.encrypted_content"


def parse_request(body: Json, path_model: str, path_stream: bool) -> ChatRequest:
    """What the client asks for; raises InvalidRequest naming the member that is wrong."""
    model = members.text(body, "model") or path_model
    if not model:
        raise InvalidRequest("model is required", param="model")
    for name in KEPT_THERE:
        if body.get(name):
            raise Unsupported(f"{name} needs a provider of the Responses API", param=name)
    values: Json = {name: read(body, name) for name, read in SHARED.items() if name in body}
    text, tools = members.mapping(body, "text") or {}, parse_tools(body)
    return ChatRequest(
        **values,
        model=model,
        messages=parse_messages(body),
        stream=bool(members.boolean(body, "stream")) or path_stream,
        max_tokens=members.integer(body, "max_output_tokens"),
        logprobs=True if LOGPROBS in members.strings(body, "include") else None,
        tools=tools,
        tool_choice=parse_choice(body),
        output=_output(text),
        verbosity=members.text(text, "verbosity", "text."),
        reasoning=_reasoning(members.mapping(body, "reasoning")),
        extras=_extras(body, text, tools),
    )


def _output(text: Json) -> JsonOutput | None:
    value, at = members.mapping(text, "format", "text."), "text.format."
    match None if value is None else members.required_text(value, "type", at):
        case None | "text":
            return None
        case "json_object":
            return JsonOutput()
        case "json_schema" if value is not None:
            return JsonOutput(
                schema=members.mapping(value, "schema", at) or {},
                name=members.text(value, "name", at),
                description=members.text(value, "description", at),
                strict=bool(members.boolean(value, "strict", at)),
            )
    raise members.wrong(f"{at}type", "text, json_object or json_schema")


def _reasoning(value: Json | None) -> Reasoning | None:
    """Who asks for a summary asks to see thoughts, in the words of other dialects."""
    if value is None:
        return None
    at = "reasoning."
    effort, summary = members.text(value, "effort", at), members.text(value, "summary", at)
    summary = summary or members.text(value, "generate_summary", at)
    if effort is None and summary is None:
        return None
    return Reasoning(effort=effort, summary=summary, show=True if summary else None)


def _without(value: Any, *known: str) -> Json | None:
    """What an object says beside the known members."""
    rest = {name: each for name, each in (value or {}).items() if name not in known}
    return rest or None


def _extras(body: Json, text: Json, tools: tuple[Tool | NativeTool, ...]) -> Json:
    extras = {
        name: value
        for name, value in body.items()
        if name not in READ and not (name in KEPT_THERE and not value)
    }
    if any(isinstance(tool, NativeTool) and tool.search is not None for tool in tools):
        extras.pop(MOST, None)
    include = [
        name for name in members.strings(body, "include") if name not in (LOGPROBS, ENCRYPTED)
    ]
    return extras | members.optional(
        include=include,
        text=_without(text, "format", "verbosity"),
        reasoning=_without(body.get("reasoning"), "effort", "summary", "generate_summary"),
        tool_choice=native_choice(body),
    )


def render_request(
    request: ChatRequest, dropped: list[str], write: searches.Write = searches.write_tool
) -> Json:
    """The body for a provider; what a value's range cost is named in `dropped`."""
    request = within(request, dropped)
    body: Json = {"model": request.model, "input": render_messages(request.messages, dropped)}
    body |= members.optional(max_output_tokens=request.max_tokens)
    for name in RENDERED:
        value = getattr(request, name)
        if value is not None:
            body[name] = value
    if request.store is None:
        body["store"] = False  # the clients of other dialects keep their conversation themselves
    if request.stream:
        body["stream"] = True
    keep_lengths(body, dropped)
    asking.name_lost_titles(request.messages, dropped)
    asking.keep_ranges(body, RANGES, dropped, NEUTRAL_NAMES)
    body |= members.optional(
        metadata=asking.texts_of(request.metadata, dropped),
        text=_render_text(request),
        reasoning=_render_reasoning(request, dropped),
        include=_include(request),
    )
    wants_json = request.output is not None and request.output.schema is None
    # The instructions do not count.
    if wants_json and not asking.speaks_of_json(body["input"]):
        words = {"type": "message", "role": "developer", "content": asking.ANSWER_IN_JSON}
        body["input"].insert(0, words)
    body |= render_tools(request, dropped, write)
    _add_extras(body, request.extras, dropped)
    return body


def _render_text(request: ChatRequest) -> Json:
    text = members.optional(verbosity=request.verbosity)
    output = request.output
    if output is None:
        return text
    if output.schema is None:
        return {"format": {"type": "json_object"}, **text}
    form = {
        "type": "json_schema",
        "name": output.name or "answer",
        **members.optional(description=output.description, strict=output.strict or None),
        "schema": output.schema,
    }
    return {"format": form, **text}


def _render_reasoning(request: ChatRequest, dropped: list[str]) -> Json:
    reasoning = request.reasoning
    if reasoning is None:
        return {}
    effort = thinking.effort_of(reasoning, request.known_as, dropped)
    if effort == "minimal" and any(isinstance(tool, NativeTool) for tool in request.tools):
        # "The following tools cannot be used with reasoning.effort 'minimal': web_search."
        effort = "low"
        lose(dropped, Feature.REASONING_EFFORT)
    if effort is None and THOUGHTLESS.search(request.known_as):
        return {}
    shown = reasoning.show and not reasoning.off
    summary = reasoning.summary or ("auto" if shown else None)
    return members.optional(effort=effort, summary=summary)


def _include(request: ChatRequest) -> list[str]:
    """Thoughts that nobody stores must be sent back; models that do not think refuse the wish."""
    wanted = [LOGPROBS] if request.logprobs else []
    reasoning = request.reasoning
    asked = reasoning is not None and not reasoning.off
    if not request.store and (asked or _has_thoughts(request)):
        wanted.append(ENCRYPTED)
    return wanted


def _has_thoughts(request: ChatRequest) -> bool:
    parts = (part for message in request.messages for part in message.parts)
    return any(isinstance(part, Thinking) and own(part) for part in parts)


def _add_extras(body: Json, extras: Mapping[str, Any], dropped: list[str]) -> None:
    for name, value in extras.items():
        # Anthropic says under one of these names something else, in an object.
        if name not in EXTRAS or (name in LISTS and not isinstance(value, list)):
            dropped.append(name)
        elif isinstance(value, dict) and isinstance(body.get(name), dict):
            body[name] = {**value, **body[name]}
        elif isinstance(value, list) and isinstance(body.get(name), list):
            body[name] = [*body[name], *value]
        else:
            body[name] = value
