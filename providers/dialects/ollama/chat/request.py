"""An Ollama chat request, both ways.

https://docs.ollama.com/api/chat
"""

from providers.bridging.fidelity import Feature, lose
from providers.dialects.ollama.chat.messages import parse_messages, render_messages
from providers.dialects.ollama.names import NAME
from providers.errors import InvalidRequest, Unsupported
from providers.neutral.chat import ChatRequest, JsonOutput, Reasoning, Tool, ToolChoice, ToolMode
from providers.neutral.functions import only_functions, parse_functions, render_function
from providers.wire import members
from providers.wire.members import Json

# Member of `options` → (neutral field, what it must be).
OPTIONS = {
    "temperature": ("temperature", members.number),
    "top_p": ("top_p", members.number),
    "top_k": ("top_k", members.integer),
    "min_p": ("min_p", members.number),
    "seed": ("seed", members.integer),
    "num_predict": ("max_tokens", members.integer),
    "repeat_penalty": ("repetition_penalty", members.number),
    "presence_penalty": ("presence_penalty", members.number),
    "frequency_penalty": ("frequency_penalty", members.number),
}

READ = frozenset(
    {
        "model",
        "messages",
        "stream",
        "tools",
        "format",
        "think",
        "options",
        "logprobs",
        "top_logprobs",
    }
)
"""Every member that the neutral conversation has a place for; the others are extras."""

EXTRAS = frozenset({"keep_alive", "truncate", "shift"})
"""Extras that Ollama's own API knows, beside `options`."""

LEVELS = {
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "max": "max",
}
"""Effort → the nearest level of `think`; a model without levels takes each for `true`.

https://docs.ollama.com/capabilities/thinking
"""

HIGHEST = {"gpt-oss": "high"}
"""Models, by a part of their names, whose highest level is another than `max`."""


def parse_request(body: Json, path_model: str, path_stream: bool) -> ChatRequest:
    """What the client asks for; raises InvalidRequest naming the member that is wrong."""
    model = members.text(body, "model") or path_model
    if not model:
        raise InvalidRequest("model is required", param="model")
    options = members.mapping(body, "options") or {}
    values: Json = {
        neutral: read(options, name, "options.")
        for name, (neutral, read) in OPTIONS.items()
        if name in options
    }
    if (values.get("max_tokens") or 0) <= 0:
        values["max_tokens"] = None  # 0, -1 and -2: as many as there is room for
    return ChatRequest(
        **values,
        model=model,
        messages=parse_messages(body),
        stream=members.boolean(body, "stream") is not False,  # true where it is absent
        stop=_stop(options),
        logprobs=members.boolean(body, "logprobs"),
        top_logprobs=members.integer(body, "top_logprobs"),
        tools=tuple(parse_functions(body)),
        output=_output(body),
        reasoning=_reasoning(body),
        extras=_extras(body, options),
    )


def _stop(options: Json) -> tuple[str, ...]:
    if isinstance(options.get("stop"), str):
        return (options["stop"],)
    return members.texts(options, "stop", "options.")


def _extras(body: Json, options: Json) -> Json:
    extras = members.beyond(body, READ)
    rest = members.beyond(options, {*OPTIONS, "stop"})
    return {**extras, "options": rest} if rest else extras


def _output(body: Json) -> JsonOutput | None:
    match body.get("format"):
        case None | "":
            return None
        case "json":
            return JsonOutput()
        case dict(schema):
            return JsonOutput(schema=schema)
    raise members.wrong("format", "json or a JSON schema")


def _reasoning(body: Json) -> Reasoning | None:
    """How much to think; Ollama always shows what was thought."""
    match body.get("think"):
        case None:
            return None
        case bool(enabled):
            return Reasoning(enabled=enabled, show=True if enabled else None)
        case "none":
            return Reasoning(enabled=False)
        case str(level) if level in LEVELS:
            return Reasoning(enabled=True, effort=level, show=True)
    raise members.wrong("think", f"a boolean or one of {', '.join(LEVELS)}")


def render_request(request: ChatRequest, dropped: list[str]) -> Json:
    """The body for a provider; what a value's range cost is named in `dropped`."""
    body: Json = {
        "model": request.model,
        "messages": render_messages(request.messages, dropped),
        "stream": request.stream,  # true where it is absent
    }
    tools = _offered(request)
    if tools:
        body["tools"] = [render_function(tool) for tool in tools]
    if request.output is not None:
        schema = request.output.schema
        body["format"] = "json" if schema is None else schema
    body |= _render_reasoning(request, dropped)
    if request.top_logprobs:
        body["top_logprobs"] = request.top_logprobs
    if request.logprobs or request.top_logprobs:
        body["logprobs"] = True
    options = _render_options(request)
    if options:
        body["options"] = options
    for name, value in request.extras.items():
        if name in EXTRAS:
            body[name] = value
        elif name != "options" or not isinstance(value, dict):
            dropped.append(name)
    return body


def _render_options(request: ChatRequest) -> Json:
    extra = request.extras.get("options")
    options: Json = dict(extra) if isinstance(extra, dict) else {}
    for name, (neutral, _) in OPTIONS.items():
        value = getattr(request, neutral)
        if value is not None:
            options[name] = value
    if request.stop:
        options["stop"] = list(request.stop)
    return options


def _offered(request: ChatRequest) -> list[Tool]:
    """The tools that may be called: a choice is said by what is offered."""
    choice = request.tool_choice or ToolChoice(mode=ToolMode.AUTO)
    tools = only_functions(request.tools, NAME)
    if choice.mode is ToolMode.NONE:
        return []
    if choice.mode is not ToolMode.AUTO:
        raise Unsupported(f"{NAME} cannot require a tool call", param="tool_choice")
    allowed = frozenset(choice.allowed)
    return [tool for tool in tools if not allowed or tool.name in allowed]


def _render_reasoning(request: ChatRequest, dropped: list[str]) -> Json:
    reasoning = request.reasoning
    if reasoning is None:
        return {}
    if reasoning.off:
        return {"think": False}
    if reasoning.show is False:
        lose(dropped, Feature.REASONING_SHOW)
    if reasoning.effort is not None:
        return {"think": _level(reasoning.effort, request.known_as, dropped)}
    if reasoning.budget is not None and reasoning.budget > 0:
        dropped.append(Feature.REASONING_BUDGET)
    wanted = reasoning.enabled or reasoning.show or reasoning.budget is not None
    return {"think": True} if wanted else {}


def _level(effort: str, model: str, dropped: list[str]) -> str | bool:
    level = LEVELS.get(effort)
    if level == "max":
        level = next((top for name, top in HIGHEST.items() if name in model.lower()), level)
    if level != effort:
        dropped.append(Feature.REASONING_EFFORT)
    return level or True
