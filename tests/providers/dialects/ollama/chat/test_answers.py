"""Answers in Ollama's format, whole and streamed, read, written, and taken by its client."""

from typing import Any

import msgspec
import ollama
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.dialects.ollama.chat import DIALECT
from providers.errors import ApiError, BadAnswer, Cause, FailedAnswer
from providers.neutral.chat import (
    Audio,
    ChatResponse,
    Choice,
    Citation,
    Finish,
    Image,
    Refusal,
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
)
from providers.neutral.media import Data
from providers.usage import Usage
from tests.answers import assembled, chat_responses, streams
from tests.providers.dialects.ollama.chat.wire import (
    ASK,
    END,
    MOMENT,
    client,
    line,
    parsed,
    render,
    stream,
)
from tests.strategies import cuts

PLAIN = Signature(origin="ollama", value="thinking")
PICTURE = Image(source=Data(base64="iVBORw0KGgo=", media_type="image/png"))
START = Begin(id="i", model="m", created=1_700_000_000)
STOP = End(finish=Finish.STOP)


def shown(parts: Any) -> list[Any]:
    """The parts as this format says them: one thought, one text, calls with tidy arguments."""
    thoughts = "".join(part.text for part in parts if isinstance(part, Thinking))
    calls = [
        msgspec.structs.replace(part, arguments=orjson.dumps(orjson.loads(part.arguments)).decode())
        for part in parts
        if isinstance(part, ToolCall)
    ]
    texts = [part for part in parts if isinstance(part, Text)]
    return [*([Thinking(text=thoughts, signature=PLAIN)] if thoughts else []), *texts, *calls]


@given(chat_responses("ollama"))
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_again(response: ChatResponse) -> None:
    found = DIALECT.parse_response(render(response))
    choice = response.choices[0]
    assert list(found.choices[0].parts) == shown(choice.parts)
    assert found.choices[0].finish is choice.finish
    assert (found.model, found.created) == (response.model, response.created)
    assert response.usage is not None
    assert found.usage == Usage(input=response.usage.input, output=response.usage.output)


@given(st.data(), streams("ollama"))
@settings(max_examples=60, deadline=None)
def test_a_stream_is_read_as_it_was_written_however_it_is_cut(
    data: st.DataObject, told: tuple[ChatResponse, list[AnyDelta]]
) -> None:
    response, deltas = told
    written = stream(deltas)
    found = parsed(data.draw(cuts(written)))
    assert found == parsed([written])
    assert shown(assembled(found)) == shown(response.choices[0].parts)
    assert found[-1] == End(finish=response.choices[0].finish)
    assert response.usage is not None
    usage = Usage(input=response.usage.input, output=response.usage.output)
    assert Used(usage=usage) in found


def answer(*parts: Any, finish: Finish = Finish.STOP, **members: Any) -> ChatResponse:
    choice = Choice(parts=parts, finish=finish, **members)
    return ChatResponse(id="i", model="", choices=(choice,), usage=Usage(input=7, output=3))


def test_the_official_client_reads_a_whole_answer() -> None:
    call = ToolCall(id="c", name="f", arguments='{"a":1}')
    response = answer(Thinking(text="hm"), Text(text="hi"), PICTURE, call)
    got = client(orjson.dumps(render(response)), "application/json").chat(**ASK)
    assert (got.model, got.created_at, got.done, got.done_reason) == ("shown", MOMENT, True, "stop")
    assert (got.message.thinking, got.message.content) == ("hm", "hi")
    assert got.message.tool_calls[0].function.arguments == {"a": 1}
    assert (got.prompt_eval_count, got.eval_count) == (7, 3)
    durations = (got.total_duration, got.load_duration, got.prompt_eval_duration, got.eval_duration)
    assert durations == (0, 0, 0, 0)


def test_a_refusal_and_a_transcript_are_words() -> None:
    sound = Audio(source=Data(base64="AAAA", media_type="audio/wav"), transcript="la")
    body = render(answer(Refusal(text="no"), sound, finish=Finish.REFUSAL))
    assert (body["message"]["content"], body["done_reason"]) == ("nola", "refusal")
    empty = ChatResponse(id="", model="", choices=())
    assert render(empty)["message"]["content"] == ""


def entry(token: str, **more: Any) -> dict[str, Any]:
    return {"token": token, "logprob": -0.5, "bytes": list(token.encode()), **more}


def test_logprobs_keep_their_form() -> None:
    raw = [{"token": "a", "logprob": -0.5, "top_logprobs": [{"token": "b", "logprob": -0.5}]}]
    body = {"message": {"content": "a"}, "done": True, "logprobs": raw}
    logprobs = DIALECT.parse_response(body).choices[0].logprobs
    assert logprobs == {"content": [entry("a", top_logprobs=[entry("b")])]}
    assert render(answer(Text(text="a"), logprobs=logprobs))["logprobs"] == logprobs["content"]
    data = stream([START, TextDelta(part=0, text="a", logprobs=logprobs), STOP])
    assert TextDelta(part=0, text="a", logprobs=logprobs) in parsed([data])
    got = list(client(data).chat(**ASK, stream=True))
    assert got[0].logprobs[0].top_logprobs[0].token == "b"


def test_calls_without_ids_get_their_own() -> None:
    calls = [{"function": {"name": "f", "arguments": {}}}] * 2
    first = {"created_at": "2026-01-01T00:00:00.1Z", "message": {"tool_calls": calls}}
    later = {**first, "created_at": "2026-01-01T00:00:00.2Z"}
    ids = [
        part.id
        for body in (first, later, first)
        for part in DIALECT.parse_response(body).choices[0].parts
    ]
    assert ids[:2] == ids[4:]
    assert len(set(ids)) == 4
    assert DIALECT.parse_response(first).choices[0].finish is Finish.TOOL_CALLS


@pytest.mark.parametrize(
    ("text", "created"),
    [
        ("2023-11-14T22:13:20.123456789Z", 1_700_000_000),
        ("2023-11-14T23:13:20+01:00", 1_700_000_000),
        ("2023-99-14T23:13:20Z", 0),
        ("0001-01-01T00:00:00Z", 0),
        ("now", 0),
        (5, 0),
    ],
)
def test_every_moment_is_read(text: Any, created: int) -> None:
    assert DIALECT.parse_response({"message": {}, "created_at": text}).created == created


@pytest.mark.parametrize("body", [{}, {"message": 5}])
def test_what_is_no_answer_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer):
        DIALECT.parse_response(body)


def test_an_error_of_status_200_is_no_answer() -> None:
    with pytest.raises(FailedAnswer, match="gone") as caught:
        DIALECT.parse_response({"error": "gone"})
    assert caught.value.as_api_error().status == 500


def test_the_official_client_reads_a_stream() -> None:
    data = stream(
        [
            START,
            Ping(),
            ThinkingDelta(part=0, text="hm"),
            SignatureDelta(part=0, signature=Signature(origin="anthropic", value="s")),
            TextDelta(part=1, text="a\u2028b"),
            TextDelta(part=1, text="c\x85\u2029\n"),
            ToolCallBegin(id="c", name="f", part=2),
            ArgumentsDelta(text='{"x"', part=2),
            ToolCallBegin(id="d", name="g", part=3),
            ArgumentsDelta(text=":1}", part=2),
            End(finish=Finish.TOOL_CALLS),
            Used(usage=Usage(input=7, output=3)),
        ]
    )
    got = list(client(data).chat(**ASK, stream=True))
    assert [each.done for each in got] == [False] * 5 + [True]
    assert got[0].message.thinking == "hm"
    assert "".join(each.message.content for each in got) == "a\u2028bc\x85\u2029\n"
    calls = [each.message.tool_calls[0].function for each in got[3:5]]
    assert [(call.name, call.arguments) for call in calls] == [("f", {"x": 1}), ("g", {})]
    assert (got[-1].done_reason, got[-1].prompt_eval_count, got[-1].eval_count) == ("stop", 7, 3)
    assert (got[0].total_duration, got[-1].total_duration) == (None, 0)
    assert {(each.model, each.created_at) for each in got} == {("m", MOMENT)}


@pytest.mark.parametrize(
    "deltas",
    [
        [STOP],
        [START, STOP],
        [TextDelta(part=0, text="a"), STOP],
        [START, TextDelta(part=0, text=""), RefusalDelta(part=1, text=""), STOP],
        [START, TextDelta(part=0, text="a"), TextDelta(part=0, text="b", choice=1), STOP],
        [START, RefusalDelta(part=0, text="no"), End(finish=Finish.REFUSAL)],
        [START, CitationDelta(part=0, citation=Citation(url="u")), STOP],
        [START, ArgumentsDelta(part=9, text="x"), PartEnd(part=9), STOP],
        [START, WholePart(part=0, value=Text(text="t")), STOP],
        [START, WholePart(part=0, value=Thinking(text="t")), STOP],
        [START, WholePart(part=0, value=PICTURE), STOP],
        [START, WholePart(part=0, value=ToolCall(id="c", name="f", arguments="{}")), STOP],
        [START, Used(usage=Usage(input=1)), STOP, End(finish=Finish.LENGTH, choice=1)],
    ],
)
def test_every_legal_order_is_a_stream_that_the_client_reads(deltas: list[AnyDelta]) -> None:
    got = list(client(stream(deltas)).chat(**ASK, stream=True))
    assert [each.done for each in got] == [False] * (len(got) - 1) + [True]


def test_a_failure_is_raised_by_the_client() -> None:
    error = ApiError(status=500, cause=Cause.SERVER, message="boom")
    data = stream([START, TextDelta(part=0, text="a"), Failed(error=error), STOP])
    with pytest.raises(ollama.ResponseError, match="boom"):
        list(client(data).chat(**ASK, stream=True))
    assert parsed([data])[-1] == Failed(error=error)
    with pytest.raises(ollama.ResponseError, match="ended"):
        list(client(stream([START])).chat(**ASK, stream=True))


def test_a_stream_of_ollama_is_read() -> None:
    calls = [{"id": "x", "function": {"index": 0, "name": "f", "arguments": {"a": 1}}}]
    found = parsed(
        [
            line(thinking="h"),
            line(thinking="m"),
            line(content="a"),
            line(tool_calls=calls),
            line(content="b"),
            line(images=["iVBORw0KGgo="]),
            END,
            line(content="late"),
        ]
    )
    assert assembled(found) == [
        Thinking(text="hm", signature=PLAIN),
        Text(text="a"),
        ToolCall(id="x", name="f", arguments='{"a":1}'),
        Text(text="b"),
    ]
    assert WholePart(value=PICTURE, part=4) in found
    assert found[0] == Begin(id="", model="m", created=1_700_000_000)
    assert found[-2:] == [Used(usage=Usage(input=7, output=3)), End(finish=Finish.TOOL_CALLS)]


@pytest.mark.parametrize(
    ("pieces", "status", "words"),
    [
        ([], 502, "ended before"),
        ([line(content="a")], 502, "ended before"),
        ([line(content="a"), END[:-9]], 502, "ended before"),
        ([b"[1]\n"], 502, "no JSON object"),
        ([b"data: {}\n"], 502, "no JSON object"),
        ([line(content="a"), b'{"error":"boom"}\n'], 500, "boom"),
        ([b'{"error":{"message":"deep"}}\n', END], 500, "deep"),
        ([b'{"error":true}\n'], 500, "gave up"),
    ],
)
def test_a_failure_is_told_once_at_the_end(pieces: list[bytes], status: int, words: str) -> None:
    found = parsed(pieces)
    failures = [delta for delta in found if isinstance(delta, Failed)]
    assert failures == found[-1:]
    assert failures[0].error.status == status
    assert words in failures[0].error.message


def test_an_end_without_its_newline_counts() -> None:
    assert parsed([line(content="a"), END[:-1]])[-1] == STOP


def test_a_line_of_no_end_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("providers.wire.ndjson.MAX_LINE", 100)
    parser, relay = DIALECT.parser(), DIALECT.relay(True)
    assert isinstance(parser.feed(b"x" * 200)[-1], Failed)
    assert parser.feed(END) == []
    assert relay.feed(b"x" * 200) is None
    assert relay.feed(END) is None
    assert relay.seen.error is not None
    assert relay.flush() == b""


junk = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["content", "thinking", "tool_calls", "function", "name", "arguments", "images"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.lists(junk, max_size=3), junk)
@settings(max_examples=150, deadline=None)
def test_no_json_makes_the_parsers_raise(items: list[Any], other: Any) -> None:
    lines = [
        orjson.dumps({"message": item, "created_at": other, "logprobs": other, "model": other})
        + b"\n"
        for item in items
    ]
    found = parsed([*lines, END])
    assert isinstance(found[-1], Failed | End)
    stream(found)
    body = {"message": {"content": other, "tool_calls": items}, "eval_count": other, "done": other}
    DIALECT.parse_response(body)
    DIALECT.watch(body)


@given(st.lists(st.binary(max_size=80), max_size=5))
@settings(max_examples=60, deadline=None)
def test_no_bytes_make_the_parser_raise(pieces: list[bytes]) -> None:
    assert isinstance(parsed(pieces)[-1], Failed)
