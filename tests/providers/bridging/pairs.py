"""Two sides of different formats with an interpreter between them, frame by frame.

What is said is held against the types of the vendors' own SDKs.
"""

import json

from google.genai import types
from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent
from pydantic import TypeAdapter

from providers.bridging.interpreting import MARK, PONG, Interpreter, Opened
from providers.catalog import SESSIONS
from providers.wire.frames import Frame, Frames
from providers.wire.websocket import CLOSE, CONTROL, TEXT, frame

KEY = b"abcd"
NAMES = {"openai.realtime": "gpt-realtime", "gemini.live": "models/gemini-live"}
TOLD = TypeAdapter(RealtimeServerEvent)
ASKED = TypeAdapter(RealtimeClientEvent)


class Pair:
    """Everybody answers pings at once."""

    def __init__(self, client: str, provider: str, *, typed: bool = True, **opened) -> None:
        """`typed`: whether what is said must be as the SDKs have it; it need not where it says
        again what somebody has said wrongly."""
        self._typed = typed
        given = {"model": "talk", "named": NAMES[provider], "id": "x", "now": 0, **opened}
        made = Opened(**given)
        one, other = SESSIONS[client].client_side, SESSIONS[provider].provider_side
        assert one is not None
        assert other is not None
        self.interpreter = Interpreter(one(made), other(made))
        self.formats = client, provider
        self.to_client: list[dict] = []
        self.to_provider: list[dict] = []
        self.closed: tuple[int, str] | None = None
        self._asked, self._told = Frames(), Frames()

    def client(self, *messages: dict) -> list[dict]:
        """What the provider gets for them."""
        seen = len(self.to_provider)
        for message in messages:
            self.asked(frame(TEXT, json.dumps(message).encode(), KEY))
        return self.to_provider[seen:]

    def provider(self, *messages: dict) -> list[dict]:
        """What the client gets for them."""
        seen = len(self.to_client)
        for message in messages:
            self.told(frame(TEXT, json.dumps(message).encode()))
        return self.to_client[seen:]

    def asked(self, data: bytes) -> None:
        """A piece of the client's."""
        for one in self._asked.feed(self.interpreter.asked(data)):
            assert one.key
            if one.opcode < CONTROL:
                self.to_provider.append(self._provider_reads(json.loads(one.payload)))
            elif one.payload == MARK:
                self.told(frame(PONG, MARK))

    def told(self, data: bytes) -> None:
        """A piece of the provider's."""
        for one in self._told.feed(self.interpreter.told(data)):
            assert not one.key
            if one.opcode < CONTROL:
                self.to_client.append(self._client_reads(json.loads(one.payload)))
            elif one.opcode == CLOSE:
                self.closed = _closed(one)
            elif one.payload == MARK:
                self.asked(frame(PONG, MARK, KEY))

    def _client_reads(self, message: dict) -> dict:
        if not self._typed:
            return message
        if self.formats[0] == "openai.realtime":
            TOLD.validate_python(message)
        else:
            known = {name: value for name, value in message.items() if name != "setupComplete"}
            types.LiveServerMessage.model_validate(known)
        return message

    def _provider_reads(self, message: dict) -> dict:
        if not self._typed:
            return message
        if self.formats[1] == "openai.realtime":
            ASKED.validate_python(message)
        else:
            # The SDK's type of a setup lacks it, its type of a configuration has it.
            setup = dict(message.get("setup") or {})
            types.RealtimeInputConfig.model_validate(setup.pop("realtimeInputConfig", {}))
            types.LiveClientMessage.model_validate(
                {**message, **({"setup": setup} if setup else {})}
            )
        return message


def _closed(one: Frame) -> tuple[int, str]:
    return int.from_bytes(one.payload[:2], "big"), one.payload[2:].decode()


def kinds(events: list[dict]) -> list[str]:
    """The types of OpenAI's events."""
    return [event["type"] for event in events]
