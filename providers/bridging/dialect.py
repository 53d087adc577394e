"""What a wire format of the chat operation must know: itself, and the neutral conversation.

Between two dialects a body is parsed and rendered. Between equal ones the client's bytes pass, and
a `Relay` only watches the answer go by.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from providers.bridging.fidelity import Feature
from providers.bridging.tool_names import Renamed, Rule
from providers.errors import ApiError
from providers.neutral.chat import ChatRequest, ChatResponse, Finish
from providers.neutral.deltas import AnyDelta
from providers.neutral.listing import Listing
from providers.operations import Operation
from providers.usage import Usage
from providers.wire.members import Json


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One place of a dialect in a URL space."""

    path: str
    """After the version prefix for providers, whole for clients; `{model}` is one segment, and so
    is `*`, which may be anything."""
    stream: bool | None = None
    """None: the body's `stream` says; else this path is only for (or not for) streams."""
    stream_default: bool = False
    """What a body without `stream` asks for."""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a renderer of answers needs to know of the exchange."""

    model: str
    """Shown to the client where the provider names none."""
    id: str
    """Unique to the exchange; where the provider gives no id of its own."""
    now: int
    """Seconds since the epoch."""
    stream_usage: bool = True
    """False: the client did not ask for usage in the stream."""
    echo: Mapping[str, Any] = {}
    """Of the request, what the client's dialect says again in its answer (`Dialect.echo`)."""
    renamed: Renamed = {}
    """Tools that the provider knows by another name than the client."""


class StreamParser(Protocol):
    """A provider's stream, from bytes to deltas."""

    def feed(self, data: bytes) -> list[AnyDelta]: ...

    def flush(self) -> list[AnyDelta]:
        """At the end of the stream; a stream that ended before its time yields `Failed`."""


class StreamRenderer(Protocol):
    """A client's stream, from deltas to bytes."""

    def feed(self, deltas: list[AnyDelta]) -> bytes: ...

    def flush(self) -> bytes:
        """What closes the stream."""


class Seen(msgspec.Struct):
    """What is known of an answer so far."""

    usage: Usage | None = None
    model: str = ""
    finish: Finish | None = None
    error: ApiError | None = None
    generated: int = 0
    """Estimated output tokens, while the provider has said no number."""


class Relay(Protocol):
    """Watches a stream of its own dialect pass by."""

    seen: Seen

    def feed(self, data: bytes) -> bytes | None:
        """What goes to the client instead of `data`; None: `data` itself."""

    def flush(self) -> bytes:
        """What is added at the end; a cut stream ends with an error in the dialect's form."""


ParseError = Callable[[int, Mapping[str, str], bytes], ApiError]
"""(HTTP status, lower-case headers, body of any kind) → the error. Never raises."""


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """One wire format, both directions, as client format and as provider format."""

    name: str
    """`family.operation`, such as `openai.chat`."""
    operation: Operation
    client: tuple[Endpoint, ...]
    """Where clients find it."""
    upstream: tuple[Endpoint, ...]
    """Its place after a provider's prefix; a vendor may have another (`Provider.paths`)."""
    content_type: str = "application/json"
    stream_type: str = "text/event-stream"

    carries: frozenset[Feature]
    """What it can say as a provider format; the rest is refused or dropped by `fidelity`."""
    names: Mapping[Feature, str] = {}
    """What a client of this dialect calls a feature, where the name differs from the neutral."""

    parse_request: Callable[[Json, str, bool], ChatRequest]
    """(body, model from the path or "", stream from the path) → request; raises InvalidRequest."""
    render_request: Callable[[ChatRequest, list[str]], Json]
    """(request that fits, dropped) → body; appends to `dropped` what a value's range cost."""
    parse_response: Callable[[Json], ChatResponse]
    render_response: Callable[[ChatResponse, Context], Json]
    parser: Callable[[], StreamParser]
    renderer: Callable[[Context], StreamRenderer]
    parse_error: ParseError
    render_error: Callable[[ApiError], tuple[int, Mapping[str, str], bytes]]
    """→ (HTTP status as this dialect's SDK expects it, headers, body)."""

    watch: Callable[[Json], Seen]
    """What a whole answer says of itself, without building the neutral conversation."""
    relay: Callable[[bool], Relay]
    """(the client wants the usage event) → a relay."""
    edits: Callable[[Json, str, bool], dict[str, Any]] = lambda body, model, usage: {}
    """(body, upstream model, provider can say usage in streams) → top-level members to change so
    that the same body may go to a provider of this dialect."""
    wants_usage: Callable[[Json], bool] = lambda body: True
    """Whether a client that sent `body` is to be shown usage in a stream."""
    variant: "Callable[[str], Dialect] | None" = None
    """The query of a client's path → this dialect, in the form of its streams that the query asks
    for; the name stays."""
    echo: Callable[[Json], Mapping[str, Any]] = lambda body: {}
    """What of a request its answer says again."""
    request_headers: Mapping[str, str] = {}
    """Sent to every provider of this dialect, such as a version; a client of the same dialect may
    have sent its own."""
    own_headers: frozenset[str] = frozenset()
    """Headers of clients that mean something in this dialect only, and go no further than it."""
    tool_names: Rule | None = None
    """Which names of tools its providers take; None: all."""
    fetches: tuple[str, ...] = ("https://", "http://")
    """How URLs begin, in lower case, that its providers fetch, of the kinds that it carries."""

    host: str = ""
    """Whose form of the dialect this is, such as a cloud's; empty: the form that clients speak."""
    drops: frozenset[str] = frozenset()
    """Top-level members that this form rejects, mere hints: left out and named."""
    refuses: frozenset[str] = frozenset()
    """Top-level members that this form rejects and that change the meaning: 400."""
    from_headers: "Callable[[Json, Mapping[str, str], str], dict[str, Any]] | None" = None
    """(body, the client's own headers, upstream model) → members that say here what those headers
    say."""
    request_id: str = ""
    """The header in which an answer has its id; empty: there is none."""
    listing: Listing | None = None
    """How its clients ask for the list of models; None: they do not."""
    charged: bool = True
    """False: an answer says what something would use, and uses nothing itself."""
    arrays: bool = False
    """Whether an answer may be an array of answers; it is then parsed as the member `data`."""
