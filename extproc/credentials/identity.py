"""Identities: credentials that somebody must be asked for, again and again."""

import hashlib
from collections.abc import Mapping

import msgspec

from extproc.config.base import Model
from extproc.config.credential import Aws, Entra, Gcp, OAuth, is_static
from extproc.config.proxy import Proxy
from extproc.config.values import SecretRef
from providers.signing.sign import Secret


class Identity(msgspec.Struct, frozen=True):
    """Who is asked for, as the configuration says it; no secret stands here."""

    kind: str
    """The word in gateway.yaml, and the module in `clouds` that asks."""
    options: Mapping[str, str]
    secrets: Mapping[str, str]
    """Option → reference."""

    @property
    def key(self) -> str:
        """The same for all backends that say the same."""
        plain = msgspec.json.encode(self, order="deterministic")
        return hashlib.sha256(plain).hexdigest()[:32]


class Wanted(msgspec.Struct, frozen=True):
    """An identity, and who needs it."""

    identity: Identity
    backends: tuple[str, ...]


class Token(msgspec.Struct, frozen=True):
    """What an identity has got."""

    parts: Secret
    expires: float | None = None
    """Seconds since the epoch; None: nobody has said so."""

    def __repr__(self) -> str:
        return f"Token(expires={self.expires})"


class NoToken(Exception):
    """Why there is none, for the operator."""


def identity_of(
    credential: object, region: str = "", proxy: Proxy | None = None
) -> Identity | None:
    """What has to be asked for; None for a credential that is no identity.

    `proxy`: that of the backend, through which its tokens are asked for where it says so.
    """
    if is_static(credential):
        return None
    by = {} if proxy is None or not proxy.tokens else _by(proxy)
    match credential:
        case Aws():
            return _identity("aws", credential.aws, {"region": region, **by})
        case Gcp():
            return _identity("gcp", credential.gcp, by)
        case Entra():
            return _identity("entra", credential.entra, by)
        case OAuth():
            return _identity("oauth", credential.oauth, by)
    return None


def _by(proxy: Proxy) -> dict[str, object]:
    said = {name: getattr(proxy, name) for name in ("url", "username", "password", "ca", "ca_pem")}
    return {f"proxy_{name}": value for name, value in said.items()}


def _identity(kind: str, model: Model, more: Mapping[str, object]) -> Identity:
    values = {name: getattr(model, name) for name in type(model).model_fields} | {**more}
    given = {name: value for name, value in values.items() if value not in (None, False)}
    secrets = {name: str(value) for name, value in given.items() if isinstance(value, SecretRef)}
    options = {name: str(value) for name, value in given.items() if name not in secrets}
    return Identity(kind, options, secrets)
