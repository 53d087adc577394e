"""What no client of the Messages API may say is refused by name."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.dialects.anthropic.messages import DIALECT
from providers.errors import InvalidRequest
from tests.providers.dialects.anthropic.messages.talk import parse


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"model": 3}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": {}}, "messages"),
        ({"messages": ["x"]}, "messages[0]"),
        ({"messages": [{"role": "robot", "content": ""}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [7]}]}, "messages[0].content[0]"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image", "source": {}}]}]},
            "messages[0].content[0].source.type",
        ),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [
                            {
                                "type": "tool_result",
                                "tool_use_id": "1",
                                "content": [{"type": "text", "text": 5}],
                            }
                        ],
                    }
                ]
            },
            "messages[0].content[0].content[0].text",
        ),
        ({"system": [{"type": "text"}]}, "system[0].text"),
        (
            {"messages": [{"role": "user", "content": [{"type": "document"}]}]},
            "messages[0].content[0].source",
        ),
        (
            {
                "messages": [
                    {"role": "user", "content": [{"type": "image", "source": {"type": "x"}}]}
                ]
            },
            "messages[0].content[0].source.type",
        ),
        ({"tool_choice": {"type": "some"}}, "tool_choice.type"),
        ({"max_tokens": "9"}, "max_tokens"),
        ({"max_tokens": 9.5}, "max_tokens"),
        ({"temperature": True}, "temperature"),
        ({"stop_sequences": [1]}, "stop_sequences[0]"),
        ({"tools": [{"name": "x"}]}, "tools[0].input_schema"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.name"),
        ({"thinking": {"type": "deep"}}, "thinking.type"),
        ({"output_config": {"effort": 1}}, "output_config.effort"),
        ({"output_config": {"format": {"type": "x"}}}, "output_config.format.type"),
        ({"metadata": {"user_id": 1}}, "metadata.user_id"),
        ({"cache_control": 1}, "cache_control"),
        ({"stream": "yes"}, "stream"),
    ],
)
def test_what_has_the_wrong_type_is_named(change: Any, param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse(**change)
    assert caught.value.param == param
    assert param in caught.value.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "role", "content", "source", "name", "id", "input"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
MEMBERS = [
    "messages",
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "output_format",
    "metadata",
    "stop_sequences",
    "cache_control",
    "service_tier",
    "max_tokens",
    "temperature",
    "stream",
]


@given(st.dictionaries(st.sampled_from(MEMBERS), JSON))
def test_no_body_raises_anything_but_invalid_request(body: dict[str, Any]) -> None:
    try:
        DIALECT.parse_request({"model": "m", **body}, "", False)
    except InvalidRequest as error:
        assert error.param
