"""The server's own settings, and those of the Envoy in front of it."""

from collections.abc import Iterable
from itertools import chain
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from extproc.config.base import Model, flaw
from extproc.config.fetch import Fetch
from extproc.config.nameable import Nameable
from extproc.config.tokens import Jwt
from extproc.config.values import (
    GROUP,
    Caller,
    Duration,
    FilePath,
    Flag,
    Name,
    Port,
    Real,
    SecretRef,
    Size,
    Whole,
    one_or_more,
    pattern,
)
from extproc.config.web import IpAddress, Origin

MAX_BODY = 2**31 - 1
"""Envoy's buffer limits are 32 bits wide, and gRPC's message sizes signed."""


class ServerTls(Model):
    """PEM files of a TLS server."""

    certificate: FilePath
    """The certificate chain."""
    key: FilePath
    """The certificate's private key."""
    client_ca: FilePath | None = None
    """Authorities of client certificates, which are then required; default: none is asked for."""


class Cors(Model):
    """Which web pages may call from a browser; a key that is in a page is everybody's key."""

    origins: Annotated[tuple[Origin, ...], Field(min_length=1, max_length=1_000)]
    """`https://app.example.com`, `https://*.example.com` (what is below it), or `*` (any)."""
    max_age: Duration = Field(default=3_600.0, json_schema_extra={"default": "1h"})
    """How long a browser need not ask again."""


class Listen(Model):
    """Where Envoy takes requests."""

    address: IpAddress = "0.0.0.0"  # noqa: S104  (a gateway is there to be reached)
    """IP address."""
    port: Port = 8080
    """TCP port."""
    tls: ServerTls | None = None
    """Serve https; files on Envoy's machine. Default: plain http."""
    http2: Flag = True
    """Accept HTTP/2 beside HTTP/1.1."""
    cors: Cors | None = None
    """Web pages that may call; default: none."""
    prefix: Annotated[
        str,
        pattern(r"(?:/[A-Za-z0-9._~-]+)*", "must be a path such as /ai"),
        Field(max_length=256),
    ] = ""
    """A path below which everything is found, too, such as `/ai`; default: none."""


class KeyFile(Model):
    """Where the clients' keys are listed."""

    file: FilePath
    """YAML: client name → `env:NAME`, `file:/path`, or a list of such; relative to this file. Or a
    directory, of which all `*.yaml`, `*.yml` and `*.json` are read; a client stands in one of them.
    What is there is in force as soon as it changes."""


class Clients(Model):
    """Who may call."""

    api_keys: KeyFile | None = None
    """Clients send `Authorization: Bearer KEY`, or the key in `x-api-key`, `api-key`,
    `x-goog-api-key`, `xi-api-key` or the query's `key`."""
    jwt: Jwt | None = None
    """Or they send a token instead, in one of those headers."""
    groups: dict[
        Name,
        Annotated[
            tuple[Caller, ...],
            Field(max_length=10_000),
            one_or_more(Caller, 10_000, least=0),
        ],
    ] = Field(default_factory=dict)
    """Name of a group → the clients in it, for `clients` of routes."""

    def named(self, names: Iterable[str]) -> frozenset[str]:
        """The clients that `names` mean, of which some are groups."""
        found = [
            self.groups[name.removeprefix(GROUP)] if name.startswith(GROUP) else (name,)
            for name in names
        ]
        return frozenset(chain.from_iterable(found))


class Tcp(Model):
    """A TCP port for Envoys on other machines, beside the sockets."""

    host: IpAddress = "127.0.0.1"
    """IP address."""
    port: Port
    """TCP port of the first worker; each further worker has the next port."""
    tls: ServerTls | None = None
    """Server certificate; with `client_ca`, mutual TLS. Default: plain text."""


class Xds(Model):
    """A TCP port where Envoys on other machines ask for their configuration.

    Whoever reaches it gets all of that, the clients' keys included: have it ask for certificates
    (`tls.client_ca`), or keep it within a network that you trust.
    """

    host: IpAddress = "127.0.0.1"
    """IP address."""
    port: Port
    """TCP port."""
    tls: ServerTls | None = None
    """Server certificate; with `client_ca`, mutual TLS. Default: plain text."""


class Log(Model):
    """The server's own log, on standard error."""

    format: Literal["json", "console"] = "json"
    """One JSON object a line, or text for people."""
    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severity that is written."""


def _workers(value: object) -> object:
    if value == "auto" or (isinstance(value, int) and not isinstance(value, bool)):
        return 0 if value == "auto" else _positive(value)
    raise flaw("must be `auto` or a number from 1 to 256")


def _positive(value: object) -> object:
    if isinstance(value, int) and 1 <= value <= 256:
        return value
    raise flaw("must be `auto` or a number from 1 to 256")


Workers = Annotated[
    int,
    BeforeValidator(
        _workers,
        json_schema_input_type=Literal["auto"] | Annotated[int, Field(ge=1, le=256)],
    ),
]

# A socket's path ends at 107 bytes (unix(7)); the worker's name comes after the directory.
SocketDirectory = Annotated[
    str, pattern(r"/[\x21-\x7e]{1,79}", "must be an absolute path of at most 80 bytes")
]


class SideCalls(Model):
    """Requests of our own that one request of a client becomes, where its provider takes only a
    part of it at once."""

    max_calls: Annotated[Whole, Field(ge=1, le=100_000)] = 2_048
    """Of one request; more are a 400."""
    at_once: Annotated[Whole, Field(ge=1, le=64)] = 8
    """Of one request at a time; of one worker, 64."""
    timeout: Annotated[Duration, Field(le=600.0)] = Field(
        default=60.0, json_schema_extra={"default": "60s"}
    )
    """For all of one request; Envoy's configuration must be rendered again after a change."""


SHORTEST_SILENCE = 3.0
"""Seconds: a large configuration, or a machine that is busy, silences a healthy worker for two."""


def _silence(value: float) -> float:
    if value < SHORTEST_SILENCE:
        raise flaw("must be at least 3s")
    return value


Silence = Annotated[Duration, AfterValidator(_silence)]


class Extproc(Model):
    """The server that Envoy asks."""

    workers: Workers = Field(default=0, json_schema_extra={"default": "auto"})
    """Processes; `auto`: one for each CPU that this process may use."""
    transport: Literal["lean", "grpcio"] = "lean"
    """How gRPC is spoken; both do the same, `lean` for a fraction of the CPU."""
    sockets: SocketDirectory = "/run/extproc"
    """A directory, which gets one Unix socket for each worker."""
    tcp: Tcp | None = None
    """Also listen on TCP; default: Unix sockets only."""
    xds: Xds | None = None
    """Tell Envoys on other machines their configuration, too; default: those on this one."""
    log: Log = Log()
    """The server's own log."""
    drain: Duration = Field(default=30.0, json_schema_extra={"default": "30s"})
    """How long streams may go on after SIGTERM."""
    watchdog: Silence | None = Field(default=5.0, json_schema_extra={"default": "5s"})
    """How long a worker may be silent, stopped or busy with one thing, before it is killed and
    replaced; at least 3s. null: never."""
    metadata: Flag = False
    """True: backends and routes that stand in Envoy's own metadata hold, too, with those secrets of
    this machine that `metadata_secrets` lets them name. Default: not."""
    metadata_secrets: Annotated[tuple[Nameable, ...], Field(max_length=256)] | None = None
    """What metadata may name: `env:NAME`, `env:PREFIX*` (all that begin so), `file:/path` or
    `file:/folder/` (all that is in it). Default: variables that are called as a provider's key
    usually is, such as `env:OPENAI_API_KEY`, and no file."""
    max_values: Annotated[Whole, Field(ge=1_000, le=10_000_000)] = 200_000
    """JSON values of a request, and steps of what is made of it, such as schemas whose references
    are replaced; an answer may hold three times as many. More is a 413, or a 502."""
    fetch: Fetch | None = None
    """Media by URL for providers that take only bytes; default: nothing is fetched."""
    side_calls: SideCalls = SideCalls()
    """Requests that one request becomes, by a listener of Envoy's own among the sockets."""


def _storage(value: object) -> object:
    if value == "memory":
        return "memory"
    if isinstance(value, str) and value.startswith(("redis://", "rediss://", "unix://")):
        raise flaw("a Redis URL may hold a password: name it, env:NAME or file:/path")
    if not isinstance(value, str):
        raise flaw("must be `memory`, or where a Redis URL is: env:NAME or file:/path")
    return SecretRef.parse(value)


class Limiter(Model):
    """The rate limit service in the server."""

    storage: Annotated[
        Literal["memory"] | SecretRef,
        BeforeValidator(_storage, json_schema_input_type=Literal["memory"] | SecretRef),
    ] = "memory"
    """`memory` (this machine only, lost at a restart), or `env:NAME` or `file:/path` of a Redis
    URL, which several machines share."""
    timeout: Duration = Field(default=2.0, json_schema_extra={"default": "2s"})
    """How long a request waits for the limiter and its storage."""
    on_error: Literal["allow", "deny"] = "allow"
    """What happens to requests whose limits cannot be checked in that time; `deny` is a 503."""
    reserve: Flag = True
    """Whether a request reserves what it will probably use, so that requests at once stay within a
    budget of tokens or USD together; what was really used is charged when it is done."""
    sessions: Flag = True
    """Whether sessions are charged while they run, and end when a budget is used up; `false` where
    Envoy asks another rate limit service, which charges them when they are done."""


class EnvoyTimeouts(Model):
    """Durations with a unit: ms, s, m, h, d."""

    request: Duration = Field(default=600.0, json_schema_extra={"default": "600s"})
    """For the whole exchange, all attempts."""
    per_try: Duration | None = None
    """For one attempt: until its whole answer is there, or its stream begins; default: no bound of
    its own."""
    stream_idle: Duration = Field(default=300.0, json_schema_extra={"default": "300s"})
    """Between two pieces of a request or an answer."""
    connect: Duration = Field(default=5.0, json_schema_extra={"default": "5s"})
    """To open a connection to a provider."""


class RetryBudget(Model):
    """How many further attempts there may be at a time, so that a provider that is down is not
    asked twice as much; each route's backends together have their own."""

    percent: Annotated[Real, Field(gt=0, le=100)] = 20.0
    """Share of the requests that are under way."""
    least: Annotated[Whole, Field(ge=0, le=1_000_000)] = 3
    """As many there may be in any case."""


class Dns(Model):
    """How Envoy finds the addresses of providers."""

    family: Literal["auto", "v4_only", "v6_only", "v4_preferred", "all"] = "v4_preferred"
    """Which addresses are asked for."""
    refresh: Duration = Field(default=30.0, json_schema_extra={"default": "30s"})
    """How often, unless the answer says how long it is good for."""


class Envoy(Model):
    """Settings of the rendered Envoy configuration."""

    admin_port: Port = 9901
    """TCP port of Envoy's admin interface, on 127.0.0.1 only."""
    max_body_bytes: Size = Field(
        default=50 * 1024 * 1024, ge=1024, le=MAX_BODY, json_schema_extra={"default": "50MiB"}
    )
    """The largest request body, and the largest answer that is not streamed; more is a 413."""
    timeouts: EnvoyTimeouts = EnvoyTimeouts()
    """How long things may take."""
    retry_budget: RetryBudget | None = None
    """Bound on further attempts; one above it is not made, and the client gets the failure.
    Default: none."""
    access_log: FilePath | None = "/dev/stdout"
    """Where Envoy writes one JSON object for each exchange; null: nowhere."""
    dns: Dns = Dns()
    """Name resolution."""
