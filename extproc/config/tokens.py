"""Clients that show a token instead of a key: a JWT, by which its issuer says who they are."""

from typing import Annotated

from pydantic import Field

from extproc.config.base import Model
from extproc.config.values import Checked, FilePath, Name, pattern
from extproc.config.web import URL, base_url

CLAIM = r"[A-Za-z0-9_-]{1,64}(?:\.[A-Za-z0-9_-]{1,64}){0,7}"
Claim = Annotated[str, pattern(CLAIM, "must be a claim's name; a dotted one reaches into objects")]


def _place(url: str) -> str:
    url = base_url(url)
    return url if url.count("/") > 2 else f"{url}/"


class Jwks(Model):
    """Where the issuer's public keys are: one of the two."""

    file: FilePath | None = None
    """A JSON Web Key Set on Envoy's machine."""
    uri: Annotated[str, Checked(_place, URL)] | None = None
    """Where Envoy fetches it, and every ten minutes anew."""


class Jwt(Model):
    """Tokens of one issuer."""

    issuer: Annotated[str, Field(min_length=1, max_length=2_048)]
    """What a token's `iss` must be."""
    audiences: Annotated[tuple[str, ...], Field(max_length=64)] = ()
    """Of which a token's `aud` must have one; default: any, tokens for others included."""
    jwks: Jwks
    """Whose signature is trusted."""
    name: Claim = "sub"
    """The claim that is the client's name; a token without it is refused."""
    claims: Annotated[dict[Name, Claim], Field(max_length=32)] = Field(default_factory=dict)
    """Name → a claim (text, number or true and false), for limits `per: claim:NAME`."""
