"""The Responses API on the wire, for tests: answers, streams, and what the SDK makes of them."""

from typing import Any

import httpx2
import openai
import orjson
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from extproc.lab.simulator.dialect import Refusal
from extproc.lab.simulator.typed import Judge
from providers.bridging.dialect import Context
from providers.dialects.openai.responses import DIALECT
from providers.neutral.chat import ChatRequest, ChatResponse, Citation
from providers.neutral.deltas import AnyDelta
from providers.wire import sse
from tests.providers.dialects import streaming

CONTEXT = Context(model="shown", id="resp_1", now=1_700_000_000)
SOURCE = Citation(url="https://a.test/", title="A", start=0, end=2)
CLOSED = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}
"""A schema that strict mode takes."""

EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


def judges() -> tuple[Judge, Judge]:
    """The SDK's types of a request: (whole, streamed)."""
    from openai.types.responses import response_create_params as params

    return (
        Judge(params.ResponseCreateParamsNonStreaming, strict=True),
        Judge(params.ResponseCreateParamsStreaming, strict=True),
    )


WHOLE, STREAMED = judges()


def sent(request: ChatRequest) -> tuple[dict[str, Any], list[str]]:
    """The body for a provider, which the SDK's types take, and what was dropped."""
    dropped: list[str] = []
    body = orjson.loads(orjson.dumps(DIALECT.render_request(request, dropped)))
    try:
        (STREAMED if body.get("stream") else WHOLE).check(body)
    except Refusal as refusal:
        raise AssertionError(f"{refusal.param}: {refusal} in {body}") from refusal
    return body, dropped


def asked(**members: Any) -> ChatRequest:
    """What a client's body asks for."""
    return DIALECT.parse_request({"model": "m", "input": "hi", **members}, "", False)


def answer(response: ChatResponse, context: Context = CONTEXT) -> dict[str, Any]:
    """The answer for a client, which the SDK's types take."""
    body: dict[str, Any] = orjson.loads(orjson.dumps(DIALECT.render_response(response, context)))
    Response.model_validate(body)
    return body


def stream(deltas: list[AnyDelta], context: Context = CONTEXT) -> bytes:
    """A client's stream."""
    return streaming.written(DIALECT, deltas, context)


def events(data: bytes) -> list[dict[str, Any]]:
    """The events of a stream, which the SDK's types take, named and numbered as they must be."""
    found: list[dict[str, Any]] = []
    for raw in sse.Splitter().feed(data):
        name, payload = sse.parse(raw)
        if not payload:
            continue
        event = orjson.loads(payload)
        assert event["type"] == name.decode()
        assert event["sequence_number"] == len(found)
        EVENT.validate_python(event)
        found.append(event)
    return found


def parsed(pieces: list[bytes]) -> list[AnyDelta]:
    """The deltas of a provider's stream."""
    return streaming.parsed(DIALECT, pieces)


def told(*told: dict[str, Any]) -> bytes:
    """Events as a provider writes them."""
    return b"".join(
        b"event: %b\ndata: %b\n\n"
        % (event["type"].encode(), orjson.dumps({"sequence_number": number, **event}))
        for number, event in enumerate(told)
    )


def client(answer: bytes, content_type: str, status: int = 200) -> openai.OpenAI:
    """The SDK, whose every request is answered so."""

    def serve(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status, headers={"content-type": content_type}, content=answer)

    return openai.OpenAI(
        api_key="k",
        base_url="http://gateway.test/v1",
        max_retries=0,
        http_client=httpx2.Client(transport=httpx2.MockTransport(serve)),
    )
