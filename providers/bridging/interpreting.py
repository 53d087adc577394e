"""A session between two families: frames of the one side become frames of the other.

Sans-I/O: a piece of one direction goes in, what takes its place comes out. Something can be said to
a side only in the place of what the other side has sent. So a side that has nothing to say is asked
to, with a ping (RFC 6455, section 5.5.2), where something waits for the opposite one; its pong is
taken out again.
"""

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing as closing_after
from typing import Any, Protocol

import msgspec
import orjson

from providers.errors import ApiError, Cause, GatewayError, InvalidRequest
from providers.neutral.talks import Act, Event, Said
from providers.wire.budget import BOUNDS, Bounds
from providers.wire.frames import Broken, Frame, Frames
from providers.wire.members import Json
from providers.wire.websocket import (
    BROKEN,
    BUG,
    CLOSE,
    CONTROL,
    LATER,
    POLICY,
    TEXT,
    TOO_BIG,
    UNFIT,
    TooLong,
    closing,
    frame,
)

PING, PONG = 0x9, 0xA
MARK = b"ai-extproc"
"""The payload of our own pings."""
MOST_WAITING = 8 * 1024 * 1024
"""Bytes that may wait for one side, beside the message that is read."""
NORMAL = 1000
UNSAID = frozenset({1005, 1006, 1015})
"""Codes that no frame may hold (RFC 6455, section 7.4.1)."""
CODES = {
    Cause.INVALID_REQUEST: UNFIT,
    Cause.TOO_LARGE: TOO_BIG,
    Cause.RATE_LIMIT: POLICY,
    Cause.QUOTA: POLICY,
    Cause.AUTHENTICATION: POLICY,
    Cause.PERMISSION: POLICY,
    Cause.NOT_FOUND: POLICY,
    Cause.OVERLOADED: LATER,
    Cause.UNAVAILABLE: LATER,
}
"""Why a session ends that an error ends; else it is a bug."""


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """What both sides know from the handshake."""

    model: str
    """As clients call it."""
    named: str
    """As the provider calls it in a session."""
    by_header: bool = False
    """Whether a header has named it, so that what a message says of it does not count."""
    id: str
    """Unique to the session."""
    now: int
    """Seconds since the epoch."""


class Farewell(Exception):
    """A session that must end: its client learns why."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(error.message)
        self.error = error


class ClientSide(Protocol):
    """What is known of a client, whose messages are read, and which is told in its own words."""

    opcode: int
    """Of what it is told."""

    def greeting(self) -> Iterable[Json]:
        """What it is told first, as soon as something can be said."""

    def read(self, message: Json) -> Generator[Act | Said]:
        """What a message asks for, in order; raises GatewayError, Farewell. It is closed at an act
        that cannot be carried."""

    def refused(self, error: GatewayError, message: Json) -> Iterable[Json]:
        """What it is told of a message that cannot be carried; raises Farewell."""

    def tell(self, event: Event) -> Iterable[Json]:
        """What it is told of an event; raises Farewell."""

    def ended(self, code: int, reason: str) -> Iterable[Json]:
        """What it is told before its provider's close frame."""


class ProviderSide(Protocol):
    """The same of a provider."""

    @property
    def ready(self) -> bool:
        """Whether it takes messages; until it does, they wait."""

    def owed(self) -> Iterable[Json]:
        """What it must be told after what it has said."""

    def tell(self, act: Act) -> Iterable[Json]:
        """What it is told; raises Unsupported."""

    def read(self, message: Json) -> Iterable[Event]:
        """What its message means."""


class Interpreter:
    """One session."""

    def __init__(self, client: ClientSide, provider: ProviderSide, bounds: Bounds = BOUNDS) -> None:
        self.error: ApiError | None = None
        """Why the session was ended here."""
        self._client = client
        self._provider = provider
        self._bounds = bounds
        self._asked = Frames(masks=True)
        self._told = Frames(masks=False)
        self._to_client = bytearray()
        self._to_provider = bytearray()
        self._held: list[bytes] = []
        """Payloads for a provider that is not ready."""
        self._waiting = 0
        """Their bytes."""
        self._key = b"\0\0\0\0"
        """The last mask of the client's, which becomes that of ours."""
        self._client_pinged = self._provider_pinged = False
        self._greeted = False
        self._silent = False
        """Whether the client has said its last."""

    def asked(self, data: bytes) -> bytes:
        """What the provider gets in the place of a piece of the client's."""
        self._greet()
        self._guarded(self._hear, self._asked, data)
        self._bounded()
        if self._to_client and not self._provider_pinged and not self._silent:
            self._provider_pinged = True
            self._to_provider += frame(PING, MARK, self._key)
        return _taken(self._to_provider)

    def told(self, data: bytes) -> bytes:
        """What the client gets in the place of a piece of the provider's."""
        self._greet()
        if self.error is None:
            self._guarded(self._listen, self._told, data)
        self._bounded()
        if self._to_provider and not self._client_pinged and self.error is None:
            self._client_pinged = True
            self._to_client += frame(PING, MARK)
        return _taken(self._to_client)

    def stop(self, error: ApiError) -> None:
        """The session ends for what others have told the client: the provider hears no more, but
        for the client's own goodbye."""
        self.error = error
        self._drop()

    def _drop(self) -> None:
        """Nothing waits any longer."""
        self._to_client.clear()
        self._to_provider.clear()
        self._held.clear()
        self._waiting = 0

    def _greet(self) -> None:
        if not self._greeted:
            self._greeted = True
            self._say(self._client.greeting())

    def _guarded(self, each: Callable[[Frame], None], frames: Frames, data: bytes) -> None:
        try:
            for one in frames.feed(data):
                each(one)
        except TooLong:
            self._end(ApiError(status=413, cause=Cause.TOO_LARGE, message="a message is too long"))
        except Broken as broken:
            blamed = frames is self._asked
            error = ApiError(
                status=400 if blamed else 502,
                cause=Cause.INVALID_REQUEST if blamed else Cause.SERVER,
                message=str(broken),
            )
            self._end(error, BROKEN if blamed else BUG)
        except Farewell as farewell:
            self._end(farewell.error)

    def _bounded(self) -> None:
        if max(len(self._to_client), len(self._to_provider) + self._waiting) > MOST_WAITING:
            self._drop()
            message = "too much waits for a side that does not listen"
            self._end(ApiError(status=413, cause=Cause.TOO_LARGE, message=message))

    def _end(self, error: ApiError, code: int | None = None) -> None:
        """The client is told, and hangs up; the provider hears no more but that."""
        if self.error is None and not self._silent:
            self.error = error
            self._to_provider.clear()
            self._held.clear()
            self._waiting = 0
            code = code or CODES.get(error.cause, BUG)
            self._say(self._client.ended(code, error.message))
            self._to_client += closing(code, error.message)

    def _hear(self, one: Frame) -> None:
        if one.key:
            self._key = one.key
        if one.opcode >= CONTROL:
            self._controlled(one)
        elif self.error is None:
            self._understood(one.payload)

    def _controlled(self, one: Frame) -> None:
        if one.opcode == PONG and one.payload == MARK:
            self._client_pinged = False
            return
        if one.opcode == CLOSE:
            self._silent = True
        self._to_provider += frame(one.opcode, one.payload, one.key)

    def _understood(self, payload: bytes) -> None:
        message: Json = {}
        try:
            message = self._loaded(payload)
            # A side learns by its end that its act could not be carried.
            with closing_after(self._client.read(message)) as steps:
                for step in steps:
                    if isinstance(step, Said):
                        self._say((step.message,))
                    else:
                        self._pass(step)
        except GatewayError as error:
            self._say(self._client.refused(error, message))

    def _loaded(self, payload: bytes) -> Json:
        self._bounds.request(payload)
        try:
            message = orjson.loads(payload)
        except orjson.JSONDecodeError:
            _is_text(payload)
            raise InvalidRequest("the message is not valid JSON") from None
        if not isinstance(message, dict):
            raise InvalidRequest("the message must be a JSON object")
        return message

    def _pass(self, act: Act) -> None:
        ready = self._provider.ready and not self._held
        for message in self._provider.tell(act):
            payload = orjson.dumps(message)
            if not ready:
                self._held.append(payload)
                self._waiting += len(payload)
            else:
                self._to_provider += frame(TEXT, payload, self._key)

    def _say(self, messages: Iterable[Mapping[str, Any]]) -> None:
        for message in messages:
            self._to_client += frame(self._client.opcode, orjson.dumps(message))

    def _listen(self, one: Frame) -> None:
        if one.opcode < CONTROL:
            self._related(one.payload)
        elif one.opcode == PONG and one.payload == MARK:
            self._provider_pinged = False
        elif one.opcode == CLOSE:
            self._left(one.payload)
        else:
            self._to_client += frame(one.opcode, one.payload)

    def _related(self, payload: bytes) -> None:
        try:
            message = orjson.loads(payload)
        except orjson.JSONDecodeError:
            return
        if not isinstance(message, dict):
            return
        for event in self._provider.read(message):
            self._say(self._client.tell(event))
        for owed in self._provider.owed():
            self._to_provider += frame(TEXT, orjson.dumps(owed), self._key)
        if self._held and self._provider.ready:
            for held in self._held:
                self._to_provider += frame(TEXT, held, self._key)
            self._held.clear()
            self._waiting = 0

    def _left(self, payload: bytes) -> None:
        code = int.from_bytes(payload[:2], "big") if len(payload) > 1 else 0
        reason = payload[2:].decode(errors="replace")
        if not self._silent:
            self._say(self._client.ended(code or NORMAL, reason))
        if code and code not in UNSAID:
            self._to_client += closing(code, reason)
        else:
            self._to_client += frame(CLOSE, b"")


def _is_text(payload: bytes) -> None:
    """Raises Farewell where it is not UTF-8 (RFC 6455, section 8.1)."""
    try:
        payload.decode()
    except UnicodeDecodeError:
        message = "the message is not UTF-8"
        error = ApiError(status=400, cause=Cause.INVALID_REQUEST, message=message)
        raise Farewell(error) from None


def _taken(held: bytearray) -> bytes:
    out = bytes(held)
    held.clear()
    return out
