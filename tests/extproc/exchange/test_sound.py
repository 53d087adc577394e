"""Answers that are sound, and words where there should be sound."""

import orjson
import pytest

from extproc.exchange.events import BodyMode
from providers.usage import Price
from tests.plans import (
    exchange,
    plan,
    request_body,
    request_headers,
    response_body,
    response_headers,
    served,
)

PATH = "/v1/audio/speech"
BODY = {"model": "small", "input": "hello", "voice": "v"}
PROVIDERS = ["openai", "elevenlabs"]
WORDS = [
    b'{"error": {"message": "no such voice: key-of-up"}}',
    b'{"detail": {"status": "quota", "message": "no such voice"}}',
    b' {"message": "no such voice"}',
    b"<!DOCTYPE html><title>no such voice</title>",
]


def asked(provider):
    made = plan(price=Price(characters=5), backends={"up": served(provider=provider)})
    speaking = exchange(made)
    speaking.handle(request_headers(PATH))
    speaking.handle(request_body(BODY))
    return speaking


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("kind", ["application/problem+json", "Application/JSON", "text/html", ""])
def test_words_in_the_place_of_sound_are_a_failure(provider, words, kind):
    speaking = asked(provider)
    opened = speaking.handle(response_headers(content_type=kind))
    assert opened.mode is BodyMode.BUFFERED
    said = speaking.handle(response_body(words))
    assert dict(said.set_headers)[":status"] == "500"
    assert b"no such voice" in said.body
    assert b"key-of-up" not in said.body
    assert said.metadata["cost_nanousd"] == 0
    assert said.metadata["error_type"]


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("sound", [b"{\x00\x01", b"<\x00", b"\xff\xfb", b"[" * 700_000])
def test_sound_is_sound_whatever_it_begins_with(provider, sound):
    speaking = asked(provider)
    speaking.handle(response_headers(content_type=""))
    said = speaking.handle(response_body(sound))
    assert said.body in (None, sound)
    assert said.metadata["cost_nanousd"] == 5 * 1000 * len("hello")


def test_sound_that_says_so_passes_unread():
    opened = asked("openai").handle(response_headers(content_type="audio/mpeg"))
    assert opened.mode is BodyMode.NONE
    assert opened.metadata["characters"] == len("hello")


def streamed(path, body, *pieces):
    made = plan(price=Price(characters=5, output=5))
    watched = exchange(made)
    watched.handle(request_headers(path))
    watched.handle(request_body(body))
    watched.handle(response_headers(content_type="text/event-stream"))
    told = {}
    for piece in pieces:
        told |= watched.handle(response_body(piece, end=False)).metadata or {}
    last = watched.handle(response_body(b"", end=True))
    return told, last


SPOKEN = b'data: {"type": "speech.audio.delta", "audio": "AAAA"}\n\n'
DONE = b'data: {"type": "speech.audio.done", "usage": {"input_tokens": 3, "output_tokens": 9}}\n\n'
STREAMING = {**BODY, "stream_format": "sse"}


def test_a_stream_of_sound_that_ends_says_what_was_used():
    _, last = streamed(PATH, STREAMING, SPOKEN, DONE[:30], DONE[30:])
    assert not last.body
    assert (last.metadata["error_type"], last.metadata["output_tokens"]) == ("", 9)


def test_a_stream_that_ends_as_others_do_has_ended():
    _, last = streamed(PATH, STREAMING, SPOKEN, b"data: [DONE]\n\n")
    assert not last.body
    assert last.metadata["error_type"] == ""


def test_a_stream_of_sound_that_is_cut_says_so():
    _, last = streamed(PATH, STREAMING, SPOKEN)
    assert b"ended before its answer did" in last.body
    assert last.metadata["error_type"] == "server"
    assert last.metadata["characters"] == len("hello")


def test_an_error_in_a_stream_of_sound_is_one():
    _, last = streamed(PATH, STREAMING, b'data: {"type": "error", "error": {"message": "no"}}\n\n')
    assert not last.body
    assert last.metadata["error_type"] == "server"
    assert last.metadata["cost_nanousd"] == 0


def test_sound_that_nobody_streams_becomes_a_stream():
    speaking = exchange(plan(backends={"up": served(provider="elevenlabs")}))
    speaking.handle(request_headers(PATH))
    speaking.handle(request_body(STREAMING))
    speaking.handle(response_headers(content_type="audio/mpeg"))
    said = speaking.handle(response_body(b"sound"))
    assert dict(said.set_headers)["content-type"] == "text/event-stream"
    delta, done, _ = said.body.split(b"\n\n")
    assert orjson.loads(delta.removeprefix(b"data: "))["audio"] == "c291bmQ="
    assert orjson.loads(done.removeprefix(b"data: "))["type"] == "speech.audio.done"


def test_what_nobody_streams_is_answered_whole():
    ranking = exchange(plan(backends={"up": served(provider="cohere")}))
    ranking.handle(request_headers("/v2/rerank"))
    ranking.handle(
        request_body({"model": "small", "query": "q", "documents": ["a"], "stream": True})
    )
    ranking.handle(response_headers())
    said = ranking.handle(response_body({"results": [{"index": 0, "relevance_score": 0.5}]}))
    assert said.body is None
    assert "error_type" not in said.metadata


SAY = "/v1/text-to-speech/v"


def test_a_voice_and_its_query_go_to_elevenlabs_as_they_are():
    speaking = exchange(plan(backends={"up": served(provider="elevenlabs")}))
    speaking.handle(request_headers(f"{SAY}/stream?output_format=pcm_8000&key=k"))
    sent = speaking.handle(request_body({"text": "hello", "model_id": "small"}))
    assert dict(sent.set_headers)[":path"] == f"{SAY}/stream?output_format=pcm_8000"
    assert sent.body is None
    said = speaking.handle(response_headers(content_type="audio/mpeg"))
    assert said.mode is BodyMode.NONE
    assert said.metadata["characters"] == len("hello")


def test_pieces_with_times_pass_as_they_come():
    speaking = exchange(plan(backends={"up": served(provider="elevenlabs")}))
    speaking.handle(request_headers(f"{SAY}/stream/with-timestamps"))
    sent = speaking.handle(request_body({"text": "hello", "model_id": "small"}))
    assert dict(sent.set_headers)[":path"] == f"{SAY}/stream/with-timestamps"
    assert speaking.handle(response_headers()).mode is BodyMode.STREAMED
    piece = b'{"audio_base64":"YQ=="}\n'
    assert speaking.handle(response_body(piece, end=False)).body is None
    last = speaking.handle(response_body(piece))
    assert not last.body
    assert last.metadata["characters"] == len("hello")


@pytest.mark.parametrize("path", [SAY, f"{SAY}/with-timestamps"])
def test_a_model_id_that_was_not_routed_is_refused(path):
    speaking = exchange(plan(backends={"up": served(provider="elevenlabs")}))
    speaking.handle(request_headers(path))
    refused = speaking.handle(request_body({"text": "hello", "model_id": "other"}))
    assert refused.status == 400
    assert orjson.loads(refused.body)["detail"]["message"].startswith("model_id is given more")


@pytest.mark.parametrize("voice", [".", "..", "%2e%2E"])
def test_a_voice_that_would_change_the_path_is_none(voice):
    speaking = exchange(plan(backends={"up": served(provider="elevenlabs")}))
    speaking.handle(request_headers(f"/v1/text-to-speech/{voice}"))
    refused = speaking.handle(request_body({"text": "hello", "model_id": "small"}))
    assert refused.status == 400
    assert "voice" in orjson.loads(refused.body)["detail"]["message"]
