"""What answers say beside what was asked for: told to clients of other formats by its name."""

from typing import Any

import orjson
import pytest

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Context, Seen
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.errors import FailedAnswer

WORD = {"text": "a", "start": 0, "end": 1, "type": "word", "speaker_id": None}
HEARD = {"language_code": "eng", "text": "a", "words": [WORD]}
SEGMENT = {"id": 0, "start": 0.0, "end": 1.0, "text": "a"}
SCORED = {"index": 0, "relevance_score": 0.5}
META = {"api_version": {"version": "1"}, "billed_units": {"input_tokens": 1}}
SPOKEN = {"inlineData": {"mimeType": "audio/L16;rate=24000", "data": "AAAA"}}
PNG = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}


def gemini(*parts: dict[str, Any], finish: str = "STOP") -> dict[str, Any]:
    candidate = {"content": {"role": "model", "parts": [*parts]}, "finishReason": finish}
    return {"candidates": [candidate], "modelVersion": "x", "responseId": "r"}


CASES: list[tuple[str, str, dict[str, Any], tuple[str, ...]]] = [
    ("vllm.tokenize", "cohere.tokenize", {"tokens": [1], "token_strings": ["a"], "meta": META}, ()),
    (
        "vllm.tokenize",
        "cohere.tokenize",
        {"tokens": [1], "meta": {**META, "warnings": ["old"]}},
        ("meta.warnings",),
    ),
    (
        "cohere.tokenize",
        "vllm.tokenize",
        {"count": 1, "max_model_len": 4096, "tokens": [1], "token_strs": None},
        ("max_model_len",),
    ),
    ("cohere.detokenize", "vllm.detokenize", {"prompt": "a"}, ()),
    (
        "vllm.detokenize",
        "cohere.detokenize",
        {"text": "a", "meta": {"warnings": ["w"]}},
        ("meta.warnings",),
    ),
    (
        "cohere.rerank",
        "jina.rerank",
        {"model": "m", "usage": {"total_tokens": 3}, "results": [{**SCORED, "document": "a"}]},
        (),
    ),
    (
        "cohere.rerank",
        "cohere.rerank_v1",
        {"results": [SCORED], "meta": {**META, "warnings": ["w"]}},
        ("meta.warnings",),
    ),
    (
        "cohere.rerank",
        "bedrock.rerank",
        {"results": [{"index": 0, "relevanceScore": 0.5}], "nextToken": "t"},
        ("nextToken",),
    ),
    ("cohere.rerank", "gemini.rank", {"records": [{"id": "0", "score": 0.5}]}, ()),
    ("cohere.rerank", "nvidia.ranking", {"rankings": [{"index": 0, "logit": 1.5}]}, ()),
    (
        "openai.moderations",
        "mistral.moderations",
        {"id": "i", "model": "m", "results": [{"categories": {"pii": True}}]},
        (),
    ),
    ("openai.transcriptions", "elevenlabs.transcripts", HEARD, ()),
    (
        "openai.transcriptions",
        "elevenlabs.transcripts",
        {**HEARD, "language_probability": 0.9, "words": [{**WORD, "logprob": -0.5}]},
        ("language_probability", "words.logprob"),
    ),
    (
        "elevenlabs.transcripts",
        "openai.transcriptions",
        {"text": "a", "segments": [{**SEGMENT, "no_speech_prob": 0.1, "tokens": []}]},
        ("segments.no_speech_prob",),
    ),
    (
        "openai.transcriptions",
        "mistral.transcripts",
        {"model": "m", "text": "a", "language": "en", "segments": [], "odd": {"a": 1}},
        ("odd",),
    ),
    ("openai.transcriptions", "gemini.transcripts", gemini({"text": "a"}), ()),
    (
        "openai.transcriptions",
        "gemini.transcripts",
        gemini({"text": "a"}, finish="MAX_TOKENS"),
        ("candidates.finishReason",),
    ),
    ("openai.speech", "gemini.speech", gemini(SPOKEN), ()),
    (
        "openai.speech",
        "gemini.speech",
        gemini(SPOKEN, {"text": "a"}),
        ("candidates.content.parts.text",),
    ),
    (
        "openai.speech",
        "elevenlabs.timed_speech",
        {"audio_base64": "AAAA", "alignment": {"characters": ["a"]}},
        ("alignment",),
    ),
    (
        "openai.embeddings",
        "gemini.predict",
        {"predictions": [{"embeddings": {"values": [1], "statistics": {"truncated": False}}}]},
        (),
    ),
    (
        "openai.embeddings",
        "gemini.predict",
        {"predictions": [{"embeddings": {"values": [1], "statistics": {"truncated": True}}}]},
        ("predictions.embeddings.statistics.truncated",),
    ),
    (
        "openai.embeddings",
        "gemini.embed_content",
        {"embedding": {"values": [1]}, "truncated": True},
        ("truncated",),
    ),
    (
        "openai.embeddings",
        "bedrock.nova_embed",
        {"embeddings": [{"embedding": [1], "truncatedCharLength": 3}]},
        ("embeddings.truncatedCharLength",),
    ),
    (
        "openai.embeddings",
        "cohere.embed",
        {"embeddings": {"float": [[1]]}, "meta": {"warnings": ["w"]}},
        ("meta.warnings",),
    ),
    (
        "openai.embeddings",
        "gemini.batch_embed_contents",
        {"embeddings": [{"values": [1]}, {"values": [2], "statistics": {"truncated": True}}]},
        ("embeddings.statistics.truncated",),
    ),
    (
        "openai.images",
        "gemini.imagen",
        {"predictions": [{"bytesBase64Encoded": "AAAA"}, {"raiFilteredReason": "no"}]},
        ("predictions.raiFilteredReason",),
    ),
    ("openai.images", "gemini.generate_images", gemini(PNG), ()),
    (
        "openai.images",
        "gemini.generate_images",
        gemini({"text": "Here it is."}, PNG),
        ("candidates.content.parts.text",),
    ),
]


def seen(client: str, target: str, answer: dict[str, Any]) -> Seen:
    context = Context(model="m", id="x", now=0)
    return bridge(DIALECTS[client], DIALECTS[target], Quirks()).whole(
        orjson.dumps(answer), context
    )[1]


@pytest.mark.parametrize(("client", "target", "answer", "lost"), CASES)
def test_what_no_other_format_is_told_is_named(client, target, answer, lost):
    assert seen(client, target, answer).lost == lost


@pytest.mark.parametrize("target", ["gemini.speech", "gemini.transcripts"])
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}, "PROHIBITED_CONTENT"),
        ({"candidates": [{"finishReason": "SAFETY"}]}, "SAFETY"),
    ],
)
def test_what_gemini_withholds_is_refused_in_words(target, answer, reason):
    client = target.replace("gemini", "openai").replace("transcripts", "transcriptions")
    with pytest.raises(FailedAnswer, match=reason) as failed:
        seen(client, target, answer)
    assert failed.value.as_api_error().status == 400


@pytest.mark.parametrize(
    "counted",
    [
        {"usage": {"total_tokens": 7}},
        {"meta": {"billed_units": {"search_units": 0}, "tokens": {"input_tokens": 7}}},
        {"tokens": {"input_tokens": 7, "output_tokens": 0}},
    ],
)
def test_tokens_of_a_ranking_are_counted_and_told(counted):
    context = Context(model="m", id="x", now=0)
    answer = orjson.dumps({"results": [SCORED], **counted})
    data, seen = bridge(DIALECTS["cohere.rerank"], DIALECTS["jina.rerank"], Quirks()).whole(
        answer, context
    )
    assert seen.usage is not None
    assert seen.usage.input == 7
    assert orjson.loads(data or b"")["meta"]["tokens"] == {"input_tokens": 7}


def test_all_pieces_of_sound_are_heard():
    part = {"inlineData": {"mimeType": "audio/L16;rate=24000", "data": "AAEC"}}
    context = Context(model="m", id="x", now=0, echo={"format": "pcm"})
    found = bridge(DIALECTS["openai.speech"], DIALECTS["gemini.speech"], Quirks())
    assert found.whole(orjson.dumps(gemini(part, part)), context)[0] == bytes([0, 1, 2, 0, 1, 2])


def test_tokens_of_texts_are_those_of_all_of_them():
    one = {"values": [1], "statistics": {"tokenCount": 3}}
    answer = {"embeddings": [one, one]}
    used = seen("openai.embeddings", "gemini.batch_embed_contents", answer).usage
    assert used is not None
    assert used.input == 6


def test_tokens_of_sound_are_told_apart():
    said = {"type": "tokens", "input_tokens": 9, "output_tokens": 2, "total_tokens": 11}
    answer = {"text": "a", "usage": {**said, "input_token_details": {"audio_tokens": 7}}}
    used = seen("mistral.transcripts", "openai.transcriptions", answer).usage
    assert used is not None
    assert (used.input, used.audio_input) == (9, 7)


@pytest.mark.parametrize("stream", [False, True])
def test_tokens_of_pictures_are_told_apart(stream):
    usage = {
        "promptTokenCount": 262,
        "candidatesTokenCount": 1300,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": 4},
            {"modality": "IMAGE", "tokenCount": 258},
        ],
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1290}],
    }
    found = bridge(DIALECTS["openai.images"], DIALECTS["gemini.generate_images"], Quirks())
    answer = orjson.dumps({**gemini(PNG), "usageMetadata": usage})
    context = Context(model="m", id="x", now=0)
    data = (found.replay if stream else found.whole)(answer, context)[0] or b""
    told = orjson.loads(data.partition(b"data: ")[2] if stream else data)["usage"]
    assert told["input_tokens_details"] == {"text_tokens": 4, "image_tokens": 258}
    assert told["output_tokens_details"] == {"text_tokens": 10, "image_tokens": 1290}
    assert told["total_tokens"] == 1562
