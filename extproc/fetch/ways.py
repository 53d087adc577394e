"""How a host is reached: at its own address, which is checked, or by a backend's proxy."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol
from urllib.parse import urlsplit

import httpcore
import httpx

from extproc.config.proxy import Proxy
from extproc.config.references import Unresolved
from extproc.config.references import resolve as secret
from extproc.fetch.addresses import UNREACHABLE, Pinned, Resolve, addresses, literal
from extproc.fetch.hosts import PORTS, Origin
from extproc.fetch.refusal import Refused

Connection = httpcore.AsyncConnectionInterface | httpcore.AsyncConnectionPool


class Way(Protocol):
    """Where requests for an origin go."""

    def __call__(self, origin: Origin) -> AbstractAsyncContextManager[Connection]:
        """What asks `origin`, whose sockets are closed at the end; raises Refused."""


class Directly:
    """At the address that was checked, and at no other."""

    def __init__(self, resolve: Resolve, tls: ssl.SSLContext) -> None:
        self._resolve, self._tls = resolve, tls

    @asynccontextmanager
    async def __call__(self, origin: Origin) -> AsyncIterator[Connection]:
        """A connection to `origin`; raises Refused."""
        there = httpcore.Origin(origin.scheme.encode(), origin.host.encode(), origin.port)
        async with (
            Pinned(await addresses(origin, self._resolve)) as network,
            httpcore.AsyncHTTPConnection(
                there, ssl_context=self._tls, network_backend=network
            ) as connection,
        ):
            yield connection


class ByProxy:
    """By CONNECT, to the host's name, which is the proxy's to resolve.

    No address is checked here that only the proxy sees. What keeps a name that leads inside from
    being read is its certificate: nothing is asked before it is that of the name in the URL, and
    nothing is asked without TLS.
    """

    def __init__(self, proxy: Proxy, resolve: Resolve, tls: ssl.SSLContext) -> None:
        self._proxy, self._resolve, self._tls = proxy, resolve, tls

    @asynccontextmanager
    async def __call__(self, origin: Origin) -> AsyncIterator[Connection]:
        """A pool of one connection to `origin`; raises Refused."""
        if origin.scheme != "https":
            raise Refused("only https:// URLs are fetched by the backend's proxy")
        literal(origin)
        where = urlsplit(self._proxy.url)
        host, port = where.hostname or "", where.port or PORTS[where.scheme]
        try:
            found = await self._resolve(host, port)
            who, trust = await asyncio.to_thread(self._told)
        except (OSError, UnicodeError, Unresolved) as error:
            raise Refused(UNREACHABLE, f"the proxy: {error}") from None
        async with (
            Pinned(found) as network,
            httpcore.AsyncHTTPProxy(
                httpcore.URL(scheme=where.scheme, host=host, port=port, target="/"),
                proxy_auth=who,
                ssl_context=self._tls,
                proxy_ssl_context=trust,
                network_backend=network,
            ) as pool,
        ):
            yield pool

    def _told(self) -> tuple[tuple[bytes, bytes] | None, ssl.SSLContext | None]:
        """Who asks, and whom to trust for the proxy; raises OSError, Unresolved."""
        proxy, who, trust = self._proxy, None, None
        if proxy.username and proxy.password:
            who = proxy.username.encode(), secret(proxy.password, os.environ).encode()
        if proxy.url.startswith("https:"):
            own = proxy.ca or proxy.ca_pem
            trust = (
                ssl.create_default_context(cafile=proxy.ca, cadata=proxy.ca_pem)
                if own
                else httpx.create_ssl_context()
            )
        return who, trust
