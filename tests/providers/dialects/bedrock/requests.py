"""Requests for bedrock.converse, and what becomes of them."""

from typing import Any

from hypothesis import strategies as st

from providers.dialects.bedrock.converse import DIALECT
from providers.neutral.chat import (
    Audio,
    ChatRequest,
    Document,
    Image,
    Message,
    Role,
    Text,
    Tool,
    Video,
)
from providers.neutral.media import Data
from tests.providers.dialects.bedrock.service import judge_request

SONNET = "eu.anthropic.claude-sonnet-4-20250514-v1:0"
OPUS_46 = "us.anthropic.claude-opus-4-6-v1"
OPUS_47 = "global.anthropic.claude-opus-4-7"
NOVA_2 = "us.amazon.nova-2-lite-v1:0"
PNG = Data(base64="iVBORw0KGgo=", media_type="image/png")
PDF = Data(base64="JVBERi0=", media_type="application/pdf")
HELLO = Message(role=Role.USER, parts=(Text(text="Hello"),))


def ask(*messages: Message, model: str = SONNET, **members: Any) -> ChatRequest:
    return ChatRequest(model=model, messages=messages or (HELLO,), **members)


def render(request: ChatRequest) -> tuple[dict[str, Any], list[str]]:
    """What goes to the provider, judged, and what was dropped."""
    dropped: list[str] = []
    body = DIALECT.render_request(request, dropped)
    judge_request(body, stream=request.stream)
    return body, dropped


def user(*parts: Any) -> Message:
    return Message(role=Role.USER, parts=parts)


def assistant(*parts: Any) -> Message:
    return Message(role=Role.ASSISTANT, parts=parts)


def results(*parts: Any) -> Message:
    return Message(role=Role.TOOL, parts=parts)


def contents(body: dict[str, Any]) -> list[list[dict[str, Any]]]:
    return [message["content"] for message in body["messages"]]


PARTS: dict[str, Any] = {"image": Image, "audio": Audio, "video": Video, "document": Document}
WEATHER = Tool(
    name="get_weather",
    description="Looks out of the window",
    schema={
        "type": "object",
        "properties": {"place": {"type": "object", "properties": {"city": {"type": "string"}}}},
        "required": ["place"],
    },
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)


def first_part(block: dict[str, Any]) -> Any:
    """What a block of a user's message is parsed into."""
    body = {"messages": [{"role": "user", "content": [block]}]}
    return DIALECT.parse_request(body, "m", False).messages[0].parts[0]
