"""Streams for clients, read by boto3."""

import pytest
from botocore.exceptions import EventStreamError

from providers.errors import ApiError, Cause
from providers.neutral.chat import Finish, Image, Native, Signature, Text, Thinking, ToolCall
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    AudioDelta,
    Begin,
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
from tests.providers.dialects.bedrock.answers import (
    CITED,
    MINE,
    PNG,
    USAGE,
    delta,
    events,
    rendered,
    start,
)

CONVERSATION: list[AnyDelta] = [
    Begin(id="a", model="m", usage=Usage(input=9)),
    Ping(),
    ThinkingDelta(text="Hm", part=0),
    ThinkingDelta(text="m", part=0),
    SignatureDelta(signature=MINE, part=0),
    TextDelta(text="Hel", part=1),
    TextDelta(text="lo", part=1),
    CitationDelta(citation=CITED, part=1),
    ToolCallBegin(id="t1", name="look", part=2),
    ArgumentsDelta(text='{"a"', part=2),
    ArgumentsDelta(text=":1}", part=2),
    PartEnd(part=2),
    ToolCallBegin(id="t2", name="wait", part=3),
    End(finish=Finish.STOP),
    Used(usage=USAGE),
]


def test_the_sdk_reads_a_stream() -> None:
    assert events(rendered(CONVERSATION)) == [
        {"messageStart": {"role": "assistant"}},
        delta(0, {"reasoningContent": {"text": "Hm"}}),
        delta(0, {"reasoningContent": {"text": "m"}}),
        delta(0, {"reasoningContent": {"signature": "sig"}}),
        {"contentBlockStop": {"contentBlockIndex": 0}},
        delta(1, {"text": "Hel"}),
        delta(1, {"text": "lo"}),
        delta(1, {"citation": {"title": "t", "sourceContent": [{"text": "q"}]}}),
        {"contentBlockStop": {"contentBlockIndex": 1}},
        start(2, {"toolUse": {"toolUseId": "t1", "name": "look"}}),
        delta(2, {"toolUse": {"input": '{"a"'}}),
        delta(2, {"toolUse": {"input": ":1}"}}),
        {"contentBlockStop": {"contentBlockIndex": 2}},
        start(3, {"toolUse": {"toolUseId": "t2", "name": "wait"}}),
        delta(3, {"toolUse": {"input": "{}"}}),
        {"contentBlockStop": {"contentBlockIndex": 3}},
        {"messageStop": {"stopReason": "tool_use"}},
        {
            "metadata": {
                "usage": {
                    "inputTokens": 10,
                    "outputTokens": 20,
                    "totalTokens": 120,
                    "cacheReadInputTokens": 60,
                    "cacheWriteInputTokens": 30,
                },
                "metrics": {"latencyMs": 0},
            }
        },
    ]


def test_several_deltas_at_once_are_the_same_bytes() -> None:
    assert rendered(CONVERSATION, step=4) == rendered(CONVERSATION)


def test_only_the_first_choice_is_shown() -> None:
    others: list[AnyDelta] = [
        TextDelta(text="other", part=0, choice=1),
        RefusalDelta(text="other", part=1, choice=1),
        End(finish=Finish.LENGTH, choice=1),
    ]
    both = [*CONVERSATION[:5], *others, *CONVERSATION[5:]]
    assert rendered(both) == rendered(CONVERSATION)


def test_pieces_without_a_place_of_their_own_are_shown_as_text() -> None:
    seen = events(
        rendered(
            [
                Begin(id="a", model="m"),
                RefusalDelta(text="No", part=0),
                AudioDelta(part=1, base64="AA==", transcript="said"),
                AudioDelta(part=1, base64="AA=="),
                WholePart(value=Image(source=PNG), part=2),
                WholePart(
                    value=Thinking(redacted=Signature(origin="bedrock", value="AA==")), part=3
                ),
                WholePart(value=ToolCall(id="a", name="f", arguments="{}"), part=4),
                WholePart(value=Native(dialect="x.y", value={}), part=5),
                End(finish=Finish.STOP_SEQUENCE, stop_sequence="END"),
            ]
        )
    )
    deltas = [event["contentBlockDelta"]["delta"] for event in seen if "contentBlockDelta" in event]
    assert deltas == [
        {"text": "No"},
        {"text": "said"},
        {"image": {"source": {"bytes": b"\x89PNG"}}},
        {"reasoningContent": {"redactedContent": b"\x00"}},
        {"toolUse": {"input": "{}"}},
    ]
    assert seen[-2]["messageStop"] == {
        "stopReason": "stop_sequence",
        "additionalModelResponseFields": {"stop_sequence": "END"},
    }
    assert seen[-1]["metadata"]["usage"]["inputTokens"] == 0


def test_late_arguments_of_a_closed_call_keep_their_index() -> None:
    seen = events(
        rendered(
            [
                Begin(id="a", model="m"),
                ToolCallBegin(id="a", name="f", part=0),
                ArgumentsDelta(text="{", part=0),
                ToolCallBegin(id="b", name="g", part=1),
                ArgumentsDelta(text="}", part=0),
                ArgumentsDelta(text="{}", part=1),
                End(finish=Finish.TOOL_CALLS),
            ]
        )
    )
    inputs = {0: "", 1: ""}
    for event in seen:
        if "contentBlockDelta" in event:
            block = event["contentBlockDelta"]
            inputs[block["contentBlockIndex"]] += block["delta"]["toolUse"]["input"]
    assert inputs == {0: "{}", 1: "{}"}
    assert [
        event["contentBlockStop"]["contentBlockIndex"]
        for event in seen
        if "contentBlockStop" in event
    ] == [0, 1]


@pytest.mark.parametrize("cause", list(Cause))
def test_a_failure_raises_in_the_sdk(cause: Cause) -> None:
    error = ApiError(status=500, cause=cause, message='too "much"')
    stream = rendered([*CONVERSATION[:6], Failed(error=error)])
    with pytest.raises(EventStreamError, match='too "much"'):
        events(stream)


def test_a_stream_that_never_ended_raises_in_the_sdk() -> None:
    with pytest.raises(EventStreamError, match="ended before"):
        events(rendered(CONVERSATION[:6]))


def test_the_signature_of_a_call_follows_in_a_block_of_its_own() -> None:
    seen = events(
        rendered(
            [
                Begin(id="a", model="m", service_tier="flex"),
                ToolCallBegin(id="a", name="f", part=0),
                SignatureDelta(signature=Signature(origin="gemini", value="g"), part=0),
                ArgumentsDelta(text="", part=0),
                ArgumentsDelta(text="{}", part=7),
                PartEnd(part=9),
                WholePart(value=Text(text="x"), part=1),
                WholePart(value=Thinking(text="t", signature=MINE), part=2),
                End(finish=Finish.STOP, native={"additionalModelResponseFields": {"a": 1}}),
                End(finish=Finish.LENGTH),
            ]
        )
    )
    deltas = [event["contentBlockDelta"]["delta"] for event in seen if "contentBlockDelta" in event]
    assert deltas == [
        {"toolUse": {"input": "{}"}},
        {"reasoningContent": {"redactedContent": b"ai.extproc/gemini/prev:g"}},
        {"text": "x"},
        {"reasoningContent": {"text": "t"}},
        {"reasoningContent": {"signature": "sig"}},
    ]
    assert seen[-2]["messageStop"] == {
        "stopReason": "tool_use",
        "additionalModelResponseFields": {"a": 1},
    }
    assert seen[-1]["metadata"]["serviceTier"] == {"type": "flex"}


def test_bedrocks_own_exception_keeps_its_type() -> None:
    error = ApiError(status=424, cause=Cause.SERVER, message="m", code="ModelStreamErrorException")
    with pytest.raises(EventStreamError, match="modelStreamErrorException"):
        events(rendered([Begin(id="", model=""), Failed(error=error)]))


def test_nothing_comes_for_a_block_after_its_end() -> None:
    told = events(
        rendered(
            [
                Begin(id="", model="m"),
                TextDelta(text="a", part=0),
                ToolCallBegin(id="t1", name="f", part=1),
                ToolCallBegin(id="t2", name="g", part=2),
                ArgumentsDelta(text='{"x":', part=1),
                ArgumentsDelta(text="{}", part=2),
                TextDelta(text="b", part=0),
                ArgumentsDelta(text="1}", part=1),
                ArgumentsDelta(text=" ", part=1),
                End(finish=Finish.STOP),
            ]
        )
    )
    open_block = None
    joined: dict[int, str] = {}
    for event in told:
        (kind, value), *_ = event.items()
        if kind == "contentBlockDelta":
            index = value["contentBlockIndex"]
            assert open_block in (None, index)
            assert open_block is not None or index not in joined
            open_block = index
            delta_of = value["delta"]
            joined[index] = joined.get(index, "") + (
                delta_of.get("text") or delta_of["toolUse"]["input"]
            )
        elif kind == "contentBlockStop":
            open_block = None
    assert list(joined.values()) == ["a", '{"x":1}', "{}", "b"]


@pytest.mark.parametrize("late", [False, True])
def test_a_text_at_the_end_is_the_last_block_and_a_call_keeps_its_signature(late: bool) -> None:
    signed = SignatureDelta(signature=Signature(origin="gemini", value="g"), part=0)
    end: list[AnyDelta] = [PartEnd(part=0), signed] if late else [signed, PartEnd(part=0)]
    for begin, kinds in (
        (TextDelta(text="a", part=0), ["text"]),
        (ToolCallBegin(id="t", name="f", part=0), ["toolUse", "reasoningContent"]),
    ):
        seen = events(rendered([begin, *end, End(finish=Finish.STOP)]))
        told = [
            event["contentBlockDelta"]["delta"] for event in seen if "contentBlockDelta" in event
        ]
        assert [next(iter(delta)) for delta in told] == kinds
