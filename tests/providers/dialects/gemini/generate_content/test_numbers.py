"""Requests as Google's older clients write them over REST: enumerations by their numbers.

https://github.com/googleapis/googleapis/blob/master/google/ai/generativelanguage/v1beta
"""

import pytest

from providers.errors import InvalidRequest
from providers.neutral.chat import Image, Tool, ToolChoice, ToolMode
from tests.providers.dialects.gemini.wire import parse

DECLARATION = {
    "name": "weather",
    "parameters": {
        "type": 6,
        "properties": {
            "city": {"type": 1, "nullable": True},
            "days": {"type": 3},
            "warm": {"type": 4},
            "type": {"type": 5, "items": {"type": 2}},
            "any": {"type": 0},
        },
    },
}
SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": ["string", "null"]},
        "days": {"type": "integer"},
        "warm": {"type": "boolean"},
        "type": {"type": "array", "items": {"type": "number"}},
        "any": {},
    },
}
HELLO = {"contents": [{"parts": [{"text": "hi"}]}]}


def test_a_functions_types_may_be_numbers():
    request = parse(HELLO | {"tools": [{"functionDeclarations": [DECLARATION]}]})
    assert request.tools == (Tool(name="weather", schema=SCHEMA),)


def test_an_answers_types_may_be_numbers():
    config = {"responseMimeType": "application/json", "responseSchema": DECLARATION["parameters"]}
    request = parse(HELLO | {"generationConfig": config})
    assert request.output is not None
    assert request.output.schema == SCHEMA


@pytest.mark.parametrize(
    ("mode", "choice"),
    [
        (0, None),
        (1, ToolChoice(mode=ToolMode.AUTO)),
        (2, ToolChoice(mode=ToolMode.REQUIRED)),
        (3, ToolChoice(mode=ToolMode.NONE)),
    ],
)
def test_a_mode_may_be_a_number(mode, choice):
    assert parse(HELLO | {"toolConfig": {"functionCallingConfig": {"mode": mode}}}).tool_choice == (
        choice
    )


@pytest.mark.parametrize("mode", [5, -1, True, 1.0])
def test_a_number_of_no_mode_is_refused(mode):
    with pytest.raises(InvalidRequest) as caught:
        parse(HELLO | {"toolConfig": {"functionCallingConfig": {"mode": mode}}})
    assert caught.value.param == "toolConfig.functionCallingConfig.mode"


def test_modalities_and_resolutions_may_be_numbers():
    picture = {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}
    config = {"responseModalities": [1, "IMAGE"], "mediaResolution": 1}
    request = parse({"contents": [{"parts": [picture]}], "generationConfig": config})
    assert request.modalities == ("text", "image")
    (image,) = request.messages[0].parts
    assert isinstance(image, Image)
    assert image.detail == "low"
    with pytest.raises(InvalidRequest) as caught:
        parse(HELLO | {"generationConfig": {"responseModalities": [9]}})
    assert caught.value.param == "generationConfig.responseModalities"
