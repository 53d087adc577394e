"""Streamed transcripts between two dialects: event by event, wherever the bytes are cut."""

from typing import Any

import msgspec
import orjson
import pytest
from mistralai.client.models import TranscriptionStreamDone, TranscriptionStreamSegmentDelta
from openai.types.audio import TranscriptionTextDoneEvent

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call, Context, Relay, Sent
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.errors import BadAnswer
from providers.neutral.chat import Finish
from providers.wire import multipart
from providers.wire.budget import Bounds
from providers.wire.multipart import Upload

MISTRAL, OPENAI, GEMINI = "mistral.transcripts", "openai.transcriptions", "gemini.transcripts"
ELEVEN = "elevenlabs.transcripts"
FILE = Upload(data=b"a", filename="a.mp3", media_type="audio/mpeg")
CONTEXT = Context(model="m", id="x", now=0)
COUNTS = {"prompt_tokens": 4, "completion_tokens": 7, "total_tokens": 11}
TOKENS = {"type": "tokens", "input_tokens": 4, "output_tokens": 7, "total_tokens": 11}
TIMES = {"text": "Hi you", "start": 0.5, "end": 1.5}

MISTRALS = (
    {"type": "transcription.language", "audio_language": "en"},
    {"type": "transcription.text.delta", "text": "Hi "},
    {"type": "transcription.text.delta", "text": "you"},
    {"type": "transcription.segment", **TIMES, "speaker_id": "s"},
    {"type": "transcription.done", "text": "Hi you", "model": "v", "language": "en"}
    | {"usage": {**COUNTS, "prompt_audio_seconds": 2}},
)
OPENAIS = (
    {"type": "transcript.text.delta", "delta": "Hi "},
    {"type": "transcript.text.delta", "delta": "you"},
    {"type": "transcript.text.segment", "id": "a", **TIMES, "speaker": "s"},
    {"type": "transcript.text.done", "text": "Hi you", "usage": TOKENS},
)
VLLMS = (
    {"object": "transcription.chunk", "choices": [{"delta": {"content": "Hi "}}]},
    {"object": "transcription.chunk", "choices": [{"delta": {"content": "you"}}]},
    {"object": "transcription.chunk", "choices": [], "usage": COUNTS},
)
GEMINIS = (
    {"candidates": [{"content": {"parts": [{"text": "Hm", "thought": True}]}}]},
    {"candidates": [{"content": {"parts": [{"text": "Hi "}]}}]},
    {"candidates": [{"content": {"parts": [{"text": "you"}]}, "finishReason": "STOP"}]}
    | {"usageMetadata": {"promptTokenCount": 4, "candidatesTokenCount": 7}},
)


LOSSES = {
    MISTRAL: (
        {"type": "transcription.text.delta", "text": "Hi", "logprobs": [{"token": "Hi"}]},
        {"type": "transcription.emotion", "emotion": "joy"},
        {"type": "transcription.segment", **TIMES, "speaker_id": "s", "score": 0.5},
        {"type": "transcription.done", "text": "Hi you", "segments": [{**TIMES, "tone": "low"}]},
    ),
    OPENAI: (
        {"type": "transcript.text.delta", "delta": "Hi", "logprobs": [{"token": "Hi"}]},
        {"type": "transcript.text.emotion", "emotion": "joy"},
        {"type": "transcript.text.done", "text": "Hi you", "languages": [{"code": "en"}]},
    ),
    "vllm": ({"choices": [{"delta": {"content": "Hi you", "reasoning": "hm"}}], "odd": 1},),
    GEMINI: (
        {"candidates": [{"content": {"parts": [{"text": "Hi you"}]}, "odd": 1}]},
        {"candidates": [{"finishReason": "MAX_TOKENS"}]},
    ),
}
LOST = {
    MISTRAL: ("logprobs", "transcription.emotion", "score", "segments.tone"),
    OPENAI: ("logprobs", "transcript.text.emotion"),
    "vllm": ("odd", "choices.delta.reasoning"),
    GEMINI: ("candidates.odd", "candidates.finishReason"),
}


def written(events: tuple[dict[str, Any], ...], end: bytes = b"") -> bytes:
    return b"".join(b"data: %b\n\n" % orjson.dumps(event) for event in events) + end


STREAMS = {
    MISTRAL: written(MISTRALS),
    OPENAI: written(OPENAIS),
    "vllm": written(VLLMS, b"data: [DONE]\n\n"),
    GEMINI: written(GEMINIS),
}


def relay(client: str, target: str, **asked: Any) -> Relay:
    said = DIALECTS[client].echo(asked)
    target = OPENAI if target == "vllm" else target
    context = msgspec.structs.replace(CONTEXT, echo=said, bounds=Bounds(size=10_000))
    if client == target:
        client_dialect = DIALECTS[client]
        return client_dialect.telling(client_dialect.parser(), context)
    return bridge(DIALECTS[client], DIALECTS[target], Quirks()).stream(context)


def events(data: bytes) -> list[dict[str, Any]]:
    lines = [line for line in data.splitlines() if line.startswith(b"data: ")]
    return [orjson.loads(line[6:]) for line in lines]


def said(found: Relay, data: bytes, step: int = 1) -> list[dict[str, Any]]:
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    return events(b"".join([found.feed(piece) or b"" for piece in pieces]) + found.flush())


def sent(client: str, target: str, **more: str) -> Sent:
    body = {"file": FILE, **more}
    call = Call(data=b"", body=body, model="m", stream=True)
    found = bridge(DIALECTS[client], DIALECTS[target], Quirks()).request(call)
    assert isinstance(found, Sent)
    return found


@pytest.mark.parametrize(
    ("client", "target", "asked"),
    [(OPENAI, MISTRAL, "true"), (MISTRAL, OPENAI, "true"), (OPENAI, ELEVEN, None)],
)
def test_who_can_stream_is_asked_to(client, target, asked):
    found = sent(client, target)
    form = multipart.parse(found.body or b"", found.content_type).members()
    assert form.get("stream") == asked


@pytest.mark.parametrize("target", STREAMS)
@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_openais_clients_hear_word_by_word(target, step):
    found = relay(OPENAI, target)
    heard = said(found, STREAMS[target], step)
    assert [one.get("delta") for one in heard] == ["Hi ", "you", None]
    done = TranscriptionTextDoneEvent.model_validate(heard[-1])
    assert done.text == "Hi you"
    assert (done.usage.input_tokens, done.usage.output_tokens) == (4, 7)
    assert (found.seen.usage.total, found.seen.finish) == (11, Finish.STOP)


@pytest.mark.parametrize("target", STREAMS)
def test_mistrals_clients_hear_word_by_word(target):
    heard = said(relay(MISTRAL, target), STREAMS[target])
    kinds = [one["type"].removeprefix("transcription.") for one in heard if "language" not in one]
    assert kinds == (["language"] if target == MISTRAL else []) + ["text.delta", "text.delta"]
    done = TranscriptionStreamDone.model_validate(heard[-1])
    assert (done.text, done.usage.prompt_tokens, done.segments) == ("Hi you", 4, [])


def test_who_speaks_when_is_told_as_it_comes():
    heard = said(relay(OPENAI, MISTRAL, response_format="diarized_json"), STREAMS[MISTRAL])
    assert heard[2] == {**TIMES, "id": "seg_0", "type": "transcript.text.segment", "speaker": "s"}
    heard = said(relay(MISTRAL, OPENAI, diarize="true"), STREAMS[OPENAI])
    piece = TranscriptionStreamSegmentDelta.model_validate(heard[2])
    assert (piece.text, piece.start, piece.end, piece.speaker_id) == ("Hi you", 0.5, 1.5, "s")
    assert [one["text"] for one in heard[-1]["segments"]] == ["Hi you"]


def test_what_only_the_end_says_is_told_before_it():
    end = {**MISTRALS[-1], "segments": [{**TIMES, "type": "transcription_segment"}]}
    heard = said(relay(OPENAI, MISTRAL, response_format="diarized_json"), written((end,)))
    assert [one["type"].split(".")[-1] for one in heard] == ["delta", "segment", "done"]
    heard = said(relay(MISTRAL, MISTRAL, diarize="true"), written((end,)))
    assert [one["type"].split(".")[-1] for one in heard] == ["language", "delta", "segment", "done"]


@pytest.mark.parametrize("client", [OPENAI, MISTRAL])
@pytest.mark.parametrize("target", STREAMS)
def test_a_cut_stream_ends_with_an_error_and_is_charged(client, target):
    found = relay(client, target)
    whole = STREAMS[target]
    heard = said(found, whole[: whole.rindex(b"you")])
    assert "before its answer did" in heard[-1]["error"]["message"]
    assert found.seen.finish == Finish.ERROR
    assert found.seen.generated > 0


@pytest.mark.parametrize("client", [OPENAI, MISTRAL])
@pytest.mark.parametrize("target", STREAMS)
def test_an_error_in_the_stream_is_its_end(client, target):
    found = relay(client, target)
    error = {"error": {"message": "too loud", "code": 500, "status": "INTERNAL"}}
    first = STREAMS[target].split(b"\n\n")[0] + b"\n\n"
    heard = said(found, first + written((error,)) + STREAMS[target])
    assert "too loud" in heard[-1]["error"]["message"]
    assert found.seen.error is not None and "too loud" in found.seen.error.message


@pytest.mark.parametrize("data", [b"data: nonsense\n\n", b"data: " + b"x" * 10_001])
def test_what_is_no_stream_breaks_off_in_words(data):
    found = relay(OPENAI, MISTRAL)
    with pytest.raises(BadAnswer) as raised:
        found.feed(data)
    found.seen.error = raised.value.as_api_error()
    assert events(found.flush())[0]["error"]["message"] == raised.value.message


def test_an_event_without_its_blank_line_counts():
    data = STREAMS[MISTRAL].removesuffix(b"\n\n")
    assert said(relay(OPENAI, MISTRAL), data)[-1]["text"] == "Hi you"


@pytest.mark.parametrize("odd", [{}, {"type": "new"}, {"type": "transcription.text.delta"}])
def test_what_says_nothing_is_passed_over(odd):
    data = written((odd,)) + b": ping\n\ndata: 1\n\n" + STREAMS[MISTRAL]
    assert said(relay(OPENAI, MISTRAL), data)[-1]["text"] == "Hi you"


def test_gemini_says_when_it_heard_nothing():
    silent = {"candidates": [{"content": {"parts": []}, "finishReason": "STOP"}]}
    heard = said(relay(OPENAI, GEMINI), written((silent,)))
    assert "no text" in heard[-1]["error"]["message"]


@pytest.mark.parametrize("target", LOSSES)
@pytest.mark.parametrize("client", [MISTRAL, OPENAI])
def test_what_no_other_format_is_told_is_named(client: str, target: str):
    if (client, target) == (MISTRAL, MISTRAL):
        return  # its own stream passes
    found = relay(client, target)
    end = b"data: [DONE]\n\n" if target == "vllm" else b""
    found.feed(written(LOSSES[target], end))
    found.flush()
    assert found.seen.lost == LOST[target]
    found = relay(client, target)
    found.feed(STREAMS[target])
    found.flush()
    assert found.seen.lost == ()


def test_a_provider_names_no_end_of_what_is_lost():
    found = relay(MISTRAL, OPENAI)
    for number in range(200):
        found.feed(written(({"type": f"odd{number}"},)))
    assert len(found.seen.lost) == 64


def test_the_language_that_a_newer_model_hears_is_told():
    found = relay(MISTRAL, OPENAI)
    told = events(found.feed(written(LOSSES[OPENAI])) + found.flush())
    assert told[-1]["language"] == "en"
