"""Counters in a real Redis: exact whoever charges, and harmless when it is gone."""

import asyncio
import socket
import subprocess
import sys
from contextlib import asynccontextmanager

import pytest
import redis.asyncio
from structlog.testing import capture_logs

from extproc.ratelimit import redis as store_module
from extproc.ratelimit.limiter import Limiter
from extproc.ratelimit.redis import Redis
from tests.extproc.ratelimit.queries import NOON, OK, OVER, Clock, headers, limit, parsed, query

ACME = {"client": "acme"}


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """A busy machine must not look like a slow Redis, nor a slow test like many failures."""
    for name in ("DEADLINE", "TIMEOUT", "PAUSE"):
        monkeypatch.setattr(store_module, name, 60.0)


@asynccontextmanager
async def limiter(server, *limits, clock=None, **settings):
    clock = clock or Clock()
    store = Redis(server.url, clock)
    limiting = Limiter(limits, store, clock=clock, **settings)

    async def send(*descriptors):
        return parsed(await limiting.should_rate_limit(query(*descriptors)))

    yield send
    await limiting.close()


async def test_it_answers_as_memory_does(redis_server):
    clock = Clock()
    async with limiter(redis_server, limit(amount=100), limit("requests", 2), clock=clock) as send:
        await send(("tokens", ACME, 60))
        answer = await send(("tokens", ACME, 0), ("requests", ACME, None))
        assert answer.overall_code == OK
        assert [one.limit_remaining for one in answer.statuses] == [40, 1]
        await send(("tokens", ACME, 60))
        answer = await send(("tokens", ACME, 0), ("requests", ACME, None))
        assert answer.overall_code == OVER
        assert [one.limit_remaining for one in answer.statuses] == [0, 1]
        assert headers(answer)["retry-after"] == "60"
        clock.now = NOON + 60
        assert (await send(("tokens", ACME, 0))).statuses[0].limit_remaining == 100


async def test_two_limiters_share_what_was_counted(redis_server):
    async with (
        limiter(redis_server, limit(amount=10)) as one,
        limiter(redis_server, limit(amount=10)) as other,
    ):
        await one(("tokens", ACME, 10))
        assert (await other(("tokens", ACME, 0))).overall_code == OVER


async def test_requests_at_once_pass_exactly_as_often_as_allowed(redis_server):
    async with limiter(redis_server, limit("requests", 37)) as send:
        answers = await asyncio.gather(*(send(("requests", ACME, None)) for _ in range(150)))
    assert sum(answer.overall_code == OK for answer in answers) == 37


async def test_several_processes_charge_exactly(redis_server):
    program = [sys.executable, "-m", "tests.extproc.ratelimit.charge", redis_server.url]
    shares = [(300, 7), (250, 11), (200, 13)]
    running = [subprocess.Popen([*program, *map(str, share)]) for share in shares]
    for process in running:
        assert await asyncio.to_thread(process.wait, 60) == 0
    async with limiter(redis_server, limit(amount=10**9)) as send:
        left = (await send(("tokens", ACME, 0))).statuses[0].limit_remaining
    assert 10**9 - left == sum(charges * tokens for charges, tokens in shares)


async def test_keys_are_short_hide_values_and_expire_soon_after_their_window(redis_server):
    secret = "someone@example.test " * 100
    async with limiter(redis_server, limit(amount=10), clock=Clock(NOON + 15)) as send:
        await send(("tokens", {"client": secret}, 5))
    client = redis.asyncio.Redis(unix_socket_path=str(redis_server.socket))
    (key,) = await client.keys()
    expiry = await client.ttl(key)
    await client.aclose()
    assert b"example" not in key
    assert len(key) < 100
    assert 45 < expiry <= 45 + store_module.SLACK


@pytest.mark.parametrize(("on_error", "expected"), [("allow", OK), ("deny", OVER)])
async def test_without_redis_the_answer_is_as_configured(redis_server, on_error, expected):
    async with limiter(redis_server, limit(amount=10), on_error=on_error) as send:
        await send(("tokens", ACME, 10))
        redis_server.stop()
        with capture_logs() as logs:
            answers = [await send(("tokens", ACME, hits)) for hits in (0, 1, 0, 1, 0)]
    assert {answer.overall_code for answer in answers} == {expected}
    assert [entry["event"] for entry in logs] == ["rate limit store failed"]


async def test_redis_is_used_again_when_it_is_back(redis_server, monkeypatch):
    monkeypatch.setattr(store_module, "PAUSE", 0.05)
    async with limiter(redis_server, limit(amount=10)) as send:
        await send(("tokens", ACME, 10))
        redis_server.stop()
        assert (await send(("tokens", ACME, 0))).overall_code == OK
        redis_server.start()
        async with asyncio.timeout(10):
            while not (await send(("tokens", ACME, 10))).statuses[0].HasField("current_limit"):
                await asyncio.sleep(0.02)
            while (await send(("tokens", ACME, 0))).overall_code != OVER:
                await asyncio.sleep(0.02)


async def test_a_restart_of_redis_costs_no_charge(redis_server):
    async with limiter(redis_server, limit(amount=10)) as send:
        await asyncio.gather(*(send(("tokens", ACME, 1)) for _ in range(5)))
        redis_server.stop()
        redis_server.start()
        await asyncio.gather(*(send(("tokens", ACME, 1)) for _ in range(5)))
        assert (await send(("tokens", ACME, 0))).statuses[0].limit_remaining == 5


async def test_a_charge_goes_through_when_the_caller_has_gone(redis_server):
    store = Redis(redis_server.url, Clock())
    limiting = Limiter([limit(amount=10)], store, clock=Clock())
    charge = asyncio.ensure_future(limiting.should_rate_limit(query(("tokens", ACME, 4))))
    await asyncio.sleep(0)  # it begins
    charge.cancel()
    await asyncio.gather(charge, return_exceptions=True)
    await store.close()
    async with limiter(redis_server, limit(amount=10)) as send:
        assert (await send(("tokens", ACME, 0))).statuses[0].limit_remaining == 6


async def test_a_silent_redis_holds_nobody_up(tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "DEADLINE", 0.1)
    monkeypatch.setattr(store_module, "TIMEOUT", 1.0)

    async def silence(reader, writer):
        await reader.read()
        writer.close()

    class Silent:
        url = f"redis+unix://{tmp_path}/s"

    async with (
        await asyncio.start_unix_server(silence, f"{tmp_path}/s"),
        asyncio.timeout(30),
        limiter(Silent, limit(amount=10)) as send,
    ):
        answers = await asyncio.gather(*(send(("tokens", ACME, 0)) for _ in range(200)))
    assert {answer.overall_code for answer in answers} == {OK}


async def test_what_waits_for_redis_is_bounded(redis_server, monkeypatch):
    monkeypatch.setattr(store_module, "BACKLOG", 3)
    async with limiter(redis_server, limit(amount=10**6)) as send:
        with capture_logs() as logs:
            await asyncio.gather(*(send(("tokens", ACME, 1)) for _ in range(50)))
        assert [entry["error"] for entry in logs] == ["too many commands are waiting"]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


async def test_a_sentinel_leads_to_its_master(tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "PAUSE", 0.01)
    master, sentinel = free_port(), free_port()
    configuration = tmp_path / "sentinel.conf"
    configuration.write_text(f"port {sentinel}\nsentinel monitor m 127.0.0.1 {master} 1\n")
    quiet = ["--save", "", "--bind", "127.0.0.1", "--dir", tmp_path]
    commands = [["--port", str(master), *quiet], [configuration, "--sentinel", *quiet[2:]]]
    running = [
        subprocess.Popen(["redis-server", *command], stdout=subprocess.DEVNULL)
        for command in commands
    ]
    try:
        store = Redis(f"redis+sentinel://127.0.0.1:{sentinel}/m", Clock())
        end = int(NOON) + 60
        async with asyncio.timeout(30):
            while await store.add([((end, "a"), 5)]) == [None]:
                await asyncio.sleep(0.05)
            while (found := await store.read([(end, "a")])) == [None]:
                await asyncio.sleep(0.05)
        assert found == [5]
        await store.close()
    finally:
        for process in running:
            process.terminate()
            process.wait(10)
