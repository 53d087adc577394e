"""What cannot be said in OpenAI's chat format is refused by name."""

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.dialects.openai.chat.request import READ
from providers.errors import InvalidRequest, Unsupported
from tests.providers.dialects.openai.chat.talk import ask, parse, render


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": []}, "model"),
        ({"model": 5, "messages": []}, "model"),
        ({"model": "m"}, "messages"),
        ({"model": "m", "messages": {}}, "messages"),
        ({"model": "m", "messages": ["hi"]}, "messages[0]"),
        ({"model": "m", "messages": [{"content": "hi"}]}, "messages[0].role"),
        ({"model": "m", "messages": [{"role": "king", "content": "hi"}]}, "messages[0].role"),
        ({"model": "m", "messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"model": "m", "messages": [], "temperature": "hot"}, "temperature"),
        ({"model": "m", "messages": [], "stream": "yes"}, "stream"),
        ({"model": "m", "messages": [], "stop": [5]}, "stop"),
        ({"model": "m", "messages": [], "n": True}, "n"),
        ({"model": "m", "messages": [], "tools": [{"type": "function"}]}, "tools[0].function"),
        ({"model": "m", "messages": [], "tool_choice": "sometimes"}, "tool_choice"),
        (
            {"model": "m", "messages": [], "tool_choice": {"type": "function"}},
            "tool_choice.function",
        ),
        (
            {"model": "m", "messages": [], "response_format": {"type": "xml"}},
            "response_format.type",
        ),
        ({"model": "m", "messages": [], "thinking": 5}, "thinking"),
        ({"model": "m", "messages": [], "stream_options": 5}, "stream_options"),
    ],
)
def test_a_wrong_member_is_named(body: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse(body)
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("part", "param"),
    [
        ({}, "type"),
        ({"type": "text"}, "text"),
        ({"type": "image_url"}, "image_url"),
        ({"type": "image_url", "image_url": {}}, "image_url.url"),
        ({"type": "image_url", "image_url": {"url": 5}}, "image_url.url"),
        ({"type": "image_url", "image_url": {"url": "data:image/png,x"}}, "image_url.url"),
        ({"type": "input_audio", "input_audio": {}}, "input_audio.data"),
        ({"type": "video_url", "video_url": {"url": ""}}, "video_url.url"),
        ({"type": "file", "file": {}}, "file"),
        ({"type": "text", "text": "a", "cache_control": 5}, "cache_control"),
    ],
)
def test_a_wrong_part_is_named(part: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        ask({"role": "system", "content": "hi"}, {"role": "user", "content": [part]})
    assert caught.value.param == f"messages[1].content[0].{param}"


def test_a_call_of_a_custom_tool_has_an_id() -> None:
    call = {"type": "custom", "custom": {"name": "f", "input": "x"}}
    with pytest.raises(InvalidRequest) as caught:
        ask({"role": "assistant", "tool_calls": [call]})
    assert caught.value.param == "messages[0].tool_calls[0].id"


junk = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    "role",
                    "content",
                    "type",
                    "text",
                    "name",
                    "function",
                    "url",
                    "id",
                    "arguments",
                    "ttl",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
roles = st.sampled_from(["system", "user", "assistant", "tool", "function"])
MESSAGE = [
    *("content", "name", "tool_calls", "function_call", "audio", "refusal", "tool_call_id"),
    *("reasoning_details", "thinking_blocks", "reasoning", "extra_content", "cache_control"),
]
odd_parts = st.dictionaries(
    st.sampled_from(["text", "image_url", "input_audio", "video_url", "file", "thinking"]), junk
).flatmap(lambda part: st.sampled_from([{**part, "type": kind} for kind in [*part, "text"]]))


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_no_body_raises_anything_but_an_invalid_request(data: st.DataObject) -> None:
    members = data.draw(st.dictionaries(st.sampled_from(sorted(READ)), junk, max_size=4))
    message = data.draw(st.dictionaries(st.sampled_from(MESSAGE), junk, max_size=3))
    parts = data.draw(st.lists(odd_parts, max_size=2))
    spoken = {"role": data.draw(roles), "content": parts, **message}
    for body in (
        {"model": "m", "messages": [], **members},
        {"model": "m", "messages": [spoken]},
    ):
        with contextlib.suppress(InvalidRequest):
            request = parse(body)
            with contextlib.suppress(Unsupported):
                render(request)
