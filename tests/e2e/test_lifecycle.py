"""Workers that die, configurations that change, servers that stop: under load, nothing is lost."""

import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest

from tests.e2e.conftest import MESSAGES, TRANSPORTS, Gateway, config, start


@pytest.fixture(params=TRANSPORTS)
def gateway(request) -> Iterator[Gateway]:
    yield from start(request.param, extproc={"workers": 2})


LOST = {"lean": 8, "grpcio": 200}
"""Requests that a worker's death may cost four clients: those under way, and with grpcio, which
cannot take a listening socket over, those that are refused until the new worker listens."""


class Load:
    """Clients that ask again and again until they are told to stop."""

    def __init__(self, gateway: Gateway, clients: int = 4, **order) -> None:
        self.statuses: Counter[int | str] = Counter()
        self._stop = threading.Event()
        self._url = f"{gateway.local.url}/v1/chat/completions"
        self._headers = {"x-sim": json.dumps(order)}
        self._stream = "tokens" in order
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]

    def _run(self) -> None:
        body = {"model": "same", "messages": MESSAGES, "stream": self._stream}
        with httpx.Client(timeout=30) as client:
            while not self._stop.is_set():
                try:
                    answer = client.post(self._url, json=body, headers=self._headers)
                    ended = answer.text.endswith("data: [DONE]\n\n")
                    cut = self._stream and answer.status_code == 200 and not ended
                    self.statuses["cut" if cut else answer.status_code] += 1
                except httpx.HTTPError as error:
                    self.statuses[type(error).__name__] += 1

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait(self, more: int, status: int = 200) -> None:
        """Until `more` requests have ended with `status` from now on."""
        wanted = self.statuses[status] + more
        deadline = time.monotonic() + 30
        while self.statuses[status] < wanted:
            assert time.monotonic() < deadline, self.statuses
            time.sleep(0.01)


def children(pid: int) -> list[int]:
    """The processes that `pid` started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def spent(pid: int) -> float:
    """The seconds of CPU that process `pid` has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_it_is_ready_within_two_seconds(gateway: Gateway):
    """What each process works until it is ready: what others make it wait is not its own."""
    local = gateway.local
    local.server.stop()
    local.processes.remove(local.server)
    local.start_server()
    local.wait_for(
        lambda: local.server.log.read_text().count('"ready"') >= 4,
        "both workers to be ready again",
    )
    supervisor = local.server.popen.pid
    longest = max(spent(worker) for worker in children(supervisor))
    assert spent(supervisor) + longest < 4  # twice the promise: cores of a busy machine are shared


def test_a_killed_worker_loses_only_its_own_streams_and_comes_back(gateway: Gateway):
    workers = children(gateway.local.server.popen.pid)
    with Load(gateway) as load:
        load.wait(100)
        os.kill(workers[0], signal.SIGKILL)
        killed = time.monotonic()
        gateway.local.wait_for(
            lambda: len(set(children(gateway.local.server.popen.pid)) - {workers[0]}) == 2,
            "a new worker",
        )
        load.wait(200)
        assert time.monotonic() - killed < 30
    failed = load.statuses.total() - load.statuses[200]
    assert failed <= LOST[gateway.local.transport], load.statuses


def test_a_stopped_worker_costs_its_own_streams_and_is_replaced(gateway: Gateway):
    local = gateway.local
    workers = children(local.server.popen.pid)
    with Load(gateway) as load:
        load.wait(50)
        os.kill(workers[0], signal.SIGSTOP)
        local.wait_for(lambda: "worker is silent" in local.server.log.read_text(), "the watchdog")
        # Envoy's health check has seen it long before: the other worker has them all by now.
        load.wait(50)
        local.wait_for(
            lambda: len(set(children(local.server.popen.pid)) - {workers[0]}) == 2, "a new worker"
        )
        load.wait(50)
    failed = load.statuses.total() - load.statuses[200]
    assert failed <= LOST[local.transport], load.statuses


def test_a_reload_under_load_loses_nothing_and_takes_effect(gateway: Gateway):
    local = gateway.local
    with Load(gateway, tokens=30) as load:
        load.wait(20)
        changed = config(gateway.a.url, gateway.b.url)
        changed["routes"][1]["request"] = {"override": {"user": "reloaded"}}
        changed["extproc"] = {"workers": 2, "transport": local.transport}
        local.write_config(changed)
        local.wait_for(
            lambda: gateway.a.requests[-1].json.get("user") == "reloaded", "the new configuration"
        )
        os.kill(local.server.popen.pid, signal.SIGHUP)
        load.wait(20)
    assert set(load.statuses) == {200}, load.statuses


def test_an_invalid_configuration_keeps_the_old_one(gateway: Gateway):
    local = gateway.local
    local.config_file.write_bytes(orjson.dumps({"version": 1, "routes": "nonsense"}))
    local.wait_for(lambda: "configuration refused" in local.server.log.read_text(), "the refusal")
    workers = children(local.server.popen.pid)
    os.kill(workers[0], signal.SIGKILL)
    local.wait_for(
        lambda: len(set(children(local.server.popen.pid)) - {workers[0]}) == 2, "a new worker"
    )
    with Load(gateway) as load:
        load.wait(50)


def test_sigterm_under_load_lets_streams_finish(gateway: Gateway):
    local = gateway.local
    with Load(gateway, tokens=60, chunk_delay_ms=5) as load:
        load.wait(10)
        in_flight = dict(load.statuses)
        os.kill(local.server.popen.pid, signal.SIGTERM)
        local.server.popen.wait(20)
        assert local.server.popen.returncode == 0
        assert load.statuses[200] > in_flight[200]
    assert load.statuses["cut"] == 0, load.statuses
    assert not [name for name in load.statuses if isinstance(name, str)], load.statuses
    local.processes.remove(local.server)


def test_nothing_is_left_when_the_parent_is_killed(gateway: Gateway):
    server = gateway.local.server
    workers = children(server.popen.pid)
    server.popen.kill()
    server.popen.wait()
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    gateway.local.processes.remove(server)
