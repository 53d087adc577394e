"""What chats and prompts are asked with, both ways: options, the form of the answer, thinking.

https://docs.ollama.com/api/chat
https://docs.ollama.com/api/generate
"""

from collections.abc import Set

from providers.bridging.fidelity import Feature, lose
from providers.neutral.chat import ChatRequest, JsonOutput, Reasoning
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

READ = frozenset({"model", "stream", "format", "think", "options", "logprobs", "top_logprobs"})
"""Members that are read here, or the same in both."""

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


def parse_asked(body: Json, path_model: str, read: Set[str]) -> Json:
    """The neutral fields of all but the words; members that are not `read` are extras."""
    options = members.mapping(body, "options") or {}
    values: Json = {
        neutral: reader(options, name, "options.")
        for name, (neutral, reader) in OPTIONS.items()
        if name in options
    }
    if (values.get("max_tokens") or 0) <= 0:
        values["max_tokens"] = None  # 0, -1 and -2: as many as there is room for
    return {
        **values,
        "model": members.text(body, "model") or path_model,
        "stream": members.boolean(body, "stream") is not False,  # true where it is absent
        "stop": _stop(options),
        "logprobs": members.boolean(body, "logprobs"),
        "top_logprobs": members.integer(body, "top_logprobs"),
        "output": _output(body),
        "reasoning": _reasoning(body),
        "extras": _extras(body, options, read),
    }


def _stop(options: Json) -> tuple[str, ...]:
    if isinstance(options.get("stop"), str):
        return (options["stop"],)
    return members.texts(options, "stop", "options.")


def _extras(body: Json, options: Json, read: Set[str]) -> Json:
    extras = members.beyond(body, read)
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


def render_asked(request: ChatRequest, dropped: list[str]) -> Json:
    """The members beside the words; what a value's range cost is named in `dropped`."""
    body: Json = {"stream": request.stream}  # true where it is absent
    if request.output is not None:
        schema = request.output.described
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


def _render_reasoning(request: ChatRequest, dropped: list[str]) -> Json:
    reasoning = request.reasoning
    if reasoning is None:
        return {}
    if reasoning.off:
        return {"think": False}
    if reasoning.show is False:
        lose(dropped, Feature.REASONING_SHOW)
    if reasoning.budget is not None and reasoning.budget > 0:
        dropped.append(Feature.REASONING_BUDGET)
    if reasoning.effort is not None:
        return {"think": _level(reasoning.effort, request.known_as, dropped)}
    wanted = reasoning.enabled or reasoning.show or reasoning.budget is not None
    return {"think": True} if wanted else {}


def _level(effort: str, model: str, dropped: list[str]) -> str | bool:
    level = LEVELS.get(effort)
    if level == "max":
        level = next((top for name, top in HIGHEST.items() if name in model.lower()), level)
    if level != effort:
        dropped.append(Feature.REASONING_EFFORT)
    return level or True
