"""Who serves, as the hot path holds it: a backend, a route's models there, and both together."""

import re
from bisect import bisect
from collections.abc import Mapping
from itertools import accumulate, groupby
from typing import NamedTuple, NoReturn
from urllib.parse import quote

import msgspec

from extproc.config import patterns
from extproc.config.passthrough import Allowed
from extproc.config.probe import lists_models
from extproc.exchange import metadata
from extproc.exchange.again import Again
from extproc.exchange.dues import Toll
from extproc.exchange.events import Constant, MetadataValue
from extproc.exchange.pace import Pace
from extproc.exchange.passing import Passing
from extproc.exchange.policy import FREE, Pairs, Policy, Terms
from providers.bridging.dialect import Bridge, Dialect
from providers.bridging.kept_ids import Ids
from providers.bridging.quirks import Quirks
from providers.errors import NotFound
from providers.operations import BY_UNITS, Operation
from providers.signing.sign import Signer
from providers.usage import Price
from providers.vendors.provider import Provider

MAX_CACHED = 4_096
"""Combinations kept; a route with a pattern has as many models as clients can think of."""
TWO_SEGMENTS = re.compile(r"[A-Za-z0-9_-][\w.-]*+/[A-Za-z0-9_-][\w.-]*+", re.ASCII)
"""A model's name with its owner's before it, as a path may hold it."""
LONGEST_NAME = 512
"""Characters of a model's name; no vendor's have half as many."""


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """A backend, as all routes share it."""

    name: str
    provider: Provider
    authority: str = ""
    prefix: str = ""
    """Before an operation's path, by the user's own base URL; empty: as the provider has it."""
    options: Mapping[str, str] = {}
    """What stands for `{name}` in the provider's URLs."""
    paths: Mapping[Operation, str] = {}
    """Whole paths that the user set."""
    headers: tuple[tuple[str, str], ...] = ()
    dialects: Mapping[Operation, str] = {}
    """Chosen by the user, where the provider speaks several."""
    operations: frozenset[Operation] | None = None
    """Allowed ones; None: all that the provider has."""
    signer: Signer | None = None
    """None: no credential."""
    client_keys: tuple[str, ...] = ()
    """Headers of the client in which its own key may stand, which then is the credential."""
    client_parts: Mapping[str, str] = {}
    """Part of a secret → the client's header that holds it, where it has more than one key."""
    client_plain: Mapping[str, str] = {}
    """What the client's secret needs beside its parts."""
    has_secret: bool = True
    """False: without a key of the client there is no credential."""
    passes: tuple[str, ...] = ()
    """Headers of clients that go on to the provider, whatever dialect the client speaks."""
    family: str = ""
    """A model that takes the same as its own, where their names do not say it."""
    fan_out: bool = True
    """Whether one request may become several, where the provider takes only a part at once."""
    bucket: str = ""
    """Where films are put that the provider hands to nobody."""
    through: tuple[Allowed, ...] = ()
    """Paths beside those of the provider's formats that clients may use as they are."""
    estimates: bool = False
    """Whether to answer with an estimate where the provider cannot count tokens."""
    quirks: Quirks = Quirks()
    """What is done to every body, whichever route leads here."""
    policy: Policy = FREE
    price: Price | None = None
    """Where a route has none."""
    probe: str = ""
    """What a probe asks for; empty: the list of models."""
    sends_back: frozenset[str] = frozenset()
    """Which bodies clients are shown, as their answers call them."""


class Share(NamedTuple):
    """How a backend stands among those of its route."""

    priority: int
    """The lowest are asked first."""
    weight: int


USUAL = Share(0, 1)


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """Models, and what their backends call them."""

    models: tuple[str, ...]
    """Exact names, `prefix*` and `/regular expression/`."""
    upstream: Mapping[str, str]
    """Backend → its name for the model; empty: the client's."""
    shares: Mapping[str, Share] = {}
    """Backend → which part of the requests it gets where nobody else chooses."""
    families: Mapping[str, str] = {}
    """Backend → a model that takes the same, where the name there does not say it."""
    quirks: Quirks = Quirks()
    policy: Policy = FREE
    clients: frozenset[str] | None = None
    """Who may use it; None: everybody."""
    price: Price | None = None
    """None: the backend's, or as listed."""
    again: Again = Again()
    """Which refusals lead to another attempt because of what they say."""
    lossless: bool = False
    """Whether another backend is only asked if it loses nothing of the request."""
    by_pace: bool = False
    """Whether Envoy is told how soon backends answer."""
    reserved: tuple[float, float] | None = None
    """At which prices budgets reserve at first, where some backend has others."""
    shadow: "Route | None" = None
    """Where copies of the requests go."""
    tolls: tuple[Toll, ...] = ()
    """What sessions are charged with while they run."""

    def called(self, backend: str, model: str) -> str:
        """What a backend calls a client's model; empty: the same. Raises NotFound where it would
        have no name."""
        name = self.upstream[backend]
        if "$" not in name:
            return name
        return patterns.filled(name, self.models, model) or nowhere(model)

    def is_for(self, client: str | None) -> bool:
        """Whether a client may use it."""
        return self.clients is None or client in self.clients

    def ordered(self, point: float) -> list[str]:
        """The backends as they are asked, one after another; `point` of 1 says which is first."""
        order: list[str] = []
        shares = [(self.shares.get(name, USUAL), name) for name in self.upstream]
        shares.sort(key=lambda entry: entry[0].priority)
        for _, group in groupby(shares, key=lambda entry: entry[0].priority):
            equals = [(share.weight, name) for share, name in group]
            ends = list(accumulate(weight for weight, _ in equals))
            first = bisect(ends, point * ends[-1], hi=len(ends) - 1)
            order += [name for _, name in (*equals[first:], *equals[:first])]
        return order


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One backend as one route uses it, for clients of one dialect."""

    served: Served
    bridge: Bridge | None
    """None: nobody is asked; the client's dialect has an estimate for an answer."""
    dialect: Dialect
    """The provider's."""
    model: str
    """The provider's name for the model; empty: the client's."""
    paths: tuple[str, str]
    """Of whole answers and of streams; `{model}` where the model stands in it."""
    headers: tuple[tuple[str, str], ...]
    """Sent with every request."""
    defaults: tuple[tuple[str, str], ...]
    """Sent where the client has sent none of that name."""
    translated: bool
    """Whether the client speaks another dialect."""
    passing: Passing
    """Which headers of clients the provider sees."""
    touched: tuple[str, ...] | None
    """What is set here, and must be found as the client has sent it by an attempt at another
    backend; None where there is no other."""
    price: Price
    again: Again = Again()
    lossless: bool = False
    """Whether another backend is only asked if it loses nothing of the request."""
    pace: Pace | None = None
    """Hears how soon answers begin; None: nobody minds."""
    reserved: tuple[float, float] | None = None
    """At which prices budgets reserve at first, where some backend has others."""
    signs: bool = False
    """Whether ids of what is kept there are shown to clients otherwise."""
    opens: Ids | None = None
    """Where such ids stand in what is sent, of which clients speak in another dialect."""
    clients: frozenset[str] | None = None
    """Who may ask; None: everybody."""
    removes: frozenset[str] = frozenset()
    """Headers of the client's of which the provider learns nothing."""
    terms: Terms | None = None
    """What is asked of requests; None: nothing."""
    shows: Pairs = ()
    """Headers that answers get."""
    hides: tuple[str, ...] = ()
    """Headers that answers lose."""
    tolls: tuple[Toll, ...] = ()
    """What a session is charged with while it runs."""
    labels: Mapping[str, MetadataValue]
    """What the metadata say of it."""
    attempts: dict[tuple[str, bool], Constant] = {}

    def admit(self, client: str | None, model: str) -> None:
        """Raises NotFound for a client for which there is no such model."""
        if self.clients is not None and client not in self.clients:
            raise unknown(model)

    @property
    def has_units(self) -> bool:
        """Whether something else than tokens may be used."""
        return self.dialect.operation in BY_UNITS

    @property
    def reads_headers(self) -> bool:
        """Whether the client's own headers decide what is sent."""
        return self.dialect.from_headers is not None or self.dialect.fit_headers is not None

    def attempt(self, client_model: str, model: str, *, stream: bool) -> Constant:
        """What the metadata say when a request leaves."""
        key = (client_model, stream)
        found = self.attempts.get(key)
        if found is None:
            if len(self.attempts) >= MAX_CACHED:
                self.attempts.clear()
            labels = {**self.labels, "request_model": client_model, "upstream_model": model}
            fresh = metadata.FRESH | (metadata.NO_UNITS if self.has_units else {})
            found = self.attempts[key] = Constant({**labels, "stream": stream, **fresh})
        return found

    def path(self, model: str, *, stream: bool) -> str:
        """The provider's path; whatever a model is called, it is one segment, or a plain two.

        Raises NotFound for a name that would be none.
        """
        path = self.paths[stream]
        if "model}" not in path:
            return path
        if not model.strip("."):
            raise unknown(model)  # RFC 3986, section 5.2.4
        one = quote(model, safe="")
        two = model if TWO_SEGMENTS.fullmatch(model) else one
        return path.replace("{model}", one).replace("{org/model}", two)


def labels_of(served: Served, operation: Operation) -> dict[str, MetadataValue]:
    """What the metadata say of requests to a backend."""
    return {
        "backend": served.name,
        "backends": served.name,
        "provider": served.provider.name,
        "operation": operation.value,
    }


def quirks_of(route: Route, served: Served, dialect: Dialect) -> Quirks:
    """What is done to the bodies of one route at one backend."""
    provider, every = served.provider, served.quirks
    quirks = msgspec.structs.replace(
        route.quirks,
        defaults={**every.defaults, **route.quirks.defaults},
        override={**every.override, **route.quirks.override},
        remove=every.remove + route.quirks.remove,
        cache=route.quirks.cache or every.cache,
        drops=provider.drops | dialect.drops,
        refuses=provider.refuses | dialect.refuses,
        renames=provider.renames,
        stream_usage=provider.stream_usage,
        provider=provider.title,
        functions_only=dialect.name in provider.functions_only,
        family=route.families.get(served.name) or served.family,
        fan_out=served.fan_out,
        bucket=served.bucket,
    )
    if dialect.charged:
        return quirks
    # What a route adds to an answer is no part of a prompt.
    return msgspec.structs.replace(quirks, defaults={}, override={}, renames={})


def nowhere(model: str) -> NoReturn:
    raise unknown(model)


MISSING = "model_not_found"


def unknown(model: str) -> NotFound:
    """What a client is told that names a model which no route serves."""
    return NotFound(f"the model {model[:200]!r} does not exist", param="model", code=MISSING)


def path_of(served: Served, dialect: Dialect, *, stream: bool) -> str:
    """Where a dialect is found at a backend, `{model}` where the model stands in it."""
    own = served.paths.get(dialect.operation)
    if own is not None:
        return own
    path = served.provider.paths.get(dialect.operation)
    if path is None:
        path = next((e.path for e in dialect.upstream if e.stream in (None, stream)), "")
    return whole_path(served, dialect.name, path)


def whole_path(served: Served, dialect: str, path: str) -> str:
    """What stands after a version, with all that the provider has before it."""
    provider = served.provider
    prefix = provider.prefixes.get(dialect, provider.prefix)
    if provider.locate is not None:
        prefix, path = provider.locate(dialect, path, served.options)
    return (served.prefix or filled(prefix, served.options)) + path


def models_path(served: Served) -> str:
    """Where a provider lists its models, or what else a probe asks for."""
    path = served.probe or served.paths.get(Operation.MODELS)
    return path or whole_path(served, "models", lists_models(served.provider))


def filled(template: str, options: Mapping[str, str]) -> str:
    """`template` with the backend's options in the places that are named for them."""
    for name, value in options.items():
        template = template.replace(f"{{{name}}}", value)
    return template
