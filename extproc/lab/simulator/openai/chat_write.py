"""Writes answers in the format of OpenAI's chat completions.

https://platform.openai.com/docs/api-reference/chat/object
https://platform.openai.com/docs/api-reference/chat-streaming
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from itertools import accumulate, zip_longest
from typing import Any

import msgspec
import orjson

from extproc.lab.simulator.dialect import Choice, Event, Json, Reply, ToolCall, Turn, Usage

FINGERPRINT = "fp_sim"
AUDIO = b64encode(b"sim audio").decode()
AUDIO_EXPIRES = 3600
DONE = Event(b"[DONE]", closing=True)


class _Part(msgspec.Struct, frozen=True):
    """One delta of one choice, and the tokens that it is worth."""

    index: int
    delta: Json
    tokens: int = 1
    finish: str | None = None
    logprobs: Json | None = None


def whole(turn: Turn) -> bytes:
    """The answer as one body."""
    answer = _envelope(turn, "chat.completion")
    answer["choices"] = [_choice(turn, index) for index in range(len(turn.reply.choices))]
    if turn.directives.usage != "none":
        answer["usage"] = _usage(turn.reply.usage)
    return orjson.dumps(answer | turn.directives.extra)


def events(turn: Turn) -> Iterator[Event]:
    """The answer as a stream."""
    mode = _usage_mode(turn)
    usage = turn.reply.usage
    parts = list(_parts(turn))
    counted = accumulate(part.tokens for part in parts)
    for at, (part, tokens) in enumerate(zip(parts, counted, strict=True)):
        chunk = _chunk(turn, part)
        last = at == len(parts) - 1
        if mode == "each":
            so_far = msgspec.structs.replace(usage, completion=min(tokens, usage.completion))
            chunk["usage"] = _usage(usage if last else so_far)
        elif mode == "last" and last:
            chunk["usage"] = _usage(usage)
        elif mode == "own":
            # Every other chunk has a null when the client asked for usage.
            chunk["usage"] = None
        yield Event(orjson.dumps(chunk | turn.directives.extra))
    if mode == "own":
        final = _envelope(turn, "chat.completion.chunk")
        final |= {"choices": [], "usage": _usage(usage)}
        yield Event(orjson.dumps(final | turn.directives.extra))
    yield DONE


def _usage_mode(turn: Turn) -> str:
    """`own`: in a chunk of its own, as OpenAI does when asked."""
    match turn.directives.usage:
        case "asked":
            options = turn.asked.body.get("stream_options") or {}
            return "own" if options.get("include_usage") else "none"
        case "always":
            return "own"
        case mode:
            return mode


def _envelope(turn: Turn, kind: str) -> Json:
    reply: Reply = turn.reply
    tier = turn.asked.body.get("service_tier") or "default"
    return {
        "id": f"chatcmpl-{reply.id}",
        "object": kind,
        "created": reply.created,
        "model": reply.model,
        "service_tier": "default" if tier == "auto" else tier,
        "system_fingerprint": FINGERPRINT,
    }


def _usage(usage: Usage) -> Json:
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.prompt + usage.completion,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": usage.audio,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _choice(turn: Turn, index: int) -> Json:
    choice = turn.reply.choices[index]
    return {
        "index": index,
        "message": _message(turn, choice),
        "logprobs": _logprobs(turn, choice.pieces, refusal=choice.refusal),
        "finish_reason": turn.directives.finish or choice.finish,
    }


def _message(turn: Turn, choice: Choice) -> Json:
    text = "".join(choice.pieces)
    message: Json = {
        "role": "assistant",
        "content": None if choice.refusal or choice.calls else text,
        "refusal": text if choice.refusal else None,
        "annotations": [],
    }
    if choice.reasoning and turn.directives.reasoning_field:
        message[turn.directives.reasoning_field] = "".join(choice.reasoning)
    if choice.calls:
        message["tool_calls"] = [
            _call(call) | {"function": {"name": call.name, "arguments": "".join(call.pieces)}}
            for call in choice.calls
        ]
    elif _speaks(turn):
        message |= {"content": None, "audio": _audio(turn) | {"transcript": text}}
    return message


def _call(call: ToolCall) -> Json:
    return {"id": f"call_{call.id}", "type": "function"}


def _speaks(turn: Turn) -> bool:
    return "audio" in (turn.asked.body.get("modalities") or ())


def _audio(turn: Turn) -> Json:
    return {
        "id": f"audio_{turn.reply.id}",
        "data": AUDIO,
        "expires_at": turn.reply.created + AUDIO_EXPIRES,
    }


def _logprobs(turn: Turn, pieces: Sequence[str], *, refusal: bool) -> Json | None:
    if not turn.asked.body.get("logprobs"):
        return None
    top = turn.asked.body.get("top_logprobs") or 0
    tokens = [_logprob(piece) | {"top_logprobs": _likely(piece, top)} for piece in pieces]
    return {"content": None, "refusal": tokens} if refusal else {"content": tokens, "refusal": None}


def _logprob(token: str, rank: int = 0) -> Json:
    return {"token": token, "logprob": -0.25 - rank, "bytes": list(token.encode())}


def _likely(token: str, top: int) -> list[Json]:
    return [_logprob(token if rank == 0 else f"{token}{rank}", rank) for rank in range(top)]


def _parts(turn: Turn) -> Iterator[_Part]:
    for index, choice in enumerate(turn.reply.choices):
        yield _Part(index, {"role": "assistant", "content": "", "refusal": None}, tokens=0)
        yield from _thoughts(turn, index, choice)
        if choice.calls:
            yield from _call_parts(index, choice.calls, turn.directives.interleaved)
        elif _speaks(turn) and not choice.refusal:
            yield from _audio_parts(turn, index, choice)
        else:
            yield from _text_parts(turn, index, choice)
    for index, choice in enumerate(turn.reply.choices):
        finish = turn.directives.finish or choice.finish
        yield _Part(index, {}, tokens=0, finish=finish)


def _thoughts(turn: Turn, index: int, choice: Choice) -> Iterator[_Part]:
    if field := turn.directives.reasoning_field:
        for piece in choice.reasoning:
            yield _Part(index, {field: piece})


def _text_parts(turn: Turn, index: int, choice: Choice) -> Iterator[_Part]:
    field = "refusal" if choice.refusal else "content"
    for piece in choice.pieces:
        likely = _logprobs(turn, [piece], refusal=choice.refusal)
        yield _Part(index, {field: piece}, logprobs=likely)


def _audio_parts(turn: Turn, index: int, choice: Choice) -> Iterator[_Part]:
    audio = _audio(turn)
    for piece in choice.pieces:
        yield _Part(index, {"audio": {"id": audio["id"], "transcript": piece}})
    yield _Part(index, {"audio": {"data": audio["data"]}}, tokens=0)
    yield _Part(index, {"audio": {"expires_at": audio["expires_at"]}}, tokens=0)


def _call_parts(index: int, calls: Sequence[ToolCall], interleaved: bool) -> Iterator[_Part]:
    told = [[*_pieces_of(index, at, call)] for at, call in enumerate(calls)]
    if interleaved:
        told = [[part for part in row if part is not None] for row in zip_longest(*told)]
    for row in told:
        yield from row


def _pieces_of(index: int, at: int, call: ToolCall) -> Iterator[_Part]:
    opening: Json = {"index": at} | _call(call)
    opening["function"] = {"name": call.name, "arguments": ""}
    yield _Part(index, {"tool_calls": [opening]}, tokens=0)
    for piece in call.pieces:
        yield _Part(index, {"tool_calls": [{"index": at, "function": {"arguments": piece}}]})


def _chunk(turn: Turn, part: _Part) -> Json:
    chunk: dict[str, Any] = _envelope(turn, "chat.completion.chunk")
    chunk["choices"] = [
        {
            "index": part.index,
            "delta": part.delta,
            "logprobs": part.logprobs,
            "finish_reason": part.finish,
        }
    ]
    return chunk
