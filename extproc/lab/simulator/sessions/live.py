"""Gemini's Live API, and Vertex AI's (https://ai.google.dev/api/live)."""

import base64
import re

from extproc.lab.simulator.http1 import Request
from extproc.lab.simulator.sessions.talk import Answers, Ended, Opened, Said

PLACE = re.compile(
    r"/ws/google\.ai\.generativelanguage\.v1(?:alpha|beta)\.GenerativeService\.BidiGenerateContent"
    r"|/ws/google\.cloud\.aiplatform\.v1(?:beta1)?\.LlmBidiService/BidiGenerateContent"
)
RESOURCE = re.compile(
    r"models/(sim|gemini)[\w.-]+|projects/[^/]+/locations/[^/]+/publishers/google/models/[\w.-]+"
)
KINDS = frozenset({"setup", "clientContent", "realtimeInput", "toolResponse"})
MODALITIES = frozenset({"TEXT", "AUDIO"})
WORDS = ("sim ", "says ", "this")
SOUND = base64.b64encode(b"\0\1" * 2400).decode()
PROMPT = 9


def key(request: Request) -> str:
    """The credential, wherever it stands."""
    return request.header("x-goog-api-key") or request.header("authorization").removeprefix(
        "Bearer "
    )


def opened(request: Request, model: str) -> Opened:
    """The answer to a handshake: anybody may talk who has a key."""
    return Opened(binary=True)


def named(request: Request) -> str:
    """Nothing: the first message names the model."""
    return ""


HUMPS = re.compile(r"_([a-z])")
KNOWN = {
    "setup": frozenset(
        (
            "model",
            "generationConfig",
            "systemInstruction",
            "tools",
            "realtimeInputConfig",
            "sessionResumption",
            "contextWindowCompression",
            "inputAudioTranscription",
            "outputAudioTranscription",
            "proactivity",
            "explicitVadSignal",
            "historyConfig",
            "avatarConfig",
            "safetySettings",
            "labels",
        )
    ),
    "clientContent": frozenset({"turns", "turnComplete"}),
    "realtimeInput": frozenset(
        ("mediaChunks", "audio", "audioStreamEnd", "video", "text", "activityStart", "activityEnd")
    ),
    "toolResponse": frozenset({"functionResponses"}),
}
GENERATION = frozenset(
    (
        "candidateCount",
        "maxOutputTokens",
        "temperature",
        "topP",
        "topK",
        "presencePenalty",
        "frequencyPenalty",
        "responseModalities",
        "speechConfig",
        "mediaResolution",
        "seed",
        "enableAffectiveDialog",
        "thinkingConfig",
        "translationConfig",
    )
)
INPUT = frozenset({"automaticActivityDetection", "activityHandling", "turnCoverage"})
DETECTION = frozenset(
    (
        "disabled",
        "startOfSpeechSensitivity",
        "endOfSpeechSensitivity",
        "prefixPaddingMs",
        "silenceDurationMs",
    )
)
SLOWLY = "slowly"
"""A turn with this word is not answered to its end before something else is said."""


def _camels(message: Said, kind: str, known: frozenset[str]) -> Said:
    """Protocol buffers read names in both forms; Google's SDK for Python sends both."""
    found = {HUMPS.sub(lambda hump: hump[1].upper(), name): message[name] for name in message}
    for name in found.keys() - known:
        raise Ended(1007, f"Invalid JSON payload received. Unknown name \"{name}\" at '{kind}'")
    return found


class Talk:
    """One session."""

    def __init__(self, model: str) -> None:
        self._setup: Said = {}
        self._asked = PROMPT
        self._told = ""
        """What the user has written since the last answer."""
        self._calls: set[str] = set()
        self._answering = False
        self._manual = False
        """Whether the client says when its user speaks."""
        self._speaks = False

    def said(self, message: Said) -> Answers:
        """What is answered to a message; raises Ended."""
        message = _camels(message, "message", KINDS)
        if len(message) != 1:
            raise Ended(1007, "Request contains an invalid argument.")
        ((kind, inner),) = message.items()
        if (kind != "setup") == (not self._setup):
            raise Ended(1007, "setup must be the first message and only the first")
        inner = _camels(inner, kind, KNOWN[kind])
        if kind == "setup":
            yield from self._begin(inner)
        elif kind == "clientContent":
            yield from self._content(inner)
        elif kind == "realtimeInput":
            yield from self._heard(inner)
        else:
            yield from self._returned(inner)

    def _begin(self, setup: Said) -> Answers:
        if not RESOURCE.fullmatch(setup.get("model", "")):
            raise Ended(1008, f"{setup.get('model')} is not found for API version v1beta")
        generation = setup.get("generationConfig") or {}
        generation = _camels(generation, "setup.generation_config", GENERATION)
        wanted = generation.get("responseModalities", ["AUDIO"])
        if not set(wanted) <= MODALITIES:
            raise Ended(1007, "Invalid value at 'setup.generation_config.response_modalities'")
        heard = _camels(setup.get("realtimeInputConfig") or {}, "realtime_input_config", INPUT)
        detection = heard.get("automaticActivityDetection") or {}
        detection = _camels(detection, "automatic_activity_detection", DETECTION)
        self._manual = detection.get("disabled") is True
        self._setup = {**setup, "wanted": wanted}
        yield {"setupComplete": {"sessionId": "sim"}}

    def _content(self, content: Said) -> Answers:
        yield from self._broken_off()
        for turn in content.get("turns") or []:
            self._told += "".join(part.get("text", "") for part in turn.get("parts") or [])
        if content.get("turnComplete"):
            yield from self._turn()

    def _broken_off(self) -> Answers:
        if self._answering:
            self._answering = False
            yield {"serverContent": {"interrupted": True}}
            yield self._complete(1, "AUDIO" if "AUDIO" in self._setup["wanted"] else "TEXT")

    def _heard(self, heard: Said) -> Answers:
        starts, ends = "activityStart" in heard, "activityEnd" in heard
        if (starts or ends) and not self._manual:
            raise Ended(
                1007,
                "Explicit activity control is not supported when automatic activity detection is"
                " enabled.",
            )
        if heard.get("audioStreamEnd") and self._manual:
            raise Ended(1007, "audioStreamEnd needs automatic activity detection")
        if starts or (heard.get("audio") and not self._manual):
            yield from self._broken_off()
        if heard.get("audio"):
            base64.b64decode(heard["audio"]["data"], validate=True)
        self._speaks = (self._speaks or starts) and not ends
        self._told += heard.get("text", "")
        if ends or heard.get("audioStreamEnd") or "text" in heard:
            if "inputAudioTranscription" in self._setup:
                yield {"serverContent": {"inputTranscription": {"text": "heard"}}}
            yield from self._turn()

    def _returned(self, response: Said) -> Answers:
        for one in response.get("functionResponses") or []:
            if one.get("id") not in self._calls:
                raise Ended(1007, "Request contains an invalid argument.")
            self._calls.discard(one["id"])
        if not self._calls:
            yield from self._turn()

    def _turn(self) -> Answers:
        told, self._told = self._told, ""
        sounds = "AUDIO" in self._setup["wanted"]
        for tool in self._setup.get("tools") or []:
            for one in tool.get("functionDeclarations") or tool.get("function_declarations") or []:
                if one["name"] in told:
                    yield self._called(one["name"])
                    return
        self._answering = SLOWLY in told
        words = WORDS[:1] if self._answering else WORDS
        for word in words:
            data = {"mimeType": "audio/pcm;rate=24000", "data": SOUND}
            part = {"inlineData": data} if sounds else {"text": word}
            yield {"serverContent": {"modelTurn": {"parts": [part]}}}
            if sounds and "outputAudioTranscription" in self._setup:
                yield {"serverContent": {"outputTranscription": {"text": word}}}
        if self._answering:
            return
        yield {"serverContent": {"generationComplete": True}}
        yield self._complete(len(words), "AUDIO" if sounds else "TEXT")

    def _called(self, name: str) -> Said:
        id = f"function-call-{self._asked}"
        self._calls.add(id)
        call = {"id": id, "name": name, "args": {"place": "here"}}
        return {"toolCall": {"functionCalls": [call]}}

    def _complete(self, count: int, modality: str) -> Said:
        asked = self._asked
        self._asked += count
        return {
            "serverContent": {"turnComplete": True},
            "usageMetadata": {
                "promptTokenCount": asked,
                "responseTokenCount": count,
                "totalTokenCount": asked + count,
                "promptTokensDetails": [{"modality": "TEXT", "tokenCount": asked}],
                "responseTokensDetails": [{"modality": modality, "tokenCount": count}],
            },
        }
