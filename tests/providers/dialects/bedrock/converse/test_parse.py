"""What the SDK sends is understood."""

from typing import Any

import orjson
import pytest

from providers.dialects.bedrock.converse import DIALECT
from providers.neutral.chat import (
    Audio,
    Cache,
    ChatRequest,
    Document,
    Image,
    JsonOutput,
    Message,
    Native,
    NativeTool,
    Reasoning,
    Role,
    Signature,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolMode,
    ToolResult,
    Video,
)
from providers.neutral.media import Data, PlainText, Url
from tests.providers.dialects.bedrock.requests import (
    NOVA_2,
    SONNET,
    assistant,
    first_part,
    results,
    user,
)
from tests.providers.dialects.bedrock.service import client


def sent_by_boto3(method: str = "converse", **params: Any) -> tuple[str, dict[str, Any]]:
    """(URL, body) of a call of the real SDK."""
    seen: list[tuple[str, dict[str, Any]]] = []

    def answer(request: Any) -> tuple[int, dict[str, str], bytes]:
        seen.append((request.url, orjson.loads(request.body)))
        return 200, {}, b"{}"

    getattr(client(answer), method)(**params)
    return seen[0]


def test_the_sdk_percent_encodes_the_model() -> None:
    arn = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc"
    url, _ = sent_by_boto3(modelId=arn, messages=[{"role": "user", "content": [{"text": "Hi"}]}])
    assert url.endswith(
        "/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A123456789012%3Aapplication-inference-profile"
        "%2Fabc/converse"
    )


def test_all_that_the_sdk_can_say_is_parsed() -> None:
    _, body = sent_by_boto3(
        "converse_stream",
        modelId=SONNET,
        system=[{"text": "Be brief."}, {"cachePoint": {"type": "default", "ttl": "1h"}}],
        messages=[
            {
                "role": "user",
                "content": [
                    {"text": "Look"},
                    {"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}},
                    {
                        "document": {
                            "format": "pdf",
                            "name": "report",
                            "source": {"s3Location": {"uri": "s3://bucket/report.pdf"}},
                            "context": "Last year's",
                            "citations": {"enabled": True},
                        }
                    },
                    {"video": {"format": "mp4", "source": {"bytes": b"mp4"}}},
                    {"audio": {"format": "wav", "source": {"bytes": b"wav"}}},
                    {"guardContent": {"text": {"text": "guard", "qualifiers": ["query"]}}},
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"reasoningContent": {"reasoningText": {"text": "Hm", "signature": "sig"}}},
                    {"reasoningContent": {"redactedContent": b"\x00secret"}},
                    {"toolUse": {"toolUseId": "t1", "name": "look", "input": {"at": [1]}}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "toolResult": {
                            "toolUseId": "t1",
                            "content": [
                                {"json": {"a": 1}},
                                {"image": {"format": "gif", "source": {"bytes": b"GIF"}}},
                            ],
                            "status": "error",
                        }
                    },
                    {"text": "Go on"},
                ],
            },
        ],
        inferenceConfig={"maxTokens": 9, "temperature": 0.5, "topP": 0.9, "stopSequences": ["x"]},
        toolConfig={
            "tools": [
                {
                    "toolSpec": {
                        "name": "look",
                        "description": "Looks",
                        "inputSchema": {"json": {"type": "object"}},
                        "strict": True,
                    }
                },
                {"cachePoint": {"type": "default"}},
                {"systemTool": {"name": "nova_grounding"}},
            ],
            "toolChoice": {"tool": {"name": "look"}},
        },
        additionalModelRequestFields={
            "top_k": 5,
            "thinking": {"type": "enabled", "budget_tokens": 2000},
            "anthropic_beta": ["x"],
        },
        requestMetadata={"team": "a"},
        serviceTier={"type": "flex"},
        guardrailConfig={"guardrailIdentifier": "g", "guardrailVersion": "1"},
        outputConfig={
            "textFormat": {
                "type": "json_schema",
                "structure": {"jsonSchema": {"schema": '{"type":"object"}', "name": "answer"}},
            }
        },
    )
    request = DIALECT.parse_request(body, SONNET, True)
    assert request == ChatRequest(
        model=SONNET,
        stream=True,
        messages=(
            Message(role=Role.SYSTEM, parts=(Text(text="Be brief.", cache=Cache(ttl="1h")),)),
            user(
                Text(text="Look"),
                Image(source=Data(base64="iVBORw==", media_type="image/png")),
                Document(
                    source=Url(url="s3://bucket/report.pdf", media_type="application/pdf"),
                    name="report",
                    context="Last year's",
                    cite=True,
                ),
                Video(source=Data(base64="bXA0", media_type="video/mp4")),
                Audio(source=Data(base64="d2F2", media_type="audio/wav")),
                Native(
                    dialect="bedrock.converse",
                    value={"guardContent": {"text": {"text": "guard", "qualifiers": ["query"]}}},
                ),
            ),
            assistant(
                Thinking(text="Hm", signature=Signature(origin="anthropic", value="sig")),
                Thinking(redacted=Signature(origin="bedrock", value="AHNlY3JldA==")),
                ToolCall(id="t1", name="look", arguments='{"at":[1]}'),
            ),
            results(
                ToolResult(
                    call_id="t1",
                    name="look",
                    parts=(
                        Text(text='{"a":1}'),
                        Image(source=Data(base64="R0lG", media_type="image/gif")),
                    ),
                    is_error=True,
                )
            ),
            user(Text(text="Go on")),
        ),
        max_tokens=9,
        temperature=0.5,
        top_p=0.9,
        top_k=5,
        stop=("x",),
        tools=(
            Tool(
                name="look",
                description="Looks",
                schema={"type": "object"},
                strict=True,
                cache=Cache(),
            ),
            NativeTool(
                dialect="bedrock.converse", value={"systemTool": {"name": "nova_grounding"}}
            ),
        ),
        tool_choice=ToolChoice(mode=ToolMode.NAMED, name="look"),
        output=JsonOutput(schema={"type": "object"}, name="answer"),
        reasoning=Reasoning(enabled=True, budget=2000),
        metadata={"team": "a"},
        service_tier="flex",
        extras={
            "guardrailConfig": {"guardrailIdentifier": "g", "guardrailVersion": "1"},
        },
        headers={"anthropic-beta": "x"},
        binding=frozenset({"guardrailConfig"}),
    )


def test_the_nova_places_of_top_k_and_effort_are_understood() -> None:
    additional = {
        "inferenceConfig": {"topK": 20},
        "reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"},
    }
    body = {"messages": [], "additionalModelRequestFields": additional}
    request = DIALECT.parse_request(body, NOVA_2, False)
    assert request.top_k == 20
    assert request.reasoning == Reasoning(enabled=True, effort="low")
    assert request.extras == {}


def test_one_call_at_a_time_is_understood() -> None:
    additional = {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}
    body = {"messages": [], "additionalModelRequestFields": additional}
    request = DIALECT.parse_request(body, SONNET, False)
    assert request.parallel_tool_calls is False
    assert request.extras == {}


def test_unknown_members_travel_as_extras() -> None:
    request = DIALECT.parse_request({"messages": [], "futureConfig": {"a": 1}}, "m", False)
    assert request.extras == {"futureConfig": {"a": 1}}


def test_documents_of_text_are_understood_in_both_forms() -> None:
    document = {"format": "txt", "name": "n", "source": {"text": "a"}}
    assert first_part({"document": document}) == Document(source=PlainText(text="a"), name="n")
    document = {"name": "n", "source": {"content": [{"text": "a"}, {"text": "b"}]}}
    assert first_part({"document": document}) == Document(
        source=PlainText(text="a\n\nb", blocks=("a", "b")), name="n"
    )
    document = {"name": "n", "source": {"bytes": "AA=="}}
    assert first_part({"document": document}) == Document(
        source=Data(base64="AA==", media_type="application/octet-stream"), name="n"
    )


@pytest.mark.parametrize(
    "block",
    [
        {
            "image": {
                "format": "png",
                "source": {"s3Location": {"uri": "s3://b", "bucketOwner": "1"}},
            }
        },
        {"toolResult": {"toolUseId": "t", "content": [], "type": "web_search_result"}},
    ],
)
def test_what_only_bedrock_knows_is_kept_as_it_came(block: dict[str, Any]) -> None:
    assert first_part(block) == Native(dialect="bedrock.converse", value=block)


def test_a_cache_point_marks_the_nearest_part_that_can_be_marked() -> None:
    point = {"cachePoint": {"type": "default"}}
    guard = {"guardContent": {"text": {"text": "g"}}}
    thought = {"reasoningContent": {"reasoningText": {"text": "t"}}}
    body = {
        "system": [point, guard, point],
        "messages": [{"role": "assistant", "content": [{"text": "a"}, thought, point]}],
    }
    system, turn = DIALECT.parse_request(body, "m", False).messages
    assert system.parts == (
        Native(dialect="bedrock.converse", value=guard),
        Native(dialect="bedrock.converse", value=point),
    )
    assert turn.parts == (Text(text="a", cache=Cache()), Thinking(text="t"))


@pytest.mark.parametrize(
    ("additional", "output", "wanted"),
    [
        ({"reasoning_effort": "low"}, {}, Reasoning(effort="low")),
        ({"reasoning_config": "high"}, {}, Reasoning(effort="high")),
        (
            {"reasoning_config": {"type": "enabled", "budget_tokens": 1024.0}},
            {},
            Reasoning(enabled=True, budget=1024),
        ),
        ({"thinking": {"type": "disabled"}}, {}, Reasoning(enabled=False)),
        (
            {"thinking": {"type": "adaptive", "display": "omitted"}},
            {"effort": "max"},
            Reasoning(enabled=True, effort="max", budget=-1, show=False),
        ),
        ({"output_config": {"effort": "low"}}, {}, Reasoning(effort="low")),
    ],
)
def test_every_wish_for_thoughts_is_understood(
    additional: dict[str, Any], output: dict[str, Any], wanted: Reasoning
) -> None:
    body = {"additionalModelRequestFields": additional, "outputConfig": output}
    request = DIALECT.parse_request(body, "m", False)
    assert request.reasoning == wanted
    assert request.extras == {}


@pytest.mark.parametrize(
    ("words", "choice", "parallel"),
    [
        (
            {"type": "any", "disable_parallel_tool_use": False},
            ToolChoice(mode=ToolMode.REQUIRED),
            True,
        ),
        ({"type": "tool", "name": "f"}, ToolChoice(mode=ToolMode.NAMED, name="f"), None),
        ({"type": "none"}, ToolChoice(mode=ToolMode.NONE), None),
    ],
)
def test_a_choice_in_claudes_own_words_is_understood(
    words: dict[str, Any], choice: ToolChoice, parallel: bool | None
) -> None:
    body = {"additionalModelRequestFields": {"tool_choice": words}}
    request = DIALECT.parse_request(body, "m", False)
    assert (request.tool_choice, request.parallel_tool_calls) == (choice, parallel)
    assert request.extras == {}


@pytest.mark.parametrize("words", ["any", {"type": ["any"]}, {"type": {}}, {"type": "other"}, {}])
def test_a_choice_in_nobodys_words_stays_what_it_is(words: object) -> None:
    body = {"additionalModelRequestFields": {"tool_choice": words}}
    request = DIALECT.parse_request(body, "m", False)
    assert request.tool_choice is None
    assert request.extras == body


def test_a_schema_in_claudes_own_words_is_understood() -> None:
    config = {"effort": "low", "format": {"type": "json_schema", "schema": {"type": "object"}}}
    body = {"additionalModelRequestFields": {"output_config": {**config, "x": 1}}}
    request = DIALECT.parse_request(body, "m", False)
    assert request.output == JsonOutput(schema={"type": "object"})
    assert request.reasoning == Reasoning(effort="low")
    assert request.extras == {"additionalModelRequestFields": {"output_config": {"x": 1}}}


def test_a_blob_that_is_no_base64_is_bedrocks_own() -> None:
    block = {"reasoningContent": {"redactedContent": "A"}}
    assert first_part(block) == Thinking(redacted=Signature(origin="bedrock", value="A"))
