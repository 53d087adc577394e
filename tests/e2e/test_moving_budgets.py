"""What is reserved of a budget follows a request to a dearer backend: two gateways, one Redis."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import httpx
import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients.talk import order
from tests.e2e.conftest import ENV
from tests.e2e.listener import needs_retry_elsewhere
from tests.extproc.ratelimit.conftest import Server as Redis

pytestmark = needs_retry_elsewhere

PRICES = {"cheap": {"input": 1, "output": 2}, "dear": {"input": 10, "output": 20}}
USED = {"prompt_tokens": 100, "completion_tokens": 100}
BUDGET, COST = 50_000, 3_000
"""Millionths of a USD: of each user, and of what the dear backend answers."""
RESERVED = 1_000
"""Less is reserved for a request while it is for the cheap one alone."""
WAIT = 60.0


@pytest.fixture(scope="module")
def gateways(tmp_path_factory) -> Iterator[list[Local]]:
    with ExitStack() as stack:
        sims = {name: stack.enter_context(RunningSimulator(name=name)) for name in PRICES}
        server = Redis(tmp_path_factory.mktemp("r"))
        server.start()
        stack.callback(server.stop)
        config = {
            "backends": {
                name: {
                    "provider": "openai",
                    "base_url": sim.url,
                    "credential": "none",
                    "price": PRICES[name],
                    # Who fails again and again is asked all the same.
                    "ejection": {"after": 1_000},
                }
                for name, sim in sims.items()
            },
            "routes": [
                {
                    "models": ["m"],
                    "backends": [{"backend": "cheap"}, {"backend": "dear", "priority": 1}],
                }
            ],
            "limits": [{"per": "header:x-user", "cost_usd": BUDGET / 1e6, "every": "month"}],
            "limiter": {"storage": "env:COUNTERS", "timeout": f"{WAIT}s"},
            "envoy": {"retry_budget": {"percent": 100, "least": 100}},
        }
        env = {**ENV, "COUNTERS": server.url}
        yield [stack.enter_context(Local(config, env)) for _ in range(2)]


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=WAIT, limits=httpx.Limits(max_connections=None)) as one:
        yield one


class Asking:
    """A user of both gateways, whose requests the cheap backend refuses."""

    def __init__(self, client: httpx.AsyncClient, gateways: list[Local], user: str) -> None:
        self._client, self._gateways = client, gateways
        self._headers = {"x-user": user}
        self._turns = 0

    async def ask(self, *, stream: bool = False, **dear) -> httpx.Response:
        text = order(order("hello", at="cheap", status=503), at="dear", **USED, **dear)
        return await self._sent({"stream": stream, "messages": [{"role": "user", "content": text}]})

    async def _sent(self, body: dict, **order) -> httpx.Response:
        self._turns += 1
        url = self._gateways[self._turns % len(self._gateways)].url
        headers = {**self._headers, "x-sim": json.dumps(order)}
        return await self._client.post(
            f"{url}/v1/chat/completions", json={"model": "m", **body}, headers=headers
        )

    async def left(self) -> int:
        """What is left of the budget, as both of them say in turn."""
        body = {"messages": [{"role": "user", "content": "hello"}]}
        said = (await self._sent(body, status=400)).headers
        return int(said["x-ratelimit-remaining"])

    async def until(self, least: int, most: int) -> None:
        """Waits until so much is left."""
        async with asyncio.timeout(WAIT):
            while not least <= await self.left() <= most:
                await asyncio.sleep(0.05)


async def until_moved(user: Asking) -> None:
    """Waits until more is reserved than for the cheap backend."""
    await user.until(0, BUDGET - RESERVED)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_more_is_reserved_while_a_dear_backend_answers(gateways, client, stream):
    user = Asking(client, gateways, f"runs-{stream}")
    slow = {"chunk_delay_ms": 400, "tokens": 12} if stream else {"delay_ms": 4_000}
    running = asyncio.create_task(user.ask(stream=stream, **slow))
    await until_moved(user)
    assert (await running).status_code == 200
    await user.until(BUDGET - COST, BUDGET - COST)


async def test_who_hangs_up_leaves_nothing_reserved(gateways, client):
    user = Asking(client, gateways, "gone")
    running = asyncio.create_task(user.ask(hang="before_headers"))
    await until_moved(user)
    running.cancel()
    # The provider has the prompt.
    await user.until(BUDGET - RESERVED, BUDGET - 1)


async def test_where_all_fail_nothing_is_reserved(gateways, client):
    user = Asking(client, gateways, "failed")
    answers = await asyncio.gather(*[user.ask(status=503) for _ in range(10)])
    assert {answer.status_code for answer in answers} == {503}
    await user.until(BUDGET, BUDGET)


async def test_of_sixty_at_once_nothing_stays_reserved(gateways, client):
    user = Asking(client, gateways, "sixty")
    answers = await asyncio.gather(*[user.ask(delay_ms=500) for _ in range(60)])
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) <= {200, 429}
    served = statuses[200]
    left = max(0, BUDGET - served * COST)
    await user.until(left, left)
    # How many are served at once depends on what is reserved meanwhile; then the rest is there.
    while (await user.ask()).status_code == 200:
        served += 1
        left = max(0, BUDGET - served * COST)
        await user.until(left, left)
    assert served * COST > BUDGET - RESERVED
