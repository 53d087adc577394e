"""Every member of every request but those for conversations, with a value that asks for something.

Names are those of the official SDKs' request types, which `sdk_fields` lists; a dot steps into an
object. What says which request it is (model, input, file) is in the base instead.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, get_type_hints

import cohere
import mistralai.client.models as mistral
from cohere.v2.client import V2Client
from elevenlabs import VoiceSettings
from elevenlabs.speech_to_text.client import SpeechToTextClient
from elevenlabs.text_to_speech.client import TextToSpeechClient
from google.genai import types
from huggingface_hub import FeatureExtractionInput
from ollama._types import EmbeddingsRequest, EmbedRequest
from openai.types import (
    EmbeddingCreateParams,
    ImageCreateVariationParams,
    ModerationCreateParams,
    VideoCreateParams,
)
from openai.types.audio import SpeechCreateParams, TranslationCreateParams
from openai.types.audio.transcription_create_params import TranscriptionCreateParamsBase
from openai.types.image_edit_params import ImageEditParamsBase
from openai.types.image_generate_params import ImageGenerateParamsBase

from providers.wire.multipart import Upload

Json = dict[str, Any]
PIXEL = "iVBORw0KGgo="
SOUND = Upload(data=b"ID3", filename="a.mp3", media_type="audio/mpeg")
PICTURE = Upload(data=b"\x89PNG\r\n\x1a\n", filename="a.png", media_type="image/png")
GOOGLE = "/v1beta/models/shown"
VERTEX = "/v1beta1/projects/p/locations/r/publishers/google/models/shown"
INVOKE = "/model/shown/invoke"


class Client(NamedTuple):
    """A format in which clients ask."""

    operation: str
    path: str
    base: Json
    """A small request."""
    values: Json
    """Member → what asks for something."""
    known: Iterable[str] = ()
    """What the official SDK has for a request."""
    needs: Mapping[str, Json] = {}
    """Member → what must stand beside it for it to mean anything."""
    aliases: Mapping[str, str] = {}
    """Member → by which other name of the client's it may be named."""
    form: bool = False
    dialect: str = ""
    """Empty: the client's name is."""


def typed(kind: Any) -> set[str]:
    """The members of an SDK's type."""
    if hasattr(kind, "model_fields"):
        return {field.alias or name for name, field in kind.model_fields.items()}
    if hasattr(kind, "__dataclass_fields__"):
        return set(kind.__dataclass_fields__)
    return set(get_type_hints(kind))


def taken(function: Callable[..., Any]) -> set[str]:
    """What a function of an SDK takes for its request."""
    return set(inspect.signature(function).parameters) - {"self", "request_options"}


def _googles() -> set[str]:
    """The wishes of Google's SDK for vectors."""
    return typed(types.EmbedContentConfig) - {"httpOptions"}


PURPOSE = {"input_type": "clustering"}
COHERES = {
    "output_dimension": 256,
    "embedding_types": ["float", "base64"],
    "truncate": "START",
    "priority": 3,
    "max_tokens": 77,
    **PURPOSE,
}
GOOGLES = {
    "taskType": "CLUSTERING",
    "title": "T",
    "outputDimensionality": 256,
    "mimeType": "text/plain",
    "autoTruncate": False,
    "documentOcr": True,
    "audioTrackExtraction": True,
}
OPENAI_IMAGES = {
    "background": "transparent",
    "complexity": "low",
    "frame_count": 3,
    "frame_duration_ms": 100,
    "moderation": "low",
    "n": 2,
    "output_compression": 50,
    "output_format": "webp",
    "partial_images": 2,
    "quality": "high",
    "response_format": "b64_json",
    "safety_identifier": "s",
    "size": "1536x1024",
    "style": "vivid",
    "svg": {"a": 1},
    "user": "u",
    "seed": 5,
    "negative_prompt": "dogs",
}
EMBED = "embeddings"

CLIENTS = {
    "openai.embeddings": Client(
        EMBED,
        "/v1/embeddings",
        {"model": "shown", "input": "red"},
        {"dimensions": 256, "encoding_format": "base64", "user": "u"},
        typed(EmbeddingCreateParams) - {"model", "input"},
    ),
    "mistral.embeddings": Client(
        EMBED,
        "/v1/embeddings",
        {"model": "shown", "input": ["red"]},
        {
            "metadata": {"a": "b"},
            "output_dimension": 256,
            "output_dtype": "int8",
            "encoding_format": "base64",
        },
        typed(mistral.EmbeddingRequest) - {"model", "input"},
        aliases={"output_dimension": "dimensions", "output_dtype": "vectors of"},
        dialect="openai.embeddings",
    ),
    "cohere.embed": Client(
        EMBED,
        "/v2/embed",
        {"model": "shown", "texts": ["red"], "input_type": "search_document"},
        {
            **COHERES,
        },
        taken(V2Client.embed) - {"model", "texts", "images", "inputs"},
    ),
    "cohere.embed_v1": Client(
        EMBED,
        "/v1/embed",
        {"model": "shown", "texts": ["red"], "input_type": "search_document"},
        {
            "embedding_types": ["float", "base64"],
            "truncate": "START",
            **PURPOSE,
        },
        taken(cohere.Client.embed) - {"model", "texts", "images", "batching"},
    ),
    "gemini.embed_content": Client(
        EMBED,
        f"{GOOGLE}:embedContent",
        {"content": {"parts": [{"text": "red"}]}},
        GOOGLES,
        _googles(),
        needs={"title": {"taskType": "RETRIEVAL_DOCUMENT"}},
    ),
    "vertex.embed_content": Client(
        EMBED,
        f"{VERTEX}:embedContent",
        {"content": {"parts": [{"text": "red"}]}, "embedContentConfig": {}},
        {f"embedContentConfig.{name}": value for name, value in GOOGLES.items()},
        {f"embedContentConfig.{name}" for name in _googles()},
        needs={"embedContentConfig.title": {"embedContentConfig.taskType": "RETRIEVAL_DOCUMENT"}},
        dialect="gemini.embed_content",
    ),
    "gemini.predict": Client(
        EMBED,
        f"{VERTEX}:predict",
        {"instances": [{"content": "red"}], "parameters": {}},
        {
            "parameters.autoTruncate": False,
            "parameters.outputDimensionality": 256,
            "parameters.odd": 1,
            "instances": [{"content": "red", "task_type": "CLUSTERING"}],
            "labels": {"a": "b"},
        },
        aliases={"instances": "instances.task_type"},
    ),
    "ollama.embed": Client(
        EMBED,
        "/api/embed",
        {"model": "shown", "input": "red"},
        {"truncate": False, "options": {"seed": 5}, "keep_alive": "5m", "dimensions": 256},
        typed(EmbedRequest) - {"model", "input"},
    ),
    "ollama.embeddings": Client(
        EMBED,
        "/api/embeddings",
        {"model": "shown", "prompt": "red"},
        {"options": {"seed": 5}, "keep_alive": "5m"},
        typed(EmbeddingsRequest) - {"model", "prompt"},
    ),
    "huggingface.features": Client(
        EMBED,
        "/models/shown/pipeline/feature-extraction",
        {"inputs": ["red"]},
        {
            "normalize": True,
            "prompt_name": "query",
            "truncate": True,
            "truncation_direction": "left",
            "dimensions": 256,
            "encoding_format": "base64",
        },
        typed(FeatureExtractionInput) - {"inputs"},
        needs={"truncation_direction": {"truncate": True}},
        aliases={"truncation_direction": "truncate"},
    ),
    "bedrock.titan_embed": Client(
        EMBED,
        INVOKE,
        {"inputText": "red"},
        {
            "dimensions": 256,
            "normalize": False,
            "embeddingTypes": ["binary"],
            "embeddingConfig": {"outputEmbeddingLength": 256},
            "embeddingConfig.odd": 1,
        },
        aliases={"embeddingConfig": "dimensions"},
    ),
    "bedrock.nova_embed": Client(
        EMBED,
        INVOKE,
        {
            "taskType": "SINGLE_EMBEDDING",
            "singleEmbeddingParams": {
                "embeddingPurpose": "GENERIC_INDEX",
                "text": {"truncationMode": "NONE", "value": "red"},
            },
        },
        {
            "singleEmbeddingParams.embeddingPurpose": "CLUSTERING",
            "singleEmbeddingParams.odd": 1,
            "singleEmbeddingParams.text.odd": 1,
            "singleEmbeddingParams.embeddingDimension": 256,
            "singleEmbeddingParams.text.truncationMode": "END",
        },
        aliases={"singleEmbeddingParams.text.truncationMode": "truncat"},
    ),
    "bedrock.cohere_embed": Client(
        EMBED,
        INVOKE,
        {"texts": ["red"], "input_type": "search_document"},
        {name: value for name, value in COHERES.items() if name != "priority"},
    ),
    "cohere.rerank": Client(
        "rerank",
        "/v2/rerank",
        {"model": "shown", "query": "q", "documents": ["red", "blue"]},
        {"top_n": 1, "max_tokens_per_doc": 99, "priority": 3, "relevant_spans": True},
        taken(V2Client.rerank) - {"model", "query", "documents"},
    ),
    "cohere.rerank_v1": Client(
        "rerank",
        "/v1/rerank",
        {"model": "shown", "query": "q", "documents": [{"text": "red", "title": "t"}]},
        {
            "top_n": 1,
            "rank_fields": ["title"],
            "return_documents": True,
            "max_chunks_per_doc": 5,
            "user": "u",
            "truncate_prompt_tokens": 5,
        },
        taken(cohere.Client.rerank) - {"model", "query", "documents"},
    ),
    "bedrock.invoke_rerank": Client(
        "rerank",
        INVOKE,
        {"api_version": 2, "query": "q", "documents": ["red", "blue"]},
        {"top_n": 1, "max_tokens_per_doc": 99},
    ),
    "openai.moderations": Client(
        "moderations",
        "/v1/moderations",
        {"model": "shown", "input": "red"},
        {"metadata": {"a": "b"}, "odd": 1, "input": ["blue", "red"]},
        typed(ModerationCreateParams) - {"model", "input"},
    ),
    "vllm.tokenize": Client(
        "tokenize",
        "/tokenize",
        {"model": "shown", "prompt": "red"},
        {"add_special_tokens": False, "return_token_strs": True, "user": "u"},
    ),
    "cohere.tokenize": Client(
        "tokenize",
        "/v1/tokenize",
        {"model": "shown", "text": "red"},
        {"odd": 1},
        taken(cohere.Client.tokenize) - {"model", "text", "offline"},
    ),
    "vllm.detokenize": Client(
        "detokenize", "/detokenize", {"model": "shown", "tokens": [1]}, {"user": "u"}
    ),
    "cohere.detokenize": Client(
        "detokenize",
        "/v1/detokenize",
        {"model": "shown", "tokens": [1]},
        {"odd": 1},
        taken(cohere.Client.detokenize) - {"model", "tokens", "offline"},
    ),
    "openai.speech": Client(
        "speech",
        "/v1/audio/speech",
        {"model": "shown", "input": "red", "voice": "alloy"},
        {
            "instructions": "slowly",
            "response_format": "opus",
            "speed": 1.1,
            "language": "de",
            "seed": 5,
            "user": "u",
            "voice": {"id": "verse"},
            "voice.odd": 1,
        },
        typed(SpeechCreateParams) - {"model", "input", "stream_format"},
        needs={"voice.odd": {"voice": {"id": "verse"}}},
    ),
    "mistral.speech": Client(
        "speech",
        "/v1/audio/speech",
        {"model": "shown", "input": "red", "voice_id": "alloy"},
        {
            "metadata": {"a": "b"},
            "prompt_cache_key": "k",
            "ref_audio": "AAAA",
            "expressiveness": 0.5,
            "phoneme_hints": [{"a": "b"}],
            "conversation_history": [{"a": "b"}],
            "response_format": "opus",
        },
        typed(mistral.SpeechRequest) - {"model", "input", "voice_id", "stream"},
    ),
    "elevenlabs.speech": Client(
        "speech",
        "/v1/text-to-speech/v",
        {"model_id": "shown", "text": "red", "voice_settings": {}},
        {
            "language_code": "de",
            **{f"voice_settings.{name}": 0.9 for name in sorted(typed(VoiceSettings))},
            "pronunciation_dictionary_locators": [{"pronunciation_dictionary_id": "p"}],
            "seed": 5,
            "previous_text": "a",
            "next_text": "b",
            "previous_request_ids": ["a"],
            "next_request_ids": ["b"],
            "use_pvc_as_ivc": True,
            "apply_text_normalization": "on",
            "apply_language_text_normalization": True,
            "audio_effects": [{"a": 1}],
        },
        (taken(TextToSpeechClient.convert) - {"model_id", "text", "voice_settings", "voice_id"})
        - {"enable_logging", "optimize_streaming_latency", "output_format"},
    ),
    "openai.transcriptions": Client(
        "transcription",
        "/v1/audio/transcriptions",
        {"model": "shown", "file": SOUND},
        {
            "chunking_strategy": "auto",
            "include": ["logprobs"],
            "keywords": ["a"],
            "known_speaker_names": ["a"],
            "known_speaker_references": ["data:audio/mpeg;base64,AAAA"],
            "language": "de",
            "languages": ["de", "en"],
            "prompt": "p",
            "response_format": "verbose_json",
            "temperature": "0.5",
            "timestamp_granularities": ["word"],
            "seed": "5",
        },
        typed(TranscriptionCreateParamsBase) - {"model", "file"},
        needs={"timestamp_granularities": {"response_format": "verbose_json"}},
        form=True,
    ),
    "mistral.transcripts": Client(
        "transcription",
        "/v1/audio/transcriptions",
        {"model": "shown", "file": SOUND, "diarize": "false", "stream": "false"},
        {
            "file_url": "https://a.test/a.mp3",
            "file_id": "f",
            "language": "de",
            "temperature": "0.5",
            "diarize": "true",
            "context_bias": ["New_York"],
            "speaker_references": ["a"],
            "timestamp_granularities": ["segment"],
        },
        typed(mistral.AudioTranscriptionRequest) - {"model", "file", "stream"},
        form=True,
    ),
    "elevenlabs.transcripts": Client(
        "transcription",
        "/v1/speech-to-text",
        {"model_id": "shown", "file": SOUND},
        {
            "language_code": "deu",
            "secondary_language_codes": ["eng"],
            "numbers_format": "digits",
            "transcript_edit": "a",
            "tag_audio_events": "false",
            "num_speakers": "2",
            "timestamps_granularity": "word",
            "diarize": "true",
            "diarization_threshold": "0.5",
            "additional_formats": '[{"format":"srt"}]',
            "file_format": "pcm_s16le_16",
            "cloud_storage_url": "https://a.test/a",
            "source_url": "https://a.test/a",
            "webhook": "true",
            "webhook_id": "w",
            "webhook_metadata": '{"a":1}',
            "temperature": "0.5",
            "seed": "5",
            "use_multi_channel": "true",
            "multichannel_output_style": "combined",
            "entity_detection": "pii",
            "no_verbatim": "true",
            "use_speaker_library": "true",
            "detect_speaker_roles": "true",
            "entity_redaction": "pii",
            "entity_redaction_mode": "x",
            "keyterms": ["New York"],
        },
        taken(SpeechToTextClient.convert) - {"model_id", "file", "token", "enable_logging"},
        form=True,
    ),
    "openai.translations": Client(
        "translation",
        "/v1/audio/translations",
        {"model": "shown", "file": SOUND},
        {"prompt": "p", "response_format": "verbose_json", "temperature": "0.5", "language": "de"},
        typed(TranslationCreateParams) - {"model", "file"},
        form=True,
    ),
    "openai.images": Client(
        "images",
        "/v1/images/generations",
        {"model": "shown", "prompt": "a cat"},
        OPENAI_IMAGES,
        typed(ImageGenerateParamsBase) - {"model", "prompt"},
        needs={"output_compression": {"output_format": "jpeg"}},
    ),
    "openai.image_edits": Client(
        "image_edits",
        "/v1/images/edits",
        {"model": "shown", "prompt": "a cat", "image": PICTURE},
        {
            **{
                name: str(value) if isinstance(value, int) else value
                for name, value in OPENAI_IMAGES.items()
                if name not in ("style", "svg", "moderation")
            },
            "input_fidelity": "high",
            "mask": PICTURE,
            "markup": "m",
            "svg": "a",
        },
        typed(ImageEditParamsBase) - {"model", "prompt", "image"},
        needs={"output_compression": {"output_format": "jpeg"}},
        form=True,
    ),
    "openai.image_variations": Client(
        "image_edits",
        "/v1/images/variations",
        {"model": "shown", "image": PICTURE},
        {"n": "2", "response_format": "b64_json", "size": "512x512", "user": "u"},
        typed(ImageCreateVariationParams) - {"model", "image"},
        form=True,
    ),
    "gemini.imagen": Client(
        "images",
        f"{VERTEX}:predict",
        {"instances": [{"prompt": "a cat"}], "parameters": {"sampleCount": 1}},
        {
            "parameters.sampleCount": 2,
            "parameters.storageUri": "gs://a",
            "parameters.negativePrompt": "dogs",
            "parameters.aspectRatio": "16:9",
            "parameters.guidanceScale": 5,
            "parameters.seed": 5,
            "parameters.safetySetting": "block_few",
            "parameters.personGeneration": "dont_allow",
            "parameters.includeSafetyAttributes": True,
            "parameters.includeRaiReason": True,
            "parameters.language": "de",
            "parameters.outputOptions": {"mimeType": "image/jpeg"},
            "parameters.outputOptions.compressionQuality": 50,
            "parameters.outputOptions.odd": 1,
            "parameters.addWatermark": False,
            "labels": {"a": "b"},
            "parameters.sampleImageSize": "2K",
            "parameters.enhancePrompt": False,
        },
        needs={
            "parameters.outputOptions.compressionQuality": {
                "parameters": {"sampleCount": 1, "outputOptions": {"mimeType": "image/jpeg"}}
            }
        },
        aliases={"parameters.sampleImageSize": "parameters.aspectRatio"},
    ),
    "bedrock.images": Client(
        "images",
        INVOKE,
        {
            "taskType": "TEXT_IMAGE",
            "textToImageParams": {"text": "a cat"},
            "imageGenerationConfig": {},
        },
        {
            "textToImageParams.negativeText": "dogs",
            "textToImageParams.style": "SKETCH",
            "textToImageParams.conditionImage": PIXEL,
            "textToImageParams.controlMode": "CANNY_EDGE",
            "textToImageParams.controlStrength": 0.5,
            "imageGenerationConfig.width": 512,
            "imageGenerationConfig.height": 512,
            "odd": 1,
            "imageGenerationConfig.quality": "premium",
            "imageGenerationConfig.cfgScale": 5,
            "imageGenerationConfig.seed": 5,
            "imageGenerationConfig.numberOfImages": 2,
        },
        aliases={"imageGenerationConfig.height": "imageGenerationConfig.width"},
    ),
    "bedrock.image_edits": Client(
        "image_edits",
        INVOKE,
        {
            "taskType": "IMAGE_VARIATION",
            "imageVariationParams": {"text": "a cat", "images": [PIXEL]},
            "imageGenerationConfig": {},
        },
        {
            "imageVariationParams.negativeText": "dogs",
            "imageVariationParams.similarityStrength": 0.5,
            "imageGenerationConfig.width": 512,
            "imageGenerationConfig.quality": "premium",
            "imageGenerationConfig.cfgScale": 5,
            "imageGenerationConfig.seed": 5,
            "imageGenerationConfig.numberOfImages": 2,
        },
    ),
    "bedrock.stability": Client(
        "images",
        INVOKE,
        {"prompt": "a cat"},
        {
            "negative_prompt": "dogs",
            "aspect_ratio": "16:9",
            "seed": 5,
            "output_format": "jpeg",
            "mode": "text-to-image",
        },
    ),
    "openai.video": Client(
        "video",
        "/v1/videos",
        {"model": "shown", "prompt": "a cat"},
        {
            "input_reference": {"image_url": f"data:image/png;base64,{PIXEL}"},
            "seconds": "8",
            "size": "1280x720",
            "seed": 5,
            "negative_prompt": "dogs",
            "user": "u",
        },
        typed(VideoCreateParams) - {"model", "prompt"},
    ),
}


class Target(NamedTuple):
    """A provider's format, and a model that is asked in it."""

    dialect: str
    provider: str
    model: str


def targets(operation: str) -> dict[str, Target]:
    """Those that serve an operation, by a name."""
    return {
        f"{dialect}@{provider}": Target(dialect, provider, model)
        for dialect, provider, model in SERVED[operation]
    }


RERANKER = "arn:aws:bedrock:us-west-2::foundation-model/amazon.rerank-v1:0"
SERVED: dict[str, tuple[tuple[str, str, str], ...]] = {
    "embeddings": (
        ("openai.embeddings", "openai", "text-embedding-3-small"),
        ("openai.embeddings", "mistral", "codestral-embed"),
        ("openai.embeddings", "voyage", "voyage-3.5"),
        ("openai.embeddings", "jina", "jina-embeddings-v4"),
        ("openai.embeddings", "nvidia", "nvidia/nv-embedqa-e5-v5"),
        ("openai.embeddings", "dashscope", "text-embedding-v4"),
        ("cohere.embed", "cohere", "embed-v4.0"),
        ("cohere.embed_v1", "cohere", "embed-english-v3.0"),
        ("gemini.batch_embed_contents", "gemini", "gemini-embedding-001"),
        ("gemini.embed_content", "gemini", "gemini-embedding-001"),
        ("gemini.batch_embed_contents", "vertex", "gemini-embedding-2"),
        ("gemini.embed_content", "vertex", "gemini-embedding-2"),
        ("gemini.predict", "vertex", "text-embedding-005"),
        ("ollama.embed", "ollama", "all-minilm"),
        ("ollama.embeddings", "ollama", "all-minilm"),
        ("huggingface.features", "huggingface", "intfloat/e5"),
        ("bedrock.titan_embed", "bedrock", "amazon.titan-embed-text-v2:0"),
        ("bedrock.nova_embed", "bedrock", "amazon.nova-2-multimodal-embeddings-v1:0"),
        ("bedrock.cohere_embed", "bedrock", "cohere.embed-v4:0"),
    ),
    "rerank": (
        ("cohere.rerank", "cohere", "rerank-v3.5"),
        ("cohere.rerank", "bedrock", "cohere.rerank-v3-5:0"),
        ("cohere.rerank_v1", "cohere", "rerank-v3.5"),
        ("bedrock.rerank", "bedrock-agents", RERANKER),
        ("gemini.rank", "vertex-ranking", "semantic-ranker-default-004"),
        ("jina.rerank", "jina", "jina-reranker-v2-base-multilingual"),
        ("jina.rerank", "voyage", "rerank-2"),
        ("nvidia.ranking", "nim", "nvidia/llama-3.2-nv-rerankqa-1b-v2"),
    ),
    "moderations": (
        ("mistral.moderations", "mistral", "mistral-moderation-latest"),
        ("openai.moderations", "openai", "omni-moderation-latest"),
    ),
    "tokenize": (
        ("cohere.tokenize", "cohere", "command-a-03-2025"),
        ("vllm.tokenize", "vllm", "m"),
    ),
    "detokenize": (
        ("cohere.detokenize", "cohere", "command-a-03-2025"),
        ("vllm.detokenize", "vllm", "m"),
    ),
    "speech": (
        ("elevenlabs.speech", "elevenlabs", "eleven_multilingual_v2"),
        ("gemini.speech", "gemini", "gemini-2.5-flash-preview-tts"),
        ("mistral.speech", "mistral", "voxtral-mini-tts"),
        ("openai.speech", "openai", "gpt-4o-mini-tts"),
    ),
    "transcription": (
        ("elevenlabs.transcripts", "elevenlabs", "scribe_v1"),
        ("gemini.transcripts", "gemini", "gemini-2.5-flash"),
        ("mistral.transcripts", "mistral", "voxtral-mini-latest"),
        ("openai.transcriptions", "openai", "whisper-1"),
        ("openai.transcriptions", "groq", "whisper-large-v3"),
    ),
    "translation": (
        ("gemini.translations", "gemini", "gemini-2.5-flash"),
        ("openai.translations", "openai", "whisper-1"),
        ("openai.translations", "groq", "whisper-large-v3"),
    ),
    "images": (
        ("bedrock.images", "bedrock", "amazon.nova-canvas-v1:0"),
        ("bedrock.stability", "bedrock", "stability.stable-image-core-v1:1"),
        ("dashscope.images", "dashscope", "qwen-image"),
        ("gemini.generate_images", "gemini", "gemini-2.5-flash-image"),
        ("gemini.imagen", "vertex", "imagen-4.0-generate-001"),
        ("huggingface.images", "huggingface", "black-forest-labs/FLUX.1-dev"),
        ("openai.images", "openai", "gpt-image-1"),
        ("openai.images", "xai", "grok-imagine-image"),
        ("openai.images", "together", "black-forest-labs/FLUX.1-schnell"),
        ("openai.images", "nebius", "black-forest-labs/flux-schnell"),
        ("openai.images", "deepinfra", "stabilityai/sdxl-turbo"),
    ),
    "image_edits": (
        ("bedrock.image_edits", "bedrock", "amazon.nova-canvas-v1:0"),
        ("bedrock.stability_edits", "bedrock", "stability.stable-image-inpaint-v1:0"),
        ("dashscope.image_edits", "dashscope", "qwen-image-edit"),
        ("gemini.edit_images", "gemini", "gemini-2.5-flash-image"),
        ("openai.image_edits", "openai", "gpt-image-1"),
        ("openai.image_variations", "openai", "dall-e-2"),
    ),
    "video": (
        ("bedrock.video", "bedrock", "amazon.nova-reel-v1:1"),
        ("gemini.video", "gemini", "veo-3.1-generate-preview"),
        ("openai.video", "openai", "sora-2"),
        ("replicate.video", "replicate", "google/veo-3"),
        ("runway.video", "runway", "gen4_turbo"),
        ("xai.video", "xai", "grok-imagine-video"),
    ),
}
