"""However a first provider fails, the second one's stream is the answer: all pairs of dialects."""

import asyncio
import itertools
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from extproc.lab.local import Local
from tests.e2e.clients.backends import ENV, backend
from tests.e2e.conftest import TRANSPORTS
from tests.e2e.listener import needs_retry_elsewhere
from tests.e2e.tapes.clients import CLIENTS, Read
from tests.e2e.tapes.providers import TAPES, TEXT
from tests.e2e.tapes.server import FAILURES, Failing, Player

pytestmark = needs_retry_elsewhere

PAIRS = list(itertools.permutations(TAPES, 2))
ON = ["5xx", "429", "reset", "connect-failure", "timeout"]


def name(dialect: str, place: str) -> str:
    return f"{dialect.replace('.', '-')}-{place}"


def config(first: str, second: str, transport: str) -> dict[str, Any]:
    urls = {"first": first, "second": second}
    return {
        "backends": {
            name(dialect, place): backend(dialect, url)
            for dialect in TAPES
            for place, url in urls.items()
        },
        "routes": [
            {
                "models": [f"{a}+{b}"],
                "backends": [
                    {"backend": name(a, "first"), "model": "m"},
                    {"backend": name(b, "second"), "model": "m", "priority": 1},
                ],
                "retry": {"on": ON, "per_try_timeout": "4s"},
            }
            for a, b in PAIRS
        ],
        "extproc": {"transport": transport},
    }


Case = tuple[str, str, str, str]
"""Client's dialect, first provider's, second provider's, failure."""
CASES: list[Case] = [
    (list(CLIENTS)[(at + turn) % len(CLIENTS)], *pair, failure)
    for at, pair in enumerate(PAIRS)
    for turn, failure in enumerate(FAILURES)
]


async def ask_all(url: str) -> dict[Case, httpx.Response]:
    turn = asyncio.Semaphore(64)
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as http:

        async def ask(case: Case) -> httpx.Response:
            client, first, second, failure = case
            path, body = CLIENTS[client].request(f"{first}+{second}", True)
            agent = f"case/{client}/{second}/streamed"
            headers = {"user-agent": agent, "x-failure": failure}
            async with turn:
                return await http.post(path, content=body, headers=headers)

        return dict(zip(CASES, await asyncio.gather(*map(ask, CASES)), strict=True))


@pytest.fixture(scope="module", params=TRANSPORTS)
def world(request) -> Iterator[tuple[Local, Failing]]:
    with (
        Failing() as first,
        Player() as second,
        Local(config(first.url, second.url, request.param), ENV) as local,
    ):
        yield local, first


def test_the_second_ones_stream_is_the_answer_and_all_that_is_reported(world):
    local, first = world
    for case, answer in asyncio.run(ask_all(local.url)).items():
        client, _, second, _ = case
        assert answer.status_code == 200, (case, answer.text)
        used = TAPES[second].used
        assert CLIENTS[client].streamed(answer.content) == Read(TEXT, used.input, used.output), case
        assert not {"retry-after", "x-failed"} & answer.headers.keys(), case
    local.wait_for(lambda: len(local.records()) == len(CASES), "the records")
    for record in local.records():
        second = record["user_agent"].split("/")[2]
        # A backend that fails often enough is left out for a while.
        assert record["attempts"] in (1, 2)
        assert record["backend"] == name(second, "second")
        assert record["status"] == 200
        assert record["error_type"] == ""
        assert record["finish_reason"] == "stop"
        assert record["total_tokens"] == TAPES[second].used.total
        assert record["estimated"] is False
    assert {headers["x-failure"] for _, headers, _ in first.requests} == set(FAILURES)
