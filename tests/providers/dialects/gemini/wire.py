"""Requests and answers of the tests of gemini.generate_content, judged by Google's own SDK."""

from typing import Any

import orjson
from google.genai import types

from providers.bridging.dialect import Context
from providers.dialects.gemini.generate_content import DIALECT
from providers.neutral.chat import ChatRequest, Message, Part, Role, Text, Tool

CONTEXT = Context(model="shown", id="exchange-1", now=1_700_000_000)
FLASH = "gemini-2.5-flash"
NEWEST = "gemini-3.5-flash"
PIXEL = "iVBORw0KGgo="
WEATHER = Tool(
    name="get_weather",
    description="The weather",
    schema={"type": "object", "properties": {"city": {"type": "string"}}},
)
HELLO = Message(role=Role.USER, parts=(Text(text="hello"),))


def user(*parts: Part) -> Message:
    return Message(role=Role.USER, parts=parts)


def model(*parts: Part) -> Message:
    return Message(role=Role.ASSISTANT, parts=parts)


def results(*parts: Part) -> Message:
    return Message(role=Role.TOOL, parts=parts)


MEMBERS: dict[str, Any] = {
    "systemInstruction": types.Content,
    "toolConfig": types.ToolConfig,
    "generationConfig": types.GenerationConfig,
}
LISTS: dict[str, Any] = {
    "contents": types.Content,
    "tools": types.Tool,
    "safetySettings": types.SafetySetting,
}
PLAIN = {"serviceTier", "store", "cachedContent", "labels"}


def judge(body: dict[str, Any]) -> None:
    """Raises pydantic's error for a request that the SDK's types refuse."""
    assert body.keys() <= MEMBERS.keys() | LISTS.keys() | PLAIN
    for name, kind in MEMBERS.items():
        if name in body:
            kind.model_validate(body[name])
    for name, kind in LISTS.items():
        for item in body.get(name, ()):
            kind.model_validate(item)
    assert body["contents"], "the API wants at least one content"
    for content in body["contents"]:
        assert content["parts"], "the API wants at least one part"


def render(request: ChatRequest) -> tuple[dict[str, Any], list[str]]:
    """The body for Google, judged, and what was dropped."""
    dropped: list[str] = []
    body = orjson.loads(orjson.dumps(DIALECT.render_request(request, dropped)))
    judge(body)
    return body, dropped


def ask(*messages: Message, model: str = NEWEST, **members: Any) -> ChatRequest:
    return ChatRequest(model=model, messages=messages or (HELLO,), **members)


def parse(body: dict[str, Any], name: str = NEWEST, stream: bool = False) -> ChatRequest:
    return DIALECT.parse_request(body, name, stream)


def contents(*parts: dict[str, Any], role: str = "user") -> dict[str, Any]:
    return {"contents": [{"role": role, "parts": list(parts)}]}


def answer(*parts: dict[str, Any], **members: Any) -> dict[str, Any]:
    """A whole answer as Google gives it."""
    candidate = {
        "content": {"parts": list(parts), "role": "model"},
        "finishReason": "STOP",
        "index": 0,
    }
    return {
        "candidates": [candidate | members],
        "usageMetadata": {
            "promptTokenCount": 10,
            "candidatesTokenCount": 5,
            "totalTokenCount": 15,
        },
        "modelVersion": NEWEST,
        "responseId": "id-1",
    }


def events(*chunks: dict[str, Any], end: bytes = b"\r\n\r\n") -> bytes:
    """Chunks as server-sent events."""
    return b"".join(b"data: " + orjson.dumps(chunk) + end for chunk in chunks)


def chunk(*parts: dict[str, Any], index: int = 0, **members: Any) -> dict[str, Any]:
    content = {"parts": list(parts), "role": "model"}
    return {
        "candidates": [{"content": content, "index": index, **members}],
        "modelVersion": NEWEST,
        "responseId": "id-1",
    }


DONE = chunk({"text": ""}, finishReason="STOP")

FULL = (
    chunk({"text": "hm", "thought": True})
    | {"usageMetadata": {"promptTokenCount": 5, "thoughtsTokenCount": 2, "totalTokenCount": 7}},
    chunk({"text": " hm", "thought": True, "thoughtSignature": "c2ln"}),
    chunk({"text": "Blå"}),
    chunk({"text": "bær"}),
    chunk({"text": "", "thoughtSignature": "c2ln"}),
    chunk(
        {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"},
        {"functionCall": {"name": "g"}},
    ),
    chunk(
        finishReason="STOP",
        groundingMetadata={
            "groundingChunks": [{"web": {"uri": "https://a.test"}}],
            "groundingSupports": [{"segment": {"endIndex": 4}, "groundingChunkIndices": [0]}],
        },
    )
    | {
        "usageMetadata": {
            "promptTokenCount": 5,
            "candidatesTokenCount": 9,
            "thoughtsTokenCount": 2,
            "totalTokenCount": 16,
        }
    },
)
