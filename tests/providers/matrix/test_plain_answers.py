"""Whatever a provider says in an answer to anything but a conversation is told, or named."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import botocore.session
import cohere
import mistralai.client.models as mistral
import orjson
import pytest
from cohere.v2.types import V2RerankResponse
from elevenlabs import AudioWithTimestampsResponse, SpeechToTextChunkResponseModel
from google.genai.types import EmbedContentResponse, GenerateContentResponse
from ollama import EmbedResponse
from openai.types import CreateEmbeddingResponse, ImagesResponse
from openai.types.audio import Transcription, TranscriptionDiarized, TranscriptionVerbose

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Context
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.errors import GatewayError
from tests.providers.matrix.answer_leaves import Json, Leaf, leaves
from tests.providers.matrix.answer_words import covers

PIXEL = "iVBORw0KGgo="
VECTOR = [0.25, 0.5]
USED = {"prompt_tokens": 7, "completion_tokens": 9, "total_tokens": 16}
COUNTS = {"prompt_tokens": 7, "total_tokens": 7}


class Whole(NamedTuple):
    """Answers of a dialect."""

    dialect: str
    model: Any
    base: Json
    clients: tuple[str, ...]
    """Those of other formats."""
    echo: Mapping[str, Any] = MappingProxyType({})
    """What a client has asked for."""


def gemini(part: Json) -> Json:
    content = {"role": "model", "parts": [part]}
    return {
        "responseId": "i",
        "modelVersion": "m",
        "candidates": [{"index": 0, "finishReason": "STOP", "content": content}],
        "usageMetadata": {
            "promptTokenCount": 7,
            "candidatesTokenCount": 9,
            "totalTokenCount": 16,
        },
    }


def reranked() -> Any:
    """Botocore's shape."""
    service = botocore.session.get_session().get_service_model("bedrock-agent-runtime")
    return service.operation_model("Rerank").output_shape


WORD = {"text": "hi", "start": 0.0, "end": 1.0, "type": "word", "speaker_id": "s", "logprob": 0.0}
EMBEDS = (
    "openai.embeddings",
    "cohere.embed",
    "gemini.batch_embed_contents",
    "huggingface.features",
)
HEARS = ("openai.transcriptions", "elevenlabs.transcripts", "mistral.transcripts")
VERBOSE = {"form": "verbose_json", "words": True}
ANSWERS: Mapping[str, Whole] = {
    "openai.embeddings": Whole(
        "openai.embeddings",
        CreateEmbeddingResponse,
        {
            "object": "list",
            "model": "m",
            "data": [{"object": "embedding", "index": 0, "embedding": VECTOR}],
            "usage": COUNTS,
        },
        EMBEDS[1:],
    ),
    "mistral.embeddings": Whole(
        "openai.embeddings",
        mistral.EmbeddingResponse,
        {
            "id": "i",
            "object": "list",
            "model": "m",
            "data": [{"object": "embedding", "index": 0, "embedding": VECTOR}],
            "usage": COUNTS,
        },
        EMBEDS[1:],
    ),
    "cohere.embed": Whole(
        "cohere.embed",
        cohere.EmbedByTypeResponse,
        {"id": "i", "embeddings": {"float": [VECTOR]}, "texts": ["a"]},
        (EMBEDS[0], *EMBEDS[2:]),
    ),
    "cohere.embed_v1": Whole(
        "cohere.embed_v1",
        cohere.EmbedFloatsResponse,
        {
            "response_type": "embeddings_floats",
            "id": "i",
            "embeddings": [VECTOR],
            "texts": ["a"],
        },
        (EMBEDS[0], *EMBEDS[2:]),
    ),
    "gemini.batch_embed_contents": Whole(
        "gemini.batch_embed_contents",
        EmbedContentResponse,
        {"embeddings": [{"values": VECTOR}]},
        (*EMBEDS[:2], EMBEDS[3]),
    ),
    "ollama.embed": Whole(
        "ollama.embed",
        EmbedResponse,
        {"model": "m", "embeddings": [VECTOR], "prompt_eval_count": 7},
        EMBEDS,
    ),
    "cohere.rerank": Whole(
        "cohere.rerank",
        V2RerankResponse,
        {"id": "i", "results": [{"index": 0, "relevance_score": 0.5}]},
        ("cohere.rerank_v1", "bedrock.invoke_rerank"),
    ),
    "cohere.rerank_v1": Whole(
        "cohere.rerank_v1",
        cohere.RerankResponse,
        {"id": "i", "results": [{"index": 0, "relevance_score": 0.5}]},
        ("cohere.rerank", "bedrock.invoke_rerank"),
    ),
    "bedrock.rerank": Whole(
        "bedrock.rerank",
        reranked(),
        {"results": [{"index": 0, "relevanceScore": 0.5}]},
        ("cohere.rerank", "bedrock.invoke_rerank"),
    ),
    "mistral.moderations": Whole(
        "mistral.moderations",
        mistral.ModerationResponse,
        {"id": "i", "model": "m", "results": [{"categories": {"pii": True}}]},
        ("openai.moderations",),
    ),
    "cohere.tokenize": Whole(
        "cohere.tokenize",
        cohere.TokenizeResponse,
        {"tokens": [1], "token_strings": ["a"]},
        ("vllm.tokenize",),
        {"strings": True},
    ),
    "cohere.detokenize": Whole(
        "cohere.detokenize", cohere.DetokenizeResponse, {"text": "a"}, ("vllm.detokenize",)
    ),
    "mistral.speech": Whole(
        "mistral.speech",
        mistral.SpeechResponse,
        {"audio_data": "SUQz"},
        ("openai.speech", "elevenlabs.speech"),
    ),
    "elevenlabs.timed_speech": Whole(
        "elevenlabs.timed_speech",
        AudioWithTimestampsResponse,
        {"audio_base64": "SUQz"},
        ("openai.speech", "mistral.speech"),
    ),
    "gemini.speech": Whole(
        "gemini.speech",
        GenerateContentResponse,
        gemini({"inlineData": {"mimeType": "audio/L16;rate=24000", "data": "AAAA"}}),
        ("openai.speech", "elevenlabs.speech"),
        {"format": "wav"},
    ),
    "openai.transcriptions": Whole(
        "openai.transcriptions", Transcription, {"text": "hi"}, HEARS[1:]
    ),
    "openai.transcriptions verbose": Whole(
        "openai.transcriptions",
        TranscriptionVerbose,
        {"text": "hi", "language": "english", "duration": 2.0, "task": "transcribe"},
        HEARS[1:],
        {"grains": ["segment"]},
    ),
    "openai.transcriptions diarized": Whole(
        "openai.transcriptions",
        TranscriptionDiarized,
        {"text": "hi", "duration": 2.0, "task": "transcribe", "segments": []},
        HEARS[1:],
        {"grains": ["segment"]},
    ),
    "mistral.transcripts": Whole(
        "mistral.transcripts",
        mistral.TranscriptionResponse,
        {"model": "m", "text": "hi", "language": None, "usage": USED, "segments": []},
        HEARS[:2],
        VERBOSE,
    ),
    "elevenlabs.transcripts": Whole(
        "elevenlabs.transcripts",
        SpeechToTextChunkResponseModel,
        {"language_code": "eng", "language_probability": 0, "text": "hi", "words": [WORD]},
        (HEARS[0], HEARS[2]),
        VERBOSE | {"grains": ["word"]},
    ),
    "gemini.transcripts": Whole(
        "gemini.transcripts", GenerateContentResponse, gemini({"text": "hi"}), HEARS
    ),
    "openai.images": Whole(
        "openai.images",
        ImagesResponse,
        {"created": 5, "data": [{"b64_json": PIXEL}]},
        ("gemini.imagen", "bedrock.images", "bedrock.stability"),
    ),
    "gemini.generate_images": Whole(
        "gemini.generate_images",
        GenerateContentResponse,
        gemini({"inlineData": {"mimeType": "image/png", "data": PIXEL}}),
        ("openai.images", "bedrock.images"),
    ),
}
SILENT = re.compile(
    r"""
    id|responseId|response_type|model|modelVersion|object|.*\.object   # who answered, and what
    |created|created_at|createTime
    |(?:total|load|prompt_eval|eval)_(?:duration|count)|done|done_reason   # how long it took
    |.*\b(?:role|status|index)|.*\.type
    |.*total_?tokens(?:Count)?|.*totalTokenCount     # follows from the others
    |.*TokensDetails\.(?:modality|tokenCount)|.*trafficType
    |texts|images|results\.document.*   # the client's own
    |meta\.(?:billed_units|tokens)\.(?:in|out)put_tokens|meta\.billed_units\.search_units
    |meta\.api_version(?:\.version)?
    |usage\.(?:completion_tokens|prompt_audio_seconds)   # of texts
    |embeddings\.(?:int8|uint8|binary|ubinary|base64)   # unasked
    |segments.*\.id|.*speaker_id|words\.(?:start|word)
    |results\.category_scores           # no numbers
    |background|output_format|size|quality|safety_identifier   # as the picture is, and was asked
    |svg_usage\..*|usage.*put_tokens?_details.*   # charged
    |automaticFunctionCallingHistory.*  # the SDK's own
    |.*avgLogprobs|.*logProbabilitySum|.*\.tokenId|candidates\.tokenCount
    |.*safetyRatings\.(?:category|probabilityScore|severityScore)   # beside what was found
    |(?:.*\.)?thought|.*thoughtSignature|.*inlineData(?:\.(?:mimeType|data))?
    |candidates\.content\.parts\.(?:codeExecutionResult|executableCode|fileData)   # empty
    |candidates\.content\.parts\.functionCall
    |candidates\.content\.parts\.(?:functionResponse|videoMetadata|toolCall|toolResponse)
    |candidates\.content\.parts\.(?:audioTranscription|(?:document|spreadsheet|audio)Metadata)
    |.*groundingChunks\.\w+
    """,
    re.VERBOSE,
)


class Told(NamedTuple):
    """What a client gets, and what is named as lost."""

    body: bytes | str
    lost: frozenset[str]
    used: Any


def told(whole: Whole, client: str, answer: Json) -> Told:
    """An answer on its way to a client."""
    context = Context(model="m", id="x", now=7, echo=whole.echo)
    between = bridge(DIALECTS[client], DIALECTS[whole.dialect], Quirks())
    try:
        body, seen = between.whole(orjson.dumps(answer), context)
    except GatewayError as error:
        return Told(str(error), frozenset(), None)  # loud enough
    assert body is not None
    return Told(body, frozenset(seen.lost), seen.usage)


def is_silent(whole: Whole, client: str, leaf: Leaf) -> bool:
    """Whether nobody learns anything of a member, and nobody names it."""
    got = told(whole, client, leaf.value)
    if isinstance(got.body, str) or covers(got.lost, leaf.path):
        return False
    return got == told(whole, client, leaf.without)


@pytest.mark.parametrize("name", ANSWERS)
def test_no_member_of_an_answer_is_lost_in_silence(name: str):
    whole = ANSWERS[name]
    tries = [
        leaf
        for leaf in leaves(whole.model, whole.base)
        if leaf.value != leaf.without and not SILENT.fullmatch(leaf.path)
    ]
    silent: dict[str, list[str]] = {}
    for leaf in tries:
        for client in whole.clients:
            if is_silent(whole, client, leaf):
                silent.setdefault(leaf.path, []).append(client)
    assert silent == {}


@pytest.mark.parametrize("name", ANSWERS)
def test_of_a_plain_answer_nothing_is_lost(name: str):
    whole = ANSWERS[name]
    for client in whole.clients:
        got = told(whole, client, whole.base)
        assert not isinstance(got.body, str), got.body
        assert got.lost == set()
