"""What Text Generation Inference refuses: by huggingface_hub's types, then by its own rules.

https://github.com/huggingface/text-generation-inference/blob/main/router/src/validation.rs
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from extproc.lab.simulator.dialect import Call, Json, Refusal

UNPROCESSABLE = 422

MAX_STOPS, MAX_TOP = 4, 5
"""`--max-stop-sequences` and `--max-top-n-tokens` as they are by default."""

Rule = tuple[str, Callable[[Any], bool], str]

RULES: tuple[Rule, ...] = (
    ("temperature", lambda value: value > 0, "must be strictly positive"),
    ("top_p", lambda value: 0 < value < 1, "must be > 0.0 and < 1.0"),
    ("typical_p", lambda value: 0 < value < 1, "must be > 0.0 and < 1.0"),
    ("top_k", lambda value: value > 0, "must be strictly positive"),
    ("repetition_penalty", lambda value: value > 0, "must be strictly positive"),
    ("frequency_penalty", lambda value: -2 <= value <= 2, "must be >= -2.0 and <= 2.0"),
    ("max_new_tokens", lambda value: value > 0, "must be strictly positive"),
    ("seed", lambda value: 0 <= value < 2**64, "must be a 64-bit unsigned integer"),
    ("stop", lambda value: len(value) <= MAX_STOPS, f"must have <= {MAX_STOPS} members"),
    ("top_n_tokens", lambda value: value <= MAX_TOP, f"must be <= {MAX_TOP}"),
)


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what the server would not take; `strict`: unknown parameters too."""
    body = call.body
    given = body.get("parameters") or {}
    try:
        _judge().validate_python(body, strict=False)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise _refusal(f"{place}: {first['msg']}") from None
    if strict and (unknown := given.keys() - _parameters()):
        raise _refusal(f"unknown field `{min(unknown)}`")
    _own_rules(body, given, streams=bool(call.params.get("stream")))


def _refusal(message: str) -> Refusal:
    return Refusal(f"Input validation error: {message}", status=UNPROCESSABLE)


def _own_rules(body: Json, given: Json, *, streams: bool) -> None:
    if not body["inputs"]:
        raise _refusal("`inputs` cannot be empty")
    for name, holds, message in RULES:
        if given.get(name) is not None and not holds(given[name]):
            raise _refusal(f"`{name}` {message}")
    if streams and given.get("decoder_input_details"):
        raise _refusal("`decoder_input_details` == true is not supported when streaming tokens")
    grammar = given.get("grammar") or {}
    if grammar.get("type") == "json" and "properties" not in grammar["value"]:
        raise _refusal("Grammar must have a 'properties' field")


@cache
def _judge() -> TypeAdapter[Any]:
    from huggingface_hub.inference._generated.types import text_generation

    return TypeAdapter(text_generation.TextGenerationInput)


@cache
def _parameters() -> frozenset[str]:
    from huggingface_hub import TextGenerationInputGenerateParameters as Parameters

    return frozenset(Parameters.__dataclass_fields__)
