"""Addresses, paths and headers, so that no configuration can smuggle a host, a path or a line."""

import ipaddress
import re
from typing import Annotated
from urllib.parse import unquote, urlsplit

from pydantic import Field

from extproc.config.base import flaw
from extproc.config.values import Checked
from providers.signing.sign import CREDENTIAL_HEADERS

PATH_CHARACTERS = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")
ENCODED_DANGER = re.compile(r"%(?![0-9A-Fa-f]{2})|%(?:2[eEfF]|5[cC]|25|[01][0-9A-Fa-f]|7[fF])")
LABEL = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
HOST = re.compile(rf"{LABEL}(?:\.{LABEL})*\.?")
FIELD_NAME = r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}"
FIELD_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,4094}[\x21-\x7e])?")
RESERVED_HEADERS = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
RESERVED_PREFIXES = ("x-envoy-", "x-ai-", "proxy-auth")


def safe_path(path: str) -> str:
    """An absolute path without `..`, empty segments, encoded slashes, query or fragment."""
    plain = path.replace("{model}", "m")
    if PATH_CHARACTERS.fullmatch(plain) is None:
        raise flaw("must be a path: '/', then URL characters, no query; {model} may stand in it")
    if ENCODED_DANGER.search(plain):
        raise flaw("must not hold encoded dots, slashes, percent signs or control characters")
    segments = unquote(plain).split("/")[1:]
    if any(segment in (".", "..") for segment in segments) or "" in segments[:-1]:
        raise flaw("must not hold '.', '..' or empty segments")
    return path


def _host(host: str) -> bool:
    if ":" in host or host.replace(".", "").isdigit():
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return False
        return "%" not in host
    return len(host) <= 253 and HOST.fullmatch(host) is not None


def base_url(url: str) -> str:
    """`scheme://host[:port][/path]`, scheme and host in lower case, no slash at the end."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise flaw(
            "must be a URL: http:// or https://, a host, perhaps a port and a path"
        ) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise flaw("must begin with http:// or https:// and name a host")
    if "@" in parts.netloc:
        raise flaw("must not hold a user or a password; that is what `credential` is for")
    if "?" in url or "#" in url:
        raise flaw("must not hold a query or a fragment")
    if not _host(parts.hostname) or port == 0 or parts.netloc.endswith(":"):
        raise flaw("names no valid host and port")
    path = parts.path.rstrip("/")
    if "{" in path:
        raise flaw("must not hold {…}")
    return f"{parts.scheme}://{parts.netloc.lower()}{safe_path(path) if path else ''}"


def header_name(name: str) -> str:
    """A field name in lower case (RFC 9110 section 5.1)."""
    if re.fullmatch(FIELD_NAME, name) is None:
        raise flaw("must be the name of an HTTP header")
    return name.lower()


def own_header_name(name: str) -> str:
    """A header that a person may set: neither the connection's, nor Envoy's, nor a credential."""
    lower = header_name(name)
    if lower in CREDENTIAL_HEADERS:
        raise flaw("is a credential: name it under `credential`")
    if lower in RESERVED_HEADERS or lower.startswith(RESERVED_PREFIXES):
        raise flaw("is set by Envoy or by this server")
    return lower


def header_value(value: str) -> str:
    """Visible ASCII (RFC 9110 section 5.5), with spaces only inside."""
    if FIELD_VALUE.fullmatch(value) is None:
        raise flaw("must be visible ASCII characters on one line, with spaces only inside")
    return value


def origin(text: str) -> str:
    """`scheme://host[:port]` as browsers write it, whose host may begin with `*.`; or `*`."""
    if text == "*":
        return text
    url = base_url(text.replace("://*.", "://", 1))
    scheme, _, place = url.partition("://")
    if "/" in place or text.endswith("/"):
        raise flaw("must be an origin: a scheme, a host and perhaps a port, without a path")
    return f"{scheme}://*.{place}" if "://*." in text else url


def listen_address(address: str) -> str:
    """An IP address; Envoy does not resolve the name of its own listener."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        raise flaw("must be an IP address, such as 0.0.0.0, 127.0.0.1 or ::") from None
    if isinstance(found, ipaddress.IPv6Address) and found.scope_id is not None:
        raise flaw("must be an IP address without a zone")
    return str(found)


UrlPath = Annotated[
    str,
    Checked(safe_path, r"/[^?#\s]*"),
]
URL = r"[Hh][Tt][Tt][Pp][Ss]?://[^/@?#\s]+(?:/[^?#\s]*)?"
BaseUrl = Annotated[str, Checked(base_url, URL)]
Origin = Annotated[
    str,
    Checked(origin, r"\*|[Hh][Tt][Tt][Pp][Ss]?://[^/?#@\s]+"),
    Field(max_length=300),
]
SIX = r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*"
WORD = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
HeaderName = Annotated[str, Checked(header_name, FIELD_NAME)]
OWN_NAME = rf"(?!(?:{'|'.join(sorted((*RESERVED_HEADERS, *CREDENTIAL_HEADERS)))})$){FIELD_NAME}"
OwnHeaderName = Annotated[str, Checked(own_header_name, OWN_NAME)]
HeaderValue = Annotated[str, Checked(header_value, FIELD_VALUE.pattern)]
IpAddress = Annotated[str, Checked(listen_address, rf"[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{3}}|{SIX}")]
HostName = Annotated[
    str,
    Checked(lambda host: host if _host(host) else _no_host(), rf"{WORD}(?:\.{WORD})*\.?|{SIX}"),
]


def _no_host() -> str:
    raise flaw("must be a host name or an IP address")
