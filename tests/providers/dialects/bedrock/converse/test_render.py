"""What is sent is what Bedrock takes, by the judgement of botocore's service model."""

from typing import Any

import orjson
import pytest

from providers.errors import Unsupported
from providers.neutral.chat import Cache, ChatRequest, JsonOutput, Message, Native, Role, Text
from tests.providers.dialects.bedrock.requests import (
    HELLO,
    NOVA_2,
    OPUS_47,
    ask,
    assistant,
    contents,
    render,
    user,
)


def test_a_plain_question() -> None:
    assert render(ask()) == (
        {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]},
        [],
    )


def test_every_inference_parameter_has_its_place() -> None:
    body, dropped = render(
        ask(max_tokens=10, temperature=0.5, top_k=3, stop=("a", "b"), service_tier="priority")
    )
    assert body["inferenceConfig"] == {
        "maxTokens": 10,
        "temperature": 0.5,
        "stopSequences": ["a", "b"],
    }
    assert body["additionalModelRequestFields"] == {"top_k": 3}
    assert body["serviceTier"] == {"type": "priority"}
    assert dropped == []


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (NOVA_2, {"inferenceConfig": {"topK": 7}}),
        ("mistral.mistral-large-2402-v1:0", {"top_k": 7}),
        ("cohere.command-r-v1:0", {"k": 7}),
        (
            "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
            {"top_k": 7},
        ),
    ],
)
def test_top_k_stands_where_the_family_keeps_it(model: str, fields: dict[str, Any]) -> None:
    body, dropped = render(ask(model=model, top_k=7))
    assert body["additionalModelRequestFields"] == fields
    assert dropped == []


def test_top_k_is_named_where_the_family_has_none() -> None:
    body, dropped = render(ask(model="meta.llama3-70b-instruct-v1:0", top_k=7))
    assert "additionalModelRequestFields" not in body
    assert dropped == ["top_k"]


def test_a_temperature_above_one_is_one_and_named() -> None:
    body, dropped = render(ask(temperature=1.7))
    assert body["inferenceConfig"] == {"temperature": 1.0}
    assert dropped == ["temperature"]


def test_claude_4_7_is_sent_no_sampling_parameters() -> None:
    body, dropped = render(ask(model=OPUS_47, temperature=0.5, top_p=0.5, top_k=3))
    assert body.keys() == {"messages"}
    assert dropped == ["temperature", "top_p", "top_k"]


def test_claude_4_5_is_sent_one_of_temperature_and_top_p() -> None:
    model = "anthropic.claude-sonnet-4-5-20250929-v1:0"
    body, dropped = render(ask(model=model, temperature=0.5, top_p=0.5))
    assert body["inferenceConfig"] == {"temperature": 0.5}
    assert dropped == ["top_p"]


def test_system_messages_of_every_position_go_to_the_front() -> None:
    body, dropped = render(
        ask(
            Message(role=Role.SYSTEM, parts=(Text(text="One", cache=Cache(ttl="1h")),)),
            HELLO,
            Message(role=Role.DEVELOPER, parts=(Text(text="Two"), Text(text=" \n"))),
        )
    )
    assert body["system"] == [
        {"text": "One"},
        {"cachePoint": {"type": "default", "ttl": "1h"}},
        {"text": "Two"},
    ]
    assert dropped == []


def test_tool_changes_stay_where_they_are() -> None:
    change = {"toolAddition": {"tool": {"type": "tool", "name": "look"}}}
    body, _ = render(
        ask(
            HELLO,
            Message(role=Role.SYSTEM, parts=(Native(dialect="bedrock.converse", value=change),)),
        )
    )
    assert body["messages"][1] == {"role": "system", "content": [change]}


def test_turns_of_one_speaker_are_merged_and_blank_texts_left_out() -> None:
    body, _ = render(
        ask(
            user(Text(text="a")),
            user(Text(text="")),
            assistant(Text(text=" \n")),
            user(Text(text="b"), Text(text="\t")),
            assistant(Text(text="c")),
            assistant(Text(text="d")),
            user(Text(text="e")),
        )
    )
    assert body["messages"] == [
        {"role": "user", "content": [{"text": "a"}, {"text": "b"}]},
        {"role": "assistant", "content": [{"text": "c"}, {"text": "d"}]},
        {"role": "user", "content": [{"text": "e"}]},
    ]


def test_a_conversation_that_the_assistant_begins_has_a_word_of_the_users_before_it() -> None:
    body, dropped = render(ask(assistant(Text(text="How can I help?")), HELLO))
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
    assert contents(body)[1:] == [[{"text": "How can I help?"}], [{"text": "Hello"}]]
    assert dropped == []


def test_nothing_to_say_is_refused() -> None:
    with pytest.raises(Unsupported, match="message") as caught:
        render(ask(user(Text(text="  "))))
    assert caught.value.param == "messages"


def test_instructions_alone_are_a_turn_of_the_users() -> None:
    body, dropped = render(ask(Message(role=Role.SYSTEM, parts=(Text(text="x"),))))
    assert body == {"messages": [{"role": "user", "content": [{"text": "x"}]}]}
    assert dropped == ["messages.system"]


def test_a_prefill_does_not_end_in_white_space() -> None:
    body, _ = render(ask(HELLO, assistant(Text(text="So: "))))
    assert contents(body)[1] == [{"text": "So:"}]


def test_claude_takes_no_stop_sequence_of_white_space() -> None:
    with pytest.raises(Unsupported) as caught:
        render(ask(stop=("\n",)))
    assert caught.value.param == "stop"
    assert render(ask(model=NOVA_2, stop=("\n",)))[0]["inferenceConfig"]["stopSequences"] == ["\n"]


def test_a_stored_prompt_needs_no_messages() -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ:1"
    request = ChatRequest(model=arn, extras={"promptVariables": {"topic": {"text": "sea"}}})
    assert render(request) == ({"promptVariables": {"topic": {"text": "sea"}}}, [])


def test_a_json_schema_is_sent_as_text() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    body, _ = render(ask(output=JsonOutput(schema=schema, name="n", description="d")))
    text_format = body["outputConfig"]["textFormat"]
    assert text_format["type"] == "json_schema"
    definition = text_format["structure"]["jsonSchema"]
    assert orjson.loads(definition.pop("schema")) == schema
    assert definition == {"name": "n", "description": "d"}


def test_metadata_keep_to_bedrocks_alphabet_and_number() -> None:
    metadata = {"user": "Müller", "n": 3, **{f"k{index}": "v" for index in range(20)}}
    body, dropped = render(ask(metadata=metadata))
    assert body["requestMetadata"]["user"] == "M_ller"
    assert body["requestMetadata"]["n"] == "3"
    assert len(body["requestMetadata"]) == 16
    assert dropped == ["metadata"]


def test_tiers_that_bedrock_lacks_are_named() -> None:
    assert render(ask(service_tier="scale"))[1] == ["service_tier"]
    assert render(ask(service_tier="auto"))[0].keys() == {"messages"}


def test_extras_are_rendered_or_named() -> None:
    extras = {
        "guardrailConfig": {"guardrailIdentifier": "abc", "guardrailVersion": "1"},
        "performanceConfig": {"latency": "optimized"},
        "additionalModelResponseFieldPaths": ["/stop_sequence"],
        "additionalModelRequestFields": {"inferenceConfig": {"x": 1}},
        "top_a": 1,
    }
    body, dropped = render(ask(model=NOVA_2, top_k=3, extras=extras))
    assert body["additionalModelRequestFields"] == {"inferenceConfig": {"x": 1, "topK": 3}}
    assert body["performanceConfig"] == {"latency": "optimized"}
    assert dropped == ["top_a"]


def test_an_empty_stop_sequence_is_left_out() -> None:
    assert render(ask(stop=("", "x")))[0]["inferenceConfig"] == {"stopSequences": ["x"]}


def test_claude_says_which_sequence_stopped_it() -> None:
    body, _ = render(ask(stop=("x",)))
    assert body["additionalModelResponseFieldPaths"] == ["/stop_sequence"]
    assert "additionalModelResponseFieldPaths" not in render(ask(model=NOVA_2, stop=("x",)))[0]
