"""Mistral's transcripts: its clients before others, and others' before it."""

from typing import Any

import msgspec
import orjson
import pytest
from mistralai.client.models import TranscriptionResponse

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Context, Sent
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.dialects.mistral.transcripts import TranscriptRelay, told
from providers.errors import BadAnswer, InvalidRequest, Unsupported
from providers.wire import multipart
from providers.wire.multipart import Upload
from tests.providers.dialects.test_audio import sent

MISTRAL, OPENAI, ELEVEN = "mistral.transcripts", "openai.transcriptions", "elevenlabs.transcripts"
FILE = Upload(data=b"a", filename="a.mp3", media_type="audio/mpeg")
USAGE = {"prompt_tokens": 4, "completion_tokens": 7, "prompt_audio_seconds": 3}


def form(found: Sent) -> dict[str, Any]:
    members = multipart.parse(found.body or b"", found.content_type).members()
    return {name: said for name, said in members.items() if name not in ("file", "model")}


def heard(client: str, target: str, answer: dict[str, Any], **asked: Any) -> dict[str, Any]:
    echo = DIALECTS[client].echo
    assert echo is not None
    context = msgspec.structs.replace(Context(model="m", id="x", now=0), echo=echo(asked))
    between = bridge(DIALECTS[client], DIALECTS[target], Quirks())
    return orjson.loads(between.whole(orjson.dumps(answer), context)[0] or b"{}")


def segment(text: str, start: float, **more: str) -> dict[str, Any]:
    return {"type": "transcription_segment", "text": text, "start": start, "end": start + 1, **more}


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"file": FILE}, ""),
        ({"file": FILE, "stream": "true"}, ""),
        ({"file": FILE, "diarize": "true"}, ""),
        ({"file": FILE, "diarize": "false", "stream": "false"}, MISTRAL),
        ({"file_url": "https://a"}, MISTRAL),
        ({"file": FILE, "context_bias": ["a"]}, MISTRAL),
    ],
)
def test_a_client_of_mistrals_is_known_by_what_it_says(body, name):
    assert told(body) == name


@pytest.mark.parametrize(
    ("said", "asked", "lost"),
    [
        ({"language": "de", "temperature": "0.5"}, {"language": "de", "temperature": "0.5"}, ()),
        ({"response_format": "text"}, {}, ()),
        ({"response_format": "srt"}, {"timestamp_granularities": "segment"}, ()),
        (
            {"response_format": "verbose_json", "timestamp_granularities": ["word", "segment"]}
            | {"language": "de", "prompt": "p"},
            {"timestamp_granularities": "word"},
            ("prompt", "language"),
        ),
        (
            {"response_format": "diarized_json", "chunking_strategy": "auto"},
            {"timestamp_granularities": "segment", "diarize": "true"},
            ("chunking_strategy",),
        ),
    ],
)
def test_openais_words_for_it(said, asked, lost):
    found = sent(OPENAI, MISTRAL, {"file": FILE, **said})
    assert form(found) == asked
    assert found.dropped == lost


def test_mistrals_words_for_others():
    said = {"stream": "False", "diarize": "True", "timestamp_granularities": "word"}
    said |= {"context_bias": ["Jane_Doe", "ACME"], "speaker_references": "{}", "language": "de"}
    found = sent(MISTRAL, ELEVEN, {"file": FILE, **said})
    assert (form(found)["diarize"], form(found)["language_code"]) == ("true", "de")
    assert found.dropped == ("speaker_references", "context_bias")
    found = sent(MISTRAL, OPENAI, {"file": FILE, "context_bias": ["Jane_Doe", "ACME"]})
    assert form(found)["prompt"] == "Jane Doe, ACME"


@pytest.mark.parametrize(
    ("model", "asked"),
    [("voxtral-mini-2602", "Jane_Doe"), ("voxtral-mini-transcribe-3", "Jane Doe")],
)
@pytest.mark.parametrize(("client", "name"), [(OPENAI, "keywords"), (ELEVEN, "keyterms")])
def test_words_that_may_be_heard_are_told_as_the_model_takes_them(client, name, model, asked):
    found = sent(client, MISTRAL, {"file": FILE, name: ["Jane Doe", "ACME"]}, model)
    assert form(found)["context_bias"] == [asked, "ACME"]
    found = sent(client, MISTRAL, {"file": FILE, name: ["a"] * 101}, model)
    assert (len(form(found)["context_bias"]), found.dropped) == (100, (name,))


def test_words_that_may_be_heard_stand_in_the_prompt_where_only_one_model_takes_them():
    said = {"file": FILE, "keyterms": ["Jane Doe", "ACME"]}
    assert form(sent(ELEVEN, OPENAI, said))["prompt"] == "Jane Doe, ACME"
    assert form(sent(ELEVEN, OPENAI, said, "gpt-transcribe"))["keywords"] == ["Jane Doe", "ACME"]


@pytest.mark.parametrize("name", ["file_url", "file_id"])
def test_a_recording_that_mistral_has_is_nobody_elses(name):
    with pytest.raises(Unsupported, match=name):
        sent(MISTRAL, OPENAI, {name: "a"})


@pytest.mark.parametrize(
    "wrong", [{"temperature": "warm"}, {"language": FILE}, {"diarize": FILE}, {"file": "a"}]
)
def test_a_wrong_form_is_refused(wrong):
    with pytest.raises(InvalidRequest):
        sent(MISTRAL, OPENAI, {"file": FILE, **wrong})


def test_words_become_sentences_of_speakers():
    said = [("Hi.", "a"), ("I", "a"), ("am", "a"), ("Who?", "b")]
    segments = [segment(f" {text}", at, speaker_id=who) for at, (text, who) in enumerate(said)]
    answer = {"text": "Hi. I am Who?", "segments": segments, "usage": USAGE, "model": "v"}
    found = heard(OPENAI, MISTRAL, answer, response_format="diarized_json")
    shown = [(one["text"], one["speaker"], one["start"], one["end"]) for one in found["segments"]]
    assert shown == [("Hi.", "a", 0, 1), ("I am", "a", 1, 3), ("Who?", "b", 3, 4)]
    assert found["duration"] == 3
    verbose = {"response_format": "verbose_json", "timestamp_granularities": ["word"]}
    words = heard(OPENAI, MISTRAL, answer, **verbose)["words"]
    assert [one["word"] for one in words] == ["Hi.", "I", "am", "Who?"]


def test_segments_stay_as_they_are():
    segments = [segment("Hi there. You.", 0), segment("Me", 1)]
    answer = {"text": "Hi there. You. Me", "segments": segments, "usage": None}
    found = heard(OPENAI, MISTRAL, answer, response_format="verbose_json")
    assert [one["text"] for one in found["segments"]] == ["Hi there. You.", "Me"]
    assert found["duration"] == 2


@pytest.mark.parametrize(
    ("said", "texts"),
    [
        ({}, []),
        ({"timestamp_granularities": "word"}, ["Hi", "you"]),
        ({"timestamp_granularities": ["segment"]}, ["Hi you"]),
        ({"diarize": "true"}, ["Hi you"]),
    ],
)
def test_mistrals_clients_understand_the_answer(said, texts):
    words = [
        {"text": text, "start": at, "end": at + 1, "type": "word", "speaker_id": "s"}
        for at, text in enumerate(("Hi", "you"))
    ]
    answer = {"text": "Hi you", "language_code": "eng", "words": words, "audio_duration_secs": 2.4}
    found = heard(MISTRAL, ELEVEN, answer, **said)
    typed = TranscriptionResponse.model_validate(found)
    assert (typed.text, typed.language, typed.usage.prompt_audio_seconds) == ("Hi you", "eng", 2)
    assert [one.text for one in typed.segments or ()] == texts


@pytest.mark.parametrize("answer", [{}, {"text": None}, {"text": 5}])
def test_an_answer_without_a_text_is_none(answer):
    with pytest.raises(BadAnswer):
        heard(OPENAI, MISTRAL, answer)


def test_a_stream_is_counted_and_told_when_it_is_cut():
    relay = TranscriptRelay(True)
    delta = b'data: {"type": "transcription.text.delta", "text": "Hello you"}\n\n'
    assert relay.feed(delta) is None
    assert relay.seen.generated > 0
    cut = TranscriptRelay(True)
    cut.feed(delta)
    assert b"error" in cut.flush()
    done = {"type": "transcription.done", "text": "Hello you", "usage": USAGE}
    for byte in b"data: " + orjson.dumps(done) + b"\n\n":
        relay.feed(bytes([byte]))
    assert relay.flush() == b""
    used = relay.seen.usage
    assert used is not None and used.units is not None
    assert (used.input, used.output, used.units.seconds) == (4, 7, 3)
