"""Whole answers of bedrock.converse, read by boto3."""

import base64
from typing import Any

import orjson
import pytest
from botocore.parsers import create_parser
from hypothesis import given
from hypothesis import strategies as st

from providers.dialects.bedrock.converse import DIALECT
from providers.errors import BadAnswer
from providers.neutral.chat import (
    Audio,
    ChatResponse,
    Choice,
    Citation,
    Finish,
    Image,
    Native,
    Part,
    Refusal,
    Text,
    Thinking,
    ToolCall,
)
from providers.neutral.deltas import replay
from providers.neutral.media import Data
from providers.usage import Usage
from tests.providers.dialects.bedrock.answers import (
    CONTEXT,
    MINE,
    PNG,
    QUESTION,
    USAGE,
    calls,
    events,
    finishes,
    images,
    rendered,
    texts,
    thoughts,
    usages,
)
from tests.providers.dialects.bedrock.service import MODEL, client, judge_request


def whole(*parts: Part, finish: Finish = Finish.STOP, **members: Any) -> ChatResponse:
    return ChatResponse(
        id="", model="", choices=(Choice(parts=parts, finish=finish),), usage=USAGE, **members
    )


def judged(body: dict[str, Any]) -> dict[str, Any]:
    """The answer as botocore's parser reads it; nothing that it does not know may be in it."""
    shape = MODEL.operation_model("Converse").output_shape
    known(body, shape)
    answer = {"status_code": 200, "headers": {}, "body": orjson.dumps(body)}
    parsed: dict[str, Any] = create_parser("rest-json").parse(answer, shape)
    assert set(shape.required_members) <= parsed.keys()
    return parsed


def known(value: Any, shape: Any, at: str = "") -> None:
    """Fails for a member, an enum value or a missing member that the service model denies."""
    if shape.type_name == "structure" and not shape.is_document_type:
        assert value.keys() <= shape.members.keys(), f"{at}: {value.keys()}"
        assert set(shape.required_members) <= value.keys(), f"{at}: {value.keys()}"
        for name, inner in value.items():
            known(inner, shape.members[name], f"{at}.{name}")
    elif shape.type_name == "list":
        for inner in value:
            known(inner, shape.member, at)
    elif shape.type_name == "string" and shape.enum:
        assert value in shape.enum, f"{at}: {value}"
    elif shape.type_name == "blob":
        base64.b64decode(value, validate=True)


def through_boto3(response: ChatResponse) -> dict[str, Any]:
    """What a program sees that calls converse()."""
    body = orjson.dumps(DIALECT.render_response(response, CONTEXT))
    headers = {"content-type": "application/json"}
    result: dict[str, Any] = client(lambda request: (200, headers, body)).converse(**QUESTION)
    return result


def test_the_sdk_reads_a_whole_answer() -> None:
    answer = through_boto3(
        whole(
            Thinking(text="Hm", signature=MINE),
            Text(text="Hello"),
            ToolCall(id="t1", name="look", arguments='{"at":{"x":1}}'),
            finish=Finish.TOOL_CALLS,
            service_tier="flex",
        )
    )
    assert answer["output"]["message"] == {
        "role": "assistant",
        "content": [
            {"reasoningContent": {"reasoningText": {"text": "Hm", "signature": "sig"}}},
            {"text": "Hello"},
            {"toolUse": {"toolUseId": "t1", "name": "look", "input": {"at": {"x": 1}}}},
        ],
    }
    assert answer["stopReason"] == "tool_use"
    assert answer["usage"] == {
        "inputTokens": 10,
        "outputTokens": 20,
        "totalTokens": 120,
        "cacheReadInputTokens": 60,
        "cacheWriteInputTokens": 30,
    }
    assert answer["serviceTier"] == {"type": "flex"}


@pytest.mark.parametrize("finish", list(Finish))
def test_every_finish_is_one_that_the_model_knows(finish: Finish) -> None:
    judged(DIALECT.render_response(whole(Text(text="x"), finish=finish), CONTEXT))


def test_a_plain_stop_with_a_call_is_a_tool_use() -> None:
    response = whole(ToolCall(id="a", name="f", arguments="{}"), finish=Finish.STOP)
    assert judged(DIALECT.render_response(response, CONTEXT))["stopReason"] == "tool_use"


def test_what_the_format_cannot_hold_is_shown_or_left_out() -> None:
    body = DIALECT.render_response(
        whole(
            Refusal(text="No"),
            Audio(source=Data(base64="AA==", media_type="audio/wav"), transcript="said"),
            Native(dialect="gemini.generate_content", value={"x": 1}),
            Image(source=PNG),
            ToolCall(id="a", name="f", arguments='{"broken'),
            Text(text="x", citations=(Citation(url="https://a.test/", title="A", quote="q"),)),
        ),
        CONTEXT,
    )
    content = judged(body)["output"]["message"]["content"]
    assert content == [
        {"text": "No"},
        {"text": "said"},
        {"image": {"format": "png", "source": {"bytes": b"\x89PNG"}}},
        {"toolUse": {"toolUseId": "a", "name": "f", "input": '{"broken'}},
        {"text": "x"},
        {
            "citationsContent": {
                "citations": [
                    {
                        "title": "A",
                        "source": "https://a.test/",
                        "sourceContent": [{"text": "q"}],
                        "location": {"web": {"url": "https://a.test/"}},
                    }
                ],
            }
        },
    ]


@given(st.lists(thoughts | calls | texts | images, max_size=5), finishes, usages)
def test_parsing_an_answer_undoes_rendering(
    parts: list[Part], finish: Finish, usage: Usage
) -> None:
    called = any(isinstance(part, ToolCall) for part in parts)
    finish = Finish.TOOL_CALLS if called and finish is Finish.STOP else finish
    choice = Choice(parts=tuple(parts), finish=finish)
    response = ChatResponse(id="", model="", choices=(choice,), usage=usage, service_tier="default")
    body = DIALECT.render_response(response, CONTEXT)
    judged(body)
    parsed = DIALECT.parse_response(orjson.loads(orjson.dumps(body)))
    assert parsed.choices == response.choices
    assert (parsed.usage, parsed.service_tier) == (usage, "default")


def test_what_only_bedrock_says_of_an_answer_is_kept() -> None:
    body = {
        "output": {"message": {"role": "assistant", "content": [{"text": "x"}]}},
        "stopReason": "stop_sequence",
        "usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3},
        "metrics": {"latencyMs": 44},
        "trace": {"promptRouter": {"invokedModelId": "arn:aws:bedrock:x"}},
        "additionalModelResponseFields": {"stop_sequence": "END"},
    }
    response = DIALECT.parse_response(body)
    assert response.choices[0].stop_sequence == "END"
    assert DIALECT.render_response(response, CONTEXT) == body


@pytest.mark.parametrize(
    "body", [{}, {"output": []}, {"output": {"message": {"content": [{"text": 1}]}}}]
)
def test_an_answer_that_cannot_be_read_is_a_bad_answer(body: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer):
        DIALECT.parse_response(body)


def test_a_whole_answer_is_watched() -> None:
    body = DIALECT.render_response(whole(Text(text="x"), finish=Finish.LENGTH), CONTEXT)
    seen = DIALECT.watch(body)
    assert (seen.usage, seen.finish) == (USAGE, Finish.LENGTH)


def test_a_sequence_that_stopped_the_model_is_told() -> None:
    choice = Choice(parts=(Text(text="x"),), finish=Finish.STOP_SEQUENCE, stop_sequence="END")
    response = ChatResponse(id="", model="", choices=(choice,))
    body = DIALECT.render_response(response, CONTEXT)
    assert body["additionalModelResponseFields"] == {"stop_sequence": "END"}
    assert DIALECT.parse_response(body).choices == (choice,)


def test_a_server_tool_survives_the_way_there_and_back() -> None:
    call = {"toolUseId": "s", "name": "web", "type": "server_tool_use", "input": {}}
    result = {"toolUseId": "s", "type": "web_search_result", "content": [{"text": "x"}]}
    parts = (
        Native(dialect="bedrock.converse", value={"toolUse": call}),
        Native(dialect="bedrock.converse", value={"toolResult": result}),
    )
    body = DIALECT.render_response(whole(*parts), CONTEXT)
    judged(body)
    assert DIALECT.parse_response(body).choices[0].parts == parts


def test_usage_is_unknown_where_there_are_no_counts() -> None:
    assert DIALECT.watch({"usage": {}}).usage is None


def test_an_answer_of_a_newer_service_is_read_as_far_as_it_is_known() -> None:
    content = [{"text": "x", "confidence": 1}, {"hologram": {"a": 1}}]
    body = {"output": {"message": {"role": "assistant", "content": content}}}
    assert DIALECT.parse_response(body).choices[0].parts == (
        Text(text="x"),
        Native(dialect="bedrock.converse", value={"hologram": {"a": 1}}),
    )


def test_a_foreign_call_id_is_shown_as_bedrock_takes_it_back() -> None:
    wild = ToolCall(id="call/ü|" + "x" * 80, name="f", arguments="{}")
    choice = Choice(parts=(wild,), finish=Finish.TOOL_CALLS)
    answer = ChatResponse(id="", model="", choices=(choice,))
    shown = DIALECT.render_response(answer, CONTEXT)["output"]["message"]["content"]
    (begin,) = [
        event["contentBlockStart"]["start"]
        for event in events(rendered(replay(answer)))
        if "contentBlockStart" in event
    ]
    assert begin["toolUse"]["toolUseId"] == shown[0]["toolUse"]["toolUseId"]
    judge_request({"messages": [{"role": "assistant", "content": shown}]}, stream=False)


def test_a_full_context_window_is_told_as_such() -> None:
    word = "model_context_window_exceeded"
    body = {"output": {"message": {"content": [{"text": "x"}]}}, "stopReason": word}
    answer = DIALECT.parse_response(body)
    assert answer.choices[0].finish is Finish.LENGTH
    assert DIALECT.render_response(answer, CONTEXT)["stopReason"] == word
