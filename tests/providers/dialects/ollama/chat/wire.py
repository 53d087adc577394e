"""Ollama chat on the wire, for tests: answers rendered, streams parsed, the SDK fed with both."""

from typing import Any

import httpx
import ollama
import orjson
from ollama._types import ChatRequest as SdkRequest
from pydantic import ConfigDict

from providers.bridging.dialect import Context
from providers.dialects.ollama.chat import DIALECT
from providers.neutral.chat import ChatRequest, ChatResponse
from providers.neutral.deltas import AnyDelta
from providers.neutral.media import Data
from tests.providers.dialects import streaming

PICTURE = Data(base64="iVBORw0KGgo=", media_type="image/png")
CONTEXT = Context(model="shown", id="id-1", now=1_700_000_000)
MOMENT = "2023-11-14T22:13:20Z"


class Strict(SdkRequest):
    """What the SDK sends, and nothing else."""

    model_config = ConfigDict(extra="forbid")


def rendered(request: ChatRequest) -> tuple[dict[str, Any], list[str]]:
    """(the body, what was dropped), the body checked with the SDK's types."""
    dropped: list[str] = []
    body = orjson.loads(orjson.dumps(DIALECT.render_request(request, dropped)))
    Strict.model_validate(body)
    for message in body["messages"]:
        pictures = [{"value": each} for each in message.get("images", ())]
        ollama.Message.model_validate({**message, "images": pictures}, strict=True)
    return body, dropped


def parse(**members: Any) -> ChatRequest:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], **members}
    return DIALECT.parse_request(body, "", False)


def render(response: ChatResponse) -> dict[str, Any]:
    body = orjson.loads(orjson.dumps(DIALECT.render_response(response, CONTEXT)))
    ollama.ChatResponse.model_validate(body, strict=True)
    return body


def stream(deltas: list[AnyDelta], context: Context = CONTEXT) -> bytes:
    return streaming.written(DIALECT, deltas, context)


def parsed(pieces: list[bytes]) -> list[AnyDelta]:
    return streaming.parsed(DIALECT, pieces)


def call(name: str, **arguments: Any) -> dict[str, Any]:
    return {"function": {"name": name, "arguments": arguments}}


def line(done: bool = False, **members: Any) -> bytes:
    """A line of a stream; members that are no words go beside the message."""
    said = ("content", "thinking", "tool_calls", "images")
    message = {"role": "assistant", "content": ""}
    message |= {name: members.pop(name) for name in said if name in members}
    head = {"model": "m", "created_at": MOMENT, "message": message, "done": done}
    return orjson.dumps({**head, **members}) + b"\n"


END = line(done=True, done_reason="stop", prompt_eval_count=7, eval_count=3)


def client(
    answer: bytes, content_type: str = "application/x-ndjson", status: int = 200
) -> ollama.Client:
    """The official client, before a server that gives this answer."""

    def serve(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers={"content-type": content_type}, content=answer)

    return ollama.Client("http://gateway.test", transport=httpx.MockTransport(serve))


def async_client(answer: bytes) -> ollama.AsyncClient:
    """The official asynchronous client, before a server that gives this answer."""

    def serve(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=answer)

    return ollama.AsyncClient("http://gateway.test", transport=httpx.MockTransport(serve))


ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
