"""Streams in Cohere's format, read, written, and taken by the official client."""

from typing import Any

import cohere
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.errors import ApiError, Cause
from providers.neutral.chat import (
    ChatResponse,
    Choice,
    Citation,
    Finish,
    Signature,
    Text,
    Thinking,
    ToolCall,
)
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
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
    replay,
)
from providers.usage import Usage
from tests.answers import assembled, streams
from tests.providers.dialects.cohere.chat.wire import (
    ASK,
    BEGIN,
    client,
    ended,
    event,
    events,
    parsed,
    said,
    stream,
)
from tests.strategies import cuts

PLAIN = Signature(origin="cohere", value="thinking")
START = Begin(id="i", model="m")
END = End(finish=Finish.STOP)


def told(data: bytes) -> list[cohere.V2ChatStreamResponse]:
    """The events as the official client reads them."""
    return list(client(data, "text/event-stream").chat_stream(**ASK))


def kinds(data: bytes) -> list[str]:
    return [each["type"] for each in events(data)]


@given(st.data(), streams("cohere"))
@settings(max_examples=60, deadline=None)
def test_a_stream_is_read_as_it_was_written_however_it_is_cut(
    data: st.DataObject, told: tuple[ChatResponse, list[AnyDelta]]
) -> None:
    response, deltas = told
    written = stream(deltas)
    events(written)
    expected = [
        Thinking(text=part.text, signature=PLAIN) if isinstance(part, Thinking) else part
        for part in response.choices[0].parts
    ]
    found = parsed(data.draw(cuts(written)))
    assert assembled(found) == expected
    assert found[-1] == End(finish=response.choices[0].finish)
    assert found == parsed([written])
    usage = next(delta.usage for delta in found if isinstance(delta, Used))
    assert response.usage is not None
    assert (usage.input, usage.output) == (response.usage.input, response.usage.output)


def test_the_official_client_reads_every_kind_of_event() -> None:
    quoted = Citation(url="https://a.test/", start=0, end=2)
    got = told(
        stream(
            [
                START,
                Ping(),
                ThinkingDelta(part=0, text="hm"),
                TextDelta(part=1, text="he"),
                TextDelta(part=1, text="llo\u2028"),
                CitationDelta(part=1, citation=quoted),
                ToolCallBegin(id="c", name="f", part=2),
                ArgumentsDelta(text='{"a"', part=2),
                ArgumentsDelta(text=":1}", part=2),
                ToolCallBegin(id="d", name="g", part=3),
                End(finish=Finish.TOOL_CALLS),
                Used(usage=Usage(input=7, output=3, cache_read=2)),
            ]
        )
    )
    assert [each.type for each in got] == [
        "message-start",
        *("content-start", "content-delta", "content-end"),
        *("content-start", "content-delta", "content-delta"),
        *("citation-start", "citation-end", "content-end"),
        *("tool-call-start", "tool-call-delta", "tool-call-delta", "tool-call-end"),
        *("tool-call-start", "tool-call-delta", "tool-call-end"),
        "message-end",
    ]
    assert got[0].id == "i"
    assert got[2].delta.message.content.thinking == "hm"
    words = [each for each in got if each.type == "content-delta" and each.index == 1]
    assert "".join(each.delta.message.content.text for each in words) == "hello\u2028"
    cited = next(each for each in got if each.type == "citation-start")
    assert cited.delta.message.citations.text == "he"
    calls = [each for each in got if each.type == "tool-call-delta"]
    arguments = [each.delta.message.tool_calls.function.arguments for each in calls]
    assert arguments == ['{"a"', ":1}", "{}"]
    assert [each.index for each in calls] == [0, 0, 1]
    end = got[-1].delta
    assert (end.finish_reason, end.usage.tokens.input_tokens) == ("TOOL_CALL", 7)
    assert end.usage.cached_tokens == 2


def test_a_huge_piece_is_told_in_lines_that_the_client_takes() -> None:
    huge = "\x00" * 400_000
    deltas = [
        *(START, TextDelta(part=0, text=huge), TextDelta(part=0, text=huge)),
        *(ThinkingDelta(part=1, text=huge), ToolCallBegin(id="c", name="f", part=2)),
        *(ArgumentsDelta(text=huge, part=2), END),
    ]
    data = stream(deltas)
    assert max(map(len, data.split(b"\n"))) < 1024 * 1024
    assert told(data)[-1].type == "message-end"
    assert [len(getattr(part, "text", "")) for part in assembled(parsed([data]))][:2] == [
        800_000,
        400_000,
    ]


def test_a_failure_ends_the_stream_with_its_words() -> None:
    error = ApiError(status=500, cause=Cause.SERVER, message="boom")
    data = stream([START, TextDelta(part=0, text="a"), Failed(error=error), END])
    got = told(data)
    assert got[-1].delta.finish_reason == "ERROR"
    assert got[-1].delta.error == "boom"
    assert parsed([data])[-1] == Failed(error=error)
    early = stream([Failed(error=error)])
    assert kinds(early) == ["message-start", "message-end"]
    slow = ApiError(status=504, cause=Cause.TIMEOUT, message="slow")
    last = parsed([stream([START, Used(usage=Usage(input=1)), Failed(error=slow)])])
    assert last[-2:] == [Used(usage=Usage(input=1)), Failed(error=slow)]


@pytest.mark.parametrize(
    "deltas",
    [
        [],
        [START],
        [TextDelta(part=0, text="a"), END],
        [START, TextDelta(part=0, text=""), PartEnd(part=0), END],
        [START, TextDelta(part=0, text="a"), TextDelta(part=1, text="b", choice=1), END],
        [START, Used(usage=Usage(input=1)), END],
        [START, ArgumentsDelta(text="x", part=9), PartEnd(part=9), END],
        [START, CitationDelta(part=0, citation=Citation(url="u")), END],
        [START, WholePart(part=0, value=Text(text="t")), END],
        [START, WholePart(part=0, value=Thinking(text="t")), END],
        [START, WholePart(part=0, value=ToolCall(id="c", name="f", arguments="{}")), END],
        [START, RefusalDelta(part=0, text="no"), End(finish=Finish.REFUSAL)],
        [START, END, End(finish=Finish.LENGTH, choice=1)],
    ],
)
def test_every_legal_order_is_a_stream_that_the_client_reads(deltas: list[AnyDelta]) -> None:
    data = stream(deltas)
    found = kinds(data)
    assert (found[0], found[-1]) == ("message-start", "message-end")
    assert len(told(data)) == len(found)
    starts = sum(kind in ("content-start", "tool-call-start", "citation-start") for kind in found)
    ends = sum(kind in ("content-end", "tool-call-end", "citation-end") for kind in found)
    assert starts == ends


def test_a_citation_quotes_its_own_text_only() -> None:
    cited = Citation(start=0, end=1)
    deltas = [
        *(START, TextDelta(part=0, text="ab"), TextDelta(part=1, text="cd")),
        *(CitationDelta(part=0, citation=cited), CitationDelta(part=1, citation=cited)),
        *(ThinkingDelta(part=2, text="ef"), CitationDelta(part=2, citation=cited)),
        *(TextDelta(part=0, text="gh"), CitationDelta(part=0, citation=cited), END),
    ]
    told = [each for each in events(stream(deltas)) if each["type"] == "citation-start"]
    quotes = [each["delta"]["message"]["citations"].get("text") for each in told]
    assert quotes == [None, "c", None, None]


def test_interleaved_parts_lose_nothing() -> None:
    deltas: list[AnyDelta] = [
        START,
        TextDelta(part=0, text="a"),
        ToolCallBegin(id="c", name="f", part=1),
        ToolCallBegin(id="d", name="g", part=2),
        ArgumentsDelta(text='{"x":', part=2),
        TextDelta(part=0, text="b"),
        ArgumentsDelta(text="1}", part=2),
        End(finish=Finish.TOOL_CALLS),
    ]
    found = parsed([stream(deltas)])
    texts = "".join(delta.text for delta in found if isinstance(delta, TextDelta))
    calls = [part for part in assembled(found) if isinstance(part, ToolCall)]
    assert texts == "ab"
    assert calls == [
        ToolCall(id="c", name="f", arguments="{}"),
        ToolCall(id="d", name="g", arguments='{"x":1}'),
    ]


def test_foreign_signatures_are_sealed_in_the_stream() -> None:
    foreign = Signature(origin="anthropic", value="s")
    data = stream(
        [
            START,
            ThinkingDelta(part=0, text="a"),
            SignatureDelta(part=0, signature=foreign),
            WholePart(part=1, value=Thinking(redacted=foreign)),
            SignatureDelta(part=2, signature=foreign),
            ToolCallBegin(id="c", name="f", part=3),
            SignatureDelta(part=3, signature=foreign),
            SignatureDelta(part=0, signature=PLAIN),
            TextDelta(part=4, text="t"),
            SignatureDelta(part=4, signature=foreign),
            END,
        ]
    )
    sealed = b'"signature":"ai.extproc/anthropic/s"'
    assert data.count(sealed) == 4
    for piece in events(data):
        if piece["type"] == "content-delta":
            content = piece["delta"]["message"]["content"]
            assert isinstance(content.get("text", content.get("thinking")), str)
        elif piece["type"] == "tool-call-delta":
            assert "arguments" in piece["delta"]["message"]["tool_calls"]["function"]
    assert data.count(b'"redacted":"ai.extproc/anthropic/s"') == 1
    assert told(data)[-1].type == "message-end"


def test_logprobs_stand_beside_their_text() -> None:
    def entry(token: str) -> dict[str, Any]:
        return {"token": token, "logprob": -0.5, "bytes": list(token.encode()), "top_logprobs": []}

    both = {"content": [entry("a"), entry("b")]}
    data = stream([START, TextDelta(part=0, text="ab", logprobs=both), END])
    found = [delta for delta in parsed([data]) if isinstance(delta, TextDelta)]
    assert [(delta.text, delta.logprobs) for delta in found] == [
        ("a", {"content": [entry("a")]}),
        ("b", {"content": [entry("b")]}),
    ]
    odd = stream([START, TextDelta(part=0, text="xyz", logprobs=both), END])
    assert [each.text for each in parsed([odd]) if isinstance(each, TextDelta)] == ["xyz"]


def test_a_stream_of_cohere_is_read() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}
    more = {"function": {"arguments": "{}"}}
    cited = {"start": 0, "end": 1, "sources": [{"id": "d"}], "type": "PLAN"}
    found = parsed(
        [
            BEGIN,
            event("tool-plan-delta", delta={"message": {"tool_plan": "I "}}),
            event("tool-plan-delta", delta={"message": {"tool_plan": "look."}}),
            event("tool-call-start", index=0, delta={"message": {"tool_calls": call}}),
            event("tool-call-delta", index=0, delta={"message": {"tool_calls": more}}),
            event("tool-call-end", index=0),
            event("tool-call-start", index=1, delta={"message": {"tool_calls": [call]}}),
            event("citation-start", index=0, delta={"message": {"citations": cited}}),
            event("debug", prompt="p"),
            ended("COMPLETE", usage={"tokens": {"input_tokens": 4.0, "output_tokens": 5}}),
            said("late"),
        ]
    )
    plan, first, second = assembled(found)
    assert (plan.text, plan.citations[0].title) == ("I look.", "d")
    assert (first.arguments, second.arguments) == ("{}", "{}")
    assert found[-1] == End(finish=Finish.TOOL_CALLS)
    assert Used(usage=Usage(input=4, output=5)) in found


def test_citations_of_thoughts_are_of_no_text() -> None:
    cited = {"start": 0, "end": 1, "type": "THINKING_CONTENT", "sources": [{"id": "d"}]}
    message = {"message": {"citations": cited}}
    found = parsed([BEGIN, said("a"), event("citation-start", index=0, delta=message), ended()])
    assert assembled(found) == [Text(text="a")]


def test_a_citation_before_its_text_makes_the_part() -> None:
    cited = {"sources": [{"id": "d"}], "content_index": 1}
    message = {"message": {"citations": [cited]}}
    found = assembled(parsed([BEGIN, event("citation-start", index=0, delta=message), ended()]))
    assert found[0].citations[0].title == "d"


@pytest.mark.parametrize(
    ("pieces", "status", "words"),
    [
        ([], 502, "ended before"),
        ([BEGIN, said("a")], 502, "ended before"),
        ([BEGIN, said("a")[:-9]], 502, "ended before"),
        ([BEGIN, b"data: [1]\n\n"], 502, "no JSON object"),
        ([BEGIN, b"data: {\n\n"], 502, "no JSON object"),
        ([BEGIN, ended("ERROR", error="boom")], 500, "boom"),
        ([BEGIN, ended("ERROR")], 500, "gave up"),
        ([BEGIN, ended("TIMEOUT")], 504, "gave up"),
        ([b'data: {"message":"bad"}\n\n'], 500, "bad"),
        ([b'event: error\ndata: {"type":"error","error":{"message":"bad"}}\n\n'], 500, "bad"),
    ],
)
def test_a_failure_is_told_once_at_the_end(pieces: list[bytes], status: int, words: str) -> None:
    found = parsed(pieces)
    failures = [delta for delta in found if isinstance(delta, Failed)]
    assert failures == found[-1:]
    assert failures[0].error.status == status
    assert words in failures[0].error.message


def test_an_end_without_its_blank_line_counts() -> None:
    assert parsed([BEGIN, ended()[:-1]])[-1] == END


def test_comments_are_signs_of_life() -> None:
    assert parsed([b": keep\n\n", BEGIN, ended()])[0] == Ping()


def test_a_replayed_answer_is_a_stream() -> None:
    parts = (Text(text="hi"), ToolCall(id="c", name="f", arguments="{}"))
    choice = Choice(parts=parts, finish=Finish.TOOL_CALLS)
    response = ChatResponse(id="i", model="m", choices=(choice,), usage=Usage(input=1))
    assert assembled(parsed([stream(replay(response))])) == list(parts)


junk = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("message", "content", "text", "thinking", "tool_calls", "function", "id"),
                    *("citations", "sources", "usage", "tokens", "index", "finish_reason"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)
KINDS = [
    *("message-start", "content-start", "content-delta", "content-end", "tool-plan-delta"),
    *("tool-call-start", "tool-call-delta", "tool-call-end", "citation-start", "message-end"),
]


@given(st.lists(st.tuples(st.sampled_from(KINDS), junk, junk), max_size=5))
@settings(max_examples=150, deadline=None)
def test_no_json_makes_the_parser_raise(items: list[tuple[str, Any, Any]]) -> None:
    pieces = [
        b"data: " + orjson.dumps({"type": kind, "delta": delta, "index": index}) + b"\n\n"
        for kind, delta, index in items
    ]
    found = parsed(pieces)
    assert isinstance(found[-1], Failed | End)
    stream(found)


@given(st.lists(st.binary(max_size=80), max_size=5))
@settings(max_examples=60, deadline=None)
def test_no_bytes_make_the_parser_raise(pieces: list[bytes]) -> None:
    assert isinstance(parsed(pieces)[-1], Failed)
