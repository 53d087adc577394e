"""A session: a connection on which both sides send frames for as long as they like.

Between equal formats frames pass as they are and are watched for what the provider says was used;
what a client says first may name the model once more. Between two formats there is an interpreter.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import orjson

from providers.bridging.bridge import Passage
from providers.bridging.dialect import Bridge, Call, Context, Dialect, Relay, Seen, Sent
from providers.bridging.interpreting import ClientSide, Opened, ProviderSide
from providers.bridging.quirks import Quirks
from providers.errors import ApiError, BadAnswer
from providers.usage import Usage, joined
from providers.wire.members import Json
from providers.wire.websocket import TEXT, Messages, closing, frame

ERROR = b'"error"'
"""Stands in a message that tells of one."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a message of the provider's says was used."""

    usage: Usage | None = None
    """Since the last turn."""
    model: str = ""
    ends: bool = True
    """Whether a turn ends here, so that what is said next was used beside this."""


class SessionDialect(Dialect, frozen=True, kw_only=True):
    """One format of sessions."""

    place: re.Pattern[str]
    """Where clients find it."""
    words: tuple[bytes, ...]
    """One of them stands in every message that `told` must read."""
    growing: bytes
    """Stands at the beginning of messages with a part of an answer."""
    told: Callable[[Json], Told]
    mixed: bool = False
    """Whether such a message may say what was used, too."""
    protocols: tuple[str, ...] = ()
    """How sub-protocols begin that hold credentials: browsers can send no headers."""
    spoken: tuple[str, ...] = ()
    """Sub-protocols of which a client that offers some expects one."""
    unnamed: frozenset[str] = frozenset()
    """What in a query says that it needs no model."""
    opened: "Callable[[Json, str], Json] | None" = None
    """(a client's first message, the provider's name of the model) → that message for the provider;
    None: it names no model."""
    called: Callable[[Json], str] | None = None
    """The model that a client's first message names."""
    named: str = "{model}"
    """What the provider calls a model there."""
    client_side: Callable[[Opened], ClientSide] | None = None
    """Of a session whose provider speaks another format; None: there are none."""
    provider_side: Callable[[Opened], ProviderSide] | None = None
    """Of a session whose client speaks another format."""
    complaint: "Callable[[ApiError], Json] | None" = None
    """What its providers say of an error before they hang up; None: nothing, but for the reason."""


def interpreted(client: SessionDialect, provider: SessionDialect) -> bool:
    """Whether a client of the one format can talk to a provider of the other."""
    if client.name == provider.name:
        return False
    return client.client_side is not None and provider.provider_side is not None


class Tally:
    """What a session has used so far; pieces of any size."""

    def __init__(self, session: SessionDialect) -> None:
        self.usage = Usage()
        """As the provider has said it."""
        self.model = ""
        self.told = False
        self._session = session
        self.complains = False
        """Whether the last piece told of an error."""
        self._settled = 0
        """Estimated tokens of which the provider has said the number since."""
        self._turn: Usage | None = None
        """What was last said, while its turn goes on."""
        self._messages = Messages((*session.words, ERROR), session.growing, mixed=session.mixed)

    @property
    def closed(self) -> bool:
        """Whether the provider has ended the session."""
        return self._messages.closed

    @property
    def boundary(self) -> int:
        """Bytes of the last piece before which something of ours can be said."""
        return self._messages.boundary

    @property
    def growing(self) -> int:
        """Estimated tokens that the provider has said nothing of."""
        return self._messages.grown - self._settled

    def feed(self, data: bytes) -> None:
        """What the provider has sent."""
        self.complains = False
        for message in self._messages.feed(data):
            self.complains = self.complains or ERROR in message
            self._read(message)

    def _read(self, message: bytes) -> None:
        try:
            body = orjson.loads(message)
        except orjson.JSONDecodeError:
            return
        if isinstance(body, dict):
            self._add(self._session.told(body))

    def _add(self, told: Told) -> None:
        if told.usage is not None:
            self.told = True
            self._settled = self._messages.grown
            last = self._turn
            if last and told.usage.input == last.input and told.usage.output >= last.output:
                self.usage = joined(self.usage, last, -1)
            self.usage = joined(self.usage, told.usage, 1)
            self._turn = told.usage
        if told.ends:
            self._turn = None
        self.model = told.model or self.model


def farewell(session: SessionDialect, error: ApiError, code: int) -> bytes:
    """The frames with which a client is told why its session ends."""
    last = closing(code, error.message)
    if session.complaint is None:
        return last
    return frame(TEXT, orjson.dumps(session.complaint(error))) + last


class Refusals:
    """The bridge of a session: all that it must read are refusals."""

    def __init__(self, client: SessionDialect, provider: SessionDialect) -> None:
        self._client, self._provider = client, provider
        self._passage = Passage(client, client, Quirks())

    def request(self, call: Call) -> Sent:
        """There is no body."""
        return Sent(body=None)

    def whole(self, data: bytes, context: Context) -> tuple[bytes | None, Seen]:
        """Raises BadAnswer: what was asked for is a session."""
        raise BadAnswer("the provider has opened no session")

    def replay(self, data: bytes, context: Context) -> tuple[bytes, Seen]:
        """Raises BadAnswer: what was asked for is a session."""
        raise BadAnswer("the provider has opened no session")

    def stream(self, context: Context) -> Relay:
        """Raises BadAnswer: what was asked for is a session."""
        raise BadAnswer("the provider has opened no session")

    def error(
        self, status: int, headers: Mapping[str, str], data: bytes
    ) -> tuple[ApiError, int, Mapping[str, str], bytes]:
        """The provider's own body where it has the family's shape."""
        if self._client.name == self._provider.name:
            return self._passage.error(status, headers, data)
        error = self._provider.parse_error(status, headers, data)
        return (error, *self._client.render_error(error))


def refusals(client: SessionDialect, provider: Dialect) -> Bridge:
    """The bridge of a session."""
    assert isinstance(provider, SessionDialect)
    return Refusals(client, provider)


def named(value: Any) -> str:
    """A model's name without what stands before it where it is a resource."""
    return value.rpartition("models/")[2] if isinstance(value, str) else ""
