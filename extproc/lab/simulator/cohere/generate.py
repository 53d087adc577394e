"""Cohere's Generate API, version 1, under any prefix.

https://docs.cohere.com/v1/reference/generate
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NotRequired

import orjson
from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from extproc.lab.simulator import lines
from extproc.lab.simulator.dialect import (
    Asked,
    Call,
    Choice,
    Dialect,
    Event,
    Json,
    Refusal,
    Turn,
    bearer,
)
from extproc.lab.simulator.directives import Directives
from extproc.lab.simulator.reply import PER_MESSAGE, count

PATH = re.compile(r"(?P<prefix>/.*?)??/v1/generate")
REASONS = {"stop": "COMPLETE", "length": "MAX_TOKENS", "tool_calls": "COMPLETE"}
RANGES = {
    "temperature": (0, 5),
    "p": (0.01, 0.99),
    "k": (0, 500),
    "num_generations": (1, 5),
    "frequency_penalty": (0, 1),
    "presence_penalty": (0, 1),
    "max_tokens": (0, 2**31 - 1),
    "seed": (0, 2**64 - 1),
}


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what Cohere would not take; `strict`: unknown parameters too."""
    try:
        _judge(strict).validate_python(call.body, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise Refusal(f"invalid request: {place}: {first['msg']}") from None
    for name, (low, high) in RANGES.items():
        if name in call.body and not low <= call.body[name] <= high:
            raise Refusal(f"invalid request: {name} must be between {low} and {high} inclusive.")
    for name in ("end_sequences", "stop_sequences"):
        if "" in call.body.get(name, ()):
            raise Refusal(f"invalid request: {name} must not hold empty strings.")


@cache
def _judge(strict: bool) -> TypeAdapter[Any]:
    from cohere.types.generate_request_return_likelihoods import GenerateRequestReturnLikelihoods
    from cohere.types.generate_request_truncate import GenerateRequestTruncate

    class Body(TypedDict):
        prompt: str
        model: NotRequired[str]
        num_generations: NotRequired[int]
        stream: NotRequired[bool]
        max_tokens: NotRequired[int]
        truncate: NotRequired[GenerateRequestTruncate]
        temperature: NotRequired[float]
        seed: NotRequired[int]
        preset: NotRequired[str]
        end_sequences: NotRequired[list[str]]
        stop_sequences: NotRequired[list[str]]
        k: NotRequired[int]
        p: NotRequired[float]
        frequency_penalty: NotRequired[float]
        presence_penalty: NotRequired[float]
        return_likelihoods: NotRequired[GenerateRequestReturnLikelihoods]
        raw_prompting: NotRequired[bool]

    return TypeAdapter(with_config(ConfigDict(extra="forbid" if strict else "ignore"))(Body))


def ask(call: Call) -> Asked:
    """What the body asks."""
    body = call.body
    prompt = str(body.get("prompt") or "")
    return Asked(
        model=str(body.get("model") or "command"),
        text=prompt,
        prompt_tokens=PER_MESSAGE + count(prompt),
        stream=bool(body.get("stream")),
        stop=[*(body.get("end_sequences") or ()), *(body.get("stop_sequences") or ())],
        max_tokens=body.get("max_tokens"),
        n=body.get("num_generations") or 1,
        body=body,
    )


def _meta(turn: Turn) -> Json:
    meta: Json = {"api_version": {"version": "1"}}
    if turn.directives.usage != "none":
        usage = turn.reply.usage
        meta["billed_units"] = {
            "input_tokens": usage.prompt,
            "output_tokens": usage.completion,
        }
    return meta


def _generation(turn: Turn, index: int, choice: Choice) -> Json:
    reason = turn.directives.finish or REASONS[choice.finish]
    told: Json = {
        "id": f"{turn.reply.id}{index}",
        "text": "".join(choice.pieces),
        "finish_reason": reason,
    }
    return told | ({"index": index} if turn.asked.n > 1 else {})


def whole(turn: Turn) -> bytes:
    """The answer as one body."""
    generations = []
    for index, choice in enumerate(turn.reply.choices):
        one = _generation(turn, index, choice)
        if turn.asked.body.get("return_likelihoods") == "GENERATION":
            each = [{"token": piece, "likelihood": -0.25} for piece in choice.pieces]
            one |= {"likelihood": -0.25, "token_likelihoods": each}
        generations.append(one)
    answer = {
        "id": turn.reply.id,
        "generations": generations,
        "prompt": turn.asked.text,
        "meta": _meta(turn),
    }
    return orjson.dumps(answer | turn.directives.extra)


def events(turn: Turn) -> Iterator[Event]:
    """The answer as a stream."""
    for index, choice in enumerate(turn.reply.choices):
        for piece in choice.pieces:
            told: Json = {"is_finished": False, "event_type": "text-generation", "text": piece}
            yield Event(orjson.dumps(told | ({"index": index} if turn.asked.n > 1 else {})))
    pairs = enumerate(turn.reply.choices)
    generations = [_generation(turn, index, choice) for index, choice in pairs]
    end = {
        "is_finished": True,
        "event_type": "stream-end",
        "finish_reason": generations[0]["finish_reason"],
        "response": {
            "id": turn.reply.id,
            "generations": generations,
            "prompt": turn.asked.text,
            "meta": _meta(turn),
        },
    }
    yield Event(orjson.dumps(end))


def error(refusal: Refusal, directives: Directives) -> bytes:
    """An error body."""
    return orjson.dumps({"message": refusal.message})


def stream_error(refusal: Refusal, directives: Directives) -> Event:
    """An error in mid-stream: an event of its own."""
    body = {
        "is_finished": True,
        "event_type": "stream-error",
        "finish_reason": directives.error_type or "ERROR",
        "err": refusal.message,
    }
    return Event(orjson.dumps(body))


DIALECT = Dialect(
    name="cohere.generate",
    path=PATH,
    sdk="cohere",
    check=check,
    ask=ask,
    whole=whole,
    events=events,
    error=error,
    stream_error=stream_error,
    frame=lines.frame,
    stream_content_type="application/stream+json",
    key=bearer,
)
