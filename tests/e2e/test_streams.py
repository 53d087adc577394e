"""A thousand streams at once, and workers that share the load."""

import asyncio
import json
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import MESSAGES, TRANSPORTS, Gateway, start

STREAMS = 1_000


@pytest.fixture(scope="module", params=TRANSPORTS)
def gateway(request) -> Iterator[Gateway]:
    yield from start(request.param, extproc={"workers": 2})


def request(**order) -> bytes:
    """A request for a stream, ready to send."""
    body = json.dumps({"model": "same", "stream": True, "messages": MESSAGES})
    return (
        "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n"
        f"x-sim: {json.dumps(order)}\r\ncontent-length: {len(body)}\r\n\r\n{body}"
    ).encode()


async def read(port: int, data: bytes, after: float = 0) -> bytes:
    """The whole answer to one request, which is made `after` so many seconds."""
    await asyncio.sleep(after)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    answer = await reader.read()
    writer.close()
    return answer


async def read_all(port: int, data: bytes, count: int, seconds: float = 0) -> list[bytes]:
    """The answers to requests that begin within so many seconds."""
    async with asyncio.timeout(100):
        return await asyncio.gather(
            *(read(port, data, number * seconds / count) for number in range(count))
        )


@pytest.mark.slow
def test_a_thousand_streams_are_held_at_once(gateway: Gateway):
    # A machine with much else to do needs a moment to begin so many; all go on until then, and
    # say little, for this is about how many there are.
    data = request(tokens=15, chunk_delay_ms=1_500)
    answers = asyncio.run(read_all(gateway.local.port, data, STREAMS, seconds=12))
    failed = [answer for answer in answers if not answer.startswith(b"HTTP/1.1 200 ")]
    assert not failed, failed[0]
    assert all(b"data: [DONE]" in answer for answer in answers)
    assert gateway.local.counter("cluster.extproc.upstream_rq_total") >= STREAMS


def taken(gateway: Gateway) -> list[int]:
    """Exchanges so far, of each worker."""
    status = json.loads(gateway.local.admin("/clusters?format=json"))["cluster_statuses"]
    hosts = next(one for one in status if one["name"] == "extproc")["host_statuses"]
    return [
        sum(int(stat.get("value", 0)) for stat in host["stats"] if stat["name"] == "rq_total")
        for host in hosts
    ]


def test_the_workers_share_the_load(gateway: Gateway):
    data = request(tokens=2)

    def all_used() -> bool:
        asyncio.run(read(gateway.local.port, data))
        return all(taken(gateway))

    # Envoy uses a worker that was not there at its first health check a second later.
    gateway.local.wait_for(all_used, "Envoy to use both workers")
    before = taken(gateway)
    asyncio.run(read_all(gateway.local.port, data, 300))
    shares = [now - then for now, then in zip(taken(gateway), before, strict=True)]
    assert sum(shares) == 300
    assert min(shares) > 100, shares
