"""Conversations for Google: signatures, calls and their results."""

import base64

import pytest

from providers.errors import InvalidRequest, Unsupported
from providers.neutral.chat import (
    Image,
    Message,
    Native,
    Signature,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from providers.neutral.media import Data
from tests.providers.dialects.gemini.wire import (
    FLASH,
    HELLO,
    PIXEL,
    ask,
    contents,
    model,
    parse,
    render,
    results,
)

SKIP = "skip_thought_signature_validator"
OURS = Signature(origin="gemini", value="c2ln")
THEIRS = Signature(origin="anthropic", value="c2ln")


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


@pytest.mark.parametrize("dummy", [SKIP, "context_engineering_is_the_way_to_go"])
def test_a_dummy_that_a_client_echoes_is_no_signature(dummy):
    part = {"functionCall": {"name": "f"}, "thoughtSignature": dummy.replace("_", "/")}
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


def test_a_result_of_parts_that_nobody_else_knows_is_refused():
    found = Native(dialect="anthropic.messages", value={"type": "search_result"})
    called = model(ToolCall(id="a", name="f", arguments="{}"))
    with pytest.raises(Unsupported, match="tool result"):
        render(ask(HELLO, called, results(ToolResult(call_id="a", parts=(found,)))))


def test_a_turn_that_was_kept_chunk_by_chunk_is_one():
    chunks = [
        {"text": "let ", "thought": True},
        {"text": "me", "thought": True, "thoughtSignature": "c2ln"},
        {"text": "I "},
        {"text": "call"},
        {"functionCall": {"name": "f", "id": "a"}, "thoughtSignature": "c2ln"},
        {"text": ""},
    ]
    answered = {"functionResponse": {"name": "f", "response": {"result": "x"}}}
    body = {
        "contents": [
            {"role": "user", "parts": [{"text": "hi"}]},
            *({"role": "model", "parts": [chunk]} for chunk in chunks),
            {"role": "user", "parts": [answered]},
        ]
    }
    _, turn, _ = parse(body).messages
    assert turn == model(
        Thinking(text="let me", signature=OURS),
        Text(text="I call"),
        ToolCall(id="a", name="f", arguments="{}", signature=OURS),
    )


def test_a_signed_text_does_not_go_on():
    signed, other = {"text": "a", "thoughtSignature": "c2ln"}, {"text": "b"}
    body = {"contents": [{"role": "model", "parts": [part]} for part in (signed, other)]}
    (turn,) = parse(body).messages
    assert turn.parts == (Text(text="a", signature=OURS), Text(text="b"))


def test_a_turn_of_nothing_but_an_empty_text_stays():
    assert parse(contents({"text": ""}, role="model")).messages == (model(Text(text="")),)
