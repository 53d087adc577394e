"""Streams, read from a provider."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.dialects.anthropic.messages import DIALECT
from providers.errors import ApiError, Cause
from providers.neutral.chat import Finish, Native
from providers.neutral.deltas import (
    ArgumentsDelta,
    Begin,
    End,
    Failed,
    PartEnd,
    RefusalDelta,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
    Used,
    WholePart,
)
from providers.usage import Usage
from tests.providers.dialects.anthropic.messages.wire import (
    CITED,
    END,
    EVENT,
    EXPECTED,
    FULL,
    OURS,
    START,
    block,
    blocks,
    parse,
    pieces,
    read,
    sse,
    write,
)


@given(st.lists(st.integers(0, 10_000), max_size=12))
def test_a_stream_is_read_alike_however_it_is_cut(cuts: list[int]) -> None:
    assert parse(pieces(FULL, cuts)) == EXPECTED


@pytest.mark.parametrize(
    "change", [(b"\n", b"\r\n"), (b": ", b":"), (b"event: ", b"id: 1\nevent: ")]
)
def test_every_way_to_write_lines_is_understood(change: tuple[bytes, bytes]) -> None:
    assert parse([FULL.replace(*change)]) == EXPECTED


def test_what_is_read_can_be_written_and_read_by_the_sdk() -> None:
    message, _, _ = read(write(*EXPECTED))
    assert [found["type"] for found in blocks(message)] == [
        "thinking",
        "redacted_thinking",
        "text",
        "server_tool_use",
        "tool_use",
        "tool_use",
    ]
    assert message.content[3].input == {"query": "x"}
    assert message.usage.input_tokens == 5


@given(st.integers(0, len(FULL) - 1))
def test_a_stream_that_is_cut_before_the_stop_reason_fails(length: int) -> None:
    deltas = parse([FULL[:length]])
    if any(isinstance(delta, End) for delta in deltas):
        assert not any(isinstance(delta, Failed) for delta in deltas)
        return
    last = deltas[-1]
    assert isinstance(last, Failed)
    assert last.error.message == "the provider's stream ended before its answer did"
    assert sum(isinstance(delta, Failed) for delta in deltas) == 1


def test_an_error_event_fails_and_nothing_follows() -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    deltas = parse([sse(START, error, END)])
    assert deltas[1:] == [
        Failed(error=ApiError(status=529, cause=Cause.OVERLOADED, message="Overloaded"))
    ]


@given(st.lists(EVENT, max_size=4), st.binary(max_size=20))
def test_no_event_raises(found: list[Any], garbage: bytes) -> None:
    deltas = parse([sse(START, *found), b"data: " + garbage + b"\n\n"])
    assert sum(isinstance(delta, Failed) for delta in deltas) <= 1
    relay = DIALECT.relay(True)
    relay.feed(sse(START, *found) + b"data: " + garbage)
    relay.flush()


def test_a_stream_that_does_not_begin_is_begun() -> None:
    deltas = parse([sse({"type": "ping"}, *block(0, {"type": "text", "text": "a"}), END)])
    assert deltas[:2] == [Begin(id="", model=""), TextDelta(text="a", part=0)]


def test_an_explained_refusal_is_heard() -> None:
    delta = {"stop_reason": "refusal", "stop_details": {"explanation": "not that"}}
    deltas = parse([sse(START, {**END, "delta": delta})])
    assert RefusalDelta(text="not that", part=0) in deltas
    assert deltas[-1] == End(
        finish=Finish.REFUSAL, native={"stop_details": {"explanation": "not that"}}
    )


def test_blocks_that_only_this_dialect_knows_grow_by_their_deltas() -> None:
    deltas = parse(
        [
            sse(
                START,
                *block(
                    0,
                    {"type": "compaction", "content": ""},
                    {"type": "compaction_delta", "content": "one "},
                    {"type": "compaction_delta", "content": "two", "more": [1]},
                ),
                *block(
                    1,
                    {"type": "thinking", "thinking": "a", "signature": "EqQB"},
                    {"type": "unknown_delta"},
                ),
                {"type": "content_block_delta", "index": 7, "delta": {"type": "unknown_delta"}},
                {"type": "content_block_stop", "index": 7},
                END,
            )
        ]
    )
    grown = {"type": "compaction", "content": "one two", "more": [1]}
    assert deltas[1:6] == [
        WholePart(value=Native(dialect="anthropic.messages", value=grown), part=0),
        PartEnd(part=0),
        ThinkingDelta(text="a", part=1),
        SignatureDelta(signature=OURS, part=1),
        PartEnd(part=1),
    ]


def test_an_event_without_end_fails_and_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("providers.wire.sse.MAX_EVENT", 100)
    endless = [sse(START), b"data: " + b"x" * 60, b"x" * 60, b"x" * 60]
    assert sum(isinstance(delta, Failed) for delta in parse(endless)) == 1
    relay = DIALECT.relay(True)
    assert [relay.feed(piece) for piece in endless] == [None] * 4
    assert relay.seen.error is not None


def test_compatible_servers_may_be_sloppy() -> None:
    deltas = parse(
        [
            sse(
                START,
                {
                    "type": "content_block_delta",
                    "index": 0,
                    "delta": {"type": "text_delta", "text": "a"},
                },
                *block(1, {"type": "tool_use", "id": "", "name": "f", "input": {"a": 1}}),
                {**END, "usage": {"input_tokens": 9, "output_tokens": 2}},
            )
        ]
    )
    assert deltas[1:] == [
        TextDelta(text="", part=0),
        TextDelta(text="a", part=0),
        ToolCallBegin(id="toolu_msg_1_1", name="f", part=1),
        ArgumentsDelta(text='{"a":1}', part=1),
        PartEnd(part=1),
        Used(usage=Usage(input=12, output=2, cache_read=3)),
        End(finish=Finish.TOOL_CALLS),
    ]


def test_citations_come_once_the_text_that_they_stand_for_is_whole() -> None:
    start = {"type": "text", "text": "", "citations": []}
    cited = {"type": "citations_delta", "citation": CITED}
    text = {"type": "text_delta", "text": "so"}
    deltas = parse([sse(START, *block(0, start, cited, text), END)])
    kinds = [type(delta).__name__ for delta in deltas[1:5]]
    assert kinds == ["TextDelta", "TextDelta", "CitationDelta", "PartEnd"]
    endless = parse([sse(START, *list(block(0, start, cited, text))[:-1], END)])
    assert [type(delta).__name__ for delta in endless[3:]] == ["Used", "CitationDelta", "End"]
