"""What a worker hears by Envoy's access log, over both transports."""

import asyncio
import os

import grpc
import grpc.aio
import pytest

from extproc.process.pen import Pen
from extproc.process.refusals import Logged, Refusals
from extproc.process.service import Health, services
from extproc.transport import Endpoint
from extproc.usage.logged import STREAM
from extproc.usage.record import read
from extproc.usage.refused import Refused
from tests.extproc.transport.services import SERVE
from tests.extproc.usage.test_refused import logged


def written(pen: Pen) -> list[Refused]:
    try:
        lines = os.read(pen.paper, 65_536).splitlines()
    except BlockingIOError:
        return []
    return [one for one in map(read, lines) if isinstance(one, Refused)]


@pytest.mark.parametrize("transport", sorted(SERVE))
async def test_a_stream_of_envoys_ends_with_its_first_message(transport, tmp_path):
    pen = Pen()
    refusals = Refusals(lambda path: "chat", pen)
    offered = services(pytest.fail, Health(), {STREAM: lambda: Logged(refusals)})
    path = str(tmp_path / "s")
    server = await SERVE[transport](offered, Endpoint(path=path))
    async with grpc.aio.insecure_channel(f"unix:{path}") as channel:
        for _ in range(2):
            call = channel.stream_stream(STREAM)()
            await call.write(logged(a=(401, "missing_api_key"), b=(401, "missing_api_key")))
            assert await call.read() is grpc.aio.EOF
            assert await call.code() is grpc.StatusCode.OK
        spoilt = channel.stream_stream(STREAM)()
        await spoilt.write(b"\xff\xff")
        assert await spoilt.code() is grpc.StatusCode.INVALID_ARGUMENT
        # Nobody waits for Envoy's streams when a worker drains.
        async with asyncio.timeout(10):
            await server.drain(60)
    assert written(pen) == []
    refusals.write()
    refusals.write()
    (one,) = written(pen)
    assert (one.refused, one.operation, one.status) == (4, "chat", 401)
