"""What a client of Gemini's Live API sets up, for a provider of another family.

https://ai.google.dev/api/live#BidiGenerateContentSetup (checked 2026-11)
"""

from collections.abc import Iterator
from typing import Any

from providers.dialects.gemini.generate_content import fields
from providers.errors import Unsupported
from providers.models.openai import VOICES
from providers.neutral import json_schema
from providers.neutral.chat import Tool
from providers.neutral.talks import Detection, Setting
from providers.wire.members import Json

KNOWN = fields.spellings(
    (
        "model",
        "generationConfig",
        "systemInstruction",
        "tools",
        "realtimeInputConfig",
        "inputAudioTranscription",
        "outputAudioTranscription",
    )
)
HINTS = fields.spellings(
    (
        "contextWindowCompression",
        "proactivity",
        "explicitVadSignal",
        "historyConfig",
        "safetySettings",
        "labels",
    )
)
"""What another family has nothing for, and does without."""
RESUMPTION = fields.spellings(("sessionResumption",))
GENERATION = fields.spellings(("responseModalities", "speechConfig", "maxOutputTokens"))
GENERATION_HINTS = fields.spellings(
    (
        "candidateCount",
        "temperature",
        "topP",
        "topK",
        "presencePenalty",
        "frequencyPenalty",
        "seed",
        "mediaResolution",
        "thinkingConfig",
        "enableAffectiveDialog",
    )
)
INPUT = fields.spellings(("automaticActivityDetection", "activityHandling"))
INPUT_HINTS = fields.spellings(("turnCoverage", "interimTranscriptTimestampEnabled"))
DETECTION = fields.spellings(("disabled", "silenceDurationMs"))
DETECTION_HINTS = fields.spellings(
    ("startOfSpeechSensitivity", "endOfSpeechSensitivity", "prefixPaddingMs")
)
DECLARED = fields.spellings(("name", "description", "parameters", "parametersJsonSchema"))
DECLARED_HINTS = fields.spellings(("response", "responseJsonSchema", "behavior"))
SPOKEN = fields.spellings(("voiceConfig",))
SPOKEN_HINTS = fields.spellings(("languageCode",))
MODALITIES = ("MODALITY_UNSPECIFIED", "TEXT", "IMAGE", "AUDIO")
HANDLING = ("ACTIVITY_HANDLING_UNSPECIFIED", "START_OF_ACTIVITY_INTERRUPTS", "NO_INTERRUPTION")


def setting_of(setup: Json) -> tuple[Setting, list[str]]:
    """(what a setup says, what of it nobody follows); raises InvalidRequest."""
    dropped: list[str] = []
    only(setup, "setup.", KNOWN | RESUMPTION, HINTS, dropped)
    resumed = fields.mapping(setup, "sessionResumption", "setup.")
    if resumed is not None:
        if resumed.get("handle"):
            raise Unsupported("no session is kept that could be resumed", param="sessionResumption")
        dropped.append("sessionResumption")
    at = "setup.generationConfig."
    generation = fields.mapping(setup, "generationConfig", "setup.") or {}
    only(generation, at, GENERATION, GENERATION_HINTS, dropped)
    modalities = fields.words(generation, "responseModalities", at, MODALITIES) or ("AUDIO",)
    if modalities not in (("AUDIO",), ("TEXT",)):
        raise Unsupported("a session answers in text or in audio", param="responseModalities")
    made = Setting(
        instructions=_instructions(fields.mapping(setup, "systemInstruction", "setup.") or {}),
        sounds=modalities == ("AUDIO",),
        voice=_voice(fields.mapping(generation, "speechConfig", at) or {}, dropped),
        tools=tuple(_tools(setup, dropped)),
        detection=_detection(fields.mapping(setup, "realtimeInputConfig", "setup.") or {}, dropped),
        transcribes=_transcribes(setup, "inputAudioTranscription", dropped),
        narrates=_transcribes(setup, "outputAudioTranscription", dropped),
        most=fields.integer(generation, "maxOutputTokens", at),
    )
    return made, dropped


def only(
    owner: Json, at: str, known: dict[str, str], hints: dict[str, str], dropped: list[str]
) -> None:
    """Names the hints that are there; raises Unsupported for what is neither."""
    for name, value in owner.items():
        if name in hints and value is not None:
            dropped.append(f"{at}{hints[name]}".removeprefix("setup."))
        elif name not in known and name not in hints:
            raise Unsupported(f"{at}{name} cannot be carried to the provider", param=at + name)


def _instructions(content: Json) -> str:
    parts = fields.objects(content, "parts", "setup.systemInstruction.")
    return "\n\n".join(fields.required_text(part, "text", at) for part, at in parts)


def _voice(speech: Json, dropped: list[str]) -> str | None:
    at = "setup.generationConfig.speechConfig."
    only(speech, at, SPOKEN, SPOKEN_HINTS, dropped)
    voice = fields.mapping(speech, "voiceConfig", at) or {}
    named = fields.mapping(voice, "prebuiltVoiceConfig", f"{at}voiceConfig.") or {}
    name = fields.text(named, "voiceName", f"{at}voiceConfig.prebuiltVoiceConfig.")
    if name in VOICES:
        return name
    if voice:
        dropped.append("generationConfig.speechConfig.voiceConfig")
    return None


def _tools(setup: Json, dropped: list[str]) -> Iterator[Tool]:
    for tool, at in fields.objects(setup, "tools", "setup."):
        only(tool, at, fields.spellings(("functionDeclarations",)), {}, dropped)
        for one, place in fields.objects(tool, "functionDeclarations", at):
            only(one, place, DECLARED, DECLARED_HINTS, dropped)
            yield _tool(one, place)


def _tool(declaration: Json, at: str) -> Tool:
    schema = fields.mapping(declaration, "parametersJsonSchema", at)
    schema = fields.mapping(declaration, "parameters", at) if schema is None else schema
    return Tool(
        name=fields.required_text(declaration, "name", at),
        description=fields.text(declaration, "description", at),
        schema=None if schema is None else json_schema.from_openapi(schema),
    )


def _detection(heard: Json, dropped: list[str]) -> Detection | None:
    at = "setup.realtimeInputConfig."
    only(heard, at, INPUT, INPUT_HINTS, dropped)
    place = f"{at}automaticActivityDetection."
    said = fields.mapping(heard, "automaticActivityDetection", at) or {}
    only(said, place, DETECTION, DETECTION_HINTS, dropped)
    if fields.boolean(said, "disabled", place):
        return None
    return Detection(
        silence_ms=fields.integer(said, "silenceDurationMs", place),
        interrupts=fields.word(heard, "activityHandling", at, HANDLING) != "NO_INTERRUPTION",
    )


def _transcribes(setup: Json, name: str, dropped: list[str]) -> bool:
    said: Any = fields.mapping(setup, name, "setup.")
    dropped += [f"{name}.{member}" for member, value in (said or {}).items() if value]
    return said is not None
