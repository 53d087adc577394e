"""What only its issuer can read goes back to its issuer alone."""

from typing import Any

from providers.dialects.anthropic.messages import DIALECT
from providers.neutral.chat import Citation, Signature, Text, Thinking, ToolCall, seal
from tests.providers.dialects.anthropic.messages.talk import (
    ISSUED,
    ask,
    assistant,
    parse,
    render,
    user,
)


def test_foreign_thoughts_are_left_out_and_named_once() -> None:
    foreign = Signature(origin="gemini", value="AA")
    body, dropped = render(
        ask(
            user("q"),
            assistant(
                Thinking(text="x", signature=foreign),
                Thinking(text="unsigned"),
                Thinking(redacted=foreign),
                Thinking(text="mine", signature=ISSUED),
                "a",
            ),
            user("q2"),
        )
    )
    assert [block["type"] for block in body["messages"][1]["content"]] == ["thinking", "text"]
    assert dropped == ["messages.thinking"]


def test_a_signature_of_a_call_travels_through_the_client_and_back() -> None:
    signed = ToolCall(
        id="1", name="f", arguments="{}", signature=Signature(origin="gemini", value="AB")
    )
    blocks = [
        {"type": "tool_use", "id": "1", "name": "f", "input": {}},
        {
            "type": "redacted_thinking",
            "data": seal(Signature(origin="gemini", value="prev:AB"), "anthropic"),
        },
    ]
    request = parse(messages=[{"role": "assistant", "content": blocks}])
    assert request.messages == (assistant(signed),)
    body, dropped = render(ask(user("q"), *request.messages, user("r")))
    assert len(body["messages"][1]["content"]) == 1
    assert dropped == []


def test_a_body_for_the_same_dialect_loses_only_what_others_signed() -> None:
    foreign = seal(Signature(origin="gemini", value="AB"), "anthropic")
    kept = {"type": "thinking", "thinking": "mine", "signature": "EqQB"}
    body = {
        "model": "alias",
        "messages": [
            {"role": "user", "content": "q"},
            {
                "role": "assistant",
                "content": [kept, {"type": "thinking", "thinking": "x", "signature": foreign}],
            },
            {"role": "assistant", "content": [{"type": "redacted_thinking", "data": foreign}]},
        ],
    }
    assert DIALECT.edits(body, "claude", True) == {
        "model": "claude",
        "messages": [body["messages"][0], {"role": "assistant", "content": [kept]}],
    }
    assert DIALECT.edits({"model": "claude", "messages": [kept]}, "claude", True) == {}


def test_a_body_for_the_same_dialect_loses_what_others_cited() -> None:
    made = {
        "type": "web_search_result_location",
        "url": "https://x.test",
        "title": None,
        "cited_text": "q",
        "encrypted_index": "",
    }
    own = {**made, "encrypted_index": "ab"}

    def said(*citations: Any) -> Any:
        block = {"type": "text", "text": "a"} | ({"citations": [*citations]} if citations else {})
        return [{"role": "assistant", "content": [block]}]

    def sent(*citations: Any) -> Any:
        return DIALECT.edits({"model": "m", "messages": said(*citations)}, "m", True)

    assert sent(own, made) == {"messages": said(own)}
    assert sent(made) == {"messages": said()}
    assert sent(own) == {}


def test_citations_go_back_only_to_who_wrote_them() -> None:
    native = {
        "type": "char_location",
        "cited_text": "q",
        "document_index": 0,
        "document_title": None,
        "start_char_index": 0,
        "end_char_index": 1,
    }
    mine = Citation(quote="q", native=native, dialect="anthropic.messages")
    body, dropped = render(
        ask(
            user("x"),
            assistant(Text(text="a", citations=(mine, Citation(url="https://x.test")))),
            user("y"),
        )
    )
    assert body["messages"][1]["content"][0]["citations"] == [native]
    assert dropped == ["messages.citations"]


def test_unsigned_thoughts_do_not_reach_claude() -> None:
    unsigned = {"type": "thinking", "thinking": "x", "signature": ""}
    said = {"type": "text", "text": "a"}
    turns = [{"role": "assistant", "content": [unsigned, said]}]
    assert DIALECT.edits({"model": "kimi-k2", "messages": turns}, "kimi-k2", True) == {}
    assert DIALECT.edits({"model": "m", "messages": turns}, "claude-opus-4-1", True) == {
        "model": "claude-opus-4-1",
        "messages": [{"role": "assistant", "content": [said]}],
    }
