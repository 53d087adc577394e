"""Streams of the provider."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.dialects.bedrock.converse import DIALECT
from providers.errors import Cause
from providers.neutral.chat import Finish, Native, Part, Signature, Text, Thinking, ToolCall
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    Begin,
    Beside,
    CitationDelta,
    End,
    Failed,
    PartEnd,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
    Used,
    WholePart,
)
from providers.wire import aws_event_stream as frames
from tests.providers.dialects.bedrock.answers import (
    PROVIDED,
    UNDERSTOOD,
    USAGE,
    calls,
    delta,
    message,
    parsed,
    rendered,
    texts,
    thoughts,
)


@given(st.lists(st.integers(0, 10_000), max_size=20))
def test_a_providers_stream_is_understood_wherever_it_is_cut(cuts: list[int]) -> None:
    assert parsed(PROVIDED, cuts) == UNDERSTOOD


@given(
    st.lists(thoughts | calls | texts.filter(lambda part: bool(part.text)), max_size=5),
    st.integers(1, 5),
    st.lists(st.integers(0, 5000), max_size=10),
)
def test_parsing_a_stream_undoes_rendering(parts: list[Part], step: int, cuts: list[int]) -> None:
    sent: list[AnyDelta] = [Begin(id="", model="")]
    for number, part in enumerate(parts):
        sent += [*pieces(part, number), PartEnd(part=number)]
    called = any(isinstance(part, ToolCall) for part in parts)
    sent += [End(finish=Finish.TOOL_CALLS if called else Finish.STOP), Used(usage=USAGE)]
    said = parsed(rendered(sent, step), cuts)
    # How long it took, which only Bedrock tells.
    assert Beside(names=(), members={"metrics": {"latencyMs": 0}}) in said
    kept = [item for item in said if not isinstance(item, Beside) and not ends_a_whole(item, sent)]
    assert kept == [item for item in sent if not ends_a_whole(item, sent)]


def ends_a_whole(item: AnyDelta, sent: list[AnyDelta]) -> bool:
    """Ends of parts that came whole: the format does not tell them from others."""
    wholes = {other.part for other in sent if isinstance(other, WholePart)}
    return isinstance(item, PartEnd) and item.part in wholes


def pieces(part: Part, number: int) -> list[AnyDelta]:
    match part:
        case Text(text=text, citations=cited):
            return [
                *(TextDelta(text=char, part=number) for char in text),
                *(CitationDelta(citation=citation, part=number) for citation in cited),
            ]
        case Thinking(redacted=None, text=text, signature=signature):
            signs = [SignatureDelta(signature=signature, part=number)] if signature else []
            return [ThinkingDelta(text=text, part=number), *signs]
        case Thinking():
            return [WholePart(value=part, part=number)]
        case ToolCall(id=call_id, name=name, arguments=text):
            return [
                ToolCallBegin(id=call_id, name=name, part=number),
                *(
                    ArgumentsDelta(text=text[at : at + 3], part=number)
                    for at in range(0, len(text), 3)
                ),
            ]
    raise AssertionError(part)


@pytest.mark.parametrize("size", [0, 5, 60, 400, len(PROVIDED) - 300])
def test_a_cut_stream_has_failed(size: int) -> None:
    *_, last = parsed(PROVIDED[:size])
    assert isinstance(last, Failed)
    assert last.error.status == 502


def test_a_stream_without_its_metadata_is_complete() -> None:
    cut = [*frames.Splitter().feed(PROVIDED)][:-1]
    assert parsed(b"".join(cut)) == UNDERSTOOD[:-2]


@pytest.mark.parametrize(
    ("kind", "status", "cause"),
    [
        ("throttlingException", 429, Cause.RATE_LIMIT),
        ("validationException", 400, Cause.INVALID_REQUEST),
        ("internalServerException", 500, Cause.SERVER),
        ("modelStreamErrorException", 424, Cause.SERVER),
        ("serviceUnavailableException", 503, Cause.UNAVAILABLE),
        ("somethingNew", 500, Cause.SERVER),
    ],
)
def test_an_exception_in_mid_stream_is_a_failure(kind: str, status: int, cause: Cause) -> None:
    headers = frames.exception_headers(kind)
    stream = frames.encode_raw(headers, b'{"message":"Stop"}')
    first, last = parsed(message("messageStart", {"role": "assistant"}) + stream)
    assert first == Begin(id="", model="")
    assert isinstance(last, Failed)
    assert (last.error.status, last.error.cause, last.error.message) == (status, cause, "Stop")


def test_an_unmodeled_error_in_mid_stream_is_a_failure() -> None:
    headers: dict[str, frames.Header] = {
        ":message-type": "error",
        ":error-code": "InternalFailure",
        ":error-message": "Oh",
    }
    *_, last = parsed(frames.encode(headers, b""))
    assert isinstance(last, Failed)
    assert (last.error.code, last.error.message) == ("InternalFailure", "Oh")


@pytest.mark.parametrize(
    "bad",
    [
        b"<html>502 Bad Gateway</html>",
        b'data: {"error": 1}\n\n',
        PROVIDED[:-1] + b"!",
        frames.encode_raw(frames.event_headers("contentBlockDelta"), b"{"),
        message("contentBlockDelta", {}),
        frames.encode_raw(frames.event_headers("contentBlockDelta"), b"[]"),
        message("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"toolUse": {"input": 1}}}),
        message("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": {}}}),
        frames.encode_raw(b"\x05ab", b"{}"),
    ],
)
def test_bytes_that_cannot_be_read_are_a_failure(bad: bytes) -> None:
    *_, last = parsed(bad + PROVIDED)
    assert isinstance(last, Failed)
    assert last.error.status == 502
    assert sum(isinstance(item, Failed) for item in parsed(bad + PROVIDED)) == 1


JSON = st.recursive(
    st.none() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ("contentBlockIndex", "delta", "start", "text", "toolUse", "image", "usage")
            ),
            inner,
        )
    ),
    max_leaves=8,
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                sorted(
                    (
                        "messageStart",
                        "contentBlockStart",
                        "contentBlockDelta",
                        "contentBlockStop",
                        "messageStop",
                        "metadata",
                    )
                )
            ),
            JSON,
        ),
        max_size=6,
    )
)
def test_no_event_makes_the_parser_raise(sent: list[tuple[str, Any]]) -> None:
    stream = b"".join(message(kind, payload) for kind, payload in sent)
    deltas = parsed(stream)
    assert not deltas or isinstance(deltas[0], Begin)


def test_a_server_tools_result_comes_whole() -> None:
    begun = {"toolUseId": "s", "type": "web_search_result", "status": "success"}
    stream = b"".join(
        (
            message("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolResult": begun}}),
            message(
                "contentBlockDelta",
                {"contentBlockIndex": 0, "delta": {"toolResult": [{"json": {"a": 1}}]}},
            ),
            message("contentBlockStop", {"contentBlockIndex": 0}),
            message("messageStop", {"stopReason": "end_turn"}),
            message("messageStop", {"stopReason": "max_tokens"}),
        )
    )
    value = {"toolResult": {**begun, "content": [{"json": {"a": 1}}]}}
    assert parsed(stream) == [
        Begin(id="", model=""),
        WholePart(value=Native(dialect="bedrock.converse", value=value), part=0),
        PartEnd(part=0),
        End(finish=Finish.STOP),
    ]


def test_an_image_that_cannot_be_read_is_a_failure() -> None:
    stream = b"".join(
        (
            message("contentBlockStart", {"contentBlockIndex": 0, "start": {"image": {}}}),
            message(
                "contentBlockDelta",
                {"contentBlockIndex": 0, "delta": {"image": {"source": {"bytes": "@"}}}},
            ),
            message("contentBlockStop", {"contentBlockIndex": 0}),
        )
    )
    *_, last = parsed(stream)
    assert isinstance(last, Failed)


def test_nothing_follows_a_failure() -> None:
    parser = DIALECT.parser()
    parser.feed(b"this is no event stream at all")
    assert parser.feed(PROVIDED) == []
    assert parser.flush() == []


def test_an_encrypted_thought_in_pieces_is_one() -> None:
    pieces = (
        delta(0, {"reasoningContent": {"redactedContent": blob}})["contentBlockDelta"]
        for blob in ("RW13S0E=", "aGdC")
    )
    stream = b"".join(
        (
            *(message("contentBlockDelta", piece) for piece in pieces),
            message("contentBlockStop", {"contentBlockIndex": 0}),
            message("messageStop", {"stopReason": "end_turn"}),
        )
    )
    whole = Thinking(redacted=Signature(origin="anthropic", value="EmwKAhgB"))
    assert WholePart(value=whole, part=0) in parsed(stream)
