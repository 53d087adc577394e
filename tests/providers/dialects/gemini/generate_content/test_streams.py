"""Streams: what Google sends is understood, and what is meant is said its way."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.dialects.gemini.generate_content import DIALECT
from providers.errors import ApiError, Cause
from providers.neutral.chat import (
    ChatResponse,
    Choice,
    Finish,
    Image,
    Signature,
    Text,
    Thinking,
    ToolCall,
)
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
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
    Used,
    WholePart,
    replay,
)
from providers.neutral.media import Data
from providers.usage import Usage
from tests.answers import assembled
from tests.providers.dialects.gemini.wire import CONTEXT, DONE, FULL, NEWEST, answer, chunk, events

OURS = Signature(origin="gemini", value="c2ln")


def parse(data: bytes, size: int = 0) -> list[AnyDelta]:
    """The deltas of a stream, in pieces of `size` bytes."""
    parser = DIALECT.parser()
    pieces = [data[at : at + size] for at in range(0, len(data), size)] if size else [data]
    return [delta for piece in pieces for delta in parser.feed(piece)] + parser.flush()


@pytest.mark.parametrize("size", [0, 1, 7, 64])
@pytest.mark.parametrize("form", ["crlf", "lf", "array", "spaced array"])
def test_a_stream_is_understood_in_each_of_its_forms(size, form):
    spaced = orjson.OPT_INDENT_2 if form == "spaced array" else None
    data = {
        "crlf": events(*FULL),
        "lf": events(*FULL, end=b"\n\n"),
    }.get(form) or orjson.dumps(FULL, option=spaced)
    deltas = parse(data, size)
    first, second = (delta for delta in deltas if isinstance(delta, ToolCallBegin))
    assert deltas == [
        Begin(id="id-1", model=NEWEST, usage=Usage(input=5, output=2, reasoning=2)),
        ThinkingDelta(text="hm", part=0),
        Used(usage=Usage(input=5, output=2, reasoning=2)),
        ThinkingDelta(text=" hm", part=0),
        SignatureDelta(signature=OURS, part=0),
        TextDelta(text="Blå", part=1),
        TextDelta(text="bær", part=1),
        SignatureDelta(signature=OURS, part=1),
        ToolCallBegin(id=first.id, name="f", part=2, signature=OURS),
        ArgumentsDelta(text='{"a":1}', part=2),
        PartEnd(part=2),
        ToolCallBegin(id=second.id, name="g", part=3),
        ArgumentsDelta(text="{}", part=3),
        PartEnd(part=3),
        Used(usage=Usage(input=5, output=11, reasoning=2)),
        next(delta for delta in deltas if isinstance(delta, CitationDelta)),
        End(
            finish=Finish.TOOL_CALLS,
            native={"groundingMetadata": FULL[-1]["candidates"][0]["groundingMetadata"]},
        ),
    ]
    assert first.id != second.id


def test_the_ids_of_a_stream_are_those_of_the_whole_answer():
    call = {"functionCall": {"name": "f"}}
    streamed = assembled(parse(events(chunk(call, call), DONE)))
    assert tuple(streamed) == DIALECT.parse_response(answer(call, call)).choices[0].parts


def test_a_reason_in_every_chunk_does_not_end_the_stream():
    deltas = parse(events(*(chunk({"text": text}, finishReason="STOP") for text in "abc")))
    assert assembled(deltas) == [Text(text="abc")]
    assert [type(delta) for delta in deltas].count(End) == 1
    assert isinstance(deltas[-1], End)


def test_candidates_are_told_apart():
    data = events(
        chunk({"text": "a"}),
        chunk({"text": "b"}, index=1),
        chunk({"text": "c"}, finishReason="MAX_TOKENS"),
        chunk(index=1, finishReason="STOP"),
    )
    deltas = parse(data)
    told = [(delta.choice, delta.text) for delta in deltas if isinstance(delta, TextDelta)]
    assert told == [(0, "a"), (1, "b"), (0, "c")]
    assert [(delta.choice, delta.finish) for delta in deltas if isinstance(delta, End)] == [
        (0, Finish.LENGTH),
        (1, Finish.STOP),
    ]


def test_a_picture_and_code_come_in_one_piece():
    code = {"executableCode": {"language": "PYTHON", "code": "1"}}
    picture = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}
    deltas = parse(events(chunk(code, picture, {"text": "x"}), DONE))
    wholes = [delta for delta in deltas if isinstance(delta, WholePart)]
    assert [delta.part for delta in wholes] == [0, 1]
    assert wholes[1].value == Image(source=Data(base64="AAAA", media_type="image/png"))
    assert TextDelta(text="x", part=2) in deltas


def test_a_blocked_prompt_ends_filtered():
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}, "responseId": "i"}
    begin, end = parse(events(blocked))
    assert isinstance(begin, Begin)
    assert end == End(
        finish=Finish.CONTENT_FILTER, native={"promptFeedback": {"blockReason": "SAFETY"}}
    )


ERROR = {"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}}


@pytest.mark.parametrize(
    "data",
    [
        events(ERROR),
        b"data: " + orjson.dumps([ERROR]) + b"\r\n\r\n",
        orjson.dumps(ERROR, option=orjson.OPT_INDENT_2) + b"\n",
        events(chunk({"text": "x"})) + orjson.dumps(ERROR, option=orjson.OPT_INDENT_2),
        orjson.dumps([chunk({"text": "x"}), ERROR]),
    ],
)
def test_an_error_in_mid_stream_fails_it(data):
    for size in (0, 3):
        deltas = parse(data, size)
        assert isinstance(deltas[0], Begin)
        error = ApiError(status=503, cause=Cause.UNAVAILABLE, message="busy", code="UNAVAILABLE")
        assert deltas[-1] == Failed(error=error)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        events(chunk({"text": "x"})),
        events(chunk({"text": "x"}), DONE)[:-40],
        orjson.dumps([chunk({"text": "x"}), DONE])[:-1],
        orjson.dumps([chunk({"text": "x"})]),
        events({"usageMetadata": {"promptTokenCount": 4}}),
        b": nothing\n\n",
    ],
)
def test_a_cut_stream_has_failed(data):
    deltas = parse(data)
    assert isinstance(deltas[0], Begin)
    assert isinstance(deltas[-1], Failed)
    assert deltas[-1].error.status == 502
    assert not any(isinstance(delta, End) for delta in deltas)


@pytest.mark.parametrize(
    "text",
    [
        b"nonsense",
        b"5",
        b'{"candidates":5}',
        b'{"candidates":[5]}',
        b'{"candidates":[{"index":"x"}]}',
        b'{"candidates":[{"content":{"parts":[{"text":5}]}}]}',
        b'{"candidates":[{"content":{"parts":[{"functionCall":{}}]}}]}',
        b"[5]",
    ],
)
def test_a_chunk_that_cannot_be_read_fails_the_stream(text):
    deltas = parse(b"data: " + text + b"\r\n\r\n" + events(DONE))
    assert isinstance(deltas[-1], Failed)
    assert deltas[-1].error.status >= 500


@given(st.binary(max_size=80))
def test_no_bytes_make_the_parser_raise(data: bytes) -> None:
    for prefix in (b"", b"data: ", b"["):
        parser = DIALECT.parser()
        told = parser.feed(prefix + data) + parser.flush()
        assert isinstance(told[-1], Failed)


def rendered(*deltas: AnyDelta) -> list[dict[str, Any]]:
    renderer = DIALECT.renderer(CONTEXT)
    data = b"".join(renderer.feed([delta]) for delta in deltas) + renderer.flush()
    return [orjson.loads(event.removeprefix(b"data: ")) for event in data.split(b"\n\n") if event]


def parts(chunks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        part for one in chunks for each in one["candidates"] for part in each["content"]["parts"]
    ]


BEGIN = Begin(id="i", model="m")


def test_a_call_is_told_when_it_is_complete():
    chunks = rendered(
        BEGIN,
        ToolCallBegin(id="a", name="f", part=0),
        ArgumentsDelta(text='{"x":', part=0),
        ArgumentsDelta(text="1}", part=0),
        SignatureDelta(signature=OURS, part=0),
        ToolCallBegin(id="b", name="g", part=1),
        Used(usage=Usage(input=1, output=2)),
        End(finish=Finish.TOOL_CALLS),
    )
    call, other, last = parts(chunks)
    assert call == {
        "functionCall": {"id": "a", "name": "f", "args": {"x": 1}},
        "thoughtSignature": "c2ln",
    }
    assert other == {"functionCall": {"id": "b", "name": "g", "args": {}}}
    assert last == {"text": ""}
    assert [one["candidates"][0].get("finishReason") for one in chunks] == [None, None, "STOP"]
    assert ["usageMetadata" in one for one in chunks] == [False, False, True]
    assert all((one["responseId"], one["modelVersion"]) == ("i", "m") for one in chunks)


def test_several_choices_end_in_the_last_chunk():
    chunks = rendered(
        BEGIN,
        TextDelta(text="a", part=0),
        Ping(),
        TextDelta(
            text="b", part=0, choice=1, logprobs={"content": [{"token": "b", "logprob": -1}]}
        ),
        End(finish=Finish.STOP),
        End(finish=Finish.LENGTH, choice=1),
    )
    assert [part["text"] for part in parts(chunks)] == ["a", "b", "", ""]
    assert chunks[1]["candidates"][0]["avgLogprobs"] == -1
    ends = [(each["index"], each["finishReason"]) for each in chunks[-1]["candidates"]]
    assert ends == [(0, "STOP"), (1, "MAX_TOKENS")]


def test_a_stream_without_a_begin_names_what_the_exchange_knows():
    chunks = rendered(TextDelta(text="a", part=0), End(finish=Finish.STOP))
    assert {(one["responseId"], one["modelVersion"]) for one in chunks} == {("exchange-1", "shown")}


def test_speech_and_whole_parts_are_told():
    chunks = rendered(
        BEGIN,
        AudioDelta(part=0, base64="AAAA", transcript="hi"),
        WholePart(value=Thinking(redacted=Signature(origin="openai", value="x")), part=1),
        WholePart(value=ToolCall(id="c", name="f", arguments="{}"), part=2),
        End(finish=Finish.STOP),
    )
    shown = parts(chunks)
    assert shown[0]["inlineData"]["data"] == "AAAA"
    assert shown[1] == {"text": "hi"}
    assert shown[2]["thought"]
    assert shown[3]["functionCall"]["id"] == "c"


def test_nothing_follows_an_error():
    failed = Failed(error=ApiError(status=500, cause=Cause.SERVER, message="oops"))
    chunks = rendered(BEGIN, failed, TextDelta(text="a", part=0), End(finish=Finish.STOP))
    assert chunks == [{"error": {"code": 500, "message": "oops", "status": "INTERNAL"}}]


def test_plain_thoughts_sign_no_call():
    plain = Signature(origin="ollama", value="thinking")
    told = (Thinking(text="hm", signature=plain), ToolCall(id="a", name="f", arguments="{}"))
    choice = Choice(parts=told, finish=Finish.TOOL_CALLS)
    chunks = rendered(*replay(ChatResponse(id="i", model="m", choices=(choice,))))
    (call,) = [part for part in parts(chunks) if "functionCall" in part]
    assert "thoughtSignature" not in call
