"""A neutral conversation in a few words, for tests."""

from typing import Any

from providers.neutral.chat import ChatRequest, Message, Role, Text


def asked(*messages: Message, **members: Any) -> ChatRequest:
    return ChatRequest(model="m", messages=messages, **members)


def user(*parts: Any) -> Message:
    return Message(role=Role.USER, parts=parts or (Text(text="hi"),))


def assistant(*parts: Any) -> Message:
    return Message(role=Role.ASSISTANT, parts=parts)
