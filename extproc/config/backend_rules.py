"""What must hold between a backend and its provider, and between the parts of its credential."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from extproc.config.backend import Backend
from extproc.config.credential import KINDS, Aws, AwsOptions, Entra, FromRequest, Gcp
from extproc.config.problem import Flaw, Location, guess
from providers.catalog import DIALECTS, RESOURCES
from providers.operations import Operation
from providers.signing.aws_sigv4 import aws_sigv4
from providers.vendors.provider import Provider

VERSION = re.compile("^/v[0-9][^/]*(?=/)")
"""What a base URL may well end with."""

HOST_ONLY = frozenset({"instance"})
"""Options that stand in the provider's host name and nowhere else: not needed with a base_url."""

PLACES = frozenset({"region", "project", "instance", "api_version"})
"""Options that say where at a provider."""

KEY_KINDS = ("api_key", "header")
"""Kinds of credential that end as one key."""


def of_backend(backend: Backend, catalog: Mapping[str, Provider], at: Location) -> Iterator[Flaw]:
    """What is wrong with one backend at `at`."""
    yield from _parts(backend, at)
    yield from _together(backend.tls, ("certificate", "key"), (*at, "tls"))
    provider = catalog.get(backend.provider)
    if provider is None:
        names = tuple(sorted(catalog))
        message = guess("unknown provider", backend.provider, names)
        yield Flaw((*at, "provider"), message, names)
        return
    yield from _options(backend, provider, at)
    yield from _bare(backend.base_url, provider, at)
    yield from _accepted(backend, provider, at)
    yield from _operations(backend, provider, at)
    yield from _dialects(backend, provider, at)


def _options(backend: Backend, provider: Provider, at: Location) -> Iterator[Flaw]:
    needed = provider.options if provider.base_url else provider.options | {"base_url"}
    for option in sorted(needed - (HOST_ONLY if backend.base_url else frozenset())):
        if getattr(backend, option, None) is None:
            yield Flaw((*at, option), f"required by the provider {provider.name}")
    # Where the options decide, a version may be among them.
    known = provider.options | ({"api_version"} if provider.locate else frozenset())
    for option in sorted(PLACES - known):
        if getattr(backend, option) is not None:
            message = f"the provider {provider.name} has none"
            yield Flaw((*at, option), message, tuple(sorted(known - {"base_url"})))


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


def _operations(backend: Backend, provider: Provider, at: Location) -> Iterator[Flaw]:
    known = spoken(provider)
    served = tuple(sorted({*known, *(RESOURCES[kind].operation for kind in provider.keeps)}))
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


def _kinds(provider: Provider) -> tuple[str, ...]:
    """The kinds of credential that the provider's signer can use."""
    if provider.signer is aws_sigv4:
        return ("none", "aws")
    return ("none", "forward", *KEY_KINDS, *sorted(provider.identities))


def _kind(credential: object) -> str:
    if isinstance(credential, str):
        return credential
    return next(kind for kind in KINDS if hasattr(credential, kind))


def _accepted(backend: Backend, provider: Provider, at: Location) -> Iterator[Flaw]:
    at, credential = (*at, "credential"), backend.credential
    if credential is None:
        if not provider.keyless:
            yield Flaw(at, f"required by the provider {provider.name}", _kinds(provider))
        return
    allowed = _kinds(provider)
    if _kind(credential) not in allowed:
        yield Flaw(at, f"the provider {provider.name} takes no such credential", allowed)
    fallback = credential.fallback if isinstance(credential, FromRequest) else None
    if fallback is not None and _kind(fallback) not in allowed:
        message = f"the provider {provider.name} takes no such credential"
        yield Flaw((*at, "fallback"), message, allowed)


def _parts(backend: Backend, at: Location) -> Iterator[Flaw]:
    at, credential = (*at, "credential"), backend.credential
    if isinstance(credential, FromRequest):
        at, credential = (*at, "fallback"), credential.fallback
    if isinstance(credential, Aws):
        yield from _aws(credential.aws, (*at, "aws"))
    if isinstance(credential, Entra):
        for secret in ("client_secret", "federated_token"):
            needs = ("tenant_id", "client_id")
            yield from _needs(credential.entra, secret, needs, (*at, "entra"))


def _aws(options: AwsOptions, at: Location) -> Iterator[Flaw]:
    yield from _together(options, ("access_key_id", "secret_access_key"), at)
    yield from _needs(options, "session_token", ("access_key_id",), at)
    yield from _needs(options, "session_name", ("role_arn",), at)


def not_yet(backends: Mapping[str, Backend]) -> Iterator[Flaw]:
    """A flaw for each identity that has to be kept fresh, which this server cannot do yet."""
    for name, backend in backends.items():
        credential, key = backend.credential, "credential"
        if isinstance(credential, FromRequest):
            credential, key = credential.fallback, "credential.fallback"
        at = ("backends", name, *key.split("."))
        if isinstance(credential, Aws) and not _is_static(credential.aws):
            allowed = ("access_key_id and secret_access_key", "bearer")
            yield Flaw((*at, "aws"), NOT_STATIC, allowed)
        elif isinstance(credential, Gcp) and credential.gcp.access_token is None:
            yield Flaw((*at, "gcp"), NOT_STATIC, ("access_token",))
        elif isinstance(credential, Entra):
            yield Flaw((*at, "entra"), NOT_STATIC, ("api_key instead",))


NOT_STATIC = "only static identities are supported"


def _is_static(options: AwsOptions) -> bool:
    keyed = options.access_key_id is not None and options.role_arn is None
    return options.bearer is not None or keyed


def _together(model: object, keys: tuple[str, ...], at: Location) -> Iterator[Flaw]:
    """All of `keys` or none."""
    missing = [key for key in keys if getattr(model, key) is None]
    if len(missing) < len(keys):
        for key in missing:
            yield Flaw((*at, key), f"{' and '.join(keys)} are given together")


def _needs(model: object, key: str, others: tuple[str, ...], at: Location) -> Iterator[Flaw]:
    if getattr(model, key) is not None:
        for other in others:
            if getattr(model, other) is None:
                yield Flaw((*at, other), f"is needed with {key}")
