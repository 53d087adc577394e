"""What a client of OpenAI's realtime sessions sets up, for a provider of another family.

https://platform.openai.com/docs/api-reference/realtime-client-events/session/update (the newer
form; the beta's members are not known).
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from providers.dialects.openai import realtime_formats as formats
from providers.errors import Unsupported
from providers.models.openai import VOICES
from providers.neutral.chat import Tool, ToolChoice, ToolMode
from providers.neutral.talks import RATE, Detection, Setting
from providers.wire import members
from providers.wire.members import Json

PCM: Json = {"type": "audio/pcm", "rate": RATE}
DETECTION: Json = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 500,
    "create_response": True,
    "interrupt_response": True,
}
MODALITIES = (["audio"], ["text"])
HINTS = ("tracing", "truncation", "reasoning", "include", "parallel_tool_calls")
"""Members that another family has nothing for, and does without."""
NEUTRAL: Json = {"truncation": "auto", "parallel_tool_calls": True}
"""What they say where they say nothing."""
KNOWN = frozenset(
    {"type", "object", "id", "expires_at", "model", "instructions", "output_modalities", "audio"}
    | {"tools", "tool_choice", "max_output_tokens", "temperature", "prompt", *HINTS}
)
INPUT = frozenset({"format", "transcription", "turn_detection", "noise_reduction"})
OUTPUT = frozenset({"format", "voice", "speed"})
DETECTING = frozenset({*DETECTION, "eagerness", "idle_timeout_ms"})
TRANSCRIPTION = "audio.input.transcription"
TURNS = "audio.input.turn_detection"


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A setting as a client has asked for it."""

    setting: Setting = Setting()
    session: Json
    """As the client is shown it."""
    dropped: tuple[str, ...] = ()
    """Hints that nobody will follow."""


def first(model: str, id: str) -> Wish:
    """What holds where a client says nothing."""
    session: Json = {
        "type": "realtime",
        "object": "realtime.session",
        "id": f"sess_{id}",
        "model": model,
        "output_modalities": ["audio"],
        "instructions": "",
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "audio": {
            "input": {
                "format": PCM,
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": DETECTION,
            },
            "output": {"format": PCM, "voice": None, "speed": 1.0},
        },
    }
    return updated(Wish(session=session), {})


def updated(wish: Wish, said: Json) -> Wish:
    """The wish with what a `session.update` says; raises InvalidRequest."""
    _known(said, KNOWN, "session.")
    if said.get("type", "realtime") != "realtime":
        raise Unsupported("only sessions of the type realtime can be translated", param="type")
    if said.get("model", wish.session["model"]) != wish.session["model"]:
        raise Unsupported("Cannot update a conversation's model.", param="session.model")
    if said.get("prompt") is not None:
        raise Unsupported("the provider keeps no prompts", param="session.prompt")
    audio = members.mapping(said, "audio", "session.") or {}
    _known(audio, frozenset({"input", "output"}), "session.audio.")
    heard = members.mapping(audio, "input", "session.audio.") or {}
    spoken = members.mapping(audio, "output", "session.audio.") or {}
    _known(heard, INPUT, "session.audio.input.")
    _known(spoken, OUTPUT, "session.audio.output.")
    dropped = [name for name in HINTS if _hints(said.get(name), NEUTRAL.get(name))]
    own = {**wish.session, **{name: said[name] for name in said if name in OWN}}
    before = wish.session["audio"]
    sides = {"input": {**before["input"], **heard}, "output": {**before["output"], **spoken}}
    own["audio"] = sides
    setting = Setting(
        instructions=members.text(own, "instructions", "session.") or "",
        sounds=_sounds(own),
        voice=_voice(sides["output"], dropped),
        tools=tuple(_tools(own)),
        choice=_choice(own.get("tool_choice")),
        detection=_detection(sides["input"], dropped),
        transcribes=_transcribes(sides["input"], dropped),
        temperature=members.number(own, "temperature", "session."),
        most=_most(own.get("max_output_tokens")),
    )
    for side, chosen in sides.items():
        formats.check(chosen.get("format"), f"session.audio.{side}.format")
    dropped += _unheard(sides)
    return Wish(setting=setting, session=own, dropped=tuple(dropped))


OWN = KNOWN - {"type", "object", "id", "expires_at", "model", "audio", "prompt", *HINTS}


def _known(owner: Json, known: frozenset[str], at: str) -> None:
    for name in owner:
        if name not in known:
            raise Unsupported(
                f"Unknown parameter: '{at}{name}'.", param=at + name, code="unknown_parameter"
            )


def _hints(value: Any, neutral: Any) -> bool:
    return value not in (None, neutral, [])


def _sounds(session: Json) -> bool:
    modalities = members.texts(session, "output_modalities", "session.")
    if list(modalities) not in MODALITIES:
        raise Unsupported(
            'output_modalities must be ["audio"] or ["text"]', param="session.output_modalities"
        )
    return modalities == ("audio",)


def _voice(output: Json, dropped: list[str]) -> str | None:
    voice = output.get("voice")
    if isinstance(voice, str) and voice in VOICES:
        dropped.append("audio.output.voice")
        return None
    if voice is None or isinstance(voice, str):
        return voice
    raise Unsupported("the provider has no voices of yours", param="session.audio.output.voice")


def _tools(session: Json) -> Iterator[Tool]:
    for tool, at in members.objects(session, "tools", "session."):
        if tool.get("type", "function") != "function":
            raise Unsupported(
                f"tools of the type {tool.get('type')} cannot be carried", param=f"{at}type"
            )
        yield Tool(
            name=members.required_text(tool, "name", at),
            description=members.text(tool, "description", at),
            schema=members.mapping(tool, "parameters", at),
        )


def _choice(value: Any) -> ToolChoice | None:
    if value in (None, "auto"):
        return None
    if value in ("none", "required"):
        return ToolChoice(mode=ToolMode(value))
    if isinstance(value, dict) and value.get("type") == "function":
        name = members.required_text(value, "name", "session.tool_choice.")
        return ToolChoice(mode=ToolMode.NAMED, name=name)
    raise Unsupported("this choice cannot be carried", param="session.tool_choice")


def _most(value: Any) -> int | None:
    if value in (None, "inf"):
        return None
    if type(value) is int and value > 0:
        return value
    raise members.wrong("session.max_output_tokens", "a number or 'inf'")


def _detection(heard: Json, dropped: list[str]) -> Detection | None:
    said = members.mapping(heard, "turn_detection", "session.audio.input.")
    if said is None:
        return None
    at = f"session.{TURNS}."
    _known(said, DETECTING, at)
    if said.get("type") not in ("server_vad", "semantic_vad"):
        raise members.wrong(f"{at}type", "server_vad or semantic_vad")
    if said.get("create_response") is False:
        raise Unsupported(
            "the provider answers whenever it finds that its user has spoken",
            param=f"{at}create_response",
        )
    if said.get("idle_timeout_ms") is not None:
        raise Unsupported("the provider waits for ever", param=f"{at}idle_timeout_ms")
    if said["type"] == "semantic_vad":
        dropped.append(f"{TURNS}.type")
    if _hints(said.get("eagerness"), "auto"):
        dropped.append(f"{TURNS}.eagerness")
    # Gemini's prefixPaddingMs is no sound that is kept, but speech that must be there.
    unheard = ("threshold", "prefix_padding_ms")
    dropped += [f"{TURNS}.{one}" for one in unheard if _hints(said.get(one), DETECTION[one])]
    return Detection(
        silence_ms=members.integer(said, "silence_duration_ms", at),
        interrupts=members.boolean(said, "interrupt_response", at) is not False,
    )


def _transcribes(heard: Json, dropped: list[str]) -> bool:
    said = members.mapping(heard, "transcription", "session.audio.input.")
    dropped += [f"{TRANSCRIPTION}.{name}" for name, value in (said or {}).items() if value]
    return said is not None


def _unheard(sides: Json) -> Iterator[str]:
    if sides["input"].get("noise_reduction") is not None:
        yield "audio.input.noise_reduction"
    if sides["output"].get("speed") not in (None, 1, 1.0):
        yield "audio.output.speed"
