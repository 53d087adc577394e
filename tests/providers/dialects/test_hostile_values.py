"""Numbers, texts and types that no reader expects, in requests and in answers."""

from typing import Any

import msgspec
import orjson
import pytest

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call, Context, Sent
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.dialects.anthropic.messages import fields as anthropic
from providers.dialects.gemini.generate_content import fields as gemini
from providers.dialects.openai.audio_stream import AudioRelay
from providers.errors import BadAnswer, InvalidRequest
from providers.neutral.json_schema import from_openapi
from providers.wire.budget import MIB
from providers.wire.multipart import Upload

CONTEXT = Context(model="m", id="x", now=0)
HUGE = ["9" * 30, "9" * 5000]
FILE = Upload(data=b"a", filename="a.png", media_type="image/png")


def asks(client: str, target: str, body: dict[str, Any]) -> None:
    call = Call(data=orjson.dumps(body, default=str), body=body, model="m", stream=False)
    bridge(DIALECTS[client], DIALECTS[target], Quirks()).request(call)


def answers(client: str, target: str, body: bytes) -> None:
    bridge(DIALECTS[client], DIALECTS[target], Quirks()).whole(body, CONTEXT)


@pytest.mark.parametrize("number", [1e30, -1e30, 1e308])
def test_a_whole_number_is_one_that_can_be_written(number: float) -> None:
    with pytest.raises(InvalidRequest):
        asks("openai.embeddings", "cohere.embed", {"input": "a", "dimensions": number})
    with pytest.raises(InvalidRequest):
        gemini.integer({"topK": number}, "topK")
    with pytest.raises(anthropic.Wrong):
        anthropic.integer({"top_k": number}, "top_k")


@pytest.mark.parametrize("text", [*HUGE, "--5", "-", ""])
def test_a_spelled_number_is_one(text: str) -> None:
    with pytest.raises(InvalidRequest):
        gemini.integer({"topK": text}, "topK")
    with pytest.raises(InvalidRequest):
        edit = {"image": FILE, "prompt": "a", "output_format": "jpeg", "n": text}
        asks("openai.image_edits", "gemini.edit_images", edit)
    assert from_openapi({"maxLength": text}) == {"maxLength": text}


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity", "1e999", "a", FILE, ["1"]])
def test_a_temperature_is_a_number(text: Any) -> None:
    with pytest.raises(InvalidRequest):
        asks("openai.transcriptions", "elevenlabs.transcripts", {"file": FILE, "temperature": text})


@pytest.mark.parametrize("type", [[], {}, 5, "A"])
def test_a_task_is_a_known_one(type: Any) -> None:
    with pytest.raises(InvalidRequest):
        body = {"content": {"parts": [{"text": "a"}]}, "taskType": type}
        asks("gemini.embed_content", "bedrock.titan_embed", body)


@pytest.mark.parametrize("id", [*HUGE, "\u0661"])
def test_a_place_is_a_small_number(id: str) -> None:
    with pytest.raises(BadAnswer):
        answers("cohere.rerank", "gemini.rank", orjson.dumps({"records": [{"id": id}]}))


def test_sound_is_base64() -> None:
    parts = [{"inlineData": {"data": "é"}}]
    body = orjson.dumps({"candidates": [{"content": {"parts": parts}}]})
    with pytest.raises(BadAnswer):
        answers("openai.speech", "gemini.speech", body)


def test_a_vector_is_base64() -> None:
    client = DIALECTS["openai.embeddings"]
    context = msgspec.structs.replace(CONTEXT, echo=client.echo({"encoding_format": "base64"}))
    with pytest.raises(BadAnswer):
        body = b'{"embedding": "\xff"}'
        bridge(client, DIALECTS["ollama.embeddings"], Quirks()).whole(body, context)


@pytest.mark.parametrize("target", ["openai.transcriptions", "openai.translations"])
def test_a_page_is_no_transcript(target: str) -> None:
    with pytest.raises(BadAnswer):
        answers(target, target, b"<!DOCTYPE html><title>Bad gateway</title>")


def test_words_of_a_transcript_are_counted_as_they_come() -> None:
    relay = AudioRelay(True)
    words = " ".join(["word"] * 100).encode()
    relay.feed(b'data: {"type": "transcript.text.delta", "delta": "' + words + b'"}\n\n')
    assert 50 < relay.seen.generated < 200
    relay.feed(b'data: {"type": "transcript.text.done", "text": "' + words + b'"}\n\n')
    assert relay.flush() == b""


def test_fields_of_documents_are_said_once_and_few() -> None:
    documents = [{"text": "a", "title": "b"}]
    body = {"query": "q", "documents": documents, "rank_fields": ["title"] * 1000}
    call = Call(data=b"", body=body, model="m", stream=False)
    sent = bridge(DIALECTS["cohere.rerank"], DIALECTS["jina.rerank"], Quirks()).request(call)
    assert isinstance(sent, Sent)
    assert orjson.loads(sent.body or b"")["documents"] == ["title: b"]
    with pytest.raises(InvalidRequest):
        many = {**body, "rank_fields": [str(number) for number in range(1000)]}
        asks("cohere.rerank", "jina.rerank", many)


def test_a_document_is_said_once_however_often_it_is_ranked() -> None:
    client = DIALECTS["cohere.rerank_v1"]
    result = {"index": 0, "relevance_score": 0.5}
    body = orjson.dumps({"results": [result] * 500})
    echo = client.echo({"documents": ["a" * 10_000], "return_documents": True})
    context = msgspec.structs.replace(CONTEXT, echo=echo)
    data, _ = bridge(client, DIALECTS["cohere.rerank"], Quirks()).whole(body, context)
    assert 10_000 < len(data or b"") < 50_000
    assert orjson.loads(data or b"")["results"][0]["document"] == {"text": "a" * 10_000}


def test_numbers_of_a_vector_without_end_are_not_read() -> None:
    client = DIALECTS["openai.embeddings"]
    context = msgspec.structs.replace(CONTEXT, echo=client.echo({"encoding_format": "base64"}))
    body = b'{"embedding": [' + b"1," * (2 * MIB) + b"1]}"
    with pytest.raises(BadAnswer, match="longer"):
        bridge(client, DIALECTS["ollama.embeddings"], Quirks()).whole(body, context)


@pytest.mark.parametrize("seed", ["1.5", "a", "1e30", FILE])
def test_a_seed_of_a_form_is_whole(seed: Any) -> None:
    with pytest.raises(InvalidRequest):
        asks("openai.transcriptions", "elevenlabs.transcripts", {"file": FILE, "seed": seed})
