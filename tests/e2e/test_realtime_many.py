"""Two hundred sessions of all kinds at once through one Envoy and two workers.

Either side hangs up in whatever way; each session is charged for exactly what it used, and none of
them leaves anything behind.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterator

import pytest
import websockets
from websockets.asyncio.client import ClientConnection, connect

from extproc.lab.bench import proc
from extproc.lab.bench.subjects import Gateway
from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.listener import needs_translated_sessions
from tests.e2e.talking import CREATE, ENV, LIVE, Talking, translating

pytestmark = needs_translated_sessions

MANY = 200
WAIT = 60
TURN = '{"clientContent": {"turnComplete": true}}'
ENDS = ("goodbye", "dropped", "provider")
"""Who hangs up: the client, with a farewell or without one, or its provider, likewise."""
TOKENS = {
    "openai": [12 + 5, 17 + 5, 22 + 5],
    "gemini": [9 + 3, 12 + 3, 15 + 3],
}
"""What the simulated providers charge for the first answers of a session."""
MOST = 60_000
"""Bytes of memory that a session takes in its workers, with as many open."""
LEFT = 4_000_000
"""Bytes by which a worker may have grown with the second storm: its allocator's own business."""


class Kind:
    """A client's format and a provider."""

    def __init__(self, format: str, provider: str) -> None:
        self.format, self.provider = format, provider

    async def open(self, url: str, model: str) -> ClientConnection:
        path = "v1/realtime" if self.format == "openai" else LIVE
        socket = await connect(f"{url}/{path}?model={model}", open_timeout=WAIT)
        if self.format == "gemini":
            await socket.send(json.dumps({"setup": {"model": f"models/{model}"}}))
            await asyncio.wait_for(socket.recv(), WAIT)
        return socket

    async def answer(self, socket: ClientConnection) -> None:
        """Up to its end."""
        openai = self.format == "openai"
        await socket.send(CREATE if openai else TURN)
        last = "response.done" if openai else "turnComplete"
        while last not in str(await asyncio.wait_for(socket.recv(), WAIT)):
            pass


KINDS = [Kind(one, other) for one in TOKENS for other in TOKENS]


@pytest.fixture(scope="module")
def talking() -> Iterator[Talking]:
    with RunningSimulator(keys=frozenset({ENV["KEY"]})) as sim:
        config = translating(sim)
        del config["limits"], config["limiter"]
        settings = {**config, "extproc": {"workers": 2}}
        with Local(settings, ENV) as local:
            made = Talking(local, sim)
            # Envoy's own workers learn of a healthy host up to a second late.
            local.wait_for(lambda: asyncio.run(warmed(made)), "both workers to be asked")
            yield made


async def warmed(talking: Talking) -> bool:
    """Whether each worker has had something to do."""
    for kind in KINDS:
        socket = await kind.open(talking.url, f"{kind.provider}-warm")
        await kind.answer(socket)
        await socket.close()
    return all(Gateway("many", talking.local).shares())


def memory(talking: Talking) -> list[float]:
    """Bytes of each worker."""
    workers = Gateway("many", talking.local).workers
    return [proc.resident(pid) * 1_000_000 for pid in sorted(workers)]


async def storm(talking: Talking, name: str) -> list[float]:
    """Memory of the workers with all sessions open."""
    chance = random.Random(name)
    ends = [chance.choice(ENDS) for _ in range(MANY)]

    async def begin(number: int) -> ClientConnection:
        kind = KINDS[number % len(KINDS)]
        socket = await kind.open(talking.url, f"{kind.provider}-{name}-{number}")
        for _ in range(1 + number % 3):
            await kind.answer(socket)
        return socket

    async def end(number: int, socket: ClientConnection) -> str:
        if ends[number] == "goodbye":
            await socket.close()
        elif ends[number] == "dropped":
            socket.transport.abort()
        else:
            with pytest.raises(websockets.ConnectionClosed):
                while True:
                    await asyncio.wait_for(socket.recv(), WAIT)
        return ends[number]

    sockets = await asyncio.gather(*map(begin, range(MANY)))
    found = memory(talking)
    ending = asyncio.gather(*(end(number, one) for number, one in enumerate(sockets)))
    left = ends.count("provider")
    await asyncio.to_thread(talking.local.wait_for, lambda: talks(talking) == left, "hung up")
    talking.sim.hang_up(1011, "out of order", every=2)
    await asyncio.to_thread(talking.local.wait_for, lambda: talks(talking) <= left // 2, "half")
    talking.sim.hang_up()
    assert Counter(await ending) == Counter(ends)
    return found


def talks(talking: Talking) -> int:
    return len(talking.sim.simulator.talking)


def records(talking: Talking, name: str) -> dict[str, tuple[int, bool]]:
    """Session → what it was charged for, and whether that was estimated."""
    told = [r for r in talking.local.records() if f"-{name}-" in str(r["request_model"])]
    assert len(told) <= MANY
    return {r["request_model"]: (r["total_tokens"], r["estimated"]) for r in told}


def test_two_hundred_sessions_at_once_leave_nothing_behind(talking):
    fresh = memory(talking)
    peaks, after = [], []
    for name in ("first", "second"):
        peaks.append(asyncio.run(storm(talking, name)))
        wanted = {}
        for number in range(MANY):
            provider = KINDS[number % len(KINDS)].provider
            used = sum(TOKENS[provider][: 1 + number % 3])
            wanted[f"{provider}-{name}-{number}"] = used, False
        talking.local.wait_for(lambda: len(records(talking, name)) == MANY, "all records")  # noqa: B023
        assert records(talking, name) == wanted
        talking.local.wait_for(lambda: not talks(talking), "the providers' ends")
        streams = "cluster.extproc.upstream_rq_active"
        talking.local.wait_for(lambda: talking.local.counter(streams) == 0, "no open streams")  # noqa: B023
        after.append(memory(talking))
    grown = [each - before for each, before in zip(peaks[0], fresh, strict=True)]
    assert sum(grown) / MANY < MOST
    left = [each - before for each, before in zip(after[1], after[0], strict=True)]
    assert max(left) < LEFT
