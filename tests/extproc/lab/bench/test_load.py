"""The load generator against the simulator: what it counts is what was answered."""

import asyncio

import pytest

from extproc.lab.bench.client import run
from extproc.lab.bench.load import Client, Job, LoadError
from extproc.lab.bench.server import SAME, Load, request
from extproc.lab.simulator import RunningSimulator


@pytest.fixture(scope="module")
def simulator():
    with RunningSimulator(validate=False) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def client():
    with Client() as client:
        yield client


def test_every_request_is_answered_once(simulator, client):
    simulator.simulator.desk.forget()
    load = Load(name="x", pair=SAME, clients=7, total=50)
    done = client.run(load.job(simulator.port))
    assert done.answers == 50
    assert len(simulator.requests) == 50
    assert 0 < done.p50 <= done.p99


def test_the_events_of_streams_are_counted(simulator, client):
    load = Load(name="x", pair=SAME, chunks=5, clients=2, total=4)
    # The role, the words, the end, and [DONE]; usage was not asked for.
    assert client.run(load.job(simulator.port)).events == 4 * (1 + 5 + 1 + 1)


ANSWER = (
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    b"9\r\ndata: a\n\n\r\n12\r\ndata: b\n\ndata: c\n\n\r\n0\r\n\r\n"
)


@pytest.mark.parametrize("cut", range(1, len(ANSWER)))
async def test_a_cut_between_two_reads_means_nothing(cut):
    async def answer(reader, writer):
        for _ in range(2):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ANSWER[:cut])
            await writer.drain()
            await asyncio.sleep(0.001)  # lets the other side read what is there
            writer.write(ANSWER[cut:])
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    job = Job(port=port, request=b"GET / HTTP/1.1\r\n\r\n", clients=1, total=2)
    async with server:
        done = await run(job)
    assert (done.answers, done.events, done.problem) == (2, 6, "")


def test_an_answer_that_is_no_answer_ends_the_load(simulator, client):
    asked = request(Load(name="x", pair=SAME)).replace(
        b"\r\nhost:", b"\r\nx-sim-status: 503\r\nhost:"
    )
    with pytest.raises(LoadError, match="503"):
        client.run(Job(port=simulator.port, request=asked, clients=4, total=40))


def test_a_load_can_follow_one_that_failed(simulator, client):
    with pytest.raises(LoadError):
        client.run(
            Job(port=simulator.port, request=b"GET /no HTTP/1.1\r\n\r\n", clients=1, total=1)
        )
    assert client.run(Load(name="x", pair=SAME, total=3).job(simulator.port)).answers == 3
