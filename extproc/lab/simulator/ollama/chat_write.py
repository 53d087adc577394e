"""Writes answers in the format of Ollama's chat API.

https://docs.ollama.com/api/chat
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from zlib import crc32

import orjson

from extproc.lab.simulator.dialect import Choice, Event, Json, ToolCall, Turn

REASONS = {"stop": "stop", "length": "length", "tool_calls": "stop"}
MILLISECOND, SECOND = 1_000_000, 1_000_000_000


def whole(turn: Turn) -> bytes:
    """The answer as one body."""
    choice = turn.reply.choices[0]
    message: Json = {"role": "assistant", "content": "".join(choice.pieces)}
    if thoughts(turn):
        message["thinking"] = "".join(choice.reasoning)
    if choice.calls:
        message["tool_calls"] = [_call(call, at) for at, call in enumerate(choice.calls)]
    answer = head(turn) | {"message": message} | logprobs(turn, choice.pieces) | end(turn)
    return orjson.dumps(answer | turn.directives.extra)


def head(turn: Turn) -> Json:
    """The beginning of every line: no two answers have the same nanosecond."""
    moment = datetime.fromtimestamp(turn.reply.created, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = crc32(turn.reply.id.encode()) % SECOND
    return {"model": turn.reply.model, "created_at": f"{moment}.{fraction:09}Z"}


def thoughts(turn: Turn) -> list[str]:
    """What is thought, unless the client wants none of it."""
    return [] if turn.asked.body.get("think") is False else turn.reply.choices[0].reasoning


def _call(call: ToolCall, index: int) -> Json:
    arguments = orjson.loads("".join(call.pieces))
    return {"function": {"index": index, "name": call.name, "arguments": arguments}}


def logprobs(turn: Turn, pieces: Sequence[str]) -> Json:
    """The member that holds them, where they are asked for."""
    if not turn.asked.body.get("logprobs") or not pieces:
        return {}
    top = turn.asked.body.get("top_logprobs") or 0
    return {"logprobs": [_logprob(piece) | _likely(piece, top) for piece in pieces]}


def _logprob(token: str, rank: int = 0) -> Json:
    return {"token": token, "logprob": -0.25 - rank, "bytes": list(token.encode())}


def _likely(token: str, top: int) -> Json:
    if not top:
        return {}
    likely = [_logprob(token if rank == 0 else f"{token}{rank}", rank) for rank in range(top)]
    return {"top_logprobs": likely}


def end(turn: Turn) -> Json:
    """What the last line says beside its words."""
    choice: Choice = turn.reply.choices[0]
    reason = turn.directives.finish or REASONS[choice.finish]
    last: Json = {"done": True, "done_reason": reason, "total_duration": 3 * MILLISECOND}
    if turn.directives.usage == "none":
        return last
    usage = turn.reply.usage
    return last | {
        "load_duration": MILLISECOND,
        "prompt_eval_count": usage.prompt,
        "prompt_eval_duration": MILLISECOND,
        "eval_count": usage.completion,
        "eval_duration": MILLISECOND,
    }


def events(turn: Turn) -> Iterator[Event]:
    """The answer as a stream."""
    choice = turn.reply.choices[0]
    for thought in thoughts(turn):
        yield _line(turn, {"content": "", "thinking": thought})
    for piece in choice.pieces:
        yield _line(turn, {"content": piece}, logprobs(turn, [piece]))
    for index, call in enumerate(choice.calls):
        yield _line(turn, {"content": "", "tool_calls": [_call(call, index)]})
    yield _line(turn, {"content": ""}, end(turn))


def _line(turn: Turn, said: Json, more: Json | None = None) -> Event:
    message = {"role": "assistant", **said}
    line = head(turn) | {"message": message, "done": False} | (more or {})
    return Event(orjson.dumps(line | turn.directives.extra))
