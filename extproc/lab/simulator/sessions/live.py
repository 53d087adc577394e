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
# Protocol buffers read names in both forms; Google's SDK for Python sends this one.
SNAKES = {
    "client_content": "clientContent",
    "realtime_input": "realtimeInput",
    "tool_response": "toolResponse",
    "turn_complete": "turnComplete",
}
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


def _camels(message: Said) -> Said:
    return {SNAKES.get(name, name): value for name, value in message.items()}


class Talk:
    """One session."""

    def __init__(self, model: str) -> None:
        self._setup: Said = {}
        self._asked = PROMPT

    def said(self, message: Said) -> Answers:
        """What is answered to a message; raises Ended."""
        message = _camels(message)
        kinds = [*message]
        if len(kinds) != 1 or kinds[0] not in KINDS:
            raise Ended(1007, "Request contains an invalid argument.")
        if (kinds[0] == "setup") != (not self._setup):
            raise Ended(1007, "setup must be the first message and only the first")
        if kinds[0] == "setup":
            yield from self._begin(message["setup"])
        elif kinds[0] == "clientContent" and _camels(message["clientContent"]).get("turnComplete"):
            yield from self._turn()

    def _begin(self, setup: Said) -> Answers:
        if not RESOURCE.fullmatch(setup.get("model", "")):
            raise Ended(1008, f"{setup.get('model')} is not found for API version v1beta")
        wanted = setup.get("generationConfig", {}).get("responseModalities", ["AUDIO"])
        if not set(wanted) <= MODALITIES:
            raise Ended(1007, "Invalid value at 'setup.generation_config.response_modalities'")
        self._setup = {**setup, "wanted": wanted}
        yield {"setupComplete": {"sessionId": "sim"}}

    def _turn(self) -> Answers:
        sounds = "AUDIO" in self._setup["wanted"]
        for word in WORDS:
            data = {"mimeType": "audio/pcm;rate=24000", "data": SOUND}
            part = {"inlineData": data} if sounds else {"text": word}
            yield {"serverContent": {"modelTurn": {"parts": [part]}}}
        yield {"serverContent": {"generationComplete": True}}
        modality = "AUDIO" if sounds else "TEXT"
        count = len(WORDS)
        yield {
            "serverContent": {"turnComplete": True},
            "usageMetadata": {
                "promptTokenCount": self._asked,
                "responseTokenCount": count,
                "totalTokenCount": self._asked + count,
                "promptTokensDetails": [{"modality": "TEXT", "tokenCount": self._asked}],
                "responseTokensDetails": [{"modality": modality, "tokenCount": count}],
            },
        }
        self._asked += count
