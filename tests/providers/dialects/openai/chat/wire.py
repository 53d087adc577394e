"""OpenAI chat on the wire, for tests: answers rendered, streams parsed, the SDK fed with both."""

from collections.abc import Iterator
from typing import Any

import httpx
import openai
import orjson

from providers.bridging.dialect import Context
from providers.dialects.openai.chat import DIALECT
from providers.neutral.chat import ChatResponse, Citation, Signature
from providers.neutral.deltas import AnyDelta
from providers.neutral.media import Data
from tests.providers.dialects import streaming

CONTEXT = Context(model="shown", id="chatcmpl-1", now=1_700_000_000)
PICTURE = Data(base64="AAAA", media_type="image/png")
PLAIN = Signature(origin="openai", value="reasoning_content")
SOURCE = Citation(url="https://a.test/", title="A", start=0, end=2)


def render(response: ChatResponse, context: Context = CONTEXT) -> dict[str, Any]:
    return orjson.loads(orjson.dumps(DIALECT.render_response(response, context)))


def stream(deltas: list[AnyDelta], context: Context = CONTEXT) -> bytes:
    return streaming.written(DIALECT, deltas, context)


def parsed(pieces: list[bytes]) -> list[AnyDelta]:
    return streaming.parsed(DIALECT, pieces)


def chunks(data: bytes) -> Iterator[dict[str, Any]]:
    for event in data.split(b"\n\n"):
        if event.startswith(b"data: {"):
            yield orjson.loads(event[6:])


def event(**members: Any) -> bytes:
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return b"data: " + orjson.dumps({**head, **members}) + b"\n\n"


def delta(finish: str | None = None, **members: Any) -> bytes:
    return event(choices=[{"index": 0, "delta": members, "finish_reason": finish}])


def client(answer: bytes, content_type: str, status: int = 200) -> openai.OpenAI:
    def serve(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers={"content-type": content_type}, content=answer)

    transport = httpx.MockTransport(serve)
    return openai.OpenAI(
        api_key="k",
        base_url="http://gateway.test/v1",
        max_retries=0,
        http_client=httpx.Client(transport=transport),
    )
