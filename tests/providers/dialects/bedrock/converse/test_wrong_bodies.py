"""What cannot be said in Converse's format is refused by the name of its place."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.dialects.bedrock.converse import DIALECT
from providers.errors import InvalidRequest
from tests.providers.dialects.bedrock.requests import JSON, first_part


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": {}}, "messages"),
        ({"messages": [1]}, "messages[0]"),
        ({"messages": [{"content": []}]}, "messages[0].role"),
        ({"messages": [{"role": "tool", "content": []}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": "Hi"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{}]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"text": 1}]}]}, "messages[0].content[0].text"),
        (
            {"messages": [{"role": "user", "content": [{"image": {"format": "png"}}]}]},
            "messages[0].content[0].image.source",
        ),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"image": {"format": "tiff", "source": {"bytes": "AA=="}}}],
                    }
                ]
            },
            "messages[0].content[0].image.format",
        ),
        (
            {"messages": [{"role": "assistant", "content": [{"toolUse": {"name": "x"}}]}]},
            "messages[0].content[0].toolUse.toolUseId",
        ),
        ({"system": "Be brief"}, "system"),
        ({"inferenceConfig": {"maxTokens": "9"}}, "inferenceConfig.maxTokens"),
        ({"inferenceConfig": {"topP": "9"}}, "inferenceConfig.topP"),
        (
            {"toolConfig": {"tools": [{"toolSpec": {"name": "x", "strict": 1}}]}},
            "toolConfig.tools[0].toolSpec.strict",
        ),
        ({"toolConfig": {"tools": [{"systemTool": 1}]}}, "toolConfig.tools[0].systemTool"),
        ({"inferenceConfig": {"stopSequences": "x"}}, "inferenceConfig.stopSequences"),
        ({"toolConfig": {"tools": [{"toolSpec": 1}]}}, "toolConfig.tools[0].toolSpec"),
        ({"toolConfig": {"toolChoice": {"none": {}}}}, "toolConfig.toolChoice"),
        ({"serviceTier": "flex"}, "serviceTier"),
        (
            {
                "outputConfig": {
                    "textFormat": {
                        "type": "json_schema",
                        "structure": {"jsonSchema": {"schema": "{"}},
                    }
                }
            },
            "outputConfig.textFormat.structure.jsonSchema.schema",
        ),
    ],
)
def test_a_wrong_type_names_the_place(body: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        DIALECT.parse_request({"messages": [], **body}, "m", False)
    assert caught.value.param == param


MEMBERS = (
    "messages role content text image document toolUse toolResult reasoningContent system "
    "source bytes s3Location uri inferenceConfig maxTokens toolConfig tools toolSpec "
    "toolChoice additionalModelRequestFields thinking outputConfig textFormat cachePoint "
    "citationsContent"
)
WORDS = st.sampled_from(MEMBERS.split())
HOSTILE = st.recursive(
    JSON | st.sampled_from(("user", "assistant", "png")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(WORDS, HOSTILE, max_size=5))
def test_any_body_is_parsed_or_refused_by_name(body: dict[str, Any]) -> None:
    try:
        DIALECT.parse_request(body, "m", False)
    except InvalidRequest as error:
        assert error.param


@pytest.mark.parametrize(
    ("block", "param"),
    [
        ({"image": {"format": "png", "source": {"text": "x"}}}, "image.source"),
        ({"image": 1}, "image"),
        ({"document": {"source": {"text": "x"}, "context": 1}}, "document.context"),
        ({"reasoningContent": {"redactedContent": 1}}, "reasoningContent.redactedContent"),
        (
            {"toolResult": {"toolUseId": "t", "content": [{"text": 1}]}},
            "toolResult.content[0].text",
        ),
    ],
)
def test_a_wrong_block_names_the_place(block: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        first_part(block)
    assert caught.value.param == f"messages[0].content[0].{param}"
