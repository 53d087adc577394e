"""Writes answers in the format of Google's generateContent.

https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse
"""

import base64
from collections.abc import Iterator
from typing import Any

import orjson

from extproc.lab.simulator import pictures, searches
from extproc.lab.simulator.dialect import Choice, Event, Json, ToolCall, Turn, Usage

SIGNED = "c2lt"
"""What the simulator's signatures begin with: the base64 of `sim`."""

REASONS = {"stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP"}


SAMPLES = base64.b64encode(bytes(range(100))).decode()
"""What every voice sounds like."""


def _wants(turn: Turn) -> Any:
    """Kinds of parts that the model shall answer with."""
    return (turn.asked.body.get("generationConfig") or {}).get("responseModalities")


def whole(turn: Turn) -> bytes:
    """The answer as one body; of a count the count."""
    if turn.asked.body.get("count"):
        return orjson.dumps({"totalTokens": turn.reply.usage.prompt} | turn.directives.extra)
    if _wants(turn) == ["AUDIO"]:
        part = {"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": SAMPLES}}
        spoken = [_candidate(turn, 0, [part]) | {"finishReason": "STOP"}]
        return orjson.dumps(_chunk(turn, spoken, turn.reply.usage))
    candidates = [
        _candidate(turn, index, _parts(turn, choice)) | _last(turn, choice)
        for index, choice in enumerate(turn.reply.choices)
    ]
    return orjson.dumps(_chunk(turn, candidates, turn.reply.usage))


def events(turn: Turn) -> Iterator[Event]:
    """The answer as a stream; every chunk says what was used so far."""
    for index, choice in enumerate(turn.reply.choices):
        for spoken, part in enumerate(_pieces(turn, choice), 1):
            usage = _so_far(turn.reply.usage, spoken)
            yield Event(orjson.dumps(_chunk(turn, [_candidate(turn, index, [part])], usage)))
        last = _candidate(turn, index, [{"text": ""}]) | _last(turn, choice)
        yield Event(orjson.dumps(_chunk(turn, [last], turn.reply.usage)))


def _so_far(usage: Usage, spoken: int) -> Usage:
    return Usage(prompt=usage.prompt, completion=min(spoken, usage.completion), cached=usage.cached)


def _chunk(turn: Turn, candidates: list[Json], usage: Usage) -> Json:
    chunk: Json = {"candidates": candidates}
    if turn.directives.usage != "none":
        chunk["usageMetadata"] = _usage(usage)
    named = {"modelVersion": turn.reply.model, "responseId": f"sim-{turn.reply.id}"}
    return chunk | named | turn.directives.extra


def _candidate(turn: Turn, index: int, parts: list[Json]) -> Json:
    candidate: Json = {"content": {"parts": parts, "role": "model"}}
    # Vertex AI leaves out what has its default value.
    unsaid = turn.asked.body.get("vertex") and not index
    return candidate if unsaid else candidate | {"index": index}


def _last(turn: Turn, choice: Choice) -> Json:
    """What a candidate says at its end."""
    reason: Json = {"finishReason": _reason(turn, choice)}
    queries = searches.made(turn)
    if not queries:
        return reason
    text = "".join(choice.pieces)
    segment = {"endIndex": len(text.encode()), "text": text}
    grounding = {
        "webSearchQueries": queries,
        "groundingChunks": [{"web": {"uri": searches.URL, "title": searches.TITLE}}],
        "groundingSupports": [{"segment": segment, "groundingChunkIndices": [0]}],
    }
    return reason | {"groundingMetadata": grounding}


def _reason(turn: Turn, choice: Choice) -> str:
    reason = "SAFETY" if choice.refusal else REASONS[choice.finish]
    return turn.directives.finish or reason


def _usage(usage: Usage) -> Json:
    shown = max(usage.completion - usage.reasoning, 0)
    said: Json = {
        "promptTokenCount": usage.prompt,
        "candidatesTokenCount": shown,
        "totalTokenCount": usage.prompt + usage.completion,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": usage.prompt}],
    }
    optional = {
        "cachedContentTokenCount": usage.cached,
        "thoughtsTokenCount": usage.reasoning,
    }
    return said | {name: value for name, value in optional.items() if value}


def _parts(turn: Turn, choice: Choice) -> list[Json]:
    config = turn.asked.body.get("generationConfig") or {}
    if "IMAGE" in config.get("responseModalities", ()):
        if choice.refusal:
            return []
        return [{"inlineData": {"mimeType": _media_type(config), "data": pictures.PNG}}]
    parts = []
    if choice.reasoning and _shows(turn):
        parts.append({"text": "".join(choice.reasoning), "thought": True})
    if choice.pieces:
        text: Json = {"text": "".join(choice.pieces)}
        parts.append(text | (_signature(turn) if choice.reasoning else {}))
    return [*parts, *_calls(turn, choice)]


def _media_type(config: Json) -> str:
    """As it is asked for, whatever the bytes are."""
    options = config.get("imageConfig", {}).get("imageOutputOptions", {})
    return str(options.get("mimeType", "image/png"))


def _pieces(turn: Turn, choice: Choice) -> Iterator[Json]:
    if _shows(turn):
        yield from ({"text": thought, "thought": True} for thought in choice.reasoning)
    yield from ({"text": piece} for piece in choice.pieces)
    if choice.pieces and choice.reasoning:
        yield {"text": "", **_signature(turn)}
    yield from _calls(turn, choice)


def _shows(turn: Turn) -> bool:
    thinking = (turn.asked.body.get("generationConfig") or {}).get("thinkingConfig") or {}
    return bool(thinking.get("includeThoughts"))


def _calls(turn: Turn, choice: Choice) -> Iterator[Json]:
    """Only the first of several calls is signed; models before Gemini 3 give no ids."""
    for number, call in enumerate(choice.calls):
        named: dict[str, Any] = {"name": call.name, "args": _arguments(call)}
        if turn.asked.model.startswith("gemini-3"):
            named["id"] = call.id
        yield {"functionCall": named, **({} if number else _signature(turn))}


def _arguments(call: ToolCall) -> Any:
    return orjson.loads("".join(call.pieces))


def _signature(turn: Turn) -> Json:
    return {"thoughtSignature": base64.b64encode(f"sim{turn.reply.id}".encode()).decode()}
