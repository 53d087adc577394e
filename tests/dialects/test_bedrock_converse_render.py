"""What is sent is what Bedrock takes, by the judgement of botocore's service model."""

import base64
from typing import Any

import orjson
import pytest
from bedrock_requests import (
    HELLO,
    NOVA_2,
    OPUS_47,
    PDF,
    PNG,
    WEATHER,
    ask,
    assistant,
    contents,
    render,
    results,
    user,
)

from providers.chat import (
    Audio,
    Cache,
    ChatRequest,
    Citation,
    Data,
    Document,
    FileId,
    Image,
    JsonOutput,
    Message,
    Native,
    NativeTool,
    PlainText,
    Role,
    Signature,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolMode,
    ToolResult,
    Url,
    Video,
)
from providers.dialects.bedrock_converse import DIALECT
from providers.errors import Unsupported
from providers.fidelity import fit


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


@pytest.mark.parametrize(
    "messages",
    [
        (assistant(Text(text="Hi")), HELLO),
        (user(Text(text="  ")),),
        (Message(role=Role.SYSTEM, parts=(Text(text="x"),)),),
    ],
)
def test_a_first_turn_that_is_not_the_users_is_refused(messages: tuple[Message, ...]) -> None:
    with pytest.raises(Unsupported, match="first message"):
        render(ask(*messages))


def test_a_stored_prompt_needs_no_messages() -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ:1"
    request = ChatRequest(model=arn, extras={"promptVariables": {"topic": {"text": "sea"}}})
    assert render(request) == ({"promptVariables": {"topic": {"text": "sea"}}}, [])


def test_tool_results_join_the_users_turn() -> None:
    body, _ = render(
        ask(
            HELLO,
            assistant(
                ToolCall(id="a", name="get_weather", arguments="{}"),
                ToolCall(id="b", name="get_weather", arguments='{"place":{"city":"Rome"}}'),
            ),
            results(
                ToolResult(call_id="a", parts=(Text(text="rain"), Image(source=PNG))),
                ToolResult(call_id="b", is_error=True),
            ),
            user(Text(text="Well?")),
            tools=(WEATHER,),
        )
    )
    assert contents(body)[1:] == [
        [
            {"toolUse": {"toolUseId": "a", "name": "get_weather", "input": {}}},
            {
                "toolUse": {
                    "toolUseId": "b",
                    "name": "get_weather",
                    "input": {"place": {"city": "Rome"}},
                }
            },
        ],
        [
            {
                "toolResult": {
                    "toolUseId": "a",
                    "content": [
                        {"text": "rain"},
                        {"image": {"format": "png", "source": {"bytes": PNG.base64}}},
                    ],
                }
            },
            {"toolResult": {"toolUseId": "b", "content": [], "status": "error"}},
            {"text": "Well?"},
        ],
    ]


def test_a_history_with_tools_brings_its_tool_config() -> None:
    body, dropped = render(
        ask(
            HELLO,
            assistant(ToolCall(id="a", name="look", arguments="{}")),
            results(ToolResult(call_id="a", parts=(Text(text="x"),))),
        )
    )
    spec = {"name": "look", "inputSchema": {"json": {"type": "object", "properties": {}}}}
    assert body["toolConfig"] == {"tools": [{"toolSpec": spec}]}
    assert dropped == []


def test_foreign_call_ids_are_made_fit_and_stay_paired() -> None:
    wild = "call/ü|" + "x" * 80
    body, _ = render(
        ask(
            HELLO,
            assistant(ToolCall(id=wild, name="look", arguments="{}")),
            results(ToolResult(call_id=wild)),
        )
    )
    call, result = contents(body)[1][0]["toolUse"], contents(body)[2][0]["toolResult"]
    assert call["toolUseId"] == result["toolUseId"]


@pytest.mark.parametrize("arguments", ['{"a":', "[1]", '"text"'])
def test_arguments_that_are_no_object_are_kept_and_named(arguments: str) -> None:
    body, dropped = render(ask(HELLO, assistant(ToolCall(id="a", name="f", arguments=arguments))))
    kept = contents(body)[1][0]["toolUse"]["input"]["arguments"]
    assert kept in (arguments, *([] if arguments == '{"a":' else [orjson.loads(arguments)]))
    assert dropped == ["messages.tool_calls.arguments"]


def test_tools_and_choices() -> None:
    body, _ = render(ask(tools=(WEATHER,), tool_choice=ToolChoice(mode=ToolMode.REQUIRED)))
    assert body["toolConfig"] == {
        "tools": [
            {
                "toolSpec": {
                    "name": "get_weather",
                    "description": "Looks out of the window",
                    "inputSchema": {"json": WEATHER.schema},
                }
            }
        ],
        "toolChoice": {"any": {}},
    }


def test_allowed_tools_are_the_only_ones_offered() -> None:
    tools = (WEATHER, Tool(name="other"))
    choice = ToolChoice(mode=ToolMode.AUTO, allowed=("other",))
    body, _ = render(ask(tools=tools, tool_choice=choice))
    assert [tool["toolSpec"]["name"] for tool in body["toolConfig"]["tools"]] == ["other"]


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (None, {"type": "auto"}),
        (ToolChoice(mode=ToolMode.REQUIRED), {"type": "any"}),
        (
            ToolChoice(mode=ToolMode.NAMED, name="get_weather"),
            {"type": "tool", "name": "get_weather"},
        ),
    ],
)
def test_claude_is_told_to_call_one_tool_at_a_time(
    choice: ToolChoice | None, words: dict[str, Any]
) -> None:
    body, _ = render(ask(tools=(WEATHER,), tool_choice=choice, parallel_tool_calls=False))
    assert "toolChoice" not in body["toolConfig"]
    assert body["additionalModelRequestFields"] == {
        "tool_choice": {**words, "disable_parallel_tool_use": True}
    }


def test_other_models_cannot_be_told_to_call_one_tool_at_a_time() -> None:
    with pytest.raises(Unsupported) as caught:
        render(ask(model=NOVA_2, tools=(WEATHER,), parallel_tool_calls=False))
    assert caught.value.param == "parallel_tool_calls"


def test_no_tool_at_all_cannot_be_said() -> None:
    request = ask(tools=(WEATHER,), tool_choice=ToolChoice(mode=ToolMode.NONE))
    with pytest.raises(Unsupported):
        fit(request, DIALECT.carries, DIALECT.names, DIALECT.name)


def test_a_tool_of_another_provider_is_refused() -> None:
    tool = NativeTool(dialect="anthropic.messages", value={"type": "web_search_20250305"})
    with pytest.raises(Unsupported, match=r"anthropic\.messages"):
        render(ask(tools=(tool,)))


def test_documents_get_names_that_bedrock_takes() -> None:
    body, dropped = render(
        ask(
            user(
                Text(text="Read"),
                Document(source=PDF, name="report.pdf"),
                Document(source=PDF, name="a_b/c: 100%.pdf"),
                Document(source=PDF),
                Document(source=PDF),
                Document(source=PlainText(text="Plain"), cite=True, context="c"),
                Document(source=Data(base64="e30=", media_type="application/json")),
            )
        )
    )
    documents = [block["document"] for block in contents(body)[0][1:]]
    names = [document["name"] for document in documents]
    assert names == [
        "report",
        "a b c 100",
        "document",
        "document (2)",
        "document (3)",
        "document (4)",
    ]
    assert documents[4]["source"] == {"text": "Plain"}
    assert documents[4]["citations"] == {"enabled": True}
    assert documents[5]["format"] == "txt"
    assert dropped == ["document.name"]


def test_a_document_without_a_text_is_refused() -> None:
    with pytest.raises(Unsupported, match="text beside a document"):
        render(ask(user(Document(source=PDF))))


@pytest.mark.parametrize(
    ("part", "param"),
    [
        (Image(source=Url(url="https://host.test/a.png")), "image.url"),
        (Image(source=FileId(id="f")), "image.file_id"),
        (Image(source=Data(base64="AA==", media_type="image/tiff")), "image.media_type"),
        (Audio(source=Data(base64="AA==", media_type="audio/midi")), "audio.media_type"),
    ],
)
def test_media_that_bedrock_cannot_take_are_refused_by_name(part: Any, param: str) -> None:
    with pytest.raises(Unsupported) as caught:
        render(ask(user(Text(text="See"), part)))
    assert caught.value.param == param


def test_s3_locations_need_no_media_type() -> None:
    body, _ = render(ask(user(Video(source=Url(url="s3://bucket/film.MOV")))))
    assert contents(body)[0] == [
        {"video": {"format": "mov", "source": {"s3Location": {"uri": "s3://bucket/film.MOV"}}}}
    ]


def test_only_its_own_thoughts_are_sent_back() -> None:
    body, dropped = render(
        ask(
            HELLO,
            assistant(
                Thinking(text="mine", signature=Signature(origin="bedrock", value="s")),
                Thinking(text="Gemini's", signature=Signature(origin="gemini", value="g")),
                Thinking(text="unsigned"),
                Thinking(redacted=Signature(origin="anthropic", value="r")),
                Text(text="Hi"),
            ),
        )
    )
    assert contents(body)[1] == [
        {"reasoningContent": {"reasoningText": {"text": "mine", "signature": "s"}}},
        {"text": "Hi"},
    ]
    assert dropped == ["messages.thinking"]


def test_a_foreign_thought_comes_home_through_a_bedrock_client() -> None:
    foreign = (
        Thinking(text="t", signature=Signature(origin="gemini", value="g")),
        Thinking(redacted=Signature(origin="openai", value="r")),
    )
    from providers.dialects.bedrock_converse.response import render_part

    content = [render_part(part) for part in foreign]
    blob = content[1]["reasoningContent"]["redactedContent"]  # type: ignore[index]
    assert base64.b64decode(blob, validate=True)
    body = {"messages": [{"role": "assistant", "content": content}]}
    assert DIALECT.parse_request(body, "m", False).messages[0].parts == foreign


def test_cache_marks_become_cache_points() -> None:
    body, dropped = render(
        ask(
            user(Text(text="a", cache=Cache(ttl="5m")), Text(text="b", cache=Cache(ttl="2h"))),
            assistant(Text(text="c")),
            results(ToolResult(call_id="x", parts=(Text(text="r", cache=Cache()),))),
            tools=(Tool(name="t", cache=Cache()),),
            cache=Cache(ttl="1h"),
        )
    )
    point = {"cachePoint": {"type": "default"}}
    assert contents(body)[0] == [
        {"text": "a"},
        {"cachePoint": {"type": "default", "ttl": "5m"}},
        {"text": "b"},
        point,
    ]
    assert contents(body)[2][-1] == point
    assert body["toolConfig"]["tools"][-1] == point
    assert dropped == ["cache_control.ttl"]


def test_a_model_without_a_cache_gets_no_cache_point() -> None:
    message = user(Text(text="a", cache=Cache()))
    body, dropped = render(ask(message, model="meta.llama3-70b-instruct-v1:0"))
    assert contents(body) == [[{"text": "a"}]]
    assert dropped == ["cache_control"]


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


@pytest.mark.parametrize(
    ("messages", "param"),
    [
        ((HELLO, assistant(Image(source=PNG))), "image"),
        ((HELLO, Message(role=Role.SYSTEM, parts=(Image(source=PNG),))), "system"),
        ((HELLO, assistant(Native(dialect="x.y", value={}))), "tools.native"),
        (
            (
                HELLO,
                results(
                    ToolResult(
                        call_id="a",
                        parts=(Audio(source=Data(base64="AA==", media_type="audio/wav")),),
                    )
                ),
            ),
            "tool_result.media",
        ),
    ],
)
def test_parts_out_of_place_are_refused_by_name(messages: tuple[Message, ...], param: str) -> None:
    with pytest.raises(Unsupported) as caught:
        render(ask(*messages))
    assert caught.value.param == param


def test_an_assistants_sound_is_told_in_words() -> None:
    sound = Data(base64="AA==", media_type="audio/wav")
    body, dropped = render(ask(HELLO, assistant(Audio(source=sound, transcript="said"))))
    assert contents(body)[1] == [{"text": "said"}]
    assert dropped == ["messages.audio"]


def test_foreign_citations_are_left_out_and_named() -> None:
    cited = Text(text="x", citations=(Citation(url="https://a.test/"),))
    body, dropped = render(ask(HELLO, assistant(cited)))
    assert contents(body)[1] == [{"text": "x"}]
    assert dropped == ["messages.citations"]


def test_a_failed_tool_is_named_where_the_model_cannot_be_told() -> None:
    turn = results(ToolResult(call_id="a", parts=(Text(text="x"),), is_error=True))
    body, dropped = render(ask(HELLO, turn, model="mistral.mistral-large-2402-v1:0"))
    assert "status" not in contents(body)[0][1]["toolResult"]
    assert dropped == ["tool_result.is_error"]


@pytest.mark.parametrize(
    ("tools", "choice", "param"),
    [
        ((), ToolChoice(mode=ToolMode.REQUIRED), "tool_choice"),
        ((WEATHER,), ToolChoice(mode=ToolMode.AUTO, allowed=("x",)), "tool_choice.allowed"),
        ((Tool(name="a.b"),), None, "tools.name"),
    ],
)
def test_impossible_tools_are_refused_by_name(
    tools: tuple[Tool, ...], choice: ToolChoice | None, param: str
) -> None:
    with pytest.raises(Unsupported) as caught:
        render(ask(tools=tools, tool_choice=choice))
    assert caught.value.param == param


def test_system_tools_stand_beside_the_others() -> None:
    tool = NativeTool(dialect="bedrock.converse", value={"systemTool": {"name": "nova_grounding"}})
    body, _ = render(ask(tools=(tool,)))
    assert body["toolConfig"] == {"tools": [{"systemTool": {"name": "nova_grounding"}}]}


def test_an_empty_stop_sequence_is_left_out() -> None:
    assert render(ask(stop=("", "x")))[0]["inferenceConfig"] == {"stopSequences": ["x"]}
