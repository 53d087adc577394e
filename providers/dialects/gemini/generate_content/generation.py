"""`generationConfig`, both ways.

https://ai.google.dev/api/generate-content#generationconfig
"""

from typing import Any

from providers.bridging.fidelity import Feature
from providers.dialects.gemini.generate_content import fields
from providers.dialects.gemini.generate_content.thinking import render_thinking
from providers.dialects.gemini.generate_content.tools import openapi
from providers.dialects.gemini.media import LEVELS, NUMBERED, ORIGINAL, RESOLUTIONS
from providers.errors import Unsupported
from providers.models.gemini import Model
from providers.models.openai import VOICES
from providers.neutral import json_schema
from providers.neutral.chat import AudioOutput, ChatRequest, JsonOutput
from providers.neutral.turns import details
from providers.wire.members import Json

AT = "generationConfig."
MAX_STOPS = 5
TEXT_TYPE = "text/plain"
JSON_TYPE = "application/json"
INT32 = 2**31 - 1
MODALITIES = ("MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "AUDIO")
"""In the order of their numbers."""

PARSED = fields.spellings(
    (
        "maxOutputTokens",
        "temperature",
        "topP",
        "topK",
        "stopSequences",
        "seed",
        "presencePenalty",
        "frequencyPenalty",
        "responseLogprobs",
        "logprobs",
        "candidateCount",
        "responseModalities",
        "thinkingConfig",
    )
)
"""Members that are always understood."""


def parse_config(body: Json) -> tuple[Json, Json]:
    """(generationConfig, its members that no other dialect knows)."""
    config = fields.mapping(body, "generationConfig") or {}
    if config.keys() <= PARSED.keys():
        return config, {}
    known = set(PARSED)
    if output(config) is not None or _says_text(config):
        known |= OUTPUT.keys()
    if voice(config) is not None:
        known |= VOICE.keys()
    if detail_of(config) is not None:
        known |= RESOLUTION.keys()
    rest = {name: value for name, value in config.items() if name not in known}
    return config, {name: value for name, value in rest.items() if value is not None}


OUTPUT = fields.spellings(
    ("responseMimeType", "responseSchema", "responseJsonSchema", "responseFormat")
)
VOICE = fields.spellings(("speechConfig",))
RESOLUTION = fields.spellings(("mediaResolution",))


def plain(config: Json) -> dict[str, Any]:
    """The sampling members, by their neutral names."""
    return {
        "max_tokens": fields.integer(config, "maxOutputTokens", AT),
        "temperature": fields.number(config, "temperature", AT),
        "top_p": fields.number(config, "topP", AT),
        "top_k": fields.integer(config, "topK", AT),
        "stop": fields.strings(config, "stopSequences", AT),
        "seed": fields.integer(config, "seed", AT),
        "presence_penalty": fields.number(config, "presencePenalty", AT),
        "frequency_penalty": fields.number(config, "frequencyPenalty", AT),
        "logprobs": fields.boolean(config, "responseLogprobs", AT),
        "top_logprobs": fields.integer(config, "logprobs", AT),
        "n": fields.integer(config, "candidateCount", AT),
        "modalities": tuple(
            name.lower() for name in fields.words(config, "responseModalities", AT, MODALITIES)
        ),
    }


def _says_text(config: Json) -> bool:
    return fields.text(config, "responseMimeType", AT) == TEXT_TYPE


def output(config: Json) -> JsonOutput | None:
    """The wish for JSON; raises Unsupported for a form that only Google has."""
    if (newer := _format(config)) is not None:
        return newer
    media_type = fields.text(config, "responseMimeType", AT)
    if media_type not in (None, "", TEXT_TYPE, JSON_TYPE):
        # Such as text/x.enum: no other dialect binds the whole answer to one of a few words.
        name = f"{AT}responseMimeType"
        raise Unsupported(f"{name} {media_type} needs a provider of the Gemini API", param=name)
    schema = fields.mapping(config, "responseJsonSchema", AT)
    older = fields.mapping(config, "responseSchema", AT)
    if media_type != JSON_TYPE:
        return None
    schema = older if schema is None else schema
    return JsonOutput(schema=None if schema is None else json_schema.from_openapi(schema))


def _format(config: Json) -> JsonOutput | None:
    """The wish for JSON in `responseFormat`, the newer place, where it asks for nothing else."""
    formats = [
        (fields.mapping(each, "text", at), f"{at}text.")
        for each, at in fields.objects(config, "responseFormat", AT)
        if each.keys() == {"text"}
    ]
    if len(formats) != 1 or len(fields.find(config, "responseFormat")) != 1:
        return None
    text, at = formats[0]
    if text is None or (fields.text(text, "mimeType", at) or "").lower() != JSON_TYPE:
        return None
    schema = fields.mapping(text, "schema", at)
    return JsonOutput(schema=None if schema is None else json_schema.from_openapi(schema))


def voice(config: Json) -> AudioOutput | None:
    """The voice, where nothing else is said of speech."""
    speech = fields.mapping(config, "speechConfig", AT) or {}
    at = f"{AT}speechConfig."
    said = fields.mapping(speech, "voiceConfig", at) or {}
    built = fields.mapping(said, "prebuiltVoiceConfig", f"{at}voiceConfig.") or {}
    name = fields.text(built, "voiceName", f"{at}voiceConfig.prebuiltVoiceConfig.")
    return AudioOutput(voice=name) if name and len(speech) == len(said) == 1 else None


def detail_of(config: Json) -> str | None:
    """How closely all pictures shall be looked at."""
    return LEVELS.get(fields.word(config, "mediaResolution", AT, NUMBERED) or "")


def render_config(request: ChatRequest, model: Model, dropped: list[str]) -> Json:
    """`generationConfig`; raises Unsupported."""
    own = fields.find(dict(request.extras), "generationConfig")
    config = fields.optional(
        maxOutputTokens=request.max_tokens,
        temperature=request.temperature,
        topP=request.top_p,
        topK=request.top_k,
        stopSequences=_stops(request),
        seed=_seed(request, dropped),
        presencePenalty=request.presence_penalty,
        frequencyPenalty=request.frequency_penalty,
        responseLogprobs=request.logprobs,
        logprobs=request.top_logprobs,
        candidateCount=request.n,
        responseModalities=_modalities(request),
        speechConfig=_speech(request.audio, dropped),
        mediaResolution=_resolution(request, dropped),
        thinkingConfig=render_thinking(request.reasoning, model, dropped),
    )
    return {**(own if isinstance(own, dict) else {}), **config, **_output(request, model, dropped)}


def _stops(request: ChatRequest) -> list[str]:
    if len(request.stop) > MAX_STOPS:
        raise Unsupported("Gemini takes at most 5 stop sequences", param=Feature.STOP.value)
    return list(request.stop)


def _seed(request: ChatRequest, dropped: list[str]) -> int | None:
    """A 32-bit number; equal seeds stay equal."""
    seed = request.seed
    if seed is None or -INT32 <= seed <= INT32:
        return seed
    dropped.append(Feature.SEED.value)
    return seed & INT32


def _modalities(request: ChatRequest) -> list[str]:
    names = [name.upper() for name in request.modalities]
    # OpenAI's clients must ask for text beside sound; no model of Google's answers in both.
    if request.audio is not None and set(names) <= {"TEXT", "AUDIO"}:
        names = ["AUDIO"]
    return [] if names == ["TEXT"] else names


def _speech(audio: AudioOutput | None, dropped: list[str]) -> Json | None:
    if audio is None:
        return None
    # Gemini always speaks in raw 16-bit samples.
    if audio.format not in (None, "pcm16"):
        dropped.append("audio.format")
    if audio.voice is None:
        return None
    if not isinstance(audio.voice, str) or audio.voice in VOICES:
        dropped.append("audio.voice")
        return None
    return {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": audio.voice}}}


def _resolution(request: ChatRequest, dropped: list[str]) -> str | None:
    """One resolution for all pictures; the closest look wins."""
    wished = details(request.messages)
    if len(wished) > 1 or ORIGINAL in wished:
        dropped.append(Feature.IMAGE_DETAIL.value)
    if wished & {"high", ORIGINAL}:
        return RESOLUTIONS["high"]
    return RESOLUTIONS["low"] if wished == {"low"} else None


def _output(request: ChatRequest, model: Model, dropped: list[str]) -> Json:
    wish = request.output
    if wish is None:
        return {}
    config: Json = {"responseMimeType": JSON_TYPE}
    schema = wish.described
    if schema is None:
        return config
    if model.takes_json_schema:
        return {**config, "responseJsonSchema": schema}
    name = Feature.JSON_SCHEMA.value
    return {**config, "responseSchema": openapi(schema, name, request.budget, dropped)}
