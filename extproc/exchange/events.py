"""What Envoy tells us of an exchange, and what we answer, as small frozen structs.

Every event gets exactly one action. Names follow Envoy's external processor
(https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/ext_proc/v3/external_processor.proto).
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Protocol

import msgspec

from providers.errors import GatewayError
from providers.neutral.media import Data, Link


class Headers(Protocol):
    """Read-only headers; names are lower-case."""

    def get(self, name: str) -> str | None: ...

    def names(self) -> str:
        """All names, one a line."""

    def items(self) -> list[tuple[str, str]]: ...


class RequestHeaders(msgspec.Struct, frozen=True):
    """A request arrives, or is tried again."""

    headers: Headers
    attributes: Mapping[str, str]
    """What the filter's `request_attributes` name."""
    end: bool
    """True when no body follows."""


class RequestBody(msgspec.Struct, frozen=True):
    """The request's whole body (`BUFFERED`), or a piece of what a client says in a session."""

    data: bytes


class RequestTrailers(msgspec.Struct, frozen=True):
    """Trailers of a request; nothing of ours depends on them."""


class ResponseHeaders(msgspec.Struct, frozen=True):
    """The provider begins to answer."""

    headers: Headers
    end: bool
    """True when no body follows."""
    attributes: Mapping[str, str] = {}
    """What the filter's `response_attributes` name, if it has any."""


class ResponseBody(msgspec.Struct, frozen=True):
    """A piece of the answer, or all of it when `BUFFERED` was asked for."""

    data: bytes
    end: bool
    """True once, on the last piece, which may be empty."""


class ResponseTrailers(msgspec.Struct, frozen=True):
    """Trailers of an answer: its body ended without saying so."""


Event = (
    RequestHeaders
    | RequestBody
    | RequestTrailers
    | ResponseHeaders
    | ResponseBody
    | ResponseTrailers
)


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """Not from Envoy: what became of a `Fetch`."""

    files: Mapping[str, Data] = {}
    """URL → what is there; all that were asked for, unless there is an `error`."""
    error: GatewayError | None = None


class SideCall(msgspec.Struct, frozen=True):
    """A request of our own, by Envoy's loopback listener."""

    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    """None: it is a GET."""
    host: str = ""
    """Where the client believes to be, if that matters to the answer."""


class SideAnswer(msgspec.Struct, frozen=True):
    """What was answered to a `SideCall`."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Not from Envoy: what became of an `Ask`."""

    answers: tuple[SideAnswer, ...] = ()
    """In the order of the calls; those before the first that failed, and that one."""
    error: GatewayError | None = None


class Charge(msgspec.Struct, frozen=True):
    """What one limit is charged with, in the words of a rate limit service."""

    entries: tuple[tuple[str, str], ...]
    hits: int


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """Not from Envoy: what became of a `Settle`."""

    taken: bool
    """Whether the charges are made, or will be."""
    error: GatewayError | None = None
    """Why the session must end."""


class Rested(msgspec.Struct, frozen=True):
    """Not from Envoy: after a `Rest`."""


class BodyMode(IntEnum):
    """How Envoy shall hand over the answer's body; the values are Envoy's."""

    NONE = 0
    STREAMED = 1
    BUFFERED = 2


MetadataValue = str | int | float | bool
Metadata = Mapping[str, MetadataValue]


class Constant(dict[str, MetadataValue]):
    """Metadata that are reported again and again, unchanged; known by identity."""

    __hash__ = object.__hash__  # type: ignore[assignment]  # a dict is not hashable, this one is

    def __eq__(self, other: object) -> bool:
        return self is other


class Dearer(msgspec.Struct, frozen=True):
    """A request goes to a backend that costs more than what was reserved for."""

    held: str
    """What was reserved, as the limiter has told Envoy."""
    base: str
    """The prices at which it was: of a token of the prompt, and of one of the answer, in millionths
    of a USD."""
    price: str
    """Those of the backend."""


class Change(msgspec.Struct, frozen=True):
    """Go on, with what stands here changed; an empty one goes on with nothing changed."""

    set_headers: tuple[tuple[str, str], ...] = ()
    """Each replaces all headers of its name; removals come first."""
    remove_headers: tuple[str, ...] = ()
    body: bytes | None = None
    """None: as it is."""
    metadata: Metadata | None = None
    """Merged, key by key, into what was reported before."""
    mode: BodyMode | None = None
    """In answer to ResponseHeaders, and in a Talk."""
    more: Metadata | None = None
    """As `metadata`, over which it wins."""
    dearer: Dearer | None = None
    """What the limits are told while this attempt runs."""


class Reroute(Change, frozen=True):
    """In answer to RequestBody: Envoy looks for a route again, by the headers as they are now."""


class Leave(Change, frozen=True):
    """In answer to RequestHeaders without a body: the request leaves as it is now."""


class Talk(Change, frozen=True):
    """In answer to RequestHeaders: the client talks as long as it likes, and its pieces come as
    they do where the `mode` is STREAMED; what is answered comes in another exchange."""


class Interpret(Change, frozen=True):
    """In answer to ResponseHeaders of a session: what both sides say comes, piece by piece."""


class TalkThere(Talk, frozen=True):
    """The same, and Envoy looks for a route again, by the headers as they are now."""


class Ignore(Change, frozen=True):
    """In answer to ResponseHeaders that nobody here has asked for: nothing more is looked at."""


class Replace(msgspec.Struct, frozen=True):
    """In answer to ResponseHeaders without a body: the same answer, with one."""

    body: bytes
    set_headers: tuple[tuple[str, str], ...] = ()
    remove_headers: tuple[str, ...] = ()
    metadata: Metadata | None = None


class Reject(msgspec.Struct, frozen=True):
    """Answer the client here and now; the provider is not asked."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    metadata: Metadata | None = None


class Fetch(msgspec.Struct, frozen=True):
    """No answer yet: these are to be fetched first, and handed over as `Fetched`."""

    links: tuple[Link, ...]
    backend: str = ""
    """The one for which; by its proxy, if it has one for media."""


class Ask(msgspec.Struct, frozen=True):
    """No answer yet: these are to be asked first, and what they say handed over as `Told`."""

    calls: tuple[SideCall, ...]
    each: bool = False
    """Whether an answer is of use without the others: all are waited for, and none for long."""


class Settle(msgspec.Struct, frozen=True):
    """No answer yet, in a session: this is to be charged first, and what is left handed over as
    `Settled`."""

    charges: tuple[Charge, ...]
    metadata: Metadata
    """For the record, should nobody wait for the answer."""


class Rest(msgspec.Struct, frozen=True):
    """No answer yet: there is much to do, and others are to have their turn before the rest."""


Action = Change | Replace | Reject
Wish = Fetch | Ask | Settle | Rest
"""What must be waited for before there is an action."""
Heard = Fetched | Told | Settled | Rested
"""What was waited for."""

GO_ON = Change()
