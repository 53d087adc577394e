"""Names to addresses, once, and connections to exactly those.

A name is looked up here and nowhere else, so that no second look-up can give another address than
the one that was checked (DNS rebinding).
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import Self

import httpcore

from extproc.config.private import Address, is_public
from extproc.fetch.hosts import Origin, Trust
from extproc.fetch.refusal import Refused

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""(host, port) → addresses, the best first; raises OSError."""

CONNECT = 3.0
"""Seconds after which the next address is tried."""

UNREACHABLE = "its host cannot be reached"


async def resolve(host: str, port: int) -> list[str]:
    """As the system resolves names."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(entry[4][0]) for entry in found]


async def addresses(origin: Origin, resolve: Resolve) -> list[str]:
    """Where `origin` may be connected to, IPv4 first; raises Refused."""
    address = literal(origin)
    if address is not None:
        return [str(address)]
    found = _allowed(origin, await _looked_up(origin, resolve))
    return [str(each) for each in sorted(found, key=lambda each: each.version)]


def literal(origin: Origin) -> Address | None:
    """The address that `origin` itself is, None where it is a name; raises Refused."""
    try:
        found = ipaddress.ip_address(origin.host)
    except ValueError:
        return None
    return _allowed(origin, [found])[0]


def _allowed(origin: Origin, found: list[Address]) -> list[Address]:
    # No difference is told between a name that is unknown and one that leads inside.
    allowed = [each for each in found if origin.trust is Trust.LISTED or is_public(each)]
    if not allowed:
        raise Refused(UNREACHABLE, f"no address may be connected to: {_shown(found)}")
    return allowed


async def _looked_up(origin: Origin, resolve: Resolve) -> list[Address]:
    try:
        return [ipaddress.ip_address(each) for each in await resolve(origin.host, origin.port)]
    except (OSError, UnicodeError) as error:
        raise Refused(UNREACHABLE, f"the name is not resolved: {error}") from None


def _shown(found: Iterable[Address]) -> str:
    return ", ".join(map(str, found)) or "it has none"


class Pinned(httpcore.AsyncNetworkBackend):
    """Connects to the given addresses, in turn, whatever host is asked for.

    A context manager, at whose end no socket is open: httpcore 1.0 forgets one that is cancelled in
    the middle of a TLS handshake.
    """

    def __init__(self, addresses: list[str]) -> None:
        self._addresses = addresses
        self._network = httpcore.AnyIOBackend()
        self._streams: list[httpcore.AsyncNetworkStream] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for stream in self._streams:
            await stream.aclose()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """The first that takes the connection; raises httpcore.ConnectError."""
        last: Exception = httpcore.ConnectError("no address")
        for address in self._addresses:
            try:
                stream = await self._network.connect_tcp(address, port, CONNECT)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
            else:
                self._streams.append(stream)
                return stream
        raise last
