"""Budgets that are used up in the middle of a session, through a real Envoy."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import openai
import pytest
import websockets
from websockets.asyncio.client import connect

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from extproc.ratelimit.wire import SHOULD_RATE_LIMIT
from tests.extproc.ratelimit import conftest
from tests.extproc.ratelimit.queries import parsed, query

WAIT = 20
KEY = {"api_key": "env:KEY"}
ENOUGH = 1000
LIMITS = [
    # A session uses 17 tokens, then 22, then 27.
    {"per": "header:x-user", "models": ["talk"], "tokens": 39, "every": "month"},
    {"per": "header:x-payer", "cost_usd": 0.0001, "every": "month"},
    {"per": "header:x-team", "tokens": ENOUGH, "every": "month"},
    {"per": "header:x-team", "tokens": 10, "every": "month", "shadow": True},
    {"per": ["header:x-speaker", "backend"], "output_tokens": 3, "every": "month"},
]
PLACE = "ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
CREATE = '{"type": "response.create"}'


class Talking:
    def __init__(self, local: Local) -> None:
        self.local = local
        self.url = f"ws://127.0.0.1:{local.port}"

    def record(self, **wanted) -> dict:
        return self.local.record(**wanted)

    def left(self, team: str) -> int:
        """Tokens that the team's budget has left."""
        socket = self.local.directory / "sockets" / "ratelimit.sock"
        asked = query(("header_x-team_tokens_month_0", {"header:x-team": team}, 0))
        with grpc.insecure_channel(f"unix:{socket}") as channel:
            answer = parsed(channel.unary_unary(SHOULD_RATE_LIMIT)(asked, timeout=WAIT))
        return answer.statuses[0].limit_remaining


@contextmanager
def storage(kind: str, directory) -> Iterator[str]:
    if kind == "memory":
        yield "memory"
        return
    server = conftest.Server(directory)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


@pytest.fixture(scope="module", params=[("memory", "lean"), ("redis", "grpcio")], ids=" ".join)
def talking(request, tmp_path_factory) -> Iterator[Talking]:
    kind, transport = request.param
    with (
        storage(kind, tmp_path_factory.mktemp("r")) as where,
        RunningSimulator(keys=frozenset({"sk-gateway"})) as sim,
    ):
        voice = {"base_url": sim.url, "credential": KEY}
        price = {"input": 1.0, "output": 10.0}
        live = [{"backend": "gemini", "model": "gemini-2.0-live"}]
        config = {
            "backends": {
                "openai": {"provider": "openai", **voice},
                "gemini": {"provider": "gemini", **voice},
            },
            "routes": [
                {"models": ["talk"], "backends": [{"backend": "openai"}], "price": price},
                {"models": ["live"], "backends": live, "price": price},
            ],
            "limits": LIMITS,
            "extproc": {"transport": transport},
            "limiter": {"storage": where if where == "memory" else "env:REDIS"},
        }
        env = {**os.environ, "KEY": "sk-gateway", "REDIS": where}
        with Local(config, env) as local:
            yield Talking(local)


async def answered(socket) -> None:
    await socket.send(CREATE)
    while '"response.done"' not in await asyncio.wait_for(socket.recv(), WAIT):
        pass


@pytest.mark.parametrize(
    ("who", "responses", "kind"),
    [("x-user", 2, "tokens"), ("x-payer", 2, "insufficient_quota"), ("x-speaker", 1, "tokens")],
)
def test_a_session_ends_with_its_budget(talking, who, responses, kind):
    client = openai.AsyncOpenAI(
        base_url=f"{talking.local.url}/v1", api_key="mine", default_headers={who: "tom"}
    )

    async def talk() -> tuple[int, list]:
        seen, done = [], 0
        async with client.realtime.connect(model="talk") as connection:
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await connection.response.create()
                while True:
                    event = await asyncio.wait_for(connection.recv(), WAIT)
                    seen.append(event)
                    if event.type == "response.done":
                        done += 1
                        if done < responses:
                            await connection.response.create()
        assert closed.value.rcvd.code == 1008
        assert closed.value.rcvd.reason.startswith("Rate limit reached")
        return done, seen

    done, seen = asyncio.run(talk())
    assert done == responses
    assert [event.type for event in seen[-2:]] == ["response.done", "error"]
    assert seen[-1].error.type == kind
    used = sum((17, 22)[:responses])
    record = talking.record(request_model="talk", total_tokens=used, status=101)
    assert record["error_type"] == ("quota" if who == "x-payer" else "rate_limit")
    assert record["estimated"] is False

    async def again() -> int:
        with pytest.raises(websockets.InvalidStatus) as refused:
            await connect(f"{talking.url}/v1/realtime?model=talk", additional_headers={who: "tom"})
        return refused.value.response.status_code

    assert asyncio.run(again()) == 429


def test_what_was_charged_is_not_charged_again_and_a_shadow_ends_nothing(talking):
    async def talk() -> None:
        team = {"x-team": "red"}
        url = f"{talking.url}/v1/realtime?model=talk"
        async with connect(url, additional_headers=team) as socket:
            for used in (17, 39, 66):
                await answered(socket)
                assert talking.left("red") <= ENOUGH - used
            socket.transport.abort()

    asyncio.run(talk())
    talking.record(request_model="talk", total_tokens=66)
    talking.local.wait_for(lambda: talking.left("red") == ENOUGH - 66, "what was held is free")


def test_google_closes_and_says_why(talking):
    async def talk() -> websockets.Close | None:
        url = f"{talking.url}/{PLACE}?model=live"
        async with connect(url, additional_headers={"x-speaker": "ann"}) as socket:
            await socket.send('{"setup": {"model": "models/live"}}')
            await asyncio.wait_for(socket.recv(), WAIT)
            await socket.send('{"clientContent": {"turnComplete": true}}')
            with pytest.raises(websockets.ConnectionClosed) as closed:
                while True:
                    await asyncio.wait_for(socket.recv(), WAIT)
            return closed.value.rcvd

    said = asyncio.run(talk())
    assert said is not None
    assert (said.code, said.reason[:18]) == (1008, "Rate limit reached")
    assert talking.record(request_model="live", total_tokens=12)["error_type"] == "rate_limit"
