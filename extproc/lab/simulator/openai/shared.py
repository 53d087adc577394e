"""What OpenAI's formats share: the key, the shape of an error, and the rules of strict schemas."""

import re

import orjson

from extproc.lab.simulator import longest, schemas
from extproc.lab.simulator.dialect import Call, Event, Json, Refusal, bearer
from extproc.lab.simulator.directives import Directives

RANGES = {"temperature": (0, 2), "top_p": (0, 1), "top_logprobs": (0, 20)}
"""Smallest and largest value, in all formats."""

LENGTHS = {"user": 64, "prompt_cache_key": 64, "safety_identifier": 128}
"""How many characters an identifier may have, in all formats."""

TYPES = {429: "requests"}
"""`error.type` by status; other 4xx are `invalid_request_error`, 5xx `server_error`."""
CODES = {401: "invalid_api_key", 429: "rate_limit_exceeded"}
"""`error.code` by status.

https://platform.openai.com/docs/guides/error-codes
"""


def key(call: Call) -> str:
    """The bearer token, or Azure's `api-key`."""
    return dict(call.headers).get("api-key") or bearer(call)


def error(refusal: Refusal, directives: Directives) -> bytes:
    """An error body."""
    kind = "server_error" if refusal.status >= 500 else "invalid_request_error"
    said = {
        "message": refusal.message,
        "type": directives.error_type or TYPES.get(refusal.status, kind),
        "param": refusal.param,
        "code": directives.error_code or refusal.code or CODES.get(refusal.status),
    }
    return orjson.dumps({"error": said})


def stream_error(refusal: Refusal, directives: Directives) -> Event:
    """An error in mid-stream of chat and completions: a chunk with a truthy `error`."""
    return Event(error(refusal, directives))


def check_range(name: str, value: float | None, low: int, high: int, code: str) -> None:
    """Raises Refusal for a value out of its range; `code` begins the error's code."""
    if value is not None and not low <= value <= high:
        raise Refusal(
            f"Invalid '{name}': expected a value between {low} and {high}, got {value}.",
            param=name,
            code=f"{code}_below_min_value" if value < low else f"{code}_above_max_value",
        )


TOO_LONG = (
    "{param} is too large: {{asked}}. This model supports at most {{most}} completion tokens."
)


def check_longest(body: Json) -> None:
    """Raises Refusal for a longer answer than the model gives."""
    for name in ("max_tokens", "max_completion_tokens", "max_output_tokens"):
        longest.check(body["model"], body.get(name), TOO_LONG.format(param=name), name)


def check_length(text: str, limit: int, param: str) -> None:
    """Raises Refusal for a string that is too long."""
    if len(text) > limit:
        raise Refusal(
            f"Invalid '{param}': string too long. Expected a string with maximum length {limit},"
            f" but got a string with length {len(text)} instead.",
            param=param,
            code="string_above_max_length",
        )


def check_lengths(body: Json) -> None:
    """Raises Refusal for an identifier that is too long."""
    for name, limit in LENGTHS.items():
        check_length(body.get(name) or "", limit, name)


THINKERS = re.compile(r"(?:^|/)(?:o[1-9]|gpt-5(?![.\d])(?![^/]*chat))")
"""Models that take no other sampling than their own.

https://platform.openai.com/docs/guides/latest-model#parameter-compatibility
"""
UNSUPPORTED = (
    "stop",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
)
ONLY_ONE = ("temperature", "top_p")


def check_thinker(body: Json) -> None:
    """Raises Refusal for what OpenAI's reasoning models refuse."""
    if not THINKERS.search(str(body.get("model"))):
        return
    for name in UNSUPPORTED:
        if body.get(name) not in (None, False):
            message = f"Unsupported parameter: '{name}' is not supported with this model."
            raise Refusal(message, param=name, code="unsupported_parameter")
    for name in ONLY_ONE:
        if body.get(name) not in (None, 1):
            message = f"Unsupported value: '{name}' does not support {body[name]} with this model."
            raise Refusal(message, param=name, code="unsupported_value")


def check_schema(schema: Json, strict: bool, param: str) -> None:
    """Raises Refusal for a schema that OpenAI does not take."""
    schemas.judged(schemas.openai_strict if strict else schemas.openai, schema, param)
