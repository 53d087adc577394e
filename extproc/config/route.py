"""A client-visible model name and the backends that serve it."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, JsonValue

from extproc.config.balance import Balance
from extproc.config.base import Model, flaw
from extproc.config.patterns import ModelName, ModelPattern
from extproc.config.retry import Retry
from extproc.config.values import Duration, Name, Real, Whole, one_or_more

OWN_MEMBERS = frozenset({"model", "stream"})
"""Top-level members of a body that the gateway itself decides on."""

MAX_INTEGER = 2**64


class RouteBackend(Model):
    """One backend of a route."""

    backend: Name
    """A name under `backends`."""
    model: ModelName | None = None
    """What the provider calls the model; default: what the client called it. `$0` in it is the
    client's whole name, `$1` what the star of `models` stands for, or the first group of the
    expression, and so on: with `models: openai/*`, `model: $1` takes `openai/` off."""
    family: ModelName | None = None
    """The vendor's name of a model whose rules hold, where `model` does not tell it (an ARN, a
    deployment); default: the backend's `family`."""
    weight: Annotated[Whole, Field(ge=1, le=1_000_000)] = 1
    """Its share of the requests, relative to the others of the same priority."""
    priority: Annotated[Whole, Field(ge=0, le=127)] = 0
    """0 is tried first, 1 when 0 fails or is unhealthy, and so on, without gaps."""


def _json(value: JsonValue) -> JsonValue:
    if isinstance(value, int) and not -(2**63) <= value < MAX_INTEGER:
        raise flaw("must be a number of at most 64 bits")
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    return [_json(item) for item in value] if isinstance(value, list) else value


def _member(name: str) -> str:
    if name in OWN_MEMBERS:
        raise flaw("is decided by the gateway; a route's backend sets the model")
    if not name or "." in name:
        raise flaw("must be a member of the body's top level")
    return name


def _dotted(path: str) -> str:
    if path in OWN_MEMBERS or path.split(".", maxsplit=1)[0] in OWN_MEMBERS:
        raise flaw("is decided by the gateway and cannot be removed")
    if "" in path.split("."):
        raise flaw("must be names joined by dots, such as metadata.internal")
    return path


Member = Annotated[str, AfterValidator(_member), Field(min_length=1, max_length=256)]
MemberPath = Annotated[str, AfterValidator(_dotted), Field(min_length=1, max_length=1_024)]
Members = dict[Member, Annotated[JsonValue, AfterValidator(_json)]]


class RequestEdits(Model):
    """What is done to every request's body, in this order: remove, defaults, override."""

    defaults: Members = Field(default_factory=dict)
    """Top-level members for bodies that have none of that name; not `model` or `stream`."""
    override: Members = Field(default_factory=dict)
    """Top-level members put into every body, whatever the client gave; not `model` or `stream`."""
    remove: tuple[MemberPath, ...] = ()
    """Members taken out of every body; a dotted path reaches into objects."""
    vendor_tools: Literal["refuse", "drop"] = "refuse"
    """What becomes of a tool that another provider would run, such as a search of the web, where
    this one does not have it: a 400, or left out and named in `x-ai-dropped-params`."""


Usd = Annotated[Real, Field(ge=0, le=1_000_000)]


class RoutePrice(Model):
    """USD: tokens by the million, other units each unless it is said otherwise."""

    input: Usd = 0.0
    """Prompt tokens."""
    output: Usd = 0.0
    """Generated tokens."""
    cache_read: Usd | None = None
    """Prompt tokens read from the provider's cache; default: `input`."""
    cache_write: Usd | None = None
    """Prompt tokens written to the provider's cache; default: `input`."""
    image: Usd = 0.0
    """A picture that is made."""
    images: dict[Annotated[str, Field(max_length=64)], Usd] = Field(
        default_factory=dict, max_length=64
    )
    """Size and quality, as the answer says both or clients ask for them (`1024x1024 high`,
    `1024x1024`) → a picture; others cost `image`."""
    second: Usd = 0.0
    """A second of sound or film, heard or made."""
    characters: Usd = 0.0
    """A million characters of text that is spoken."""
    search: Usd = 0.0
    """A search, as rerankers count them."""
    page: Usd = 0.0
    """A page of a document that is read."""


class RouteTimeouts(Model):
    """Durations with a unit: ms, s, m, h, d."""

    request: Duration | None = None
    """For the whole exchange, all attempts; default: `envoy.timeouts.request`."""
    stream_idle: Duration | None = None
    """Between two pieces of an answer; default: `envoy.timeouts.stream_idle`."""


class Route(Model):
    """Model names and who serves them."""

    models: Annotated[
        tuple[ModelPattern, ...],
        Field(min_length=1, max_length=10_000),
        one_or_more(ModelPattern, 10_000),
    ]
    """Names that clients use: exact, `prefix*`, or `/regular expression/` (RE2, whole name). An
    exact name wins over a prefix, the longest prefix over others, a prefix over an expression."""
    backends: Annotated[tuple[RouteBackend, ...], Field(min_length=1, max_length=128)]
    """Who serves them, by priority and weight."""
    balance: Balance = Balance()
    """Which backend of a priority gets a request."""
    retry: Retry = Retry()
    """When to try again."""
    request: RequestEdits = RequestEdits()
    """What to change in the body."""
    price: RoutePrice | None = None
    """For the cost in metadata and limits; default: no cost is reported."""
    timeouts: RouteTimeouts = RouteTimeouts()
    """Instead of those of `envoy.timeouts`."""

    @property
    def attempts(self) -> int:
        """As given; else one for each priority, and a second one in any case."""
        priorities = len({backend.priority for backend in self.backends})
        return self.retry.attempts or max(2, priorities)
