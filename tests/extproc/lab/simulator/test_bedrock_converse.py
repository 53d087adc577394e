"""boto3 before the simulator's Converse."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

from extproc.lab.simulator import RunningSimulator

MODEL = "eu.anthropic.claude-sonnet-4-20250514-v1:0"
STRUCTURED = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
ARN = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc123"
WEATHER = {
    "toolSpec": {
        "name": "weather",
        "inputSchema": {
            "json": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            }
        },
    }
}


def say(text: str = "hello there", **orders: Any) -> list[dict[str, Any]]:
    said = f"{text} [[sim: {json.dumps(orders)}]]" if orders else text
    return [{"role": "user", "content": [{"text": said}]}]


@pytest.fixture
def bedrock(sim: RunningSimulator) -> Iterator[Any]:
    made = boto3.client(
        "bedrock-runtime",
        region_name="eu-west-1",
        endpoint_url=sim.url,
        aws_access_key_id="AKID",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}),
    )
    yield made
    made.close()


def streamed(bedrock: Any, **params: Any) -> list[dict[str, Any]]:
    with closing(bedrock.converse_stream(modelId=MODEL, **params)["stream"]) as stream:
        return list(stream)


@pytest.mark.parametrize("model", [MODEL, ARN])
def test_a_whole_answer_follows_from_the_request(bedrock: Any, model: str) -> None:
    answer = bedrock.converse(modelId=model, messages=say())
    assert answer["output"]["message"] == {
        "role": "assistant",
        "content": [{"text": f"{model} heard: hello there"}],
    }
    assert answer["stopReason"] == "end_turn"
    assert answer["usage"] == {"inputTokens": 6, "outputTokens": 4, "totalTokens": 10}


def test_a_stream_says_the_same_and_ends_with_its_usage(bedrock: Any) -> None:
    events = streamed(bedrock, messages=say())
    text = "".join(
        event["contentBlockDelta"]["delta"]["text"]
        for event in events
        if "contentBlockDelta" in event
    )
    assert text == f"{MODEL} heard: hello there"
    assert events[0] == {"messageStart": {"role": "assistant"}}
    assert events[-2] == {"messageStop": {"stopReason": "end_turn"}}
    assert events[-1]["metadata"]["usage"]["totalTokens"] == 10


def test_the_cache_is_counted_beside_the_input(bedrock: Any) -> None:
    usage = bedrock.converse(modelId=MODEL, messages=say(prompt_tokens=50, cached_tokens=40))[
        "usage"
    ]
    assert (usage["inputTokens"], usage["cacheReadInputTokens"]) == (10, 40)


def test_tools_are_called_and_their_results_told(bedrock: Any) -> None:
    config = {"tools": [WEATHER], "toolChoice": {"any": {}}}
    first = bedrock.converse(modelId=MODEL, messages=say(), toolConfig=config)
    turn = first["output"]["message"]
    call = turn["content"][0]["toolUse"]
    assert (first["stopReason"], call["input"]) == ("tool_use", {"city": "sim"})
    result = {"toolResult": {"toolUseId": call["toolUseId"], "content": [{"text": "sunny"}]}}
    messages = [*say(), turn, {"role": "user", "content": [result]}]
    last = bedrock.converse(modelId=MODEL, messages=messages, toolConfig={"tools": [WEATHER]})
    assert last["output"]["message"]["content"] == [{"text": f"{MODEL} was told: sunny"}]


def test_streamed_calls_have_a_start_and_pieces(bedrock: Any) -> None:
    config = {"tools": [WEATHER], "toolChoice": {"tool": {"name": "weather"}}}
    events = streamed(bedrock, messages=say(), toolConfig=config)
    starts = [
        event["contentBlockStart"]["start"] for event in events if "contentBlockStart" in event
    ]
    inputs = [
        event["contentBlockDelta"]["delta"]["toolUse"]["input"]
        for event in events
        if "contentBlockDelta" in event
    ]
    assert [start["toolUse"]["name"] for start in starts] == ["weather"]
    assert json.loads("".join(inputs)) == {"city": "sim"}
    assert len(inputs) > 1


def test_thoughts_are_signed_and_must_come_back_so(bedrock: Any) -> None:
    turn = bedrock.converse(modelId=MODEL, messages=say(reasoning=2))["output"]["message"]
    thought = turn["content"][0]["reasoningContent"]["reasoningText"]
    assert thought["text"] == " thought0 thought1"
    bedrock.converse(modelId=MODEL, messages=[*say(), turn, *say("on")])
    thought["signature"] = "another"
    with pytest.raises(bedrock.exceptions.ValidationException, match="signature"):
        bedrock.converse(modelId=MODEL, messages=[*say(), turn, *say("on")])


def test_a_schema_is_obeyed(bedrock: Any) -> None:
    closed = WEATHER["toolSpec"]["inputSchema"]["json"] | {"additionalProperties": False}
    schema = json.dumps(closed)
    wanted = {"type": "json_schema", "structure": {"jsonSchema": {"schema": schema}}}
    asked = {"messages": say(), "outputConfig": {"textFormat": wanted}}
    answer = bedrock.converse(modelId=STRUCTURED, **asked)
    assert json.loads(answer["output"]["message"]["content"][0]["text"]) == {"city": "sim"}
    with pytest.raises(bedrock.exceptions.ValidationException, match="textFormat"):
        bedrock.converse(modelId=MODEL, **asked)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (429, "ThrottlingException"),
        (503, "ServiceUnavailableException"),
        (403, "AccessDeniedException"),
    ],
)
def test_errors_raise_their_exception(bedrock: Any, status: int, kind: str) -> None:
    with pytest.raises(getattr(bedrock.exceptions, kind)) as caught:
        bedrock.converse(modelId=MODEL, messages=say(status=status, message="no"))
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_a_failure_in_mid_stream_raises(bedrock: Any) -> None:
    with pytest.raises(EventStreamError, match="internalServerException"):
        streamed(bedrock, messages=say(error_after=2))


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"messages": [{"role": "assistant", "content": [{"text": "x"}]}]}, "start with a user"),
        ({"messages": [*say(), *say()]}, "alternate"),
        ({"messages": [{"role": "user", "content": [{"text": " "}]}]}, "blank"),
        ({"messages": [{"role": "user", "content": []}]}, "is empty"),
        ({"messages": say(), "inferenceConfig": {"temperature": 1.5}}, "between 0 and 1"),
        ({"messages": say(), "serviceTier": {"type": "scale"}}, "enum"),
        ({"messages": say(), "requestMetadata": {"a": "ü"}}, "pattern"),
        (
            {
                "messages": [
                    *say(),
                    {
                        "role": "assistant",
                        "content": [{"toolUse": {"toolUseId": "t", "name": "f", "input": {}}}],
                    },
                ]
            },
            "toolConfig field must be defined",
        ),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [
                            {"document": {"format": "txt", "name": "a", "source": {"text": "x"}}}
                        ],
                    }
                ]
            },
            "text block",
        ),
    ],
)
def test_what_bedrock_refuses_is_refused(bedrock: Any, params: Any, said: str) -> None:
    with pytest.raises(ClientError, match=said) as caught:
        bedrock.converse(modelId=MODEL, **params)
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_unknown_members_are_refused(web: Any) -> None:
    body = {"messages": say(), "max_tokens": 5}
    answer = web.post(f"/model/{MODEL}/converse", json=body)
    assert answer.status_code == 400
    assert "extraneous key [max_tokens]" in answer.json()["message"]


def test_claudes_own_words_are_obeyed(web: Any) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    spec = {"name": "weather", "inputSchema": {"json": schema}}
    body = {"messages": say(), "toolConfig": {"tools": [{"toolSpec": spec}]}}
    own = {"tool_choice": {"type": "tool", "name": "weather", "disable_parallel_tool_use": True}}
    called = web.post(
        f"/model/{MODEL}/converse", json={**body, "additionalModelRequestFields": own}
    )
    assert called.json()["stopReason"] == "tool_use"
    own = {"output_config": {"format": {"type": "json_schema", "schema": schema}}}
    told = web.post(
        f"/model/{MODEL}/converse",
        json={"messages": say(), "additionalModelRequestFields": own},
    )
    assert told.json()["output"]["message"]["content"] == [{"text": '{"city":"sim"}'}]
