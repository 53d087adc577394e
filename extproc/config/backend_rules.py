"""What must hold between a backend and its provider, and between the parts of its credential."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from extproc.config import credential_rules
from extproc.config.backend import Backend
from extproc.config.private import is_private
from extproc.config.probe import probed
from extproc.config.problem import Flaw, Location, guess
from extproc.config.resources import is_stored
from extproc.config.retry import Retry
from extproc.config.together import together
from providers.catalog import DIALECTS, RESOURCES, kept_by, runs
from providers.operations import Operation
from providers.signing.aws_sigv4 import region_of
from providers.vendors.provider import Provider

VERSION = re.compile("^/v[0-9][^/]*(?=/)")
"""What a base URL may well end with."""

HOST_ONLY = frozenset({"instance"})
"""Options that stand in the provider's host name and nowhere else: not needed with a base_url."""

PLACES = frozenset({"region", "project", "instance", "api_version"})
"""Options that say where at a provider."""


def of_backend(backend: Backend, catalog: Mapping[str, Provider], at: Location) -> Iterator[Flaw]:
    """What is wrong with one backend at `at`."""
    yield from credential_rules.parts(backend, at)
    yield from together(backend.tls, ("certificate", "key"), (*at, "tls"))
    if backend.ejection.first > backend.ejection.most:
        yield Flaw((*at, "ejection", "first"), "is longer than `most`")
    yield from _trusted(backend, at)
    yield from _patient(backend, at)
    provider = catalog.get(backend.provider)
    if provider is None:
        names = tuple(sorted(catalog))
        message = guess("unknown provider", backend.provider, names)
        yield Flaw((*at, "provider"), message, names)
        return
    yield from _options(backend, provider, at)
    yield from _proxied(backend, provider, at)
    yield from _public(backend, provider, at)
    yield from _bare(backend.base_url, provider, at)
    yield from credential_rules.accepted(backend, provider, at)
    yield from probed(backend.probe, backend.credential, provider, at)
    yield from _operations(backend, provider, at)
    yield from _dialects(backend, provider, at)
    yield from _batches(backend, provider, catalog, at)
    if backend.bucket is not None and not any(map(is_stored, kept_by(provider).values())):
        yield Flaw((*at, "bucket"), f"the provider {provider.name} puts nothing there")


def _batches(
    backend: Backend, provider: Provider, catalog: Mapping[str, Provider], at: Location
) -> Iterator[Flaw]:
    if not backend.openai_batches or _translates(provider):
        return
    able = tuple(sorted(name for name, one in catalog.items() if _translates(one)))
    why = "runs those of that format itself" if "openai.batches" in provider.keeps else LACKING
    yield Flaw((*at, "openai_batches"), f"the provider {provider.name} {why}", able)


LACKING = "reads its batches from a place where no file of a client can be put, or has none"


def _translates(provider: Provider) -> bool:
    return any(runs(RESOURCES[kind], own) for kind, own in kept_by(provider).items())


def _options(backend: Backend, provider: Provider, at: Location) -> Iterator[Flaw]:
    needed = provider.options if provider.base_url else provider.options | {"base_url"}
    for option in sorted(needed - _told_by_the_url(backend)):
        if getattr(backend, option, None) is None:
            yield Flaw((*at, option), f"required by the provider {provider.name}")
    region = region_of(urlsplit(backend.base_url or "").hostname or "")
    if region and backend.region not in (None, region):
        yield Flaw((*at, "region"), f"the host of base_url is in {region}, and asks for it")
    # Where the options decide, a version may be among them.
    known = provider.options | ({"api_version"} if provider.locate else frozenset())
    for option in sorted(PLACES - known):
        if getattr(backend, option) is not None:
            message = f"the provider {provider.name} has none"
            yield Flaw((*at, option), message, tuple(sorted(known - {"base_url"})))


def _proxied(backend: Backend, provider: Provider, at: Location) -> Iterator[Flaw]:
    if backend.proxy is None:
        return
    if not (backend.base_url or provider.base_url).startswith("https:"):
        yield Flaw((*at, "proxy"), "needs a provider with https: what is in a tunnel is encrypted")
    yield from together(backend.proxy, ("username", "password"), (*at, "proxy"))


def _trusted(backend: Backend, at: Location) -> Iterator[Flaw]:
    for key, part in (("tls", backend.tls), ("proxy", backend.proxy)):
        if part is not None and part.ca and part.ca_pem:
            yield Flaw((*at, key, "ca_pem"), "is said by `ca` already")


def _patient(backend: Backend, at: Location) -> Iterator[Flaw]:
    said = backend.retry
    longest = Retry().max_backoff if said.max_backoff is None else said.max_backoff
    if (said.backoff or 0) > longest:
        yield Flaw((*at, "retry", "backoff"), f"is more than max_backoff, {longest:g}s")


def _public(backend: Backend, provider: Provider, at: Location) -> Iterator[Flaw]:
    if backend.private_network:
        return
    own = backend.base_url or provider.base_url
    for key, url in (("base_url", own), ("proxy", backend.proxy.url if backend.proxy else "")):
        if url and is_private(urlsplit(url).hostname or ""):
            yield Flaw((*at, key), "leads into a private network, and private_network is false")


def _told_by_the_url(backend: Backend) -> frozenset[str]:
    if not backend.base_url:
        return frozenset()
    region = region_of(urlsplit(backend.base_url).hostname or "")
    return HOST_ONLY | {"region"} if region else HOST_ONLY


def _bare(url: str | None, provider: Provider, at: Location) -> Iterator[Flaw]:
    """A base URL has no operation's path at its end: that is appended."""
    paths = {*provider.paths.values(), *map(str, _upstream(provider)), "/models"}
    tails = {VERSION.sub("", path) for path in paths}
    # The longest first: /completions ends /chat/completions, too.
    for tail in sorted(filter(None, tails), key=len, reverse=True):
        expression = "[^/]+".join(map(re.escape, tail.split("{model}")))
        found = re.search(f"{expression}$", urlsplit(url or "").path)
        if found and url:
            shorter = url.removesuffix(found[0])
            message = f"ends in {tail}, which is appended to it; did you mean {shorter!r}?"
            yield Flaw((*at, "base_url"), message)
            return


def _upstream(provider: Provider) -> Iterator[str]:
    for name in {name for names in provider.dialects.values() for name in names}:
        yield from (endpoint.path for endpoint in DIALECTS[name].upstream)


def spoken(provider: Provider) -> tuple[str, ...]:
    """The operations that `provider` has, in alphabetical order."""
    return tuple(sorted({*provider.dialects, *provider.paths}))


def servable(provider: Provider) -> tuple[Operation, ...]:
    """The same with those of what it keeps, and of sessions."""
    kept = {RESOURCES[kind].operation for kind in provider.keeps}
    held = {session.operation for session in provider.sessions}
    return tuple(sorted({*provider.dialects, *provider.paths, *kept, *held}))


def _operations(backend: Backend, provider: Provider, at: Location) -> Iterator[Flaw]:
    known, served = spoken(provider), servable(provider)
    named = [("operations", index, name) for index, name in enumerate(backend.operations or ())]
    for key, index, operation in named:
        if operation not in served:
            yield _lacks(operation, provider, (*at, key, index), served)
    for key in ("paths", "dialect"):
        mapping = getattr(backend, key)
        for operation in mapping if isinstance(mapping, dict) else ():
            if operation not in known:
                yield _lacks(operation, provider, (*at, key, str(operation)), known)


def _lacks(operation: Operation, provider: Provider, at: Location, known: tuple[str, ...]) -> Flaw:
    return Flaw(at, f"the provider {provider.name} has no operation '{operation}'", known)


def _dialects(backend: Backend, provider: Provider, at: Location) -> Iterator[Flaw]:
    at = (*at, "dialect")
    if isinstance(backend.dialect, str):
        every = sorted({name for names in provider.dialects.values() for name in names})
        yield from _dialect(backend.dialect, provider, at, tuple(every))
    for operation, name in backend.dialect.items() if isinstance(backend.dialect, dict) else ():
        if operation in provider.dialects:
            allowed = provider.dialects[operation]
            yield from _dialect(name, provider, (*at, str(operation)), allowed)


def _dialect(
    name: str, provider: Provider, at: Location, allowed: tuple[str, ...]
) -> Iterator[Flaw]:
    if name not in allowed:
        what = f"the provider {provider.name} does not speak it" if name in DIALECTS else ""
        yield Flaw(at, guess(what or "unknown dialect", name, allowed), allowed)
