"""Sizes, time and turns of a fetch are bounded."""

import asyncio
import base64
import gzip
import time

import pytest

from extproc.fetch import fetcher
from tests.extproc.fetch.asking import link, made, refused
from tests.extproc.fetch.servers import PNG, answer, endless, moved, silence
from tests.extproc.transport.services import until


async def test_a_content_length_over_the_limit_is_refused_at_once(server):
    async def promise(writer):
        writer.write(answer(b"", content_length=str(10**12)))
        await silence(writer)

    server.at("/a.png", promise)
    assert "larger than 1000 bytes" in await refused(made(server, max_bytes=1000), server.url())


async def test_an_endless_body_is_counted_as_it_comes(server):
    server.at("/a.png", endless(PNG * 100))
    message = await refused(made(server, max_bytes=100_000), server.url())
    assert "extproc.fetch.max_bytes" in message
    await until(lambda: server.open == 0)


@pytest.mark.parametrize(
    ("said", "sent"), [("10", PNG), ("1000", PNG), ("-1", PNG), ("x", PNG), ("9" * 9_000, PNG)]
)
async def test_a_lying_content_length_gains_nothing(server, said, sent):
    server.at("/a.png", answer(sent, content_length=said))
    fetch = made(server, max_bytes=500_000)
    if said == "10":  # the rest belongs to no answer
        found = await fetch((link(server.url()),))
        assert base64.b64decode(found[server.url()].base64) == PNG[:10]
    else:
        await refused(fetch, server.url())


async def test_a_file_of_exactly_the_limit_is_taken(server):
    server.at("/a.png", answer())
    assert await made(server, max_bytes=len(PNG))((link(server.url()),))
    assert "larger" in await refused(made(server, max_bytes=len(PNG) - 1), server.url())


async def test_all_files_of_a_request_share_a_limit(server):
    urls = [server.url(f"/{number}") for number in range(4)]
    for number in range(4):
        server.at(f"/{number}", answer())
    enough = made(server, max_total_bytes=4 * len(PNG))
    assert len(await enough(tuple(map(link, urls)))) == 4
    short = made(server, max_total_bytes=4 * len(PNG) - 1)
    assert "extproc.fetch.max_total_bytes" in await refused(short, *urls)


async def test_what_is_packed_is_not_unpacked(server):
    bomb = gzip.compress(bytes(50_000_000))
    server.at("/a.png", answer(bomb, content_encoding="gzip"))
    before = time.process_time()
    assert "compressed" in await refused(made(server), server.url())
    assert time.process_time() - before < 1


@pytest.mark.parametrize("slow", [silence, endless(b"x", 0.01)], ids=["silent", "dripping"])
async def test_a_slow_host_is_given_up_and_its_connection_closed(server, slow):
    server.at("/a.png", slow)
    message = await refused(made(server, timeout="300ms"), server.url())
    assert "longer than 0.3 s (extproc.fetch.timeout)" in message
    await until(lambda: server.open == 0)


async def test_the_time_runs_while_a_name_is_looked_up(server):
    async def never(host, port):
        await asyncio.sleep(600)

    fetch = made(server, "*", resolve=never, timeout="200ms")
    assert "extproc.fetch.timeout" in await refused(fetch, "https://a.example.test/")


async def test_redirects_do_not_win_time(server):
    async def late(writer):
        await asyncio.sleep(0.1)
        writer.write(moved("/a.png"))

    server.at("/a.png", late)
    fetch = made(server, timeout="250ms", redirects=20)
    assert "extproc.fetch.timeout" in await refused(fetch, server.url())


async def test_a_cancelled_fetch_closes_its_connections(server):
    server.at("/a.png", silence)
    task = asyncio.create_task(made(server)((link(server.url()),)))
    await until(lambda: server.heads)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: server.open == 0)


async def test_one_failure_ends_the_others(server):
    server.at("/slow", silence)
    server.at("/gone", answer(b"", status="404 Not Found"))
    message = await refused(made(server), server.url("/slow"), server.url("/gone"))
    assert "status 404" in message
    await until(lambda: server.open == 0)


async def test_no_request_takes_all_turns_and_no_process_more_than_it_has(server, monkeypatch):
    monkeypatch.setattr(fetcher, "AT_ONCE", 6)
    most = 0

    async def watched(writer):
        nonlocal most
        most = max(most, server.open)
        await asyncio.sleep(0.02)
        writer.write(answer())

    urls = [server.url(f"/{number}") for number in range(10)]
    for number in range(10):
        server.at(f"/{number}", watched)
    fetch = made(server)
    await fetch(tuple(map(link, urls)))
    assert most == fetcher.EACH
    await asyncio.gather(*(fetch(tuple(map(link, urls))) for _ in range(4)))
    assert most == 6
