"""A Cohere chat request, both ways.

https://docs.cohere.com/v2/reference/chat
"""

from collections.abc import Iterable

import msgspec
import orjson

from providers.bridging.fidelity import Feature, lose
from providers.dialects.cohere.chat.content import DETAILS, NAME
from providers.dialects.cohere.chat.messages import one_system, parse_messages, render_messages
from providers.errors import InvalidRequest, Unsupported
from providers.neutral.chat import (
    ChatRequest,
    Document,
    JsonOutput,
    Message,
    Part,
    Reasoning,
    Text,
    Tool,
    ToolChoice,
    ToolMode,
)
from providers.neutral.functions import only_functions, parse_functions, render_function
from providers.neutral.media import PlainText
from providers.neutral.turns import details
from providers.wire import members
from providers.wire.members import Json

# Cohere's member → (neutral field, what it must be).
SAMPLING = {
    "max_tokens": ("max_tokens", members.integer),
    "temperature": ("temperature", members.number),
    "p": ("top_p", members.number),
    "k": ("top_k", members.integer),
    "seed": ("seed", members.integer),
    "frequency_penalty": ("frequency_penalty", members.number),
    "presence_penalty": ("presence_penalty", members.number),
    "logprobs": ("logprobs", members.boolean),
}

READ = frozenset(
    {
        *SAMPLING,
        "model",
        "messages",
        "stream",
        "stop_sequences",
        "tools",
        "strict_tools",
        "tool_choice",
        "documents",
        "response_format",
        "thinking",
    }
)
"""Every member that the neutral conversation has a place for; the others are extras."""

EXTRAS = frozenset({"citation_options", "safety_mode", "priority"})
"""Extras that Cohere's own API knows."""

RANGES = {
    "temperature": (0, 1),
    "p": (0.01, 0.99),
    "k": (0, 500),
    "frequency_penalty": (0, 1),
    "presence_penalty": (0, 1),
    "seed": (0, 2**64 - 1),
}
"""Smallest and largest value that Cohere takes."""

CITED = frozenset({Feature.DOCUMENT_CITE.value})

MAX_STOPS = 5

BUDGETS = {"minimal": 1_024, "low": 2_048, "medium": 8_192}
"""Tokens that come nearest to an effort; from `high` on Cohere's own limit is right."""


def parse_request(body: Json, path_model: str, path_stream: bool) -> ChatRequest:
    """What the client asks for; raises InvalidRequest naming the member that is wrong."""
    model = members.text(body, "model") or path_model
    if not model:
        raise InvalidRequest("model is required", param="model")
    values: Json = {
        neutral: read(body, name) for name, (neutral, read) in SAMPLING.items() if name in body
    }
    return ChatRequest(
        **values,
        model=model,
        messages=parse_messages(body),
        stream=bool(members.boolean(body, "stream")) or path_stream,
        stop=members.texts(body, "stop_sequences"),
        tools=tuple(parse_functions(body, members.boolean(body, "strict_tools"))),
        tool_choice=_tool_choice(body),
        output=_output(body),
        reasoning=_reasoning(body),
        extras=_extras(body),
        hints=frozenset() if _says_whether_to_cite(body) else CITED,
    )


def _extras(body: Json) -> Json:
    extras = members.beyond(body, READ)
    # Whether to cite is said by the documents themselves.
    if _citing(body) in ("ENABLED", "OFF", "DISABLED"):
        del extras["citation_options"]
    return extras


def _citing(body: Json) -> str:
    mode = (members.mapping(body, "citation_options") or {}).get("mode")
    return "" if mode is None else str(mode).upper()


def _says_whether_to_cite(body: Json) -> bool:
    """Cohere cites its documents unless it is told not to; who says nothing does not insist."""
    return not body.get("documents") or _citing(body) != ""


def _tool_choice(body: Json) -> ToolChoice | None:
    match members.text(body, "tool_choice"):
        case None:
            return None
        case "REQUIRED":
            return ToolChoice(mode=ToolMode.REQUIRED)
        case "NONE":
            return ToolChoice(mode=ToolMode.NONE)
    raise members.wrong("tool_choice", "REQUIRED or NONE")


def _output(body: Json) -> JsonOutput | None:
    form = members.mapping(body, "response_format")
    if form is None:
        return None
    match members.required_text(form, "type", "response_format."):
        case "text":
            return None
        case "json_object":
            # `schema` is the older name.
            name = "json_schema" if form.get("json_schema") is not None else "schema"
            return JsonOutput(schema=members.mapping(form, name, "response_format."))
    raise members.wrong("response_format.type", "text or json_object")


def _reasoning(body: Json) -> Reasoning | None:
    thinking = members.mapping(body, "thinking")
    if thinking is None:
        return None
    kind = members.text(thinking, "type", "thinking.") or "enabled"
    if kind not in ("enabled", "disabled"):
        raise members.wrong("thinking.type", "enabled or disabled")
    budget = members.integer(thinking, "token_budget", "thinking.")
    return Reasoning(enabled=kind == "enabled", budget=budget)


def render_request(request: ChatRequest, dropped: list[str]) -> Json:
    """The body for a provider; what a value's range cost is named in `dropped`."""
    messages, documents = render_messages(_messages(request), dropped)
    if not details(request.messages) <= DETAILS:
        lose(dropped, Feature.IMAGE_DETAIL)
    body: Json = {"model": request.model, "messages": messages}
    for name, (neutral, _) in SAMPLING.items():
        value = getattr(request, neutral)
        if value is not None:
            body[name] = value
    _keep_ranges(body, dropped)
    if request.stream:
        body["stream"] = True
    if request.stop:
        body["stop_sequences"] = _stops(request.stop)
    if documents:
        body["documents"] = documents
    if documents and not _wants_citations(request):
        body["citation_options"] = {"mode": "OFF"}
    body |= _render_tools(request, dropped)
    body |= _render_output(request.output, messages)
    body |= _render_reasoning(request.reasoning, dropped)
    for name, value in request.extras.items():
        if name in EXTRAS:
            body[name] = value
        else:
            dropped.append(name)
    return body


def _messages(request: ChatRequest) -> Iterable[Message]:
    """The messages; beside `response_format`, where Cohere takes no documents, with those as plain
    text.

    https://docs.cohere.com/v2/docs/structured-outputs
    """
    if request.output is None:
        return request.messages
    return [
        msgspec.structs.replace(message, parts=tuple(map(_worded, message.parts)))
        for message in request.messages
    ]


NOTHING: frozenset[Feature] = frozenset()
FORMATS = frozenset({Feature.JSON_MODE, Feature.JSON_SCHEMA})


def lacks(request: ChatRequest) -> frozenset[Feature]:
    """`response_format` is not taken beside tools, nor beside documents that are to be cited."""
    return FORMATS if request.tools or _wants_citations(request) else NOTHING


def _worded(part: Part) -> Part:
    match part:
        case Document(source=PlainText(text=text), name=name, context=context):
            return Text(text="\n".join(filter(None, (name, context, text))))
    return part


def _keep_ranges(body: Json, dropped: list[str]) -> None:
    for name, (low, high) in RANGES.items():
        value = body.get(name)
        if value is not None and not low <= value <= high:
            body[name] = min(max(value, low), high)
            dropped.append(SAMPLING[name][0])
    # Some models refuse both penalties at once; 0 is the default.
    if "frequency_penalty" in body and "presence_penalty" in body:
        for name in ("frequency_penalty", "presence_penalty"):
            if body[name] == 0:
                del body[name]


def _stops(stop: tuple[str, ...]) -> list[str]:
    if len(stop) > MAX_STOPS:
        raise Unsupported(f"{NAME} takes {MAX_STOPS} stop sequences, not {len(stop)}", param="stop")
    return list(stop)


def _wants_citations(request: ChatRequest) -> bool:
    parts = (part for message in request.messages for part in message.parts)
    return any(getattr(part, "cite", False) for part in parts)


def _render_tools(request: ChatRequest, dropped: list[str]) -> Json:
    tools = _offered(request)
    if not tools:
        return {}
    members: Json = {"tools": [render_function(tool) for tool in tools]}
    if any(tool.strict for tool in tools):
        # One switch for all tools, and each needs a required parameter then:
        # https://docs.cohere.com/v2/docs/tool-use-parameter-types
        if all(tool.strict and (tool.schema or {}).get("required") for tool in tools):
            members["strict_tools"] = True
        else:
            dropped.append(Feature.TOOL_STRICT)
    choice = request.tool_choice
    if choice is not None and choice.mode is not ToolMode.AUTO:
        members["tool_choice"] = "NONE" if choice.mode is ToolMode.NONE else "REQUIRED"
    return members


def _offered(request: ChatRequest) -> list[Tool]:
    """The tools; where the client names some, only these, which says the same."""
    tools = only_functions(request.tools, NAME)
    choice = request.tool_choice
    if choice is None:
        return tools
    if choice.mode is ToolMode.REQUIRED and not tools:
        raise Unsupported(f"{NAME} cannot require a tool where there are none", param="tool_choice")
    wanted = frozenset((choice.name,) if choice.mode is ToolMode.NAMED else choice.allowed)
    if not wanted:
        return tools
    found = [tool for tool in tools if tool.name in wanted]
    if not found:
        raise Unsupported("tool_choice names a tool that is not offered", param="tool_choice")
    return found


def _render_output(output: JsonOutput | None, messages: list[Json]) -> Json:
    if output is None:
        return {}
    form: Json = {"type": "json_object"}
    if output.schema is not None:
        form["json_schema"] = output.described
    else:
        _ask_for_json(messages)
    return {"response_format": form}


def _ask_for_json(messages: list[Json]) -> None:
    """Without such words the model may write white space until it is cut off.

    https://docs.cohere.com/v2/docs/structured-outputs
    """
    if b"json" not in orjson.dumps(messages).lower():
        asking = {"role": "system", "content": "Generate a JSON object."}
        messages[:] = one_system([asking, *messages])


def _render_reasoning(reasoning: Reasoning | None, dropped: list[str]) -> Json:
    if reasoning is None:
        return {}
    if reasoning.off:
        return {"thinking": {"type": "disabled"}}
    if reasoning.show is False:
        lose(dropped, Feature.REASONING_SHOW)
    asked = reasoning.enabled or reasoning.show
    if not asked and reasoning.effort is None and reasoning.budget is None:
        return {}
    thinking: Json = {"type": "enabled"}
    if reasoning.effort is not None:
        dropped.append(Feature.REASONING_EFFORT)
        if reasoning.effort in BUDGETS:
            thinking["token_budget"] = BUDGETS[reasoning.effort]
    if reasoning.budget is not None and reasoning.budget > 0:
        thinking["token_budget"] = reasoning.budget
    return {"thinking": thinking}
