"""OpenAI chat requests in a few words, for tests."""

from typing import Any

import msgspec

from providers.dialects.openai.chat import DIALECT
from providers.neutral.chat import ChatRequest, Message, Role, Text, Tool


def parse(body: dict[str, Any]) -> ChatRequest:
    return DIALECT.parse_request(body, "", False)


def ask(*messages: dict[str, Any], **members: Any) -> ChatRequest:
    return parse({"model": "m", "messages": list(messages), **members})


def render(request: ChatRequest) -> tuple[dict[str, Any], list[str]]:
    dropped: list[str] = []
    return DIALECT.render_request(request, dropped), dropped


def saying(*parts: Any, role: Role = Role.USER, **members: Any) -> ChatRequest:
    return ChatRequest(model="m", messages=(Message(role=role, parts=parts),), **members)


BASE = saying(Text(text="hi"), tools=(Tool(name="f", schema={"type": "object"}),))


def replaced(**members: Any) -> ChatRequest:
    return msgspec.structs.replace(BASE, **members)


def said(*parts: Any, role: Role = Role.USER) -> ChatRequest:
    return replaced(messages=(Message(role=role, parts=parts),))
