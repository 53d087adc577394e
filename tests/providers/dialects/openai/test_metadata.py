"""Metadata, which OpenAI takes as strings, and in chat only of what it stores."""

from typing import Any

import pytest

from providers.catalog import DIALECTS
from providers.neutral.chat import ChatRequest, Message, Role, Text

HI = (Message(role=Role.USER, parts=(Text(text="hi"),)),)


def sent(name: str, **members: Any) -> tuple[Any, list[str]]:
    dropped: list[str] = []
    request = ChatRequest(model="m", messages=HI, **members)
    return DIALECTS[name].render_request(request, dropped).get("metadata"), dropped


@pytest.mark.parametrize("store", [None, False])
def test_chat_loses_it_where_nothing_is_stored(store: bool | None) -> None:
    assert sent("openai.chat", metadata={"a": "b"}, store=store) == (None, ["metadata"])


@pytest.mark.parametrize("name", ["openai.chat", "openai.responses"])
def test_what_is_no_string_is_written_as_one_and_named(name: str) -> None:
    assert sent(name, metadata={"a": "b"}, store=True) == ({"a": "b"}, [])
    changed = sent(name, metadata={"a": "b", "n": [1]}, store=True)
    assert changed == ({"a": "b", "n": "[1]"}, ["metadata"])
    assert sent(name, metadata={}, store=True) == (None, [])
