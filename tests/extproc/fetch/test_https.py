"""Fetching by TLS: whose certificate counts, and what a broken handshake costs."""

import asyncio
import ssl

import pytest

from extproc.config.fetch import Fetch
from extproc.fetch.fetcher import Fetcher
from tests.extproc.fetch.asking import link, made, refused, resolving
from tests.extproc.fetch.servers import answer, running, silence
from tests.extproc.transport.certificates import Authority
from tests.extproc.transport.services import until


@pytest.fixture
def tls(tmp_path):
    """The contexts of a server whose certificate is for 127.0.0.1, and of who trusts it."""
    authority = Authority(tmp_path)
    certificate, key = authority.issue("server")
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(certificate, key)
    return theirs, ssl.create_default_context(cafile=tmp_path / "ca.pem")


async def test_a_certificate_is_checked_against_the_name_in_the_url(tls):
    theirs, ours = tls
    resolve, _ = resolving(["127.0.0.1"])
    async with running(theirs) as server:
        server.at("/a.png", answer())
        url, other = server.url(scheme="https"), server.url(host="inside.test", scheme="https")
        fetch = made(server, f"inside.test:{server.port}", resolve=resolve, tls=ours)
        assert await fetch((link(url),))
        assert "cannot be reached" in await refused(fetch, other)
        assert "cannot be reached" in await refused(made(server), url)


async def test_a_slow_host_is_given_up_with_tls_too(tls):
    theirs, ours = tls
    async with running(theirs) as server:
        server.at("/a.png", silence)
        fetch = made(server, timeout="500ms", tls=ours)
        assert "extproc.fetch.timeout" in await refused(fetch, server.url(scheme="https"))
        await until(lambda: server.open == 0)


async def test_a_handshake_that_does_not_end_is_given_up(server):
    """The server waits for the end of a head that a TLS client never sends."""
    fetch = made(server, timeout="300ms")
    assert "extproc.fetch.timeout" in await refused(fetch, server.url(scheme="https"))
    await until(lambda: server.open == 0)


async def test_a_host_without_tls_cannot_be_reached_by_it():
    async def hang_up(_, writer):
        writer.write(b"220 mail\r\n")
        writer.close()

    listener = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with listener:
        place = f"127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        fetch = Fetcher(Fetch(hosts=(place,)))
        assert "cannot be reached" in await refused(fetch, f"https://{place}/a.png")
