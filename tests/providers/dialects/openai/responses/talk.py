"""Responses requests in a few words, for tests."""

from typing import Any

from providers.neutral.chat import ChatRequest, Message, Part, Role, Text
from tests.providers.dialects.openai.responses.wire import asked

NAME = "openai.responses"
HELLO = Message(role=Role.USER, parts=(Text(text="hi"),))


def said(value: Any) -> tuple[Message, ...]:
    return asked(input=value).messages


def user(*parts: dict[str, Any]) -> tuple[Part, ...]:
    return said([{"role": "user", "content": [*parts]}])[0].parts


def turn(*parts: Part, role: Role = Role.USER, **members: Any) -> ChatRequest:
    return ChatRequest(model="m", messages=(Message(role=role, parts=parts),), **members)
