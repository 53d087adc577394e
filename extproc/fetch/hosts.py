"""Which URLs may be asked at all: scheme, host and port, before any name is resolved."""

from collections.abc import Iterable
from enum import Enum, auto

import httpx
import msgspec

from extproc.config.fetch import ANY, SUFFIX, place, plain
from extproc.fetch.refusal import Refused

PORTS = {"https": 443, "http": 80}


class Trust(Enum):
    """How a host came to be allowed."""

    LISTED = auto()
    """By its own name or address, so it may be one of the operator's own network."""
    MATCHED = auto()
    """By a pattern."""


class Origin(msgspec.Struct, frozen=True):
    """Whom to ask."""

    scheme: str
    host: str
    """As it stands in the URL, in ASCII: for the certificate and for DNS."""
    port: int
    trust: Trust


class Hosts:
    """The allowed ones."""

    def __init__(self, listed: Iterable[str], *, http: bool) -> None:
        """`http`: plain http is allowed, too."""
        patterns = [entry for entry in listed if entry.startswith(ANY)]
        self._any = ANY in patterns
        self._suffixes = tuple(entry[1:] for entry in patterns if entry.startswith(SUFFIX))
        self._places = frozenset(place(entry) for entry in listed if not entry.startswith(ANY))
        self._http = http

    def origin(self, url: httpx.URL) -> Origin:
        """Whom `url` would ask; raises Refused."""
        if url.scheme not in PORTS or not url.raw_host:
            raise Refused("only https:// URLs are fetched")
        if url.scheme == "http" and not self._http:
            raise Refused("only https:// URLs are fetched (extproc.fetch.http)")
        if url.userinfo:
            raise Refused("a URL with a user or password is not fetched")
        host = url.raw_host.decode("ascii")
        usual = PORTS[url.scheme]
        port = usual if url.port is None else url.port
        return Origin(url.scheme, host, port, self._trust(plain(host), port, usual))

    def _trust(self, host: str, port: int, usual: int) -> Trust:
        if (host, port) in self._places or (port == usual and (host, None) in self._places):
            return Trust.LISTED
        if not self._any and not host.endswith(self._suffixes):
            raise Refused("its host is not one that may be asked (extproc.fetch.hosts)")
        if port != usual:
            raise Refused("its port is not one that may be asked (extproc.fetch.hosts)")
        return Trust.MATCHED
