"""A proxy on the way to a provider."""

from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

from extproc.config.authorities import Authorities
from extproc.config.base import Model, flaw
from extproc.config.values import Checked, FilePath, Flag, SecretRef, Text
from extproc.config.web import BaseUrl


def _place(url: str) -> str:
    if urlsplit(url).path:
        raise flaw("must not hold a path: a proxy is a host and a port")
    return url


def _named(name: str) -> str:
    if ":" in name or not (name.isascii() and name.isprintable()):
        raise flaw("must be visible ASCII characters without a colon (RFC 7617, section 2)")
    return name


class Proxy(Model):
    """Who is asked by CONNECT for a connection to a provider (RFC 9110, section 9.3.6)."""

    url: Annotated[BaseUrl, AfterValidator(_place)]
    """Scheme, host and port; with https, the proxy itself is spoken to by TLS."""
    username: Annotated[Text, Checked(_named, r"[ -9;-~]+")] | None = None
    """Together with `password`."""
    password: SecretRef | None = None
    """Where it is: `env:NAME` or `file:/path`."""
    ca: FilePath | None = None
    """PEM file of the authorities to trust for the proxy, on Envoy's machine and on the server's;
    default: the system's."""
    ca_pem: Authorities | None = None
    """The same certificates, as text, instead of a file."""
    tokens: Flag = True
    """Whether the backend's identity asks for its tokens through it, too, where by https."""
    media: Flag = True
    """Whether media that clients give by URL are fetched through it for this backend, too."""


def _spelled_out(value: Any) -> Any:
    return {"url": value} if isinstance(value, str) else value


ByProxy = Annotated[Proxy, BeforeValidator(_spelled_out, json_schema_input_type=BaseUrl | Proxy)]
"""As a whole, or its URL alone."""
