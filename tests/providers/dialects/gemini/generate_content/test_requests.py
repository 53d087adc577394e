"""What clients may write, and what of it goes to Google as it is."""

import pytest

from providers.dialects.gemini.generate_content import DIALECT
from providers.errors import InvalidRequest, Unsupported
from providers.neutral.chat import (
    Audio,
    Document,
    Image,
    Message,
    Native,
    NativeTool,
    Reasoning,
    Role,
    Signature,
    Text,
    Thinking,
    ToolChoice,
    ToolMode,
    ToolResult,
    Video,
)
from providers.neutral.media import Data, FileId, PlainText, Url
from providers.neutral.web_search import WebSearch
from tests.providers.dialects.gemini.wire import (
    HELLO,
    PIXEL,
    ask,
    contents,
    parse,
    render,
    user,
)

OURS = Signature(origin="gemini", value="c2ln")


def test_both_spellings_of_every_name_are_read():
    body = {
        "contents": [
            {
                "parts": [
                    {"inline_data": {"mime_type": "image/png", "data": PIXEL}},
                    {"file_data": {"file_uri": "gs://b/a.pdf", "mime_type": "application/pdf"}},
                ]
            }
        ],
        "system_instruction": {"parts": [{"text": "be brief"}]},
        "generation_config": {
            "max_output_tokens": 5,
            "thinkingConfig": {"thinking_budget": 0, "include_thoughts": False},
        },
        "tool_config": {"function_calling_config": {"mode": "none"}},
        "safety_settings": [{"category": "c", "threshold": "t"}],
    }
    asked = parse(body)
    assert asked.messages == (
        Message(role=Role.SYSTEM, parts=(Text(text="be brief"),)),
        user(
            Image(source=Data(base64=PIXEL, media_type="image/png")),
            Document(source=Url(url="gs://b/a.pdf", media_type="application/pdf")),
        ),
    )
    assert asked.max_tokens == 5
    assert asked.reasoning == Reasoning(enabled=False, show=False)
    assert asked.tool_choice == ToolChoice(mode=ToolMode.NONE)
    assert asked.extras == {"safetySettings": body["safety_settings"]}


@pytest.mark.parametrize(
    ("part", "parsed"),
    [
        (
            {"fileData": {"fileUri": "https://youtu.be/x"}},
            Video(source=Url(url="https://youtu.be/x")),
        ),
        ({"fileData": {"fileUri": "gs://b/a.wav"}}, Audio(source=Url(url="gs://b/a.wav"))),
        (
            {"fileData": {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/x"}},
            Document(source=FileId(id="https://generativelanguage.googleapis.com/v1beta/files/x")),
        ),
        (
            {"inlineData": {"mimeType": "text/plain", "data": "aGk", "displayName": "n"}},
            Document(source=PlainText(text="hi"), name="n"),
        ),
        (
            {"inlineData": {"mimeType": "video/mp4", "data": "-_8"}},
            Video(source=Data(base64="+/8=", media_type="video/mp4")),
        ),
        (
            {"executableCode": {"language": "PYTHON", "code": "1"}},
            Native(
                dialect=DIALECT.name, value={"executableCode": {"language": "PYTHON", "code": "1"}}
            ),
        ),
        (
            {"fileData": {"fileUri": "gs://b/a.mp4"}, "videoMetadata": {"fps": 1}},
            Native(
                dialect=DIALECT.name,
                value={"fileData": {"fileUri": "gs://b/a.mp4"}, "videoMetadata": {"fps": 1}},
            ),
        ),
        (
            {"inlineData": {"mimeType": "text/plain", "data": "/w=="}},
            Document(source=Data(base64="/w==", media_type="text/plain")),
        ),
        ({"text": "a", "thoughtSignature": "c2ln"}, Text(text="a", signature=OURS)),
        ({"text": "a", "thought": True}, Thinking(text="a")),
        ({"thought": True, "thoughtSignature": "c2ln"}, Thinking(signature=OURS)),
        (
            {"toolCall": {"toolType": "URL_CONTEXT"}, "thought_signature": "c2ln"},
            Native(
                dialect=DIALECT.name,
                value={"toolCall": {"toolType": "URL_CONTEXT"}, "thought_signature": "c2ln"},
            ),
        ),
    ],
)
def test_a_part_becomes_what_it_is(part, parsed):
    assert parse(contents(part)).messages[0].parts == (parsed,)


def test_calls_and_results_without_ids_are_paired_by_name_and_order():
    body = {
        "contents": [
            {"role": "user", "parts": [{"text": "x"}]},
            {
                "role": "model",
                "parts": [
                    {"functionCall": {"name": "f", "args": {"a": 1}}},
                    {"functionCall": {"name": "g"}},
                    {"functionCall": {"name": "f", "args": {"a": 2}}},
                ],
            },
            {
                "role": "function",
                "parts": [
                    {"functionResponse": {"name": "g", "response": {"result": [1]}}},
                    {"functionResponse": {"name": "f", "response": {"error": "no"}}},
                    {"functionResponse": {"name": "f", "response": {"b": 2}}},
                    {"text": "go on"},
                ],
            },
        ]
    }
    _, called, answered, said = parse(body).messages
    one, two, three = called.parts
    assert len({part.id for part in called.parts}) == 3
    assert [part.arguments for part in called.parts] == ['{"a":1}', "{}", '{"a":2}']
    assert answered.role is Role.TOOL
    assert answered.parts == (
        ToolResult(call_id=two.id, name="g", parts=(Text(text="[1]"),)),
        ToolResult(call_id=one.id, name="f", parts=(Text(text="no"),), is_error=True),
        ToolResult(call_id=three.id, name="f", parts=(Text(text='{"b":2}'),)),
    )
    assert said == user(Text(text="go on"))
    body, _ = render(parse(body))
    assert [part["functionResponse"]["name"] for part in body["contents"][2]["parts"]] == [*"fgf"]
    assert all("id" not in part["functionCall"] for part in body["contents"][1]["parts"])


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"contents": 5}, "contents"),
        ({"contents": [5]}, "contents[0]"),
        ({"contents": [{"role": "robot"}]}, "contents[0].role"),
        ({"contents": [{"parts": [5]}]}, "contents[0].parts[0]"),
        (contents({"text": 5}), "contents[0].parts[0].text"),
        (contents({"inlineData": {"data": "x"}}), "contents[0].parts[0].inlineData.mimeType"),
        (contents({"fileData": {}}), "contents[0].parts[0].fileData.fileUri"),
        (contents({"functionCall": {"name": 1}}), "contents[0].parts[0].functionCall.name"),
        (
            contents({"functionCall": {"name": "f", "args": 1}}),
            "contents[0].parts[0].functionCall.args",
        ),
        (contents({"functionResponse": {}}), "contents[0].parts[0].functionResponse.name"),
        (contents({"text": "x", "thought": "y"}), "contents[0].parts[0].thought"),
        ({"systemInstruction": 1}, "systemInstruction"),
        ({"generationConfig": []}, "generationConfig"),
        ({"generationConfig": {"topK": 1.5}}, "generationConfig.topK"),
        ({"generationConfig": {"temperature": True}}, "generationConfig.temperature"),
        ({"generationConfig": {"stopSequences": "x"}}, "generationConfig.stopSequences"),
        ({"generationConfig": {"thinkingConfig": 1}}, "generationConfig.thinkingConfig"),
        (
            {"generationConfig": {"thinkingConfig": {"thinkingBudget": "x"}}},
            "generationConfig.thinkingConfig.thinkingBudget",
        ),
        (
            {"generationConfig": {"thinkingConfig": {"thinkingBudget": 1, "thinkingLevel": "LOW"}}},
            "generationConfig.thinkingConfig.thinkingLevel",
        ),
        ({"tools": [1]}, "tools[0]"),
        ({"tools": [{"functionDeclarations": [{}]}]}, "tools[0].functionDeclarations[0].name"),
        (
            {"tools": [{"functionDeclarations": [{"name": "f", "parameters": 1}]}]},
            "tools[0].functionDeclarations[0].parameters",
        ),
        (
            {"toolConfig": {"functionCallingConfig": {"mode": "SOME"}}},
            "toolConfig.functionCallingConfig.mode",
        ),
        ({"serviceTier": 1}, "serviceTier"),
    ],
)
def test_a_wrong_type_is_named(body, param):
    with pytest.raises(InvalidRequest) as caught:
        parse(body)
    assert caught.value.param == param


ANY_SEARCH = WebSearch(names={"blocked_domains": "tools.googleSearch.excludeDomains"})


def test_what_only_google_knows_travels_as_it_came():
    body = contents({"text": "x"}) | {
        "generationConfig": {
            "speechConfig": {"multiSpeakerVoiceConfig": {}, "languageCode": "de"},
            "audioTimestamp": True,
            "topP": 0.5,
        },
        "toolConfig": {
            "retrievalConfig": {"languageCode": "de"},
            "functionCallingConfig": {"streamFunctionCallArguments": True},
        },
        "tools": [{"googleSearch": {}, "codeExecution": {}}],
        "safetySettings": [],
        "labels": {"team": "a"},
    }
    asked = parse(body)
    assert asked.output is None
    assert asked.tools == (
        NativeTool(dialect=DIALECT.name, value={"googleSearch": {}}, search=ANY_SEARCH),
        NativeTool(dialect=DIALECT.name, value={"codeExecution": {}}),
    )
    dropped: list[str] = []
    sent = DIALECT.render_request(asked, dropped)
    assert dropped == []
    assert sent == body | {"tools": [{"googleSearch": {}}, {"codeExecution": {}}]}


@pytest.mark.parametrize("name", ["responseMimeType", "response_mime_type"])
def test_an_answer_of_one_word_is_refused_elsewhere(name):
    config = {name: "text/x.enum", "responseSchema": {"type": "STRING", "enum": ["a"]}}
    with pytest.raises(Unsupported) as caught:
        parse(contents({"text": "x"}) | {"generationConfig": config})
    assert caught.value.param == "generationConfig.responseMimeType"


@pytest.mark.parametrize("name", ["cachedContent", "cached_content", "continuationToken"])
def test_what_only_google_keeps_is_refused_elsewhere(name):
    with pytest.raises(Unsupported) as caught:
        parse(contents({"text": "x"}) | {name: "kept"})
    assert caught.value.param in ("cachedContent", "continuationToken")
    assert parse(contents({"text": "x"}) | {name: ""})


def test_extras_of_others_are_named():
    assert render(ask(extras={"web_search_options": {}}))[1] == ["web_search_options"]


def test_what_is_googles_in_an_openai_body_goes_to_google():
    google = {"cached_content": "cachedContents/1", "generationConfig": {}, "other": 1}
    extras = {
        "safety_settings": [
            {"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_ONLY_HIGH"}
        ],
        "generation_config": {"audioTimestamp": True},
        "google": {"labels": {"a": "b"}},
        "extra_body": {"google": google, "x": 1},
    }
    body, dropped = render(ask(extras=extras))
    assert body["safetySettings"] == extras["safety_settings"]
    assert body["generationConfig"] == {"audioTimestamp": True}
    assert (body["cachedContent"], body["labels"]) == ("cachedContents/1", {"a": "b"})
    assert dropped == [
        "extra_body.google.generationConfig",
        "extra_body.google.other",
        "extra_body.x",
    ]


def test_what_a_declaration_says_of_its_result_is_named():
    declared = [
        {"name": "f", "response": {"type": "STRING"}},
        {"name": "g", "response_json_schema": {}, "behavior": "BLOCKING"},
    ]
    asked = parse(contents({"text": "x"}) | {"tools": [{"functionDeclarations": declared}]})
    place = "tools.functionDeclarations"
    assert asked.extras == {
        f"{place}.response": [{"type": "STRING"}],
        f"{place}.responseJsonSchema": [{}],
        f"{place}.behavior": ["BLOCKING"],
    }
    assert render(asked)[1] == [*asked.extras]


def test_system_words_of_every_place_are_the_instruction():
    body, _ = render(
        ask(
            Message(role=Role.SYSTEM, parts=(Text(text="a"), Text(text="b"))),
            HELLO,
            Message(role=Role.DEVELOPER, parts=(Text(text="c"), Text(text=""))),
        )
    )
    assert body["systemInstruction"] == {"parts": [{"text": "a"}, {"text": "b"}, {"text": "c"}]}
    assert body["contents"] == [{"role": "user", "parts": [{"text": "hello"}]}]


def test_system_words_alone_are_the_users():
    body, _ = render(ask(Message(role=Role.SYSTEM, parts=(Text(text="a"),))))
    assert body == {"contents": [{"role": "user", "parts": [{"text": "a"}]}]}
