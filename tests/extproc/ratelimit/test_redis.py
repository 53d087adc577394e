"""Counters in a real Redis: exact whoever charges, and harmless when it is gone."""

import asyncio
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from itertools import count

import pytest
import redis.asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from extproc.ratelimit import redis as store_module
from extproc.ratelimit.counters import PERIOD, Change, Want, period
from extproc.ratelimit.limiter import Limiter
from extproc.ratelimit.memory import Memory
from extproc.ratelimit.redis import Redis
from extproc.transport import Abort, Status
from tests.extproc.ratelimit.queries import (
    NOON,
    OK,
    OVER,
    Clock,
    headers,
    limit,
    parsed,
    query,
    reserving,
    returning,
)

ACME = {"client": "acme"}


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """A busy machine must not look like a slow Redis, nor a slow test like many failures."""
    monkeypatch.setattr(store_module, "TIMEOUT", 60.0)
    monkeypatch.setattr(store_module, "PAUSE", 60.0)


@asynccontextmanager
async def limiter(server, *limits, clock=None, patience=60.0, **settings):
    clock = clock or Clock()
    store = Redis(server.url, clock, patience)
    limiting = Limiter(limits, store, clock=clock, **settings)

    async def send(*descriptors):
        return parsed(await limiting.should_rate_limit(query(*descriptors)))

    try:
        yield send
    finally:
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


async def outcome(asking):
    """What a question comes to: the answer's code, or `unavailable`, after which Envoy decides."""
    try:
        return (await asking).overall_code
    except Abort as error:
        assert error.status == Status.UNAVAILABLE
        return "unavailable"


async def test_without_redis_a_question_fails_and_a_charge_is_lost(redis_server):
    async with limiter(redis_server, limit(amount=10)) as send:
        await send(("tokens", ACME, 10))
        redis_server.stop()
        with capture_logs() as logs:
            asked = [await outcome(send(("tokens", ACME, hits))) for hits in (0, 1, 0, 1, 0)]
    assert asked == ["unavailable", OK, "unavailable", OK, "unavailable"]
    assert [entry["event"] for entry in logs] == ["rate limit store failed"]


async def test_redis_is_used_again_when_it_is_back(redis_server, monkeypatch):
    monkeypatch.setattr(store_module, "PAUSE", 0.05)
    async with limiter(redis_server, limit(amount=10)) as send:
        await send(("tokens", ACME, 10))
        redis_server.stop()
        assert await outcome(send(("tokens", ACME, 0))) == "unavailable"
        redis_server.start()
        async with asyncio.timeout(10):
            while not (await send(("tokens", ACME, 10))).statuses[0].HasField("current_limit"):
                await asyncio.sleep(0.02)
            while await outcome(send(("tokens", ACME, 0))) != OVER:
                await asyncio.sleep(0.02)


async def test_a_restart_of_redis_costs_no_charge(redis_server):
    async with limiter(redis_server, limit(amount=10)) as send:
        await asyncio.gather(*(send(("tokens", ACME, 1)) for _ in range(5)))
        redis_server.stop()
        redis_server.start()
        await asyncio.gather(*(send(("tokens", ACME, 1)) for _ in range(5)))
        assert (await send(("tokens", ACME, 0))).statuses[0].limit_remaining == 5


async def test_a_charge_goes_through_when_the_caller_has_gone(redis_server):
    store = Redis(redis_server.url, Clock(), 60.0)
    limiting = Limiter([limit(amount=10)], store, clock=Clock())
    charge = asyncio.ensure_future(limiting.should_rate_limit(query(("tokens", ACME, 4))))
    await asyncio.sleep(0)  # it begins
    charge.cancel()
    await asyncio.gather(charge, return_exceptions=True)
    await store.close()
    async with limiter(redis_server, limit(amount=10)) as send:
        assert (await send(("tokens", ACME, 0))).statuses[0].limit_remaining == 6


async def test_what_nobody_heard_of_is_given_back(redis_server):
    store = Redis(redis_server.url, Clock(), 60.0)
    limiting = Limiter([limit(amount=1_000)], store, clock=Clock())
    limiting.untaken(await limiting.should_rate_limit(query(("tokens", ACME, 0), reserving(85))))
    await store.close()
    async with limiter(redis_server, limit(amount=1_000)) as send:
        assert (await send(("tokens", ACME, 0))).statuses[0].limit_remaining == 1_000


async def test_who_leaves_in_the_turn_in_which_the_answer_comes_has_not_heard_it(redis_server):
    store = Redis(redis_server.url, Clock(), 60.0)
    want = Want([(int(NOON) + 60, "tokens:key")], 1_000, hold=300)
    taking = asyncio.ensure_future(store.take([want], strict=False))
    while not store._running:
        await asyncio.sleep(0)
    (coming,) = store._running
    coming.add_done_callback(lambda _: taking.cancel())
    await asyncio.gather(taking, return_exceptions=True)
    assert taking.cancelled()
    while store._running:
        await asyncio.gather(*store._running)
    (found,) = await store.take([want], strict=False)
    assert found.held == 0
    await store.close()


async def test_a_silent_redis_holds_nobody_up_for_longer_than_configured(tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "TIMEOUT", 1.0)

    async def silence(reader, writer):
        await reader.read()
        writer.close()

    class Silent:
        url = f"redis+unix://{tmp_path}/s"

    async with (
        await asyncio.start_unix_server(silence, f"{tmp_path}/s"),
        asyncio.timeout(30),
        limiter(Silent, limit(amount=10), patience=0.1) as send,
    ):
        asked = await asyncio.gather(*(outcome(send(("tokens", ACME, 0))) for _ in range(200)))
    assert set(asked) == {"unavailable"}


def slow(server, seconds):
    """A Redis that carries out nothing for so long; answers when it begins."""
    client = redis.Redis(unix_socket_path=str(server.socket))
    client.client_pause(int(seconds * 1000), all=True)
    client.close()


@pytest.mark.parametrize("how", [slow, lambda server, seconds: server.sleep(seconds)])
async def test_a_slow_redis_is_waited_for(redis_server, how):
    async with limiter(redis_server, limit("requests", 3)) as send:
        await send(("requests", ACME, None))
        await asyncio.to_thread(how, redis_server, 0.5)
        asked = await asyncio.gather(*(send(("requests", ACME, None)) for _ in range(11)))
    assert sum(answer.overall_code == OK for answer in asked) == 2


async def test_charges_outlive_a_redis_that_is_too_slow_and_reserves_are_given_back(redis_server):
    async with limiter(redis_server, limit(amount=1_000), patience=0.1) as send:
        await send(("tokens", ACME, 1))
        slow(redis_server, 1)
        asked = asyncio.ensure_future(outcome(send(("tokens", ACME, 0), reserving(size=4_000))))
        await asyncio.sleep(0)  # it begins
        await send(("tokens", ACME, 30))
        assert await asked == "unavailable"
    async with limiter(redis_server, limit(amount=1_000)) as send:
        assert (await send(("tokens", ACME, 0))).statuses[0].limit_remaining == 969


async def test_requests_at_two_limiters_stay_within_one_budget_but_for_one_answer(redis_server):
    def asked(send):
        return send(("tokens", ACME, 0), reserving(size=85))

    budget = limit(amount=100)
    async with limiter(redis_server, budget) as one, limiter(redis_server, budget) as other:
        answers = await asyncio.gather(*(asked(send) for _ in range(30) for send in (one, other)))
        through = [answer for answer in answers if answer.overall_code == OK]
        assert 18 * len(through) < 100 + 18
        # Whichever limiter Envoy tells.
        await asyncio.gather(*(other(("tokens", ACME, 18), *returning(one)) for one in through))
        left = (await one(("tokens", ACME, 0))).statuses[0].limit_remaining
        assert left == 100 - 18 * len(through)
        refused = await asked(one)
        await one(("tokens", ACME, 0), *returning(refused))
        assert (await one(("tokens", ACME, 0))).statuses[0].limit_remaining == left


BUDGET = 100
NAMES = st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), NAMES, st.integers(0, 9), st.integers(0, 60)),
        st.tuples(st.just("add"), NAMES, st.integers(-5, 60), st.integers(0, 60)),
        st.tuples(st.just("wait"), st.sampled_from([1, PERIOD, 2 * PERIOD])),
    ),
    max_size=25,
)
RUN = count()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
def test_it_counts_as_memory_does(redis_server, steps):
    asyncio.run(same(redis_server, steps, f"run-{next(RUN)}"))


async def same(server, steps, run):
    clock = Clock()
    end = int(NOON) + 10**6
    stores = Memory(clock), Redis(server.url, clock, 60.0)
    since = period(NOON)
    for what, *values in steps:
        if what == "wait":
            clock.now += values[0]
            continue
        names, first, second = values
        slots = [(end, f"{run}-{name}") for name in names]
        if what == "take":
            wants = [Want(slots, BUDGET, hold=second), Want([(end, run)], BUDGET, count=first)]
            found = [await store.take(wants, strict=True) for store in stores]
        else:
            changes = [Change(slot, BUDGET, first, second, since) for slot in slots]
            found = [await store.add(changes) for store in stores]
        assert found[0] == found[1]
        since = found[0][0].since
    await stores[1].close()


async def test_a_cluster_of_one_node_keeps_all_counters_together(tmp_path):
    port = free_port()
    quiet = ["--port", str(port), "--save", "", "--bind", "127.0.0.1", "--dir", tmp_path]
    command = ["redis-server", *quiet, "--cluster-enabled", "yes"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            client = redis.asyncio.Redis(port=port)
            async with asyncio.timeout(30):
                await until(lambda: client.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383))
                while (await client.execute_command("CLUSTER INFO"))["cluster_state"] != "ok":
                    await asyncio.sleep(0.05)
            await client.aclose()

            class Cluster:
                url = f"redis+cluster://127.0.0.1:{port}"

            async with limiter(Cluster, limit(amount=100), limit("requests", 2)) as send:
                asked = ("tokens", ACME, 0), ("requests", ACME, None), reserving(size=85)
                codes = [(await send(*asked)).overall_code for _ in range(3)]
            assert codes == [OK, OK, OVER]
        finally:
            process.terminate()


async def until(attempt):
    while True:
        try:
            return await attempt()
        except redis.exceptions.RedisError:
            await asyncio.sleep(0.05)


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
        store = Redis(f"redis+sentinel://127.0.0.1:{sentinel}/m", Clock(), 60.0)
        slot = (int(NOON) + 60, "a")
        async with asyncio.timeout(30):
            while await store.add([Change(slot, 100, spend=5)]) == [None]:
                await asyncio.sleep(0.05)
            while (found := await store.take([Want([slot], 100)], strict=True)) == [None]:
                await asyncio.sleep(0.05)
        assert found[0].spent == 5
        await store.close()
    finally:
        for process in running:
            process.terminate()
            process.wait(10)
