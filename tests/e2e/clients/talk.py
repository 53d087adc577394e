"""A conversation that an official SDK holds, seen from outside of any SDK."""

import json
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import httpx
import msgspec

WEATHER = "weather"
DESCRIPTION = "The weather somewhere"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "Its name"}},
    "required": ["city"],
    "additionalProperties": False,
}
"""Of the tool's arguments and of structured output."""
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5E"
    "rkJggg=="
)
"""A PNG of one pixel, as base64 of the standard alphabet."""
BUDGET, ROOM = 1024, 4000
"""Tokens for thoughts, and for thoughts and answer."""


def order(text: str, **orders: Any) -> str:
    """`text` with what the simulator shall do."""
    return f"{text} [[sim: {json.dumps(orders)}]]" if orders else text


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for beside the words."""

    system: str = ""
    tools: bool = False
    must: bool = False
    """A tool must be called."""
    schema: bool = False
    thinking: bool = False
    max_tokens: int = ROOM
    temperature: float | None = None
    stop: tuple[str, ...] = ()


class Called(msgspec.Struct, frozen=True, kw_only=True):
    """A tool call, as the SDK shows it."""

    id: str
    name: str
    arguments: Any


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, as the SDK shows it."""

    text: str = ""
    thinking: str = ""
    calls: tuple[Called, ...] = ()
    finish: str
    """In the words of the SDK."""
    input: int
    output: int


class Failed(Exception):
    """The SDK reports an error; status 0 where it came in mid-stream."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Link(msgspec.Struct, frozen=True):
    """Where the gateway is."""

    url: str
    transport: httpx.BaseTransport | None = None
    """How requests get there; None: by the network."""

    def http(self) -> httpx.Client:
        """A client for SDKs that take one."""
        return httpx.Client(transport=self.transport, timeout=30)


class Talk(ABC):
    """One conversation; the SDK's own messages are kept between turns."""

    dialect: ClassVar[str]
    stop: ClassVar[str]
    """The SDK's word for an answer that is complete."""
    length: ClassVar[str]
    called: ClassVar[str]
    has_ids: ClassVar[bool] = True
    """False where a call may have none in the SDK's eyes."""

    def __init__(self, link: Link, model: str, wish: Wish = Wish()) -> None:  # noqa: B008
        self.link = link
        self.model = model
        self.wish = wish
        self.messages: list[Any] = []

    @abstractmethod
    def say(self, text: str, image: str = "") -> None:
        """Adds words of the user, and a picture (base64 of a PNG)."""

    @abstractmethod
    def result(self, call: Called, text: str) -> None:
        """Adds what a tool returned."""

    @abstractmethod
    def whole(self) -> Said:
        """Asks, and keeps the answer; raises Failed."""

    @abstractmethod
    def streamed(self) -> Said:
        """Asks for a stream, and keeps what it adds up to; raises Failed."""

    def answer(self, stream: bool) -> Said:
        """Asks in one of the two ways."""
        return self.streamed() if stream else self.whole()
