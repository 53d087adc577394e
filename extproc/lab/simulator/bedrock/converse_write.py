"""Writes answers in the format of Converse and ConverseStream."""

from collections.abc import Iterator
from typing import Any

import orjson

from extproc.lab.simulator.dialect import Choice, Event, Json, ToolCall, Turn

FINISHES = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}
SIGNED = "c2lt"
"""What Claude's signatures begin with here, as on every platform: the base64 of `sim`."""
SIGNATURE = f"{SIGNED}IHNpZ25hdHVyZQ=="
"""Stands on every thought."""
PADDING = "abcdefghijklmnopqrstuvwxyz"
"""Bedrock pads its events, so that their size does not tell their text."""


def whole(turn: Turn) -> bytes:
    """The answer as one body."""
    choice = turn.reply.choices[0]
    answer: Json = {
        "metrics": {"latencyMs": 1},
        "output": {"message": {"role": "assistant", "content": list(_content(choice))}},
        "stopReason": _finish(turn, choice),
    }
    if turn.directives.usage != "none":
        answer["usage"] = _usage(turn)
    if tier := turn.asked.body.get("serviceTier"):
        answer["serviceTier"] = tier
    return orjson.dumps(answer | turn.directives.extra)


def _content(choice: Choice) -> Iterator[Json]:
    if choice.reasoning:
        thought = {"text": "".join(choice.reasoning), "signature": SIGNATURE}
        yield {"reasoningContent": {"reasoningText": thought}}
    if choice.pieces:
        yield {"text": "".join(choice.pieces)}
    for call in choice.calls:
        yield {"toolUse": _call(call) | {"input": orjson.loads("".join(call.pieces))}}


def _call(call: ToolCall) -> Json:
    return {"toolUseId": f"tooluse_{call.id}", "name": call.name}


def _finish(turn: Turn, choice: Choice) -> str:
    if turn.directives.finish:
        return turn.directives.finish
    return "content_filtered" if choice.refusal else FINISHES[choice.finish]


def _usage(turn: Turn) -> Json:
    """`inputTokens` is without what the cache gave."""
    usage = turn.reply.usage
    counts = {
        "inputTokens": max(usage.prompt - usage.cached, 0),
        "outputTokens": usage.completion,
        "totalTokens": usage.prompt + usage.completion,
    }
    if usage.cached:
        counts |= {"cacheReadInputTokens": usage.cached, "cacheWriteInputTokens": 0}
    return counts


def events(turn: Turn) -> Iterator[Event]:
    """The answer as a stream: only tools have a start, and the usage comes last."""
    choice = turn.reply.choices[0]
    yield _event("messageStart", {"role": "assistant"})
    for index, block in enumerate(_blocks(choice)):
        yield from _written(index, block)
    yield _event("messageStop", {"stopReason": _finish(turn, choice)}, closing=True)
    metadata: Json = {"metrics": {"latencyMs": 1}}
    if turn.directives.usage != "none":
        metadata["usage"] = _usage(turn)
    yield _event("metadata", metadata | turn.directives.extra)


Block = tuple[Json | None, list[Json]]
"""(start, deltas)."""


def _blocks(choice: Choice) -> Iterator[Block]:
    if choice.reasoning:
        thoughts: list[Json] = [{"text": piece} for piece in choice.reasoning]
        thoughts.append({"signature": SIGNATURE})
        yield None, [{"reasoningContent": thought} for thought in thoughts]
    if choice.pieces:
        yield None, [{"text": piece} for piece in choice.pieces]
    for call in choice.calls:
        yield {"toolUse": _call(call)}, [{"toolUse": {"input": piece}} for piece in call.pieces]


def _written(index: int, block: Block) -> Iterator[Event]:
    start, deltas = block
    place = {"contentBlockIndex": index}
    if start is not None:
        yield _event("contentBlockStart", place | {"start": start})
    for delta in deltas:
        yield _event("contentBlockDelta", place | {"delta": delta})
    yield _event("contentBlockStop", place)


def _event(name: str, payload: dict[str, Any], *, closing: bool = False) -> Event:
    padding = {"p": PADDING[: 3 + len(payload) * 5]}
    return Event(orjson.dumps(payload | padding), name=name, closing=closing)
