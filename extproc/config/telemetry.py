"""What the gateway tells of its work: metrics, and records of what was used."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from extproc.config.base import Model, flaw
from extproc.config.expressions import compiled
from extproc.config.values import Duration, FilePath, Flag, Port, Real, SecretRef, Size, Text
from extproc.config.web import BaseUrl, HeaderName, IpAddress

SQLITE = "sqlite:///"
STORE = rf"^(?:{SQLITE}.+|env:[A-Za-z_][A-Za-z0-9_]{{0,127}}|file:/.+)$"
BodyPath = Annotated[str, Field(pattern=r"^[^.]+(\.[^.]+)*$", max_length=1_024)]
"""Names of members, joined by dots."""
Broker = Annotated[str, Field(pattern=r"^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]{1,253}):[0-9]{1,5}$")]


class Prometheus(Model):
    """Where metrics can be read."""

    address: IpAddress = "127.0.0.1"
    """IP address."""
    port: Port = 9464
    """TCP port; the path is `/metrics`."""


class Collector(Model):
    """Who takes OTLP over HTTP."""

    endpoint: BaseUrl
    """Scheme, host, port and perhaps a path, such as `http://127.0.0.1:4318/v1/metrics`, or
    `/v1/traces`."""
    headers: dict[HeaderName, SecretRef] = Field(default_factory=dict, max_length=16)
    """Sent with every request; each value is where it is: `env:NAME` or `file:/path`."""


class Otlp(Collector):
    """Where metrics are sent, by OTLP over HTTP."""

    every: Annotated[Duration, Field(ge=1.0)] = Field(
        default=60.0, json_schema_extra={"default": "60s"}
    )
    """How often."""


class Traces(Collector):
    """Where a span of each attempt is sent, by OTLP over HTTP."""

    ratio: Annotated[Real, Field(ge=0, le=1)] = 1.0
    """Share of the requests without a `traceparent` that are traced; others say it themselves."""
    openinference: Flag = False
    """Whether spans have the attributes of OpenInference, too."""
    envoy: Flag = False
    """Whether Envoy makes a span of each request, above those of its attempts; sent without
    `headers`."""


class Telemetry(Model):
    """Metrics of requests, tokens, cost and the gateway's own health; without it, none are made."""

    prometheus: Prometheus | None = None
    """To be read by Prometheus; default: not."""
    otlp: Otlp | None = None
    """Sent to a collector; default: not."""
    traces: Traces | None = None
    """Spans, sent to a collector; default: none are made."""


def _store(value: object) -> object:
    if isinstance(value, str) and value.startswith(SQLITE) and len(value) > len(SQLITE):
        return value
    if not isinstance(value, str) or not value.startswith(("env:", "file:")):
        raise flaw("must be sqlite:///FILE, or where a URL is that may hold a password: env:NAME")
    return SecretRef.parse(value)


def _pattern(text: str) -> str:
    try:
        compiled(text)
    except ValueError as error:
        raise flaw(f"is no expression of RE2: {error}") from None
    return text


class Raw(Model):
    """Bodies of requests and answers, for backends with `store_raw`: what people say to models."""

    max_bytes: Size = Field(
        default=64 * 1024, ge=1024, le=96 * 1024, json_schema_extra={"default": "64KiB"}
    )
    """Of each body; what is beyond it is left out."""
    retention: Duration = Field(default=604_800.0, json_schema_extra={"default": "7d"})
    """How long they are kept."""
    redact: Annotated[tuple[BodyPath, ...], Field(max_length=64)] = ()
    """Members whose values are not kept: dotted paths, `*` for any member or item, such as
    `messages.*.content`. With any, nothing is kept of a body that is longer, or no JSON."""
    patterns: Annotated[
        tuple[Annotated[str, AfterValidator(_pattern), Field(max_length=1_000)], ...],
        Field(max_length=64),
    ] = ()
    """Text that is not kept: expressions as RE2 reads them."""


class Kafka(Model):
    """A topic of Kafka."""

    brokers: Annotated[tuple[Broker, ...], Field(min_length=1, max_length=16)]
    """`HOST:PORT` of those that are asked for the others."""
    topic: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,249}$")]
    """Its name."""
    tls: Flag = False
    """Whether connections are encrypted, and brokers' certificates checked."""
    ca: FilePath | None = None
    """PEM file of the authorities to trust, with `tls`; default: the system's."""
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    """How `username` and `password` are proven."""
    username: Text | None = None
    """Together with `password`; default: nobody asks."""
    password: SecretRef | None = None
    """Where it is: `env:NAME` or `file:/path`."""

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise flaw("username and password go together")
        if self.username is not None and self.mechanism == "PLAIN" and not self.tls:
            raise flaw("mechanism PLAIN shows the password to the network: say `tls: true`")
        return self


class Usage(Model):
    """A record of every attempt, for who pays; without it, none is kept."""

    store: Annotated[
        SecretRef | str,
        BeforeValidator(_store, json_schema_input_type=Annotated[str, Field(pattern=STORE)]),
    ]
    """`sqlite:///usage.db` (relative to this file), or `env:NAME` or `file:/path` of a URL such as
    `postgresql://user:password@host/database`."""
    retention: Duration | None = None
    """How long records are kept; default: for ever."""
    spool: FilePath = "usage.spool"
    """A file, relative to this one, for what the store has not got yet."""
    spool_bytes: Size = Field(
        default=64 * 1024 * 1024, ge=1024 * 1024, json_schema_extra={"default": "64MiB"}
    )
    """The most that it may hold, some hundred thousand records; more are lost, and counted."""
    logs: Collector | None = None
    """Who gets each record beside the store, as an event, by OTLP over HTTP; a spool of its own is
    behind the name of `spool`. Default: nobody."""
    kafka: Kafka | None = None
    """The topic of Kafka that each record is put into beside the store; the same. Default: none."""
    raw: Raw = Raw()
    """How bodies are kept, where a backend has `store_raw`."""
