"""Media, thoughts, citations and cache points of a conversation, as Bedrock takes them."""

import base64
from typing import Any

import pytest

from providers.dialects.bedrock.converse import DIALECT
from providers.errors import Unsupported
from providers.neutral.chat import (
    Audio,
    Cache,
    ChatResponse,
    Choice,
    Citation,
    Document,
    Image,
    Message,
    Native,
    Role,
    Signature,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
    Video,
)
from providers.neutral.media import Data, FileId, PlainText, Url
from tests.providers.dialects.bedrock.answers import CONTEXT
from tests.providers.dialects.bedrock.requests import (
    HELLO,
    NOVA_2,
    PDF,
    PNG,
    ask,
    assistant,
    contents,
    render,
    results,
    user,
)


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


def test_claudes_thoughts_are_sent_back_whoever_hosted_it() -> None:
    body, dropped = render(
        ask(
            HELLO,
            assistant(
                Thinking(text="mine", signature=Signature(origin="anthropic", value="s")),
                Thinking(text="Gemini's", signature=Signature(origin="gemini", value="g")),
                Thinking(text="unsigned"),
                Thinking(redacted=Signature(origin="anthropic", value="EmwKAhgB")),
                Thinking(redacted=Signature(origin="bedrock", value="AAEC")),
                Text(text="Hi"),
            ),
        )
    )
    assert contents(body)[1] == [
        {"reasoningContent": {"reasoningText": {"text": "mine", "signature": "s"}}},
        {"reasoningContent": {"redactedContent": base64.b64encode(b"EmwKAhgB").decode()}},
        {"reasoningContent": {"redactedContent": "AAEC"}},
        {"text": "Hi"},
    ]
    assert dropped == ["messages.thinking"]


def test_a_model_that_signs_nothing_gets_no_thoughts() -> None:
    thought = Thinking(text="t", signature=Signature(origin="anthropic", value="s"))
    body, dropped = render(ask(HELLO, assistant(thought, Text(text="Hi")), model=NOVA_2))
    assert contents(body)[1] == [{"text": "Hi"}]
    assert dropped == ["messages.thinking"]


def test_a_foreign_thought_comes_home_through_a_bedrock_client() -> None:
    foreign = (
        Thinking(text="t", signature=Signature(origin="gemini", value="g")),
        Thinking(redacted=Signature(origin="openai", value="r")),
    )
    from providers.dialects.bedrock.converse.response import render_part

    content = [render_part(part) for part in foreign]
    blob = content[1]["reasoningContent"]["redactedContent"]
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


def test_the_signatures_of_texts_and_calls_come_home_through_a_bedrock_client() -> None:
    signature = Signature(origin="gemini", value="g==")
    parts = (
        Text(text="x", signature=signature),
        ToolCall(id="a", name="f", arguments="{}", signature=signature),
    )
    answer = ChatResponse(id="", model="", choices=(Choice(parts=parts),))
    shown = DIALECT.render_response(answer, CONTEXT)["output"]["message"]
    body = {"messages": [shown]}
    assert DIALECT.parse_request(body, "m", False).messages[0].parts == parts
