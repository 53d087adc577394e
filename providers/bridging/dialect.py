"""What every wire format must know of itself, and what stands between two of them.

What an operation adds to this stands beside: `chat` for conversations and texts, `plain` for one
question and one answer. Between equal dialects the client's bytes pass, and a `Relay` only watches
the answer go by.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any, Protocol

import msgspec

from providers.bridging.amending.amendment import Amendment
from providers.bridging.kept_ids import Ids
from providers.bridging.quirks import Quirks
from providers.errors import ApiError, BadAnswer, GatewayError
from providers.neutral.listing import Listing
from providers.neutral.media import Data, Link
from providers.operations import Operation
from providers.usage import Units, Usage, joined
from providers.wire.budget import BOUNDS, Bounds
from providers.wire.members import Json
from providers.wire.multipart import Form


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One place of a dialect in a URL space."""

    path: str
    """After the version prefix for providers, whole for clients; `{model}` is one segment, and so
    is `*`, which may be anything; `{org/model}` may be two."""
    stream: bool | None = None
    """None: the body's `stream` says; else this path is only for (or not for) streams."""
    stream_default: bool = False
    """What a body without `stream` asks for."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint's path at which clients of several dialects come in."""

    path: str
    told: Callable[[Json], str]
    """(body) → the name of its dialect; empty: the one that has the path as its own."""
    names: frozenset[str]
    """All that it may tell."""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a renderer of answers needs to know of the exchange."""

    model: str
    """Shown to the client where the provider names none."""
    mapped: bool = False
    """Whether the provider was asked for the model by another name."""
    id: str
    """Unique to the exchange; where the provider gives no id of its own."""
    now: int
    """Seconds since the epoch."""
    stream_usage: bool = True
    """False: the client did not ask for usage in the stream."""
    echo: Mapping[str, Any] = {}
    """Of the request, what the client's dialect says again in its answer (`Dialect.echo`)."""
    agent: str = ""
    """The client's user agent: some programs need what others do not."""
    renamed: Mapping[str, str] = {}
    """What the provider calls otherwise than the client: its name → the client's."""
    counted: Usage | None = None
    """What the headers of a whole answer say was used."""
    bounds: Bounds = BOUNDS
    called: frozenset[str] = frozenset()
    """Ids of the calls in the conversation so far."""
    stand_ins: Mapping[str, Any] = {}
    """`Sent.stand_ins`."""
    amendments: tuple[Amendment, ...] = ()
    """What is still to be done to the answer, in this order."""
    answers: int = 0
    """How many things the answer must hold (`Asking.answers`); 0: nobody can say."""


class Seen(msgspec.Struct):
    """What is known of an answer so far."""

    usage: Usage | None = None
    model: str = ""
    finish: str | None = None
    error: ApiError | None = None
    generated: int = 0
    """Estimated output tokens, while the provider has said no number."""
    content_type: str = ""
    """Of a whole answer that was translated; empty: JSON."""
    lost: tuple[str, ...] = ()
    """Names of what the provider says that the client's format has no place for."""
    location: str = ""
    """Where the client finds what it asked for, instead of an answer."""
    bills: list[tuple[str, Usage]] | None = None
    """Of an answer to many requests, what each of them used and its model, as far as nobody has
    taken note of it; None: it answers one."""

    def note(self, usage: Usage, model: str) -> None:
        """What one of many requests has used."""
        self.usage = joined(self.usage or Usage(), usage)
        self.model = self.model or model
        if self.bills is None:
            self.bills = []
        self.bills.append((model, usage))


class Relay(Protocol):
    """Watches a stream of its own dialect pass by."""

    seen: Seen

    def feed(self, data: bytes) -> bytes | None:
        """What goes to the client instead of `data`; None: `data` itself."""

    def flush(self) -> bytes:
        """What is added at the end; a cut stream ends with an error in the dialect's form."""


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """What a client's path and its query say beside the body."""

    said: Json
    """As members of the body, each by its name."""
    places: Mapping[str, str] = {}
    """What of it stands for `{name}` in the path of a provider of the same dialect."""
    ending: str
    """What ends that path in place of its query: the client's own end."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A client's request, as far as it is understood before any translation."""

    data: bytes
    body: Json
    model: str
    """The name that goes upstream."""
    stream: bool
    gathered: bool = False
    """Whether the client wants a whole answer, though a stream is asked for."""
    path_model: str = ""
    """The model as the client's path names it, in dialects that have it there."""
    headers: Mapping[str, str] = {}
    """The client's headers of its dialect, where the target says them in the body."""
    files: Mapping[str, Data] = {}
    """URL → what was found there, of the links that were `Wanted` before."""
    bounds: Bounds = BOUNDS
    form: Form | None = None
    """The body, where it has several parts; `body` holds its texts and files."""
    address: Address | None = None
    """What the path says, in dialects that say more there than the model."""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What goes to the provider."""

    body: bytes | None
    """None: the client's own bytes."""
    whole: bool = False
    """Whether a whole answer is asked for, which becomes the stream that the client may want."""
    dropped: tuple[str, ...] = ()
    """Hints that could not be carried, by the client's names for them."""
    renamed: Mapping[str, str] = {}
    """What has another name there than the client gave it: that name → the client's."""
    called: frozenset[str] = frozenset()
    """Ids of the calls in the conversation, as the client knows them."""
    stand_ins: Mapping[str, Any] = {}
    """Function → the tool of the client for which it stands there."""
    amendments: tuple[Amendment, ...] = ()
    """What the provider could not be told, and is done to its answer instead."""
    headers: Mapping[str, str] = {}
    """Headers of the client's that must say something else; empty: nothing at all."""
    content_type: str = ""
    """Of `body`; empty: JSON, or the client's form with its own."""
    places: Mapping[str, str] = {}
    """What stands for `{name}` in the provider's path, beside the model."""
    ending: str | None = None
    """What ends that path in place of its query; None: its own."""
    echo: Mapping[str, Any] = {}
    """What the answer says again, where the provider was asked for something else than the client
    has said; empty: as the client's dialect has it (`Dialect.echo`)."""
    answers: int = 0
    """`Context.answers`."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing goes to the provider yet: the same call is to be made again, with these files."""

    links: tuple[Link, ...]


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing goes to the provider: it takes only a part at once, and each part is a request."""

    bodies: tuple[bytes, ...]
    """Of the parts, in order, in the client's dialect."""
    join: Callable[[Sequence[bytes], Context], bytes]
    """(the bodies of all answers, in the client's dialect, context) → the client's answer; raises
    BadAnswer."""
    alone: GatewayError
    """What the client is told where no such requests can be made."""


class Bridge(Protocol):
    """One exchange between two dialects."""

    def request(self, call: Call) -> Sent | Wanted | Parts: ...

    def whole(self, data: bytes, context: Context) -> tuple[bytes | None, Seen]:
        """(the client's body, or None where the provider's own bytes serve; what it says)."""

    def replay(self, data: bytes, context: Context) -> tuple[bytes, Seen]:
        """A whole answer as the stream that the client asked for; some servers answer so."""

    def stream(self, context: Context) -> Relay: ...

    def error(
        self, status: int, headers: Mapping[str, str], data: bytes
    ) -> tuple[ApiError, int, Mapping[str, str], bytes]:
        """(the error; the status, headers and body with which the client gets it)."""


class Uneventful:
    """The relay of a dialect that never streams."""

    def __init__(self, wants_usage: bool) -> None:
        self.seen = Seen()

    def feed(self, data: bytes) -> None:
        """Nothing is changed."""

    def flush(self) -> bytes:
        """Nothing is added."""
        return b""


FitHeaders = tuple[Mapping[str, str], list[str]]

ParseError = Callable[[int, Mapping[str, str], bytes], ApiError]
"""(HTTP status, lower-case headers, body of any kind) → the error. Never raises."""


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """One wire format, both directions, as client format and as provider format."""

    name: str
    """`family.operation`, such as `openai.chat`."""
    operation: Operation
    served_by: tuple[Operation, ...] = ()
    """The provider's operations that can serve its clients, the best one first; empty: as
    `SERVED_BY` has it for the operation."""
    client: tuple[Endpoint, ...]
    """Where clients find it."""
    upstream: tuple[Endpoint, ...]
    """Its place after a provider's prefix; a vendor may have another (`Provider.paths`)."""
    member: str = "model"
    """What a body calls the model that it names."""
    model_in: Callable[[Json], Any] | None = None
    """What a body names as its model, where that stands deeper; raises InvalidRequest. None: its
    `member`."""
    others: tuple[tuple[str, ...], ...] = ()
    """Where it names more models, each by its way from the top; they are those of clients, too."""
    addressed: Callable[[str, str], Address] | None = None
    """(a client's path, its query) → what they say; None: nothing beside the model."""
    form: bool = False
    """Whether a request is a body of several parts (multipart/form-data)."""
    either: bool = False
    """Whether a client's request may be such a body, or JSON."""
    lasting: bool = False
    """Whether an answer is a job, whose id is asked for again, whoever does it."""
    binary: bool = False
    """Whether a whole answer is no text, such as sound, and passes unread."""
    stream_type: str = "text/event-stream"

    parse_error: ParseError
    render_error: Callable[[ApiError], tuple[int, Mapping[str, str], bytes]]
    """→ (HTTP status as this dialect's SDK expects it, headers, body)."""

    watch: Callable[[Any], Seen]
    """What a whole answer says of itself, without building its neutral form."""
    read: Callable[[bytes], Any] | None = None
    """How a whole answer is read, where building all its values would be a waste; raises BadAnswer.
    None: it is a JSON object."""
    relay: Callable[[bool], Relay] = Uneventful
    """(the client wants the usage event) → a relay."""
    renaming: "Callable[[Relay, str], Relay] | None" = None
    """(a relay, the client's name of the model) → a relay that shows that name, as whole answers
    then do; None: clients do not mind the provider's."""
    edits: Callable[[Json, str, bool], dict[str, Any]] = lambda body, model, usage: {}
    """(body, upstream model, provider can say usage in streams) → top-level members to change so
    that the same body may go to a provider of this dialect."""
    streams: Callable[[Json], bool] | None = None
    """Whether a body asks for a stream, where another member than `stream` says it."""
    wants_usage: Callable[[Json], bool] = lambda body: True
    """Whether a client that sent `body` is to be shown usage in a stream."""
    variant: "Callable[[str], Dialect] | None" = None
    """The query of a client's path → this dialect, in the form of its streams that the query asks
    for; the name stays."""
    echo: Callable[[Json], Mapping[str, Any]] = lambda body: {}
    """What of a request its answer says again."""
    knows_agents: bool = False
    """Whether its answers depend on which client asks (`Context.agent`)."""
    uses: Callable[[Json], Units] | None = None
    """What a request alone says of what is used, such as the text that is to be spoken, or of
    which kind the pictures are to be."""
    request_headers: Mapping[str, str] = {}
    """Sent to every provider of this dialect, such as a version; a client of the same dialect may
    have sent its own."""
    own_headers: frozenset[str] = frozenset()
    """Headers of clients that mean something in this dialect only, and go no further than it."""

    told_headers: frozenset[str] = frozenset()
    """Of these, those that clients of other dialects say in their bodies."""

    host: str = ""
    """Whose form of the dialect this is, such as a cloud's; empty: the form that clients speak."""
    drops: frozenset[str] = frozenset()
    """Top-level members that this form rejects, mere hints: left out and named."""
    refuses: frozenset[str] = frozenset()
    """Top-level members that this form rejects and that change the meaning: 400."""
    from_headers: "Callable[[Json, Mapping[str, str], str], dict[str, Any]] | None" = None
    """(body, the client's own headers, upstream model) → members that say here what those headers
    say."""
    tune: "Callable[[Json, str, list[str]], dict[str, Any]] | None" = None
    """(body, name that says what the model takes, dropped) → top-level members to change so that
    this model understands them."""
    loses: "Callable[[Json, Json], list[str]] | None" = None
    """(body, what `edits` change in it) → names of what is lost of it thereby."""
    marks: "Callable[[Json, str, str], dict[str, Any]] | None" = None
    """(body, name that says what the model takes, how long) → top-level members to change so that
    the provider caches the prompt."""
    fit_headers: "Callable[[Json, Mapping[str, str], Set[str]], FitHeaders] | None" = None
    """(the body as it goes, the client's own headers, top-level members that the body lost) →
    (those that must say something else, names of what they lose)."""
    request_id: str = ""
    """The header in which an answer has its id; empty: there is none."""
    listing: Listing | None = None
    """How its clients ask for the list of models; None: they do not."""
    charged: bool = True
    """False: an answer says what something would use, and uses nothing itself."""
    ids: Callable[[Json], Ids] | None = None
    """(the request) → where ids of what a provider keeps stand in it, and in its answer; None:
    nowhere."""
    shown: Ids | None = None
    """Where they stand in answers; None: as in requests."""
    id_header: str = ""
    """The header of a stream in which one stands, where its events hold none."""
    hollow: bool = False
    """Whether an answer may have no body."""
    arrays: bool = False
    """Whether an answer may be an array of answers; it is then parsed as the member `data`."""
    estimate: Callable[[Call], bytes] | None = None
    """The answer in the place of a provider that cannot give one; None: there is no such thing."""

    @property
    def alone(self) -> bool:
        """Whether it only passes, and is never translated."""
        return type(self) is Dialect

    def along(self, passage: Bridge, target: "Dialect", quirks: Quirks) -> Bridge:
        """The bridge to this dialect itself, over which bytes pass where they can."""
        return passage

    def towards(self, target: "Dialect", quirks: Quirks) -> Bridge:
        """The bridge to another dialect of the same operation."""
        raise AssertionError(f"{self.name} passes, and is never translated")

    def replay(self, data: bytes, client: "Dialect", context: Context) -> tuple[bytes, Seen]:
        """A whole answer of this dialect as a stream of the client's; raises BadAnswer."""
        raise BadAnswer("the provider's answer is no stream")

    def gathered(self, data: bytes, target: "Dialect", context: Context) -> tuple[bytes, Seen]:
        """A stream of the provider's dialect as a whole answer of this one; raises BadAnswer. The
        bytes mean nothing where an error was seen."""
        raise BadAnswer("the provider's answer is a stream")
