"""A client-visible model name and the backends that serve it."""

from typing import Annotated

from pydantic import Field

from extproc.config.balance import Balance
from extproc.config.base import Model
from extproc.config.edits import AnswerEdits, RouteEdits
from extproc.config.patterns import ModelName, ModelPattern
from extproc.config.price import RoutePrice
from extproc.config.retry import Retry
from extproc.config.shadow import Shadow
from extproc.config.values import ClientOrGroup, Duration, Name, Whole, one_or_more


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
    clients: (
        Annotated[
            tuple[ClientOrGroup, ...],
            Field(max_length=10_000),
            one_or_more(ClientOrGroup, 10_000, least=0),
        ]
        | None
    ) = None
    """Only these clients, or `group:NAME` of `clients.groups`, may use the models; for others there
    are none of these names. Default: all clients."""
    balance: Balance = Balance()
    """Which backend of a priority gets a request."""
    retry: Retry = Retry()
    """When to try again."""
    shadow: Shadow | None = None
    """Who gets copies of the requests besides; default: nobody."""
    request: RouteEdits = RouteEdits()
    """What requests may ask for, and what to change in them."""
    response: AnswerEdits = AnswerEdits()
    """What to change in answers."""
    price: RoutePrice | None = None
    """For the cost in metadata and limits; default: the backend's, or that of `prices`."""
    timeouts: RouteTimeouts = RouteTimeouts()
    """Instead of those of `envoy.timeouts`."""

    @property
    def levels(self) -> int:
        """How many priorities there are."""
        return len({backend.priority for backend in self.backends})

    @property
    def attempts(self) -> int:
        """As given; else one for each priority, and a second one in any case."""
        return self.retry.attempts or max(2, self.levels)

    @property
    def lossless(self) -> bool:
        """Whether it depends on the request who is asked after a failure."""
        return self.retry.lossless and len(self.backends) > 1 and self.attempts > 1

    @property
    def ordered(self) -> bool:
        """Whether a client may say which backends are asked."""
        return self.balance.client_order and len(self.backends) > 1
