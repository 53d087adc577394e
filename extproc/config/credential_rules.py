"""What must hold between a backend's credential, its parts, its provider and what is installed."""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec

from extproc.config.backend import Backend
from extproc.config.credential import (
    EXTRAS,
    KINDS,
    SDKS,
    Aws,
    AwsHeaders,
    AwsOptions,
    Entra,
    EntraOptions,
    FromRequest,
    Gcp,
    GcpOptions,
    OAuth,
    OAuthOptions,
    is_static,
)
from extproc.config.problem import Flaw, Location
from extproc.config.together import alone, needs, together
from providers.signing.aws_sigv4 import aws_sigv4
from providers.vendors.provider import Provider

KEY_KINDS = ("api_key", "header", "oauth")
"""Kinds of credential that end as one key or token."""
PROOFS = ("client_secret", "certificate", "federated_token", "managed_identity")
"""How an application may prove to Microsoft who it is."""


def _kinds(provider: Provider) -> tuple[str, ...]:
    """The kinds of credential that the provider's signer can use."""
    if provider.signer is aws_sigv4:
        return ("none", "aws", "header")
    return ("none", "forward", *KEY_KINDS, *sorted(provider.identities))


def kind_of(credential: object) -> str:
    """The word by which a credential is told apart."""
    if isinstance(credential, str):
        return credential
    return next(kind for kind in KINDS if hasattr(credential, kind))


def accepted(backend: Backend, provider: Provider, at: Location) -> Iterator[Flaw]:
    """The provider takes such a credential."""
    at, credential = (*at, "credential"), backend.credential
    if credential is None:
        if not provider.keyless:
            yield Flaw(at, f"required by the provider {provider.name}", _kinds(provider))
        return
    allowed = _kinds(provider)
    message = f"the provider {provider.name} takes no such credential"
    if kind_of(credential) not in allowed:
        yield Flaw(at, message, allowed)
    if not isinstance(credential, FromRequest):
        return
    if isinstance(credential.header, AwsHeaders) and "aws" not in allowed:
        yield Flaw((*at, "header"), f"the provider {provider.name} takes one key: {{header: NAME}}")
    if credential.fallback is not None and kind_of(credential.fallback) not in allowed:
        yield Flaw((*at, "fallback"), message, allowed)


def own(backend: Backend, at: Location) -> tuple[object, Location]:
    """The gateway's own credential for a backend, and where it stands."""
    at, credential = (*at, "credential"), backend.credential
    if isinstance(credential, FromRequest):
        return credential.fallback, (*at, "fallback")
    return credential, at


def parts(backend: Backend, at: Location) -> Iterator[Flaw]:
    """The parts of a credential fit each other."""
    if isinstance(backend.credential, FromRequest):
        yield from _headers(backend.credential.header, (*at, "credential", "header"))
    credential, at = own(backend, at)
    match credential:
        case Aws():
            yield from _aws(credential.aws, (*at, "aws"))
        case Gcp():
            yield from _gcp(credential.gcp, (*at, "gcp"))
        case Entra():
            yield from _entra(credential.entra, (*at, "entra"))
        case OAuth():
            yield from _oauth(credential.oauth, (*at, "oauth"))


def _headers(header: str | AwsHeaders, at: Location) -> Iterator[Flaw]:
    if isinstance(header, AwsHeaders):
        seen: dict[str, str] = {}
        for part in type(header).model_fields:
            name = getattr(header, part)
            if name is not None and seen.setdefault(name, part) != part:
                yield Flaw((*at, part), f"is the same as {seen[name]}")


def _aws(options: AwsOptions, at: Location) -> Iterator[Flaw]:
    yield from together(options, ("access_key_id", "secret_access_key"), at)
    yield from needs(options, "session_token", ("access_key_id",), at)
    for key in ("session_name", "external_id", "sts_endpoint"):
        yield from needs(options, key, ("role_arn",), at)
    yield from alone(options, ("bearer", "access_key_id", "profile"), at)
    yield from alone(options, ("bearer", "role_arn"), at)


def _gcp(options: GcpOptions, at: Location) -> Iterator[Flaw]:
    yield from alone(options, ("access_token", "service_account"), at)
    yield from alone(options, ("access_token", "impersonate"), at)


def _entra(options: EntraOptions, at: Location) -> Iterator[Flaw]:
    for secret in ("client_secret", "certificate", "federated_token"):
        yield from needs(options, secret, ("tenant_id", "client_id"), at)
    yield from needs(options, "certificate_password", ("certificate",), at)
    yield from alone(options, PROOFS, at)


def _oauth(options: OAuthOptions, at: Location) -> Iterator[Flaw]:
    yield from together(options, ("client_id", "client_secret"), at)
    yield from alone(options, ("client_secret", "apikey"), at)
    if options.client_secret is None and options.client_id is None and options.apikey is None:
        yield Flaw(at, "needs client_id and client_secret, or apikey")


def uninstalled(backends: Mapping[str, Backend]) -> Iterator[Flaw]:
    """A flaw for each identity whose SDK is not installed."""
    for name, backend in backends.items():
        credential, at = own(backend, ("backends", name))
        kind = kind_of(credential) if credential is not None else "none"
        if kind in SDKS and not is_static(credential) and not installed(SDKS[kind]):
            extra = f"pip install 'extproc[{EXTRAS[kind]}]'"
            yield Flaw((*at, kind), f"needs the package {SDKS[kind]}, not installed: {extra}")


def installed(package: str) -> bool:
    """Whether a package can be imported; its parent is imported to find out."""
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False
