"""What cannot be said in Ollama's format is refused by name."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.errors import InvalidRequest, Unsupported
from providers.neutral.chat import Document, Image
from providers.neutral.media import Url
from tests.providers.dialects.ollama.chat.wire import PICTURE, call, parse, rendered
from tests.providers.dialects.talk import asked, user
from tests.strategies import odd_values


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"messages": "x"}, "messages"),
        ({"messages": ["x"]}, "messages[0]"),
        ({"messages": [{"role": "king"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": []}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "images": [5]}]}, "messages[0].images[0]"),
        ({"messages": [{"role": "user", "images": [""]}]}, "messages[0].images[0]"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{}]}]},
            "messages[0].tool_calls[0].function",
        ),
        (
            {"messages": [{"role": "assistant", "tool_calls": [call("f") | {"id": 5}]}]},
            "messages[0].tool_calls[0].id",
        ),
        (
            {
                "messages": [
                    {
                        "role": "assistant",
                        "tool_calls": [{"function": {"name": "f", "arguments": 5}}],
                    }
                ]
            },
            "messages[0].tool_calls[0].function.arguments",
        ),
        ({"model": ""}, "model"),
        ({"stream": "yes"}, "stream"),
        ({"options": 5}, "options"),
        ({"options": {"temperature": "hot"}}, "options.temperature"),
        ({"options": {"num_predict": 1.5}}, "options.num_predict"),
        ({"options": {"stop": [5]}}, "options.stop[0]"),
        ({"format": "xml"}, "format"),
        ({"think": 5}, "think"),
        ({"think": "true"}, "think"),
        ({"tools": [5]}, "tools[0]"),
        ({"tools": [{"function": {"name": "f", "parameters": 5}}]}, "tools[0].function.parameters"),
    ],
)
def test_what_is_wrong_is_named(members: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse(**members)
    assert caught.value.param == param


def test_what_no_message_can_hold_is_refused() -> None:
    for part in (Image(source=Url(url="https://a.test/")), Document(source=PICTURE)):
        with pytest.raises(Unsupported):
            rendered(asked(user(part)))


junk = odd_values(
    *("role", "content", "images", "tool_calls", "function", "name", "arguments", "id"),
)


@given(junk, st.sampled_from(["messages", "tools", "options", "format", "think"]))
@settings(max_examples=150, deadline=None)
def test_no_body_raises_anything_else(value: Any, name: str) -> None:
    for wrong in (value, [value], [{"role": "assistant", "content": value, "tool_calls": value}]):
        try:
            parse(**{name: wrong})
        except InvalidRequest as error:
            assert error.param
