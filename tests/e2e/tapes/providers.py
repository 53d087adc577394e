"""One answer of each provider's dialect: whole, as a stream, and a stream's error.

Every answer uses 120 tokens of prompt, 100 of them read from a cache, and 50 of answer.
"""

from typing import Any

import msgspec
import orjson

from providers.usage import Usage
from providers.wire import aws_event_stream

PIECE = "These are words. "
PIECES = 12
TEXT = PIECE * PIECES
MODEL = "served-model-2026"
BROKE = "the model broke"


class Tape(msgspec.Struct, frozen=True, kw_only=True):
    """What one provider says."""

    whole: bytes
    opening: tuple[bytes, ...]
    """Before any word of a stream."""
    words: tuple[bytes, ...]
    closing: tuple[bytes, ...]
    """After the words: why it stopped, and what was used."""
    failing: bytes
    """Instead of `closing`: an error event that says `BROKE`."""
    used: Usage
    content_type: str = "text/event-stream"
    early: int = 0
    """Tokens of prompt that the provider has said before its first words."""
    names_model: bool = True


def data(*events: Any) -> tuple[bytes, ...]:
    return tuple(b"data: " + orjson.dumps(event) + b"\n\n" for event in events)


def named(*events: dict[str, Any]) -> tuple[bytes, ...]:
    return tuple(
        b"event: " + event["type"].encode() + b"\ndata: " + orjson.dumps(event) + b"\n\n"
        for event in events
    )


def _openai_chat() -> Tape:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": MODEL}
    usage = {
        "prompt_tokens": 120,
        "completion_tokens": 50,
        "total_tokens": 170,
        "prompt_tokens_details": {"cached_tokens": 100, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 20, "audio_tokens": 0},
    }

    def chunk(delta: Any, finish: str | None = None) -> Any:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return {**head, "choices": [choice], "usage": None}

    message = {"role": "assistant", "content": TEXT, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    error = {"message": BROKE, "type": "server_error", "param": None, "code": None}
    return Tape(
        whole=orjson.dumps(
            {**head, "object": "chat.completion", "choices": [choice], "usage": usage}
        ),
        opening=data(chunk({"role": "assistant", "content": "", "refusal": None})),
        words=data(*[chunk({"content": PIECE})] * PIECES),
        closing=(
            *data(chunk({}, "stop"), {**head, "choices": [], "usage": usage}),
            b"data: [DONE]\n\n",
        ),
        failing=data({"error": error})[0],
        used=Usage(input=120, output=50, cache_read=100, reasoning=20),
    )


def _openai_responses() -> Tape:
    usage = {
        "input_tokens": 120,
        "input_tokens_details": {"cached_tokens": 100},
        "output_tokens": 50,
        "output_tokens_details": {"reasoning_tokens": 20},
        "total_tokens": 170,
    }

    def response(status: str, output: list[Any], **more: Any) -> Any:
        return {
            "id": "resp_1",
            "object": "response",
            "created_at": 1,
            "status": status,
            "error": None,
            "incomplete_details": None,
            "model": MODEL,
            "output": output,
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "usage": None,
            **more,
        }

    def item(status: str, text: str = "") -> Any:
        part = {"type": "output_text", "text": text, "annotations": []}
        content = [part] if text else []
        return {
            "id": "msg_1",
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": content,
        }

    at = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    done = item("completed", TEXT)
    part = {"type": "output_text", "text": "", "annotations": []}
    events = [
        {"type": "response.created", "response": response("in_progress", [])},
        {"type": "response.in_progress", "response": response("in_progress", [])},
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": item("in_progress"),
        },
        {"type": "response.content_part.added", **at, "part": part},
        *[{"type": "response.output_text.delta", **at, "delta": PIECE}] * PIECES,
        {"type": "response.output_text.done", **at, "text": TEXT},
        {"type": "response.content_part.done", **at, "part": {**part, "text": TEXT}},
        {"type": "response.output_item.done", "output_index": 0, "item": done},
        {"type": "response.completed", "response": response("completed", [done], usage=usage)},
    ]
    error = {"code": "server_error", "message": BROKE}
    lines = named(*[{**event, "sequence_number": n} for n, event in enumerate(events)])
    return Tape(
        whole=orjson.dumps(response("completed", [done], usage=usage)),
        opening=lines[:4],
        words=lines[4:-4],
        closing=lines[-4:],
        failing=named(
            {
                "type": "response.failed",
                "response": response("failed", [], error=error),
                "sequence_number": 99,
            }
        )[0],
        used=Usage(input=120, output=50, cache_read=100, reasoning=20),
    )


def _anthropic() -> Tape:
    usage = {
        "input_tokens": 12,
        "cache_creation_input_tokens": 8,
        "cache_read_input_tokens": 100,
        "output_tokens": 50,
        "service_tier": "standard",
    }
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {**usage, "output_tokens": 1},
    }
    delta = {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "text_delta", "text": PIECE},
    }
    block = {"type": "text", "text": ""}
    whole = {
        **message,
        "content": [{"type": "text", "text": TEXT}],
        "stop_reason": "end_turn",
        "usage": usage,
    }
    return Tape(
        whole=orjson.dumps(whole),
        opening=named(
            {"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0, "content_block": block},
            {"type": "ping"},
        ),
        words=named(*[delta] * PIECES),
        closing=named(
            {"type": "content_block_stop", "index": 0},
            {
                "type": "message_delta",
                "delta": {"stop_reason": "end_turn", "stop_sequence": None},
                "usage": {"output_tokens": 50},
            },
            {"type": "message_stop"},
        ),
        failing=named({"type": "error", "error": {"type": "api_error", "message": BROKE}})[0],
        used=Usage(input=120, output=50, cache_read=100, cache_write=8),
        early=120,
    )


def _gemini() -> Tape:
    usage = {
        "promptTokenCount": 120,
        "cachedContentTokenCount": 100,
        "candidatesTokenCount": 30,
        "thoughtsTokenCount": 20,
        "totalTokenCount": 170,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 120}],
    }

    def chunk(text: str, usage: Any, **more: Any) -> Any:
        content = {"parts": [{"text": text}], "role": "model"}
        return {
            "candidates": [{"content": content, "index": 0, **more}],
            "usageMetadata": usage,
            "modelVersion": MODEL,
            "responseId": "r1",
        }

    early = {"promptTokenCount": 120, "cachedContentTokenCount": 100, "totalTokenCount": 120}
    error = {"code": 500, "message": BROKE, "status": "INTERNAL"}
    return Tape(
        whole=orjson.dumps(chunk(TEXT, usage, finishReason="STOP")),
        opening=(),
        words=data(*[chunk(PIECE, early)] * (PIECES - 1)),
        closing=data(chunk(PIECE, usage, finishReason="STOP")),
        failing=data({"error": error})[0],
        used=Usage(input=120, output=50, cache_read=100, reasoning=20),
        early=120,
    )


def _bedrock() -> Tape:
    usage = {
        "inputTokens": 12,
        "outputTokens": 50,
        "totalTokens": 170,
        "cacheReadInputTokens": 100,
        "cacheWriteInputTokens": 8,
    }

    def event(kind: str, payload: Any) -> bytes:
        headers = {
            ":event-type": kind,
            ":content-type": "application/json",
            ":message-type": "event",
        }
        return aws_event_stream.encode(headers, orjson.dumps({**payload, "p": "abcdefgh"}))

    words = event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": PIECE}})
    failure = {
        ":exception-type": "modelStreamErrorException",
        ":content-type": "application/json",
        ":message-type": "exception",
    }
    message = {"role": "assistant", "content": [{"text": TEXT}]}
    whole = {
        "output": {"message": message},
        "stopReason": "end_turn",
        "usage": usage,
        "metrics": {"latencyMs": 7},
    }
    return Tape(
        whole=orjson.dumps(whole),
        opening=(event("messageStart", {"role": "assistant"}),),
        words=(words,) * PIECES,
        closing=(
            event("contentBlockStop", {"contentBlockIndex": 0}),
            event("messageStop", {"stopReason": "end_turn"}),
            event("metadata", {"usage": usage, "metrics": {"latencyMs": 7}}),
        ),
        failing=aws_event_stream.encode(failure, orjson.dumps({"message": BROKE})),
        used=Usage(input=120, output=50, cache_read=100, cache_write=8),
        content_type="application/vnd.amazon.eventstream",
        names_model=False,
    )


def _cohere() -> Tape:
    usage = {
        "billed_units": {"input_tokens": 20, "output_tokens": 50},
        "tokens": {"input_tokens": 120, "output_tokens": 50},
        "cached_tokens": 100,
    }
    content = {"type": "text", "text": TEXT}
    whole = {
        "id": "c1",
        "finish_reason": "COMPLETE",
        "message": {"role": "assistant", "content": [content]},
        "usage": usage,
    }
    start = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": []}
    delta = {"message": {"content": {"text": PIECE}}}
    failed = {"finish_reason": "ERROR", "error": BROKE}
    return Tape(
        whole=orjson.dumps(whole),
        opening=named(
            {"type": "message-start", "id": "c1", "delta": {"message": start}},
            {
                "type": "content-start",
                "index": 0,
                "delta": {"message": {"content": {"type": "text", "text": ""}}},
            },
        ),
        words=named(*[{"type": "content-delta", "index": 0, "delta": delta}] * PIECES),
        closing=named(
            {"type": "content-end", "index": 0},
            {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": usage}},
        ),
        failing=named({"type": "message-end", "delta": failed})[0],
        used=Usage(input=120, output=50, cache_read=100),
        names_model=False,
    )


def _ollama() -> Tape:
    def line(text: str, **more: Any) -> Any:
        message = {"role": "assistant", "content": text}
        return {
            "model": MODEL,
            "created_at": "2026-01-01T00:00:00.1Z",
            "message": message,
            "done": False,
            **more,
        }

    last = {
        "done": True,
        "done_reason": "stop",
        "total_duration": 9,
        "load_duration": 1,
        "prompt_eval_count": 120,
        "prompt_eval_duration": 2,
        "eval_count": 50,
        "eval_duration": 3,
    }
    return Tape(
        whole=orjson.dumps(line(TEXT, **last)),
        opening=(),
        words=(orjson.dumps(line(PIECE)) + b"\n",) * PIECES,
        closing=(orjson.dumps(line("", **last)) + b"\n",),
        failing=orjson.dumps({"error": BROKE}) + b"\n",
        used=Usage(input=120, output=50),
        content_type="application/x-ndjson",
    )


TAPES = {
    "anthropic.messages": _anthropic(),
    "bedrock.converse": _bedrock(),
    "cohere.chat": _cohere(),
    "gemini.generate_content": _gemini(),
    "ollama.chat": _ollama(),
    "openai.chat": _openai_chat(),
    "openai.responses": _openai_responses(),
}
