"""Requests: what clients may write, and what goes to Google."""

import base64

import pytest
from gemini_wire import (
    FLASH,
    HELLO,
    NEWEST,
    PIXEL,
    WEATHER,
    ask,
    contents,
    model,
    parse,
    render,
    results,
    user,
)

from providers.chat import (
    Audio,
    AudioOutput,
    Data,
    Document,
    FileId,
    Image,
    JsonOutput,
    Message,
    Native,
    NativeTool,
    PlainText,
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
    Url,
    Video,
)
from providers.dialects.gemini_generate_content import DIALECT
from providers.errors import InvalidRequest, Unsupported

SKIP = "skip_thought_signature_validator"
OURS = Signature(origin="gemini", value="c2ln")
THEIRS = Signature(origin="anthropic", value="c2ln")


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


def test_what_only_google_knows_travels_as_it_came():
    body = contents({"text": "x"}) | {
        "generationConfig": {
            "responseMimeType": "text/x.enum",
            "responseSchema": {"type": "STRING", "enum": ["a"]},
            "speechConfig": {"multiSpeakerVoiceConfig": {}, "languageCode": "de"},
            "audioTimestamp": True,
            "topP": 0.5,
        },
        "toolConfig": {"retrievalConfig": {"languageCode": "de"}},
        "tools": [{"googleSearch": {}, "codeExecution": {}}],
        "safetySettings": [],
        "cachedContent": "cachedContents/x",
        "labels": {"team": "a"},
    }
    asked = parse(body)
    assert asked.output is None
    assert asked.tools == (
        NativeTool(dialect=DIALECT.name, value={"googleSearch": {}}),
        NativeTool(dialect=DIALECT.name, value={"codeExecution": {}}),
    )
    dropped: list[str] = []
    sent = DIALECT.render_request(asked, dropped)
    assert dropped == []
    assert sent == body | {"tools": [{"googleSearch": {}}, {"codeExecution": {}}]}


def test_extras_of_others_are_named():
    assert render(ask(extras={"web_search_options": {}}))[1] == ["web_search_options"]


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


def conversation(*signed: Signature | None) -> tuple[Message, ...]:
    calls = [
        ToolCall(id=f"c{at}", name="f", arguments="{}", signature=signature)
        for at, signature in enumerate(signed)
    ]
    return (
        HELLO,
        model(Text(text="let me see"), *calls),
        results(*(ToolResult(call_id=call.id) for call in calls)),
    )


def signatures(body):
    parts = [part for content in body["contents"] for part in content["parts"]]
    return [part.get("thoughtSignature") for part in parts if "functionCall" in part]


@pytest.mark.parametrize(
    ("signed", "sent"),
    [
        ((OURS, None), ["c2ln", None]),
        ((None, None), [SKIP, None]),
        ((THEIRS, None), [SKIP, None]),
        ((None, OURS), [SKIP, "c2ln"]),
    ],
)
def test_the_first_call_of_the_current_turn_is_signed(signed, sent):
    assert signatures(render(ask(*conversation(*signed)))[0]) == sent


def test_words_beside_results_do_not_end_the_turn():
    body, _ = render(ask(*conversation(None), HELLO))
    assert [content["role"] for content in body["contents"]] == ["user", "model", "user", "user"]
    assert signatures(body) == [SKIP]


def test_calls_of_earlier_turns_and_for_older_models_need_no_signature():
    turns = conversation(None)
    assert signatures(render(ask(*turns, model(Text(text="rain")), HELLO))[0]) == [None]
    assert signatures(render(ask(*turns, model=FLASH))[0]) == [None]
    assert base64.urlsafe_b64decode(SKIP)


def test_a_dummy_that_a_client_echoes_is_no_signature():
    part = {"functionCall": {"name": "f"}, "thoughtSignature": SKIP.replace("_", "/")}
    assert parse(contents(part, role="model")).messages[0].parts[0].signature is None


def test_thoughts_of_others_stay_here_and_are_named_once():
    thoughts = [Thinking(text="t", signature=THEIRS), Thinking(redacted=THEIRS)]
    body, dropped = render(ask(HELLO, model(*thoughts, Text(text="a", signature=THEIRS))))
    assert body["contents"][1] == {"role": "model", "parts": [{"text": "a"}]}
    assert dropped == ["messages.thinking"]


def test_results_keep_their_kind():
    called = model(
        *(ToolCall(id=id, name=name, arguments="{}") for id, name in (("a", "f"), ("b", "g")))
    )
    png = Image(source=Data(base64=PIXEL, media_type="image/png"))
    answered = results(
        ToolResult(call_id="b", parts=(Text(text="no"),), is_error=True),
        ToolResult(call_id="a", parts=(Text(text='{"x":1}'), png)),
    )
    inline = {"inlineData": {"mimeType": "image/png", "data": PIXEL}}
    one = {"name": "f", "response": {"x": 1}, "id": "a"}
    two = {"functionResponse": {"name": "g", "response": {"error": "no"}, "id": "b"}}
    body, _ = render(ask(HELLO, called, answered))
    assert body["contents"][2]["parts"] == [{"functionResponse": one | {"parts": [inline]}}, two]
    body, _ = render(ask(HELLO, called, answered, model=FLASH))
    assert body["contents"][2]["parts"] == [{"functionResponse": one}, two, inline]


@pytest.mark.parametrize(
    ("text", "response"),
    [
        ('{"a":1}', {"a": 1}),
        ("{nonsense", {"output": "{nonsense"}),
        ("[1]", {"output": "[1]"}),
        ("", {"output": ""}),
    ],
)
def test_a_result_is_a_struct(text, response):
    called = model(ToolCall(id="a", name="f", arguments="{}"))
    body, _ = render(ask(HELLO, called, results(ToolResult(call_id="a", parts=(Text(text=text),)))))
    part = body["contents"][2]["parts"][0]["functionResponse"]
    assert part == {"name": "f", "response": response, "id": "a"}


def test_a_result_of_no_call_is_refused():
    with pytest.raises(InvalidRequest, match="answers no tool call"):
        render(ask(HELLO, results(ToolResult(call_id="x"))))


def test_arguments_that_are_no_object_are_wrapped():
    turn = model(ToolCall(id="a", name="f", arguments="[1"))
    body, _ = render(ask(HELLO, turn, results(ToolResult(call_id="a"))))
    assert body["contents"][1]["parts"][0]["functionCall"]["args"] == {"input": "[1"}


@pytest.mark.parametrize(
    ("part", "param"),
    [
        (Image(source=Url(url="https://a.test/x.png")), "image.url"),
        (Document(source=Url(url="http://a.test/x.pdf")), "document.url"),
        (Image(source=Url(url="https://youtu.be/x")), "image.url"),
        (Image(source=FileId(id="file-abc")), "image.file_id"),
        (Native(dialect="anthropic.messages", value={}), "messages"),
    ],
)
def test_what_google_cannot_read_is_refused(part, param):
    with pytest.raises(Unsupported) as caught:
        render(ask(user(part)))
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("part", "sent"),
    [
        (
            Image(source=Url(url="gs://b/a.png")),
            {"mimeType": "image/png", "fileUri": "gs://b/a.png"},
        ),
        (Image(source=Url(url="gs://b/a")), {"mimeType": "image/jpeg", "fileUri": "gs://b/a"}),
        (Video(source=Url(url="https://youtu.be/x")), {"fileUri": "https://youtu.be/x"}),
        (
            Document(source=FileId(id="files/x", media_type="application/pdf")),
            {
                "mimeType": "application/pdf",
                "fileUri": "https://generativelanguage.googleapis.com/v1beta/files/x",
            },
        ),
    ],
)
def test_files_that_google_reads_are_named(part, sent):
    body, dropped = render(ask(user(part)))
    assert body["contents"][0]["parts"] == [{"fileData": sent}]
    assert dropped == []


THINKING = "generationConfig", "thinkingConfig"


@pytest.mark.parametrize(
    ("name", "wish", "sent", "lost"),
    [
        (NEWEST, Reasoning(effort="minimal"), {"thinkingLevel": "MINIMAL"}, []),
        (NEWEST, Reasoning(effort="xhigh"), {"thinkingLevel": "HIGH"}, ["reasoning.effort"]),
        (NEWEST, Reasoning(effort="none"), {"thinkingLevel": "MINIMAL"}, ["reasoning.off"]),
        (
            NEWEST,
            Reasoning(enabled=True, budget=5000),
            {"thinkingBudget": 5000, "includeThoughts": True},
            [],
        ),
        (
            "gemini-3-pro",
            Reasoning(effort="medium"),
            {"thinkingLevel": "HIGH"},
            ["reasoning.effort"],
        ),
        ("gemini-3.1-pro", Reasoning(effort="medium"), {"thinkingLevel": "MEDIUM"}, []),
        (
            "models/gemini-3-pro",
            Reasoning(enabled=False),
            {"thinkingLevel": "LOW"},
            ["reasoning.off"],
        ),
        (FLASH, Reasoning(effort="high"), {"thinkingBudget": 24_576}, []),
        (FLASH, Reasoning(effort="max"), {"thinkingBudget": 24_576}, ["reasoning.effort"]),
        (FLASH, Reasoning(enabled=False), {"thinkingBudget": 0}, []),
        (FLASH, Reasoning(budget=-1), {"thinkingBudget": -1}, []),
        (FLASH, Reasoning(budget=99_999), {"thinkingBudget": 24_576}, ["reasoning.budget"]),
        (
            "gemini-2.5-flash-lite",
            Reasoning(budget=9),
            {"thinkingBudget": 512},
            ["reasoning.budget"],
        ),
        ("gemini-2.5-pro", Reasoning(enabled=False), {"thinkingBudget": 128}, ["reasoning.off"]),
        (FLASH, Reasoning(budget=0, effort="high"), {"thinkingBudget": 0}, []),
        ("gemini-2.0-flash", Reasoning(effort="low"), None, ["reasoning.effort"]),
        ("gemini-2.0-flash", Reasoning(enabled=False), None, []),
        (
            "gemma-3-27b",
            Reasoning(budget=5, show=True),
            None,
            ["reasoning.budget", "reasoning.show"],
        ),
    ],
)
def test_thinking_is_said_in_the_models_words(name, wish, sent, lost):
    body, dropped = render(ask(model=name, reasoning=wish))
    assert body.get("generationConfig", {}).get("thinkingConfig") == sent
    assert dropped == lost


def test_older_models_get_the_subset_of_openapi():
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/x"}},
        "additionalProperties": False,
        "$defs": {"x": {"type": ["string", "null"]}},
    }
    request = ask(
        model="gemini-1.5-pro",
        tools=(Tool(name="f", schema=schema, strict=True), Tool(name="g", schema={})),
        output=JsonOutput(schema=schema),
    )
    body, dropped = render(request)
    small = {"type": "OBJECT", "properties": {"a": {"type": "STRING", "nullable": True}}}
    assert body["tools"] == [
        {"functionDeclarations": [{"name": "f", "parameters": small}, {"name": "g"}]}
    ]
    assert body["generationConfig"]["responseSchema"] == small
    assert dropped == [
        "tools.f.additionalProperties",
        "tools.strict",
        "response_format.json_schema.additionalProperties",
    ]
    newest, dropped = render(ask(tools=request.tools, output=request.output))
    assert newest["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"] == schema
    assert newest["generationConfig"]["responseJsonSchema"] == schema
    assert dropped == []


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        (ToolChoice(mode=ToolMode.AUTO), {"mode": "AUTO"}),
        (
            ToolChoice(mode=ToolMode.REQUIRED, allowed=("a", "b")),
            {"mode": "ANY", "allowedFunctionNames": ["a", "b"]},
        ),
        (
            ToolChoice(mode=ToolMode.AUTO, allowed=("a",)),
            {"mode": "VALIDATED", "allowedFunctionNames": ["a"]},
        ),
    ],
)
def test_choices_among_tools_go_there_and_back(choice, sent):
    tools = (Tool(name="a"), Tool(name="b"))
    body, _ = render(ask(tools=tools, tool_choice=choice))
    assert body["toolConfig"] == {"functionCallingConfig": sent}
    asked = parse(body)
    assert (asked.tool_choice, asked.tools) == (choice, tools)


def test_values_out_of_range_become_the_nearest_and_are_named():
    body, dropped = render(
        ask(seed=2**40 + 7, service_tier="scale", audio=AudioOutput(voice="alloy", format="mp3"))
    )
    assert body["generationConfig"] == {"seed": 7, "responseModalities": ["AUDIO"]}
    assert dropped == ["seed", "audio.format", "audio.voice", "service_tier"]
    with pytest.raises(Unsupported, match="at most 5"):
        render(ask(stop=tuple("abcdef")))


@pytest.mark.parametrize(
    ("tier", "sent"), [("default", "standard"), ("auto", None), ("priority", "priority")]
)
def test_tiers_have_googles_names(tier, sent):
    assert render(ask(service_tier=tier))[0].get("serviceTier") == sent


def test_the_closest_look_wins():
    pictures = [
        Image(source=Data(base64=PIXEL, media_type="image/png"), detail=detail)
        for detail in ("low", "high")
    ]
    body, dropped = render(ask(user(*pictures)))
    assert body["generationConfig"] == {"mediaResolution": "MEDIA_RESOLUTION_HIGH"}
    assert dropped == ["image.detail"]
    assert [part.detail for part in parse(body).messages[0].parts] == ["high", "high"]


def test_tools_without_functions_make_no_choice():
    search = NativeTool(dialect=DIALECT.name, value={"googleSearch": {}})
    body, _ = render(ask(tools=(search,), tool_choice=ToolChoice(mode=ToolMode.AUTO)))
    assert "toolConfig" not in body
    with pytest.raises(Unsupported):
        render(ask(tools=(WEATHER, NativeTool(dialect="openai.chat", value={}))))
