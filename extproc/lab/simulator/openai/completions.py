"""OpenAI's legacy completions, under any prefix.

https://platform.openai.com/docs/api-reference/completions
"""

import re
from collections.abc import Iterator
from functools import cache

import orjson

from extproc.lab.simulator import sse
from extproc.lab.simulator.dialect import Asked, Call, Choice, Dialect, Event, Json, Refusal, Turn
from extproc.lab.simulator.openai import shared
from extproc.lab.simulator.reply import count
from extproc.lab.simulator.typed import Judge

# Below `/chat`, `/fim` and `/agents` are other formats.
PATH = re.compile(r"(?P<prefix>/.*?)??(?<!/chat)(?<!/fim)(?<!/agents)/completions")
RANGES = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "frequency_penalty": (-2, 2),
    "presence_penalty": (-2, 2),
    "logprobs": (0, 5),
    "n": (1, 128),
}
DEFAULT_MAX_TOKENS = 16


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what OpenAI would not take; `strict`: unknown parameters too."""
    _judge(bool(call.body.get("stream")), strict).check(call.body)
    for name, (low, high) in RANGES.items():
        value = call.body.get(name)
        if value is not None and not low <= value <= high:
            raise Refusal(f"Invalid '{name}': {value} is not in [{low}, {high}].", param=name)


@cache
def _judge(stream: bool, strict: bool) -> Judge:
    from openai.types import completion_create_params as params

    if stream:
        return Judge(params.CompletionCreateParamsStreaming, strict=strict)
    return Judge(params.CompletionCreateParamsNonStreaming, strict=strict)


def ask(call: Call) -> Asked:
    """What the body asks."""
    body = call.body
    prompt = body.get("prompt") or ""
    text = prompt if isinstance(prompt, str) else str(prompt[0])
    stop = body.get("stop") or ()
    limit = body.get("max_tokens")
    return Asked(
        model=str(body.get("model") or ""),
        text=text,
        prompt_tokens=count(text),
        stream=bool(body.get("stream")),
        stop=[stop] if isinstance(stop, str) else stop,
        max_tokens=DEFAULT_MAX_TOKENS if limit is None else limit,
        n=body.get("n") or 1,
        body=body,
    )


def _envelope(turn: Turn) -> Json:
    reply = turn.reply
    return {
        "id": f"cmpl-{reply.id}",
        "object": "text_completion",
        "created": reply.created,
        "model": reply.model,
    }


def _usage(turn: Turn) -> Json:
    usage = turn.reply.usage
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.prompt + usage.completion,
    }


def _choice(turn: Turn, index: int, pieces: list[str], finish: str | None) -> Json:
    likely = None
    if turn.asked.body.get("logprobs") is not None:
        likely = {
            "tokens": pieces,
            "token_logprobs": [-0.25] * len(pieces),
            "top_logprobs": [{piece: -0.25} for piece in pieces],
            "text_offset": [0] * len(pieces),
        }
    text = "".join(pieces)
    return {"text": text, "index": index, "logprobs": likely, "finish_reason": finish}


def _reason(turn: Turn, choice: Choice) -> str:
    return turn.directives.finish or choice.finish


def whole(turn: Turn) -> bytes:
    """The answer as one body."""
    answer = _envelope(turn)
    answer["choices"] = [
        _choice(turn, index, choice.pieces, _reason(turn, choice))
        for index, choice in enumerate(turn.reply.choices)
    ]
    if turn.directives.usage != "none":
        answer["usage"] = _usage(turn)
    return orjson.dumps(answer | turn.directives.extra)


def events(turn: Turn) -> Iterator[Event]:
    """The answer as a stream."""
    head = _envelope(turn) | turn.directives.extra
    for index, choice in enumerate(turn.reply.choices):
        for piece in choice.pieces:
            yield Event(orjson.dumps(head | {"choices": [_choice(turn, index, [piece], None)]}))
        end = _choice(turn, index, [], _reason(turn, choice))
        yield Event(orjson.dumps(head | {"choices": [end]}))
    if (turn.asked.body.get("stream_options") or {}).get("include_usage"):
        yield Event(orjson.dumps(head | {"choices": [], "usage": _usage(turn)}))
    yield Event(b"[DONE]", closing=True)


DIALECT = Dialect(
    name="openai.completions",
    path=PATH,
    sdk="openai",
    check=check,
    ask=ask,
    whole=whole,
    events=events,
    error=shared.error,
    stream_error=shared.stream_error,
    frame=sse.frame,
    key=shared.key,
)
