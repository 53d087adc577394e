"""A session as both families tell it: what a client does, and what a model answers.

A client's frames become acts, a provider's frames become events; what is said to either side is
made of them. Sound is 16-bit PCM, little-endian, one channel, as Base64.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from providers.errors import ApiError
from providers.neutral.chat import Tool, ToolChoice
from providers.usage import Usage

RATE = 24_000
"""Samples a second of what models say, and of what OpenAI's clients say."""
SAMPLE = 2
"""Bytes of a sample."""


class Detection(msgspec.Struct, frozen=True, kw_only=True):
    """How a provider finds out by itself when its user speaks."""

    silence_ms: int | None = None
    """Silence that ends speech; None: as the provider has it."""
    interrupts: bool = True
    """Whether a user who speaks ends the answer under way."""


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What a client has asked of its session."""

    instructions: str = ""
    sounds: bool = True
    """Whether answers are spoken; else they are written."""
    voice: str | None = None
    tools: tuple[Tool, ...] = ()
    choice: ToolChoice | None = None
    detection: Detection | None = Detection()
    """None: the client says when its user begins and ends."""
    transcribes: bool = False
    """Whether what the user says is written down."""
    narrates: bool = True
    """Whether what the model says is written down beside its sound."""
    temperature: float | None = None
    most: int | None = None
    """Tokens of an answer."""


class Text(msgspec.Struct, frozen=True):
    """A part of a message."""

    text: str


class Picture(msgspec.Struct, frozen=True):
    """A part of a message."""

    type: str
    data: str
    """Base64."""


class Sound(msgspec.Struct, frozen=True):
    """A part of a message, or of what the user says now."""

    data: str
    rate: int = RATE


class Begin(msgspec.Struct, frozen=True):
    """The first act of every session, and only the first."""

    setting: Setting


class Message(msgspec.Struct, frozen=True):
    """Is added to the conversation."""

    role: str
    """`user` or `assistant`."""
    parts: tuple[Text | Picture | Sound, ...]


class Called(msgspec.Struct, frozen=True):
    """A call that an earlier conversation held."""

    id: str
    name: str
    arguments: str


class Result(msgspec.Struct, frozen=True):
    """What a function has returned."""

    id: str
    name: str
    output: str
    asked: bool = True
    """Whether the model waits for it; else it was called in an earlier conversation."""


class Answer(msgspec.Struct, frozen=True):
    """The model is to answer what was said; `results` of its calls, if it waits for them."""

    results: tuple[Result, ...] = ()


class Speak(msgspec.Struct, frozen=True):
    """The user begins to speak, as the client says."""


class Hush(msgspec.Struct, frozen=True):
    """The user has spoken, and wants an answer, as the client says."""


class Pause(msgspec.Struct, frozen=True):
    """No sound comes for a while: what was heard is all."""


Act = Begin | Message | Called | Result | Answer | Sound | Speak | Hush | Pause


class Ready(msgspec.Struct, frozen=True):
    """The provider has taken the setting."""


class Written(msgspec.Struct, frozen=True):
    """A piece of a written answer."""

    text: str


class Voiced(msgspec.Struct, frozen=True):
    """A piece of a spoken answer."""

    data: str


class Narrated(msgspec.Struct, frozen=True):
    """A piece of what is spoken, written down."""

    text: str


class Overheard(msgspec.Struct, frozen=True):
    """A piece of what the user has said, written down."""

    text: str


class Calls(msgspec.Struct, frozen=True):
    """The model wants functions called, and says nothing until it has what they return."""

    calls: tuple[Called, ...]
    usage: Usage | None = None


class Recalled(msgspec.Struct, frozen=True):
    """Of these calls nobody waits for the results any longer."""

    ids: tuple[str, ...]


class Noticed(msgspec.Struct, frozen=True):
    """The user begins to speak, as the provider has found."""


class Generated(msgspec.Struct, frozen=True):
    """The answer is whole."""


class Interrupted(msgspec.Struct, frozen=True):
    """The answer is broken off, for the user speaks."""


class Done(msgspec.Struct, frozen=True):
    """A turn of the model's is over."""

    usage: Usage | None = None
    fault: str = ""
    """Why it has not come to its own end."""
    cancelled: bool = False


class Leaving(msgspec.Struct, frozen=True):
    """The provider will hang up soon."""

    message: str


class Failed(msgspec.Struct, frozen=True):
    """The provider has refused something."""

    error: ApiError


Event = (
    Ready
    | Written
    | Voiced
    | Narrated
    | Overheard
    | Calls
    | Recalled
    | Noticed
    | Generated
    | Interrupted
    | Done
    | Leaving
    | Failed
)


class Said(msgspec.Struct, frozen=True):
    """Something that the client is told at once."""

    message: Mapping[str, Any]
