"""Cohere chat on the wire, for tests: answers rendered, streams parsed, the SDK fed with both."""

from typing import Any

import cohere
import httpx
import orjson
from cohere.types import ChatMessageV2, Document, ResponseFormatV2, Thinking, ToolV2
from cohere.v2.types import V2ChatResponse, V2ChatStreamResponse
from pydantic import TypeAdapter

from providers.bridging.dialect import Context
from providers.dialects.cohere.chat import DIALECT
from providers.neutral.chat import ChatRequest, ChatResponse
from providers.neutral.deltas import AnyDelta
from providers.neutral.media import Data
from tests.providers.dialects import streaming

CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
PICTURE = Data(base64="AAAA", media_type="image/png")
CONTEXT = Context(model="shown", id="id-1", now=1_700_000_000)

MEMBERS: dict[str, TypeAdapter[Any]] = {
    "model": TypeAdapter(str),
    "messages": TypeAdapter(list[ChatMessageV2]),
    "stream": TypeAdapter(bool),
    "tools": TypeAdapter(list[ToolV2]),
    "strict_tools": TypeAdapter(bool),
    "documents": TypeAdapter(list[str | Document]),
    "response_format": TypeAdapter(ResponseFormatV2),
    "thinking": TypeAdapter(Thinking),
    "max_tokens": TypeAdapter(int),
    "stop_sequences": TypeAdapter(list[str]),
}
WHOLE: TypeAdapter[Any] = TypeAdapter(V2ChatResponse)
EVENT: TypeAdapter[Any] = TypeAdapter(V2ChatStreamResponse)


def rendered(request: ChatRequest) -> tuple[dict[str, Any], list[str]]:
    """(the body, what was dropped), the body checked with the SDK's types."""
    dropped: list[str] = []
    body = orjson.loads(orjson.dumps(DIALECT.render_request(request, dropped)))
    for name, adapter in MEMBERS.items():
        if name in body:
            adapter.validate_python(body[name], strict=True)
    return body, dropped


def parse(**members: Any) -> ChatRequest:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], **members}
    return DIALECT.parse_request(body, "", False)


def render(response: ChatResponse) -> dict[str, Any]:
    body = orjson.loads(orjson.dumps(DIALECT.render_response(response, CONTEXT)))
    WHOLE.validate_python(body)
    return body


def stream(deltas: list[AnyDelta], context: Context = CONTEXT) -> bytes:
    return streaming.written(DIALECT, deltas, context)


def parsed(pieces: list[bytes]) -> list[AnyDelta]:
    return streaming.parsed(DIALECT, pieces)


def events(data: bytes) -> list[dict[str, Any]]:
    found = [
        orjson.loads(line[6:])
        for event in data.split(b"\n\n")
        for line in event.split(b"\n")
        if line.startswith(b"data: ")
    ]
    for each in found:
        EVENT.validate_python(each)
    return found


def event(kind: str, **members: Any) -> bytes:
    data = orjson.dumps({"type": kind, **members})
    return b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"


def said(text: str, index: int = 0, **members: Any) -> bytes:
    delta = {"message": {"content": {"text": text}}}
    return event("content-delta", index=index, delta=delta, **members)


def ended(reason: str = "COMPLETE", **members: Any) -> bytes:
    return event("message-end", delta={"finish_reason": reason, **members})


BEGIN = event("message-start", id="c", delta={"message": {"role": "assistant"}})


def client(
    answer: bytes, content_type: str = "application/json", status: int = 200
) -> cohere.ClientV2:
    """The official client, before a server that gives this answer."""

    def serve(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers={"content-type": content_type}, content=answer)

    http = httpx.Client(transport=httpx.MockTransport(serve))
    return cohere.ClientV2(api_key="k", base_url="http://gateway.test", httpx_client=http)


def async_client(answer: bytes, content_type: str) -> cohere.AsyncClientV2:
    """The official asynchronous client, before a server that gives this answer."""

    def serve(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-type": content_type}, content=answer)

    http = httpx.AsyncClient(transport=httpx.MockTransport(serve))
    return cohere.AsyncClientV2(api_key="k", base_url="http://gateway.test", httpx_client=http)


ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
ONCE: Any = {"max_retries": 0}
