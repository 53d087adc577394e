"""What a client of each dialect sends, and the usage that it reads, without any SDK."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import orjson
from botocore.eventstream import EventStreamBuffer

ASKED = "Tell me a long story about a gateway."


class Read(msgspec.Struct, frozen=True):
    """What a client makes of an answer."""

    text: str
    input: int
    output: int
    error: str = ""


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """One dialect's client."""

    paths: tuple[str, str]
    """For whole answers and for streams; `{model}` where the model stands in it."""
    body: dict[str, Any]
    stream: dict[str, Any]
    """More of the body, where a stream is asked for."""
    whole: Callable[[Any], Read]
    streamed: Callable[[bytes], Read]

    def request(self, model: str, stream: bool) -> tuple[str, bytes]:
        """Path and body."""
        path = self.paths[stream]
        body = {**self.body, **(self.stream if stream else {})}
        if "{model}" not in path:
            body["model"] = model
        return path.replace("{model}", model), orjson.dumps(body)


def sse(raw: bytes) -> Iterator[Any]:
    for line in raw.split(b"\n"):
        if line.startswith(b"data: ") and line != b"data: [DONE]":
            yield orjson.loads(line[6:])


def _usage(usage: Any, input: str, output: str) -> tuple[int, int]:
    usage = usage or {}
    return usage.get(input) or 0, usage.get(output) or 0


def _chat(body: Any) -> Read:
    used = _usage(body.get("usage"), "prompt_tokens", "completion_tokens")
    return Read(body["choices"][0]["message"]["content"], *used)


def _chat_stream(raw: bytes) -> Read:
    text, used, error = "", (0, 0), ""
    for event in sse(raw):
        if "error" in event:
            error = event["error"]["message"]
            continue
        text += "".join(c["delta"].get("content") or "" for c in event["choices"])
        used = _usage(event.get("usage"), "prompt_tokens", "completion_tokens")
    return Read(text, *used, error)


def _responses(body: Any) -> Read:
    text = "".join(p["text"] for item in body["output"] for p in item.get("content", ()))
    error = (body.get("error") or {}).get("message", "")
    return Read(text, *_usage(body.get("usage"), "input_tokens", "output_tokens"), error)


def _responses_stream(raw: bytes) -> Read:
    last, error = None, ""
    text = ""
    for event in sse(raw):
        if event["type"] == "response.output_text.delta":
            text += event["delta"]
        if event["type"] == "error":
            error = event["message"]
        last = event.get("response", last)
    read = _responses(last)
    return Read(text, read.input, read.output, error or read.error)


CACHES = ("cache_read_input_tokens", "cache_creation_input_tokens")


def _claude_usage(usage: Any) -> tuple[int, int]:
    read = sum(usage.get(name) or 0 for name in ("input_tokens", *CACHES))
    return read, usage.get("output_tokens") or 0


def _messages(body: Any) -> Read:
    text = "".join(block["text"] for block in body["content"])
    return Read(text, *_claude_usage(body["usage"]))


def _messages_stream(raw: bytes) -> Read:
    text, usage, error = "", {}, ""
    for event in sse(raw):
        match event["type"]:
            case "message_start":
                usage = dict(event["message"]["usage"])
            case "content_block_delta":
                text += event["delta"].get("text", "")
            case "message_delta":
                usage |= {k: v for k, v in event["usage"].items() if v is not None}
            case "error":
                error = event["error"]["message"]
    return Read(text, *_claude_usage(usage), error)


def _gemini(body: Any) -> Read:
    if "error" in body:
        return Read("", 0, 0, body["error"]["message"])
    parts = [p for c in body.get("candidates", ()) for p in c.get("content", {}).get("parts", ())]
    usage = body.get("usageMetadata", {})
    output = (usage.get("candidatesTokenCount") or 0) + (usage.get("thoughtsTokenCount") or 0)
    text = "".join(part.get("text", "") for part in parts)
    return Read(text, usage.get("promptTokenCount") or 0, output)


def _gemini_stream(raw: bytes) -> Read:
    reads = [_gemini(event) for event in sse(raw.replace(b"\r", b""))]
    error = next((read.error for read in reads if read.error), "")
    return Read("".join(read.text for read in reads), reads[-1].input, reads[-1].output, error)


def _converse_usage(usage: Any) -> tuple[int, int]:
    names = ("inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens")
    return sum(usage.get(name) or 0 for name in names), usage.get("outputTokens") or 0


def _converse(body: Any) -> Read:
    text = "".join(block["text"] for block in body["output"]["message"]["content"])
    return Read(text, *_converse_usage(body["usage"]))


def _converse_stream(raw: bytes) -> Read:
    buffer = EventStreamBuffer()
    buffer.add_data(raw)
    text, used, error = "", (0, 0), ""
    for event in buffer:
        payload = orjson.loads(event.payload)
        if event.headers[":message-type"] != "event":
            error = payload["message"]
        elif event.headers[":event-type"] == "contentBlockDelta":
            text += payload["delta"].get("text", "")
        elif event.headers[":event-type"] == "metadata":
            used = _converse_usage(payload["usage"])
    return Read(text, *used, error)


def _cohere(body: Any) -> Read:
    text = "".join(block["text"] for block in body["message"]["content"])
    return Read(text, *_usage(body["usage"]["tokens"], "input_tokens", "output_tokens"))


def _cohere_stream(raw: bytes) -> Read:
    text, used, error = "", (0, 0), ""
    for event in sse(raw):
        delta = event.get("delta", {})
        if event["type"] == "content-delta":
            text += delta["message"]["content"].get("text", "")
        elif event["type"] == "message-end":
            tokens = (delta.get("usage") or {}).get("tokens")
            used = _usage(tokens, "input_tokens", "output_tokens")
            error = delta.get("error") or ""
    return Read(text, *used, error)


def _ollama(body: Any) -> Read:
    if "error" in body:
        return Read("", 0, 0, body["error"])
    return Read(body["message"]["content"], *_usage(body, "prompt_eval_count", "eval_count"))


def _ollama_stream(raw: bytes) -> Read:
    reads = [_ollama(orjson.loads(line)) for line in raw.split(b"\n") if line]
    error = next((read.error for read in reads if read.error), "")
    return Read("".join(read.text for read in reads), reads[-1].input, reads[-1].output, error)


USER = [{"role": "user", "content": ASKED}]
STREAM = {"stream": True}

CLIENTS = {
    "anthropic.messages": Client(
        paths=("/v1/messages",) * 2,
        body={"max_tokens": 900, "messages": USER},
        stream=STREAM,
        whole=_messages,
        streamed=_messages_stream,
    ),
    "bedrock.converse": Client(
        paths=("/model/{model}/converse", "/model/{model}/converse-stream"),
        body={"messages": [{"role": "user", "content": [{"text": ASKED}]}]},
        stream={},
        whole=_converse,
        streamed=_converse_stream,
    ),
    "cohere.chat": Client(
        paths=("/v2/chat",) * 2,
        body={"messages": USER},
        stream=STREAM,
        whole=_cohere,
        streamed=_cohere_stream,
    ),
    "gemini.generate_content": Client(
        paths=(
            "/v1beta/models/{model}:generateContent",
            "/v1beta/models/{model}:streamGenerateContent?alt=sse&key=clients-own",
        ),
        body={"contents": [{"role": "user", "parts": [{"text": ASKED}]}]},
        stream={},
        whole=_gemini,
        streamed=_gemini_stream,
    ),
    "ollama.chat": Client(
        paths=("/api/chat",) * 2,
        body={"messages": USER, "stream": False},
        stream=STREAM,
        whole=_ollama,
        streamed=_ollama_stream,
    ),
    "openai.chat": Client(
        paths=("/v1/chat/completions",) * 2,
        body={"messages": USER},
        stream={**STREAM, "stream_options": {"include_usage": True}},
        whole=_chat,
        streamed=_chat_stream,
    ),
    "openai.responses": Client(
        paths=("/v1/responses",) * 2,
        body={"input": ASKED},
        stream=STREAM,
        whole=_responses,
        streamed=_responses_stream,
    ),
}
