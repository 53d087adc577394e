"""Gemini's Live API as the provider of a session whose client speaks another family's format.

https://ai.google.dev/api/live (checked 2026-11)
"""

from collections.abc import Iterator
from typing import Any

from providers.bridging.interpreting import Opened
from providers.dialects.gemini.generate_content import fields
from providers.dialects.gemini.generate_content.calls import (
    Numbering,
    arguments_of,
    arguments_text,
    response_of,
)
from providers.dialects.gemini.live_usage import told
from providers.errors import Unsupported
from providers.neutral.chat import Tool, ToolMode
from providers.neutral.talks import (
    Act,
    Answer,
    Begin,
    Called,
    Calls,
    Detection,
    Done,
    Event,
    Generated,
    Hush,
    Interrupted,
    Leaving,
    Message,
    Narrated,
    Overheard,
    Pause,
    Picture,
    Ready,
    Recalled,
    Result,
    Setting,
    Sound,
    Speak,
    Text,
    Voiced,
    Written,
)
from providers.usage import Usage
from providers.wire.members import Json, dicts, string

ROLES = {"user": "user", "assistant": "model"}
ENDED_WELL = frozenset({"", "TURN_COMPLETE_REASON_UNSPECIFIED", "NEED_MORE_INPUT"})
"""Of `turnCompleteReason`."""


class LiveProvider:
    """One session: what its provider was told, and what it says."""

    def __init__(self, opened: Opened) -> None:
        self._name = opened.named
        self._numbers = Numbering(opened.id, 0)
        self._ready = True
        self._usage: Usage | None = None
        """What the turn has used, as far as it was said."""
        self._interrupted = False

    @property
    def ready(self) -> bool:
        """False from the setup until it is taken."""
        return self._ready

    def owed(self) -> list[Json]:
        """Nothing: it is never told what it has not to be told at once."""
        return []

    def tell(self, act: Act) -> list[Json]:
        """As ProviderSide."""
        match act:
            case Begin(setting):
                made = setup(setting, self._name)
                self._ready = False
                return [{"setup": made}]
            case Message(role, parts):
                return [_turn(ROLES[role], [_part(part) for part in parts])]
            case Called(id, name, arguments):
                call = {"id": id, "name": name, "args": arguments_of(arguments)}
                return [_turn("model", [{"functionCall": call}])]
            case Result():
                return [_turn("user", [{"functionResponse": _result(act)}])]
            case Answer(results) if results:
                return [{"toolResponse": {"functionResponses": [*map(_result, results)]}}]
            case Answer():
                return [{"clientContent": {"turnComplete": True}}]
            case Sound():
                return [{"realtimeInput": {"audio": _sound(act)}}]
            case Speak():
                return [{"realtimeInput": {"activityStart": {}}}]
            case Hush():
                return [{"realtimeInput": {"activityEnd": {}}}]
            case Pause():
                return [{"realtimeInput": {"audioStreamEnd": True}}]

    def read(self, message: Json) -> Iterator[Event]:
        """As ProviderSide."""
        usage = told(message).usage
        if usage is not None:
            self._usage = usage
        if "setupComplete" in message:
            self._ready = True
            yield Ready()
        content = message.get("serverContent")
        if isinstance(content, dict):
            yield from self._content(content)
        calls = message.get("toolCall")
        if isinstance(calls, dict):
            found = tuple(map(self._call, dicts(calls.get("functionCalls"))))
            yield Calls(found, self._used())
        recalled = message.get("toolCallCancellation")
        if isinstance(recalled, dict) and isinstance(recalled.get("ids"), list):
            yield Recalled(tuple(map(str, recalled["ids"])))
        leaving = message.get("goAway")
        if isinstance(leaving, dict):
            left = string(leaving.get("timeLeft"))
            yield Leaving(f"the provider will end the session in {left}".removesuffix(" in "))

    def _content(self, content: Json) -> Iterator[Event]:
        heard = _transcript(content, "inputTranscription")
        if heard:
            yield Overheard(heard)
        turn = content.get("modelTurn")
        if isinstance(turn, dict):
            for part in dicts(turn.get("parts")):
                yield from _said(part)
        narrated = _transcript(content, "outputTranscription")
        if narrated:
            yield Narrated(narrated)
        if content.get("interrupted") is True:
            self._interrupted = True
            yield Interrupted()
        if content.get("generationComplete") is True:
            yield Generated()
        if content.get("turnComplete") is True:
            reason = string(content.get("turnCompleteReason"))
            cancelled, self._interrupted = self._interrupted, False
            fault = "" if reason in ENDED_WELL else reason.lower()
            yield Done(self._used(), fault, cancelled)

    def _used(self) -> Usage | None:
        usage, self._usage = self._usage, None
        return usage

    def _call(self, call: Json) -> Called:
        name = string(call.get("name"))
        id = self._numbers.called(name, string(call.get("id")) or None)
        return Called(id, name, arguments_text(call.get("args")))


def setup(setting: Setting, name: str) -> Json:
    """The first message; raises Unsupported."""
    generation = fields.optional(
        responseModalities=["AUDIO" if setting.sounds else "TEXT"],
        speechConfig=_speech(setting),
        temperature=setting.temperature,
        maxOutputTokens=setting.most,
    )
    made: Json = {"model": name, "generationConfig": generation}
    if setting.instructions:
        made["systemInstruction"] = {"parts": [{"text": setting.instructions}]}
    tools = _tools(setting)
    if tools:
        made["tools"] = [{"functionDeclarations": tools}]
    made["realtimeInputConfig"] = _detection(setting.detection)
    if setting.transcribes:
        made["inputAudioTranscription"] = {}
    if setting.sounds and setting.narrates:
        made["outputAudioTranscription"] = {}
    return made


def _speech(setting: Setting) -> Json | None:
    if setting.voice is None or not setting.sounds:
        return None
    return {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": setting.voice}}}


def _tools(setting: Setting) -> list[Json]:
    if setting.choice is not None and setting.choice.mode is ToolMode.NONE:
        return []
    if setting.choice is not None and setting.choice.mode is not ToolMode.AUTO:
        raise Unsupported("a Live session cannot be made to call a tool", param="tool_choice")
    return [_declared(tool) for tool in setting.tools]


def _declared(tool: Tool) -> Json:
    declaration = fields.optional(name=tool.name, description=tool.description)
    if tool.schema:
        declaration["parametersJsonSchema"] = tool.schema
    return declaration


def _detection(detection: Detection | None) -> Json:
    if detection is None:
        return {"automaticActivityDetection": {"disabled": True}}
    made: Json = {
        "automaticActivityDetection": fields.optional(silenceDurationMs=detection.silence_ms)
    }
    if not detection.interrupts:
        made["activityHandling"] = "NO_INTERRUPTION"
    return made


def _turn(role: str, parts: list[Json]) -> Json:
    """Is added to the conversation, and asks for no answer."""
    return {"clientContent": {"turns": [{"role": role, "parts": parts}], "turnComplete": False}}


def _part(part: Text | Picture | Sound) -> Json:
    if isinstance(part, Text):
        return {"text": part.text}
    if isinstance(part, Picture):
        return {"inlineData": {"mimeType": part.type, "data": part.data}}
    return {"inlineData": _sound(part)}


def _sound(sound: Sound) -> Json:
    return {"mimeType": f"audio/pcm;rate={sound.rate}", "data": sound.data}


def _result(result: Result) -> Json:
    response = response_of(result.output, is_error=False)
    return {"id": result.id, "name": result.name, "response": response}


def _transcript(content: Json, name: str) -> str:
    value: Any = content.get(name)
    return string(value.get("text")) if isinstance(value, dict) else ""


def _said(part: Json) -> Iterator[Event]:
    text, data = part.get("text"), part.get("inlineData")
    if isinstance(text, str) and text and part.get("thought") is not True:
        yield Written(text)
    if isinstance(data, dict) and string(data.get("mimeType")).startswith("audio/"):
        yield Voiced(string(data.get("data")))
