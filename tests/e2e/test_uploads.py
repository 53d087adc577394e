"""Large uploads at a time through a real Envoy: served whole, and in memory that is bounded."""

import asyncio
import os
from collections.abc import Iterator

import pytest

from extproc.lab.bench import proc, uploads
from extproc.lab.bench.subjects import Gateway, config
from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from providers.wire import multipart

HELD, MORE = 2, 4
"""Times its size: what a worker needs of each upload, and of the one that it reads right now, as
docs/scaling.md says."""
FLOOR = 8.0
"""MB that a worker's first requests take, however large they are."""
ENV = {**os.environ, "BENCH_KEY": "made-up"}


@pytest.fixture(scope="module")
def gateway() -> Iterator[tuple[Gateway, RunningSimulator]]:
    with (
        RunningSimulator(keep_body=2 * uploads.SIZE) as sim,
        Local(config(sim.url, "lean"), ENV) as local,
    ):
        yield Gateway("lean", local), sim


async def ask(port: int, request: bytes) -> bytes:
    """The status line of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    status = await asyncio.wait_for(reader.readline(), 120)
    writer.close()
    return status


@pytest.mark.parametrize(("name", "count"), [(uploads.AUDIO, 1), (uploads.IMAGE, 4)])
def test_memory_is_bounded_by_what_is_uploaded_at_a_time(gateway, name, count):
    one, sim = gateway
    small, large = uploads.request(name, 1000), uploads.request(name, uploads.SIZE)

    async def at_a_time() -> list[bytes]:
        return await asyncio.gather(*(ask(one.port, large) for _ in range(count)))

    assert b" 200 " in asyncio.run(ask(one.port, small))
    (worker,) = one.workers
    before = proc.resident(worker)
    proc.forget_peak(worker)
    statuses = asyncio.run(at_a_time())
    assert all(b" 200 " in status for status in statuses)
    grown = proc.peak(worker) - before
    assert grown < (HELD * count + MORE) * uploads.SIZE / 1_000_000 + FLOOR
    asked = sim.requests[-1]
    sent = multipart.parse(asked.body, asked.header("content-type")).members()
    assert sent["model"] == "gpt-4o-transcribe"
    file = sent["file" if name == uploads.AUDIO else "image"]
    file = file[0] if isinstance(file, list) else file
    assert len(file.data) == uploads.SIZE
