"""What the calls answer that the page makes, beside those for providers."""

from typing import Any, Literal

from pydantic import Field

from extproc.admin.models import Answer, Change


class Status(Answer):
    """What there is to be seen."""

    version: str
    """Of extproc."""
    write: bool
    """Whether gateway.yaml can be changed here."""
    recorded: bool
    """Whether `usage` names a store: without one, nobody knows what was asked."""
    backends: int
    """How many there are."""
    routes: int
    """How many there are."""
    clients: bool
    """Whether callers need a key."""
    listener: str
    """Where clients find the gateway, seen from this machine."""


class Minute(Answer):
    """What was asked in one minute."""

    at: int
    """Its beginning, seconds since the epoch."""
    requests: int
    """How many were made of backends."""
    refused: int
    """How many Envoy has answered by itself, beside them."""
    attempts: int
    """At backends; more than one where the first failed."""
    failed: int
    """Attempts."""
    input_tokens: int
    """Of prompts."""
    output_tokens: int
    """Generated."""
    cost_usd: float
    """By the routes' prices."""
    duration_ms: float
    """Of an attempt, the mean."""


class Traffic(Answer):
    """What was asked lately."""

    now: float
    """Seconds since the epoch, by the gateway's clock."""
    minutes: list[Minute]
    """Those in which anything was asked, in order."""
    problem: str = ""
    """Why there are none, where that is not because nobody has asked."""


class Spent(Answer):
    """What one group has used."""

    group: dict[str, str]
    """`client`, `model`, `backend`, `provider`, `operation`, `day` or `failure` → which."""
    requests: int
    """How many were made."""
    attempts: int
    """At backends."""
    failed: int
    """Of these attempts."""
    refused: int
    """Requests beside those, that no backend was asked for."""
    input_tokens: int
    """Of prompts."""
    output_tokens: int
    """Generated."""
    cache_read_tokens: int
    """Of those of prompts, read from a provider's cache."""
    cost_usd: float
    """By the routes' prices."""
    duration_ms: float
    """Of an attempt, the mean."""


class Spend(Answer):
    """Who has used what."""

    rows: list[Spent]
    """The dearest first; a sum of days is in their order."""
    cut: bool = False
    """Whether there are more."""
    problem: str = ""
    """Why there are none."""


class Error(Answer):
    """An attempt that failed, or requests of one minute that no backend was asked for."""

    at: float
    """When it began, seconds since the epoch; of a minute, its beginning."""
    client: str
    """Who asked, by the name of its key."""
    operation: str
    """What was asked for: `chat`, `embeddings`, …"""
    request_model: str
    """The client's name for it."""
    backend: str
    """At which it was made; empty: at none, Envoy has answered by itself."""
    upstream_model: str
    """The provider's name for it."""
    stream: bool
    """Whether a stream was asked for."""
    status: int
    """The provider's, or Envoy's; 0: it has said nothing."""
    failure: str
    """Why: the provider's type of error, or ours; `cut`: it ended before its time; or Envoy's word
    for it."""
    duration_ms: float
    """When it ended."""
    requests: int = 1
    """How many there were of the same."""


class Errors(Answer):
    """What has failed."""

    errors: list[Error]
    """The last one first."""
    problem: str = ""
    """Why there are none, where that is not because nothing has failed."""


class Host(Answer):
    """An address of a backend, as Envoy sees it."""

    address: str
    """IP address and port."""
    healthy: bool
    """Whether Envoy sends requests there."""
    why: str
    """What Envoy says where it is not."""
    requests: int
    """Since Envoy has it."""
    failed: int
    """Of these, by a status of 500 or more, or none at all."""
    unreachable: int
    """Connections that could not be made."""


class Probe(Answer):
    """What the gateway's own look at a backend has found."""

    at: float
    """When it was the last time, seconds since the epoch."""
    failure: str
    """Why the backend did not answer as it should; empty: it did."""
    failures: int
    """How often in a row."""
    since: float
    """When the first of these was; 0: there was none."""


class Health(Answer):
    """How a backend does."""

    name: str
    """The key under `backends`."""
    provider: str
    """`backends.NAME.provider`."""
    status: Literal["healthy", "degraded", "unhealthy", "unknown", "lacking", "unused"]
    """`degraded`: some of its addresses are out; `unhealthy`: all of them are, it does not answer
    its probe, or it has no token; `unknown`: Envoy has not been heard;
    `lacking`: `problem` says what; `unused`: no route leads to it."""
    problem: str
    """What it needs and has not, such as a key or a token, or why its probe fails."""
    probe: Probe | None
    """The last one, where `backends.NAME.probe` wants any."""
    models: list[str]
    """The routes that lead to it, by their models."""
    hosts: list[Host]
    """Its addresses."""
    attempts: int
    """In the last hour."""
    failed: int
    """Of these."""
    duration_ms: float
    """Of these, the mean."""
    last_error: Error | None
    """Of the last 24 hours."""


class Envoy(Answer):
    """What Envoy says of itself."""

    heard: bool
    """Whether its admin interface answers, at 127.0.0.1 and `envoy.admin_port`."""
    requests: int
    """Of clients, since its start."""
    active: int
    """Under way now."""
    refused: int
    """By limits, since its start."""


class Backends(Answer):
    """How all backends do."""

    envoy: Envoy
    """What it says of itself."""
    backends: list[Health]
    """In the order of gateway.yaml."""


class RouteBackend(Answer):
    """A backend of a route."""

    backend: str
    """A key of `backends`."""
    model: str
    """What the provider calls it; empty: as the client does."""
    weight: int
    """Its share among those of its priority."""
    priority: int
    """0 is tried first."""


class Route(Answer):
    """Models, and who serves them."""

    models: list[str]
    """Exact names, `prefix*`, `/expressions/`."""
    backends: list[RouteBackend]
    """Who serves them."""
    balance: str
    """Which of them gets a request: `routes[].balance`."""
    attempts: int
    """At most."""
    price: dict[str, float] | None
    """USD by unit, tokens by the million; None: nobody has said."""


class Routes(Answer):
    """All routes."""

    routes: list[Route]
    """In the order of gateway.yaml."""
    names: list[str]
    """Exact names that clients can say."""


class Left(Answer):
    """What one of those whom a limit is for has left."""

    whom: dict[str, str]
    """`client`, `model`, `backend` or `header:NAME` → which."""
    left: float | None
    """In the limit's unit; None: the limiter does not say."""


class Budget(Answer):
    """A limit."""

    terms: str
    """In words."""
    per: list[str]
    """Whose it is: `client`, `model`, `backend`, `header:NAME`."""
    unit: str
    """`requests`, `tokens`, `input_tokens`, `output_tokens` or `cost_usd`."""
    amount: float
    """In that unit."""
    every: str
    """The window, in UTC."""
    models: list[str]
    """The only ones; empty: all."""
    resets_in: int
    """Seconds to the end of the window."""
    left: list[Left]
    """For each of those whose names are known here."""
    open: list[str]
    """Headers whose values nobody knows beforehand: ask with `of`."""
    cut: bool
    """Whether there are more than are told."""


class Budgets(Answer):
    """All limits."""

    limits: list[Budget]
    """In the order of gateway.yaml."""


class Flaw(Answer):
    """What is wrong in gateway.yaml."""

    line: int
    """From 1; 0: no line."""
    key: str
    """Dotted, such as `routes[0].models`."""
    message: str
    """Without secrets."""


class Configuration(Answer):
    """gateway.yaml as it is."""

    text: str
    """What may be a secret is `…` where the file cannot be changed here."""
    version: str
    """To be sent with a change."""
    write: bool
    """Whether it can be changed here."""
    flaws: list[Flaw]
    """Why the gateway does not take it, or what it lacks."""
    history: list[Change]
    """What was changed here, the last one first."""


class Compared(Answer):
    """What a configuration would change, or has changed."""

    saved: bool
    """Whether it is in the file now."""
    flaws: list[Flaw]
    """Why it cannot be taken."""
    lacking: list[str]
    """What its backends lack, such as keys; no reason not to take it."""
    diff: list[str]
    """Of a dry run: Envoy's configuration before and after, as a unified diff without clients'
    keys."""
    cut: bool
    """Whether the diff is longer."""
    version: str
    """Of what was saved; else of the file as it is."""


class Wanted(Answer):
    """gateway.yaml as it shall be."""

    text: str = Field(max_length=1_000_000)
    """The whole file."""
    version: str = Field(max_length=64)
    """Which one was seen."""


class Maker(Answer):
    """A provider of chats that the catalogue knows."""

    name: str
    """The word in gateway.yaml."""
    title: str
    """The name that the vendor gives itself."""
    docs: str
    """Where its facts come from."""
    example: str
    """A model of it."""
    variable: str
    """Where its key usually is."""
    keyless: bool
    """Whether it usually needs none."""
    base_url: bool
    """Whether its address must be said."""


class Makers(Answer):
    """Whom a first backend can be of: those that need no more than a key or an address."""

    providers: list[Maker]
    """By their titles."""


class Trial(Answer):
    """A conversation to be tried, in any client's format."""

    dialect: str = Field(max_length=64)
    """`openai.chat`, `anthropic.messages`, …"""
    model: str = Field(max_length=512)
    """As clients call it."""
    prompt: str = Field("", max_length=32_000)
    """What the user says."""
    system: str = Field("", max_length=8_000)
    """What is said before."""
    max_tokens: int | None = Field(None, ge=1, le=1_000_000)
    """Of the answer, at most."""
    temperature: float | None = Field(None, ge=0, le=2)
    """How free it is."""
    stream: bool = True
    """Whether it shall come piece by piece."""
    body: dict[str, Any] | None = None
    """Sent instead of what is made of the rest."""
    key: str = Field("", max_length=4_096, repr=False)
    """The client's key for the gateway; it is passed on, and kept nowhere."""


class Draft(Answer):
    """A request as it would go to the gateway."""

    path: str
    """At the listener."""
    headers: dict[str, str]
    """Without the key."""
    body: dict[str, Any]
    """JSON."""


class Dialects(Answer):
    """Formats in which a conversation can be tried."""

    dialects: list[str]
    """By their names."""
