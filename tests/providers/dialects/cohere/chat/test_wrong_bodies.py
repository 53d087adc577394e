"""What cannot be said in Cohere's format is refused by name."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.errors import InvalidRequest, Unsupported
from providers.neutral.chat import Document, Image, Message, Role
from tests.providers.dialects.cohere.chat.wire import PICTURE, parse, rendered
from tests.providers.dialects.talk import asked, assistant, user
from tests.strategies import odd_values


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"messages": "x"}, "messages"),
        ({"messages": ["x"]}, "messages[0]"),
        ({"messages": [{"role": 5}]}, "messages[0].role"),
        ({"messages": [{"role": "king"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [5]}]}, "messages[0].content[0]"),
        (
            {"messages": [{"role": "user", "content": [{"type": "x"}]}]},
            "messages[0].content[0].type",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "messages[0].content[0].image_url",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": ""}]}]},
            "messages[0].content[0].image_url",
        ),
        (
            {
                "messages": [
                    {"role": "user", "content": [{"type": "image_url", "image_url": "data:x,y"}]}
                ]
            },
            "messages[0].content[0].image_url",
        ),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"id": "c"}]}]},
            "messages[0].tool_calls[0].function",
        ),
        ({"model": 5}, "model"),
        ({"model": ""}, "model"),
        ({"stream": "yes"}, "stream"),
        ({"temperature": "hot"}, "temperature"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"stop_sequences": "x"}, "stop_sequences"),
        ({"stop_sequences": [5]}, "stop_sequences[0]"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [{"function": {"name": "f", "parameters": 5}}]}, "tools[0].function.parameters"),
        ({"tool_choice": "auto"}, "tool_choice"),
        ({"documents": [5]}, "documents[0]"),
        ({"documents": [{"data": 5}]}, "documents[0].data"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"thinking": {"type": "much"}}, "thinking.type"),
        ({"citation_options": 5}, "citation_options"),
    ],
)
def test_what_is_wrong_is_named(members: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse(**members)
    assert caught.value.param == param


def test_what_no_message_can_hold_is_refused() -> None:
    for message in (
        user(Document(source=PICTURE)),
        Message(role=Role.SYSTEM, parts=(Image(source=PICTURE),)),
        assistant(Image(source=PICTURE)),
    ):
        with pytest.raises(Unsupported):
            rendered(asked(message))


junk = odd_values(
    *("role", "content", "type", "text", "image_url", "url", "tool_calls"),
    *("function", "name", "arguments", "document", "data", "citations"),
)


@given(junk, st.sampled_from(["messages", "tools", "documents", "thinking", "response_format"]))
@settings(max_examples=150, deadline=None)
def test_no_body_raises_anything_else(value: Any, name: str) -> None:
    for wrong in (value, [value], [{"role": "assistant", "content": value, "tool_calls": value}]):
        try:
            parse(**{name: wrong})
        except InvalidRequest as error:
            assert error.param
