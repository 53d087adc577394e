"""Media by URL, fetched by the server: from where, and how much."""

import ipaddress
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

from pydantic import Field
from pydantic_core import PydanticCustomError

from extproc.config.base import Model, flaw
from extproc.config.values import Checked, Duration, Flag, Size, Whole
from extproc.config.web import base_url

ANY = "*"
SUFFIX = "*."
LONGEST = 60.0
"""Seconds: a client waits in the meantime, and sees nothing."""


class Place(NamedTuple):
    """A host that was listed by its name or address, and its port; None: the scheme's own."""

    host: str
    port: int | None


def place(listed: str) -> Place:
    """`host`, `host:port` or an address, which has brackets before a port; raises as a flaw."""
    bare = listed.count(":") > 1 and not listed.startswith("[")
    parts = urlsplit(base_url(f"https://[{listed}]" if bare else f"https://{listed}"))
    if parts.path or parts.hostname is None:
        raise flaw("is no host")
    return Place(plain(parts.hostname), parts.port)


def plain(host: str) -> str:
    """The one spelling in which hosts are compared."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return host.lower().removesuffix(".")


def _listed(text: str) -> str:
    if text == ANY:
        return text
    rest = text.removeprefix(SUFFIX)
    if not rest.isprintable():  # a line break in a URL would be passed over
        raise _wrong()
    try:
        host, port = place(rest)
    except PydanticCustomError:
        raise _wrong() from None
    if rest == text:
        return text.lower()
    if port is not None or host.replace(".", "").isdigit() or ":" in host:
        raise _wrong()
    return SUFFIX + host


def _wrong() -> PydanticCustomError:
    return flaw("must be a host or an address, perhaps with a port, or `*.domain`, or `*`")


Listed = Annotated[
    str,
    Checked(_listed, r"\*|(?:\*\.)?[A-Za-z0-9._:\[\]-]*[A-Za-z0-9_\]][.]?"),
    Field(max_length=300),
]


class Fetch(Model):
    """Fetches media that clients give by URL, where the provider takes only their bytes."""

    hosts: Annotated[tuple[Listed, ...], Field(min_length=1, max_length=1_000)]
    """Hosts that may be asked: `images.example.com`, `10.0.0.7:8080`, `*.example.com` (what is
    below it), or `*` (any). Addresses that are not public are only reached where the host itself is
    listed; ports other than 443 (and 80) only where they are."""
    max_bytes: Size = Field(default=10 * 1024 * 1024, ge=1, json_schema_extra={"default": "10MiB"})
    """The largest file."""
    max_total_bytes: Size = Field(
        default=20 * 1024 * 1024, ge=1, json_schema_extra={"default": "20MiB"}
    )
    """All files of one request; as base64 they must fit into `envoy.max_body_bytes`."""
    max_files: Annotated[Whole, Field(ge=1, le=1_000)] = 16
    """Files of one request."""
    timeout: Annotated[Duration, Field(le=LONGEST)] = Field(
        default=10.0, json_schema_extra={"default": "10s"}
    )
    """For all files of a request; Envoy's configuration must be rendered again after a change."""
    redirects: Annotated[Whole, Field(ge=0, le=20)] = 3
    """How many in a row are followed, each under the same rules."""
    http: Flag = False
    """Also ask without TLS."""
