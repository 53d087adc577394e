"""The input of Responses requests: messages, content parts and items."""

from typing import Any

import pytest

from providers.dialects.openai.chat import DIALECT as CHAT
from providers.dialects.openai.responses import DIALECT
from providers.errors import Unsupported
from providers.neutral.chat import (
    Audio,
    Cache,
    ChatRequest,
    Citation,
    Document,
    Image,
    Message,
    Native,
    Part,
    Refusal,
    Role,
    Signature,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from providers.neutral.media import Data, FileId, Url
from tests.providers.dialects.openai.responses.talk import HELLO, NAME, said, turn, user
from tests.providers.dialects.openai.responses.wire import asked, sent


def test_a_string_is_a_users_message() -> None:
    assert said("hi") == (HELLO,)


def test_instructions_come_first() -> None:
    request = asked(instructions="Be brief.")
    assert request.messages[0] == Message(role=Role.SYSTEM, parts=(Text(text="Be brief."),))
    first = {"type": "message", "role": "system", "content": "Be brief."}
    assert sent(request)[0]["input"][0] == first


@pytest.mark.parametrize("role", ["system", "developer", "user"])
def test_every_role_is_read_and_written(role: str) -> None:
    messages = said([{"role": role, "content": "a"}, {"role": "user", "content": "b"}])
    assert messages[0] == Message(role=Role(role), parts=(Text(text="a"),))
    body, _ = sent(ChatRequest(model="m", messages=messages))
    assert body["input"][0] == {"type": "message", "role": role, "content": "a"}


PARTS: list[tuple[dict[str, Any], Part]] = [
    ({"type": "input_text", "text": "a"}, Text(text="a")),
    (
        {"type": "input_text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit"}},
        Text(text="a", cache=Cache()),
    ),
    (
        {
            "type": "input_text",
            "text": "a",
            "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"},
        },
        Text(text="a", cache=Cache(ttl="1h")),
    ),
    (
        {"type": "input_image", "image_url": "https://a.test/b", "detail": "low"},
        Image(source=Url(url="https://a.test/b"), detail="low"),
    ),
    (
        {"type": "input_image", "image_url": "data:image/png;base64,-_8", "detail": "auto"},
        Image(source=Data(base64="+/8=", media_type="image/png")),
    ),
    (
        {"type": "input_image", "file_id": "file-1", "detail": "auto"},
        Image(source=FileId(id="file-1")),
    ),
    (
        {"type": "input_file", "file_id": "file-1"},
        Document(source=FileId(id="file-1")),
    ),
    (
        {"type": "input_file", "file_url": "https://a.test/b.pdf"},
        Document(source=Url(url="https://a.test/b.pdf")),
    ),
    (
        {"type": "input_file", "filename": "a.csv", "file_data": "AAAA"},
        Document(source=Data(base64="AAAA", media_type="text/csv"), name="a.csv"),
    ),
    (
        {"type": "input_file", "filename": "a", "file_data": "data:application/pdf;base64,AAAA"},
        Document(source=Data(base64="AAAA", media_type="application/pdf"), name="a"),
    ),
    (
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
        Audio(source=Data(base64="AAAA", media_type="audio/mpeg")),
    ),
]


@pytest.mark.parametrize(("wire", "part"), PARTS)
def test_a_content_part_is_read(wire: dict[str, Any], part: Part) -> None:
    assert user(wire) == (part,)


@pytest.mark.parametrize(
    ("wire", "part"),
    [(wire, part) for wire, part in PARTS if "cache" not in str(wire) and "audio" not in str(wire)],
)
def test_a_content_part_is_written_as_the_sdk_demands(wire: dict[str, Any], part: Part) -> None:
    body, dropped = sent(turn(Text(text="see"), part))
    assert DIALECT.parse_request(body, "", False).messages[0].parts[1] == part
    assert dropped == []


TURNS = [
    {"role": "user", "content": "weather?"},
    {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "hm"}],
        "encrypted_content": "gAAA",
    },
    {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": "Let me see.", "annotations": []}],
    },
    {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": '{"a":1}'},
    {"type": "function_call", "call_id": "c2", "name": "g", "arguments": ""},
    {"type": "function_call_output", "call_id": "c1", "output": "sunny"},
    {
        "type": "function_call_output",
        "call_id": "c2",
        "output": [
            {"type": "input_text", "text": "see"},
            {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "auto"},
        ],
    },
    {"role": "assistant", "content": "Sunny."},
]


def test_a_conversation_with_tools_is_read_turn_by_turn() -> None:
    assert said(TURNS) == (
        Message(role=Role.USER, parts=(Text(text="weather?"),)),
        Message(
            role=Role.ASSISTANT,
            parts=(
                Thinking(
                    text="hm",
                    id="rs_1",
                    signature=Signature(origin="openai", value="rs_1:gAAA"),
                ),
                Text(text="Let me see."),
                ToolCall(id="c1", name="f", arguments='{"a":1}'),
                ToolCall(id="c2", name="g", arguments="{}"),
            ),
        ),
        Message(
            role=Role.TOOL,
            parts=(
                ToolResult(call_id="c1", name="f", parts=(Text(text="sunny"),)),
                ToolResult(
                    call_id="c2",
                    name="g",
                    parts=(
                        Text(text="see"),
                        Image(source=Data(base64="AAAA", media_type="image/png")),
                    ),
                ),
            ),
        ),
        Message(role=Role.ASSISTANT, parts=(Text(text="Sunny."),)),
    )


def test_it_goes_back_as_the_same_items() -> None:
    body, _ = sent(asked(input=TURNS))
    assert [item["type"] for item in body["input"]] == [
        "message",
        "reasoning",
        "message",
        "function_call",
        "function_call",
        "function_call_output",
        "function_call_output",
        "message",
    ]
    assert body["input"][1] == TURNS[1]
    assert body["include"] == ["reasoning.encrypted_content"]
    assert DIALECT.parse_request(body, "", False).messages == said(TURNS)


NATIVE = [
    {"type": "file_search_call", "id": "fs_1", "status": "completed", "queries": []},
    {"type": "item_reference", "id": "msg_1"},
    {"id": "msg_1"},
    {"type": "custom_tool_call", "call_id": "c", "name": "n", "input": "x", "namespace": "s"},
    {"type": "mcp_approval_response", "approval_request_id": "a", "approve": True},
    {"type": "compaction", "encrypted_content": "x"},
]


@pytest.mark.parametrize("item", NATIVE)
def test_items_of_tools_that_openai_runs_are_kept_and_never_lost(item: dict[str, Any]) -> None:
    request = asked(input=[{"role": "user", "content": "hi"}, item])
    assert request.messages[1].parts == (Native(dialect=NAME, value=item),)
    dropped: list[str] = []
    assert DIALECT.render_request(request, dropped)["input"][1] == item
    with pytest.raises(Unsupported):
        CHAT.render_request(request, dropped)


def test_signatures_of_other_providers_come_back_to_them() -> None:
    foreign = Signature(origin="anthropic", value="sig")
    item = {
        "type": "reasoning",
        "id": "rs_extproc_r_0",
        "summary": [{"type": "summary_text", "text": "hm"}],
        "encrypted_content": "ai.extproc/anthropic/sig",
    }
    request = asked(input=[item])
    assert request.messages[0].parts == (Thinking(text="hm", signature=foreign),)
    body, dropped = sent(request)
    assert body["input"] == []
    assert dropped == ["messages.thinking"]


PLAIN = [
    Signature(origin="anthropic", value="sig"),
    Signature(origin="openai", value="reasoning_content"),
    Signature(origin="openai", value="anthropic-claude-v1|sig"),
    None,
]


@pytest.mark.parametrize("signature", PLAIN)
def test_thoughts_that_openai_did_not_sign_are_left_out(signature: Signature | None) -> None:
    thought = Thinking(text="hm", signature=signature)
    request = turn(thought, thought, Text(text="x"), role=Role.ASSISTANT)
    body, dropped = sent(request)
    assert [item["type"] for item in body["input"]] == ["message"]
    assert dropped == ["messages.thinking"]


def test_open_reasoning_goes_back_to_an_open_model() -> None:
    item = {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [],
        "content": [{"type": "reasoning_text", "text": "hm"}],
    }
    assert sent(asked(input=[item]))[0]["input"] == [item]


def test_an_assistants_refusal_and_several_texts_are_written_as_an_answer() -> None:
    cited = Citation(url="https://a.test/", title="A", start=0, end=1)
    parts = (Text(text="a", citations=(cited,)), Text(text="b"), Refusal(text="no"))
    body, _ = sent(turn(*parts, role=Role.ASSISTANT))
    assert [part["type"] for part in body["input"][0]["content"]] == [
        "output_text",
        "output_text",
        "refusal",
    ]
    assert DIALECT.parse_request(body, "", False).messages[0].parts == parts


def test_citations_without_an_address_are_dropped_and_named() -> None:
    cited = Citation(quote="q", native={"type": "char_location"}, dialect="anthropic.messages")
    body, dropped = sent(turn(Text(text="a", citations=(cited,)), role=Role.ASSISTANT))
    assert body["input"][0]["content"] == "a"
    assert dropped == ["messages.citations"]
