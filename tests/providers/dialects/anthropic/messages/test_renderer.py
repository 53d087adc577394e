"""Streams, written as the official SDK demands."""

import anthropic
import pytest

from providers.errors import ApiError, Cause
from providers.neutral.chat import (
    Citation,
    Finish,
    Native,
    Refusal,
    Signature,
    Text,
    Thinking,
    ToolCall,
)
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    AudioDelta,
    CitationDelta,
    End,
    Failed,
    PartEnd,
    Ping,
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
    BEGIN,
    FOREIGN,
    STOP,
    blocks,
    events,
    read,
    sdk,
    write,
)


def test_the_sdk_reads_a_text_and_the_final_usage() -> None:
    message, seen, text = read(
        write(
            BEGIN,
            TextDelta(text="Hel", part=0),
            Ping(),
            TextDelta(text="lo", part=0),
            STOP,
            Used(usage=Usage(input=10, output=4, cache_read=3, cache_write=2, reasoning=1)),
        )
    )
    assert text == "Hello"
    assert blocks(message) == [{"type": "text", "text": "Hello"}]
    assert (message.id, message.model, message.stop_reason) == ("msg_1", "asked", "end_turn")
    usage = message.usage
    assert (usage.input_tokens, usage.output_tokens) == (5, 4)
    assert (usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (3, 2)
    assert seen[0] == "message_start"
    assert seen[-2:] == ["message_delta", "message_stop"]


def test_the_text_stream_of_the_sdk_yields_each_piece() -> None:
    body = write(BEGIN, TextDelta(text="a", part=0), TextDelta(text="b", part=0), STOP)
    with sdk(body).messages.stream(
        model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}]
    ) as stream:
        assert list(stream.text_stream) == ["a", "b"]


def test_the_sdk_reads_thoughts_texts_and_calls_in_blocks_of_their_own() -> None:
    body = write(
        BEGIN,
        ThinkingDelta(text="h", part=0),
        ThinkingDelta(text="m", part=0),
        SignatureDelta(signature=Signature(origin="anthropic", value="EqQB"), part=0),
        WholePart(value=Thinking(redacted=FOREIGN), part=1),
        TextDelta(text="so", part=2),
        ToolCallBegin(id="t1", name="f", part=3),
        ArgumentsDelta(text='{"a"', part=3),
        ArgumentsDelta(text=":1}", part=3),
        PartEnd(part=3),
        ToolCallBegin(id="t2", name="g", part=4),
        SignatureDelta(signature=FOREIGN, part=4),
        End(finish=Finish.TOOL_CALLS),
    )
    message, _, _ = read(body)
    assert blocks(message) == [
        {"type": "thinking", "thinking": "hm", "signature": "EqQB"},
        {"type": "redacted_thinking", "data": "ai.extproc/gemini/AB"},
        {"type": "text", "text": "so"},
        {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}},
        {"type": "tool_use", "id": "t2", "name": "g", "input": {}},
        {"type": "redacted_thinking", "data": "ai.extproc/gemini/prev:AB"},
    ]
    assert message.stop_reason == "tool_use"


def test_blocks_begin_and_end_one_after_the_other() -> None:
    body = write(
        BEGIN,
        TextDelta(text="a", part=0),
        ToolCallBegin(id="t", name="f", part=1),
        WholePart(value=Native(dialect="anthropic.messages", value={"type": "x"}), part=2),
        RefusalDelta(text="no", part=3),
        STOP,
    )
    order = [(event["type"], event.get("index")) for event in events(body)]
    assert order == [
        ("message_start", None),
        ("content_block_start", 0),
        ("content_block_delta", 0),
        ("content_block_stop", 0),
        ("content_block_start", 1),
        ("content_block_delta", 1),
        ("content_block_stop", 1),
        ("content_block_start", 2),
        ("content_block_stop", 2),
        ("content_block_start", 3),
        ("content_block_delta", 3),
        ("content_block_stop", 3),
        ("message_delta", None),
        ("message_stop", None),
    ]


def test_arguments_are_never_empty() -> None:
    body = write(BEGIN, ToolCallBegin(id="t", name="f", part=0), End(finish=Finish.TOOL_CALLS))
    pieces = [event["delta"] for event in events(body) if event["type"] == "content_block_delta"]
    assert pieces == [{"type": "input_json_delta", "partial_json": "{}"}]


def test_only_the_first_of_several_choices_is_written() -> None:
    message, _, text = read(
        write(
            BEGIN,
            TextDelta(text="one", part=0),
            TextDelta(text="two", part=0, choice=1),
            End(finish=Finish.LENGTH, choice=1),
            STOP,
        )
    )
    assert (text, message.stop_reason) == ("one", "end_turn")


def test_citations_and_spoken_words_are_read() -> None:
    message, _, text = read(
        write(
            BEGIN,
            TextDelta(text="a", part=0),
            CitationDelta(citation=Citation(url="https://x.test", quote="q"), part=0),
            AudioDelta(part=1, base64="AA==", transcript="spoken"),
            STOP,
        )
    )
    assert text == "aspoken"
    block = message.content[0]
    assert isinstance(block, anthropic.types.TextBlock)
    assert block.citations is not None
    assert block.citations[0].cited_text == "q"


def test_parts_that_come_whole_are_streamed() -> None:
    message, _, text = read(
        write(
            BEGIN,
            WholePart(value=Thinking(text="hm", signature=FOREIGN), part=0),
            WholePart(value=Text(text="so", citations=(Citation(quote="q"),)), part=1),
            WholePart(value=Refusal(text="no"), part=2),
            WholePart(value=ToolCall(id="t", name="f", arguments='{"a":1}'), part=3),
            STOP,
        )
    )
    assert text == "sono"
    assert [block.type for block in message.content] == ["thinking", "text", "text", "tool_use"]
    assert message.content[3].input == {"a": 1}


def test_a_stream_without_a_begin_has_one() -> None:
    message, seen, _ = read(write(Ping(), TextDelta(text="a", part=0), STOP))
    assert seen[0] == "message_start"
    assert (message.id, message.model) == ("msg_made", "asked")


def test_a_stop_sequence_is_named_at_the_end() -> None:
    message, _, _ = read(write(BEGIN, End(finish=Finish.STOP_SEQUENCE, stop_sequence="END")))
    assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", "END")


@pytest.mark.parametrize("before", [[], [BEGIN, TextDelta(text="a", part=0)]])
def test_a_failure_in_mid_stream_is_raised_and_nothing_follows(before: list[AnyDelta]) -> None:
    error = ApiError(status=529, cause=Cause.OVERLOADED, message="busy", request_id="req_1")
    body = write(*before, Failed(error=error), TextDelta(text="late", part=0))
    assert events(body)[-1] == {
        "type": "error",
        "error": {"type": "overloaded_error", "message": "busy"},
        "request_id": "req_1",
    }
    with pytest.raises(anthropic.APIStatusError) as caught:
        read(body)
    assert caught.value.type == "overloaded_error"


def test_deltas_in_odd_orders_make_blocks_that_the_sdk_reads() -> None:
    message, _, _ = read(
        write(
            BEGIN,
            BEGIN,
            SignatureDelta(signature=FOREIGN, part=0),
            CitationDelta(citation=Citation(quote="q"), part=1),
            ToolCallBegin(id="a", name="f", part=2),
            ArgumentsDelta(text='{"x":', part=2),
            ToolCallBegin(id="b", name="g", part=3),
            ArgumentsDelta(text="1}", part=2),
            ArgumentsDelta(text="", part=3),
            ArgumentsDelta(text="{}", part=9),
            PartEnd(part=2),
            TextDelta(text="so", part=4),
            PartEnd(part=4),
            SignatureDelta(signature=FOREIGN, part=4),
            TextDelta(text="end", part=5),
            SignatureDelta(signature=FOREIGN, part=5),
            STOP,
        )
    )
    assert [found["type"] for found in blocks(message)] == [
        "thinking",
        "text",
        "tool_use",
        "tool_use",
        "text",
        "redacted_thinking",
        "text",
    ]
    assert message.content[2].input == {"x": 1}


def test_interleaved_calls_come_block_by_block() -> None:
    body = write(
        BEGIN,
        ToolCallBegin(id="a", name="f", part=0),
        ToolCallBegin(id="b", name="g", part=1),
        ArgumentsDelta(text='{"x":', part=0),
        ArgumentsDelta(text='{"y":', part=1),
        ArgumentsDelta(text="1}", part=0),
        ArgumentsDelta(text="2}", part=1),
        STOP,
    )
    open_block = None
    for event in events(body):
        if event["type"] == "content_block_start":
            assert open_block is None
            open_block = event["index"]
        elif event["type"] == "content_block_delta":
            assert event["index"] == open_block
        elif event["type"] == "content_block_stop":
            open_block = None
    message, _, _ = read(body)
    assert [(b["id"], b["input"]) for b in blocks(message)] == [("a", {"x": 1}), ("b", {"y": 2})]
