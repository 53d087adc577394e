"""A request of Text Generation Inference, both ways: a prompt is what a user says.

https://huggingface.github.io/text-generation-inference/
"""

from collections.abc import Callable, Mapping
from typing import Any

from providers.bridging.fidelity import Feature
from providers.errors import Unsupported
from providers.neutral.chat import ChatRequest, JsonOutput
from providers.neutral.prompts import prompt_of, said
from providers.wire import members
from providers.wire.members import Json

NAME = "huggingface.generate"

SHARED: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "max_new_tokens": ("max_tokens", members.integer),
    "top_k": ("top_k", members.integer),
    "top_p": ("top_p", members.number),
    "seed": ("seed", members.integer),
    "frequency_penalty": ("frequency_penalty", members.number),
    "repetition_penalty": ("repetition_penalty", members.number),
}
"""Parameter → (neutral name, what it must be)."""

READ = frozenset(
    {
        *SHARED,
        "temperature",
        "do_sample",
        "stop",
        "top_n_tokens",
        "grammar",
        "best_of",
        "adapter_id",
        "details",
        "return_full_text",
    }
)
"""Every parameter that has a meaning elsewhere, or in the answer; the others are extras."""

OWN = frozenset({"typical_p", "truncate", "watermark", "adapter_id"})
"""Parameters that only this format knows."""

NEUTRAL_TEMPERATURE = 1.0
"""What is sampled with where `do_sample` is all that is said."""

MAX_TOP_TOKENS = 5
"""The server's `--max-top-n-tokens`, as it is by default."""


def parse_request(body: Json, path_model: str, path_stream: bool) -> ChatRequest:
    """What the client asks for; the model is said elsewhere. Raises InvalidRequest."""
    prompt = members.required_text(body, "inputs")
    given = members.mapping(body, "parameters") or {}
    at = "parameters."
    values = {ours: read(given, name, at) for name, (ours, read) in SHARED.items() if name in given}
    _refuse(given)
    top = members.integer(given, "top_n_tokens", at) or None
    return ChatRequest(
        **values,
        model=path_model,
        messages=said(prompt),
        stream=bool(members.boolean(body, "stream")) or path_stream,
        temperature=_temperature(given),
        stop=members.texts(given, "stop", at),
        logprobs=None if top is None else True,
        top_logprobs=top,
        output=_grammar(given),
        extras=_extras(body, given),
    )


def _refuse(given: Json) -> None:
    if (members.integer(given, "best_of", "parameters.") or 1) > 1:
        raise Unsupported("best_of cannot be expressed elsewhere", param="parameters.best_of")
    if members.text(given, "adapter_id", "parameters."):
        raise Unsupported("adapter_id cannot be expressed elsewhere", param="parameters.adapter_id")


def _temperature(given: Json) -> float | None:
    """Without sampling the likeliest token is taken, which a temperature of 0 says elsewhere."""
    temperature = members.number(given, "temperature", "parameters.")
    sampled = members.boolean(given, "do_sample", "parameters.")
    if temperature is not None or sampled is None:
        return temperature
    return NEUTRAL_TEMPERATURE if sampled else 0


def _grammar(given: Json) -> JsonOutput | None:
    grammar = members.mapping(given, "grammar", "parameters.")
    if grammar is None:
        return None
    kind, value = grammar.get("type"), grammar.get("value")
    if kind == "json_schema" and isinstance(value, dict) and isinstance(value.get("schema"), dict):
        return JsonOutput(schema=value["schema"], name=members.text(value, "name"))
    if kind in ("json", "json_schema") and isinstance(value, dict):
        return JsonOutput(schema=value)
    if kind == "regex":
        raise Unsupported("a regex cannot be expressed elsewhere", param="parameters.grammar")
    raise members.wrong("parameters.grammar", "a grammar of type json, json_schema or regex")


def _extras(body: Json, given: Json) -> Json:
    """What says something that nobody else knows: false and null ask for nothing."""
    other = {name: value for name, value in body.items() if name not in RESERVED}
    own = {name: value for name, value in given.items() if name not in READ and value}
    return {**other, **own}


RESERVED = frozenset({"inputs", "parameters", "stream", "model"})


def echo(body: Json) -> Mapping[str, Any]:
    """What of a request decides the form of its answer."""
    given = body.get("parameters")
    if not isinstance(given, dict):
        return {}
    full = given.get("return_full_text") is True
    prompt = body.get("inputs") if full else ""
    return {
        "details": given.get("details") is True,
        "prompt": prompt if isinstance(prompt, str) else "",
    }


def render_request(request: ChatRequest, dropped: list[str]) -> Json:
    """The body for a provider; raises Unsupported for all but one user's words."""
    parameters = render_parameters(request, dropped)
    if request.logprobs or request.top_logprobs:
        parameters["top_n_tokens"] = min(request.top_logprobs or 1, MAX_TOP_TOKENS)
        if (request.top_logprobs or 0) > MAX_TOP_TOKENS:
            dropped.append(Feature.TOP_LOGPROBS)
    if request.output is not None and request.output.schema is not None:
        parameters["grammar"] = {"type": "json", "value": request.output.schema}
    return render_body(prompt_of(request, NAME), parameters, request)


def render_body(prompt: str, parameters: Json, request: ChatRequest) -> Json:
    """The members of a body; `stream` is for servers that have one path for both."""
    body: Json = {"inputs": prompt, "parameters": parameters}
    return {**body, "stream": True} if request.stream else body


def render_parameters(request: ChatRequest, dropped: list[str]) -> Json:
    """Sampling, length and stops, and a wish for the counts."""
    parameters: Json = {"details": True, "return_full_text": False}
    if not request.stream:
        # Refused in streams, which say the prompt's length by themselves.
        parameters["decoder_input_details"] = True
    for name, (ours, _) in SHARED.items():
        value = getattr(request, ours)
        if value is not None:
            parameters[name] = value
    _fit(parameters, dropped)
    if request.temperature is not None:
        parameters |= _sampling(request.temperature)
    if request.stop:
        parameters["stop"] = list(request.stop)
    parameters |= {name: request.extras[name] for name in OWN & request.extras.keys()}
    dropped += [name for name in request.extras if name not in OWN]
    return parameters


def _sampling(temperature: float) -> Json:
    """The server refuses a temperature of 0, and does not sample at 1 unless it is told to."""
    if temperature <= 0:
        return {"do_sample": False}
    return {"do_sample": True, "temperature": temperature}


# What the server takes: https://github.com/huggingface/text-generation-inference,
# router/src/validation.rs (checked 2026-11). (Asks for nothing, is taken) by value.
RANGES: Mapping[str, tuple[Callable[[Any], bool], Callable[[Any], bool]]] = {
    "top_p": (lambda value: value >= 1, lambda value: value > 0),
    "top_k": (lambda value: value <= 0, lambda value: True),
    "seed": (lambda value: False, lambda value: 0 <= value < 2**64),
    "frequency_penalty": (lambda value: False, lambda value: -2 <= value <= 2),
    "repetition_penalty": (lambda value: False, lambda value: value > 0),
}


def _fit(parameters: Json, dropped: list[str]) -> None:
    for name, (idle, taken) in RANGES.items():
        if name in parameters and (idle(parameters[name]) or not taken(parameters[name])):
            if not idle(parameters[name]):
                dropped.append(SHARED[name][0])
            del parameters[name]
