"""Envoys that ask the server for their configuration: changes are in force soon, and cost nobody
a request. Two of them listen on one port: one is told what changes, one the state of the world."""

import copy
import json
import os
import signal
import time
from collections.abc import Iterator
from http.client import HTTPConnection

import httpx
import pytest

from extproc.lab import lines
from extproc.lab.local import Local, free_port
from extproc.lab.simulator import RunningSimulator
from tests.e2e.conftest import ENV, MESSAGES, Gateway, config
from tests.e2e.listener import needs_own_listener
from tests.e2e.test_lifecycle import Load, children

pytestmark = needs_own_listener

KEYS = {"KEY_ONE": "key-of-one", "KEY_TWO": "key-of-two"}
PATIENCE = 60
"""Seconds for what must happen at all."""
SOON = 2.0
"""Seconds in which a change is in force, on a machine with nothing else to do."""


class Told(Gateway):
    """A gateway with two Envoys, and what is changed in its configuration."""

    def __init__(self, local: Local, a: RunningSimulator, b: RunningSimulator) -> None:
        super().__init__(local, a, b)
        self.first = config(a.url, b.url)
        self.config = copy.deepcopy(self.first)

    def put(self) -> None:
        self.local.write_config(self.config)

    def status(self, model: str = "same", key: str | None = None) -> int:
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        body = json.dumps({"model": model, "messages": MESSAGES})
        connection = HTTPConnection("127.0.0.1", self.local.port, timeout=30)
        try:
            connection.request("POST", "/v1/chat/completions", body, headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def statuses(self, model: str = "same", key: str | None = None, times: int = 8) -> set[int]:
        """Of requests on connections of their own: both Envoys get some."""
        return {self.status(model, key) for _ in range(times)}

    def until(self, wanted: int, model: str = "same", key: str | None = None) -> float:
        """Seconds until everybody answers so."""
        began = time.monotonic()
        while self.statuses(model, key) != {wanted}:
            assert time.monotonic() - began < PATIENCE, self.local.server.tail()
            time.sleep(0.05)
        return time.monotonic() - began

    def said(self, event: str) -> list[dict]:
        return [one for one in logged(self.local) if one["event"] == event]


def logged(local: Local) -> list[dict]:
    return [json.loads(line) for line in lines.ended(local.server.log) if line.startswith(b"{")]


def start_another(local: Local) -> None:
    """A second Envoy, which asks for the state of the world."""
    file = local.directory / "envoy.yaml"
    text = file.read_text()
    admin = free_port()
    assert "DELTA_GRPC" in text
    text = text.replace("DELTA_GRPC", "GRPC").replace("id: envoy", "id: another")
    file.write_text(text.replace(f"port_value: {local.admin_port}", f"port_value: {admin}"))
    first = local.envoy
    local.start_envoy()
    local.another, local.envoy = local.envoy, first

    def ready() -> bool:
        try:
            answer = httpx.get(f"http://127.0.0.1:{admin}/ready", timeout=5)
        except httpx.TransportError:
            return False
        return answer.text == "LIVE\n"

    local.wait_for(ready, "the other Envoy", 60)


@pytest.fixture(scope="module")
def running() -> Iterator[Told]:
    with (
        RunningSimulator(name="a") as a,
        RunningSimulator(name="b") as b,
        Local(config(a.url, b.url), {**ENV, **KEYS}, static=False) as local,
    ):
        start_another(local)
        told = Told(local, a, b)
        told.until(200)
        yield told


@pytest.fixture
def told(running: Told) -> Iterator[Told]:
    yield running
    running.config = copy.deepcopy(running.first)
    running.config["routes"].append({"models": ["restored"], "backends": [{"backend": "a"}]})
    running.put()
    running.until(200, "restored")
    running.config = copy.deepcopy(running.first)


def test_a_new_model_is_there_soon(told: Told):
    told.config["backends"]["new"] = told.config["backends"]["a"]
    told.config["routes"].append({"models": ["new"], "backends": [{"backend": "new"}]})
    assert told.statuses("new") == {404}
    told.put()
    assert told.until(200, "new") < SOON * max(1.0, os.getloadavg()[0])


def test_a_new_model_among_10_000_is_there_soon(told: Told):
    others = [{"models": [f"m-{n}"], "backends": [{"backend": "a"}]} for n in range(10_000)]
    told.config["routes"] += others
    told.put()
    told.until(200, "m-9999")
    told.config["routes"].append({"models": ["new"], "backends": [{"backend": "a"}]})
    assert told.statuses("new") == {404}
    draft = told.local.draft(told.config)
    draft.replace(told.local.config_file)
    assert told.until(200, "new") < SOON * max(1.0, os.getloadavg()[0])


def test_changes_cost_nobody_a_request(told: Told):
    with Load(told) as load, Load(told, tokens=60, chunk_delay_ms=50) as streams:
        for turn in range(3):
            # Backends that are added, renamed under their model, and removed again.
            told.config = copy.deepcopy(told.first)
            told.config["backends"][f"renamed-{turn}"] = told.config["backends"]["a"]
            told.config["routes"][1]["backends"] = [{"backend": f"renamed-{turn}"}]
            told.config["routes"].append(
                {"models": [f"turn-{turn}"], "backends": [{"backend": f"renamed-{turn}"}]}
            )
            told.put()
            told.until(200, f"turn-{turn}")
        told.config = copy.deepcopy(told.first)
        told.put()
        told.until(404, "turn-2")
        # Clusters that nothing leads to go a little later.
        time.sleep(4)
    assert set(load.statuses) == {200}
    assert set(streams.statuses) == {200}
    assert "renamed" not in told.local.admin("/clusters")


def test_what_envoy_refuses_is_taken_back_everywhere(told: Told):
    refused = len(told.said("Envoy refused the configuration"))
    # A file on Envoy's machine, of which the server cannot know.
    told.config["listen"] = {"tls": {"certificate": "/nowhere.pem", "key": "/nowhere.key"}}
    told.config["routes"].append({"models": ["never"], "backends": [{"backend": "a"}]})
    told.put()
    told.local.wait_for(
        lambda: told.said("configuration refused by Envoy, the one before is back"), "the parent"
    )
    assert len(told.said("Envoy refused the configuration")) > refused
    (problem,) = {
        one["problem"]
        for one in told.said("configuration refused by Envoy, the one before is back")
    }
    assert "/nowhere" in problem
    told.until(200)
    told.until(404, "never")


def test_a_file_that_is_refused_changes_nothing(told: Told):
    told.local.config_file.write_text("version: 1\nroutes: [null]\n")
    told.local.wait_for(
        lambda: told.said("configuration refused, the old one stays"), "the refusal"
    )
    assert told.statuses() == {200}


def test_keys_of_clients_come_and_go(told: Told):
    clients = told.local.directory / "clients.yaml"
    clients.write_text("one: env:KEY_ONE\n")
    told.config["clients"] = {"api_keys": {"file": "clients.yaml"}}
    told.put()
    told.until(401)
    assert told.statuses(key="key-of-one") == {200}
    assert told.statuses(key="key-of-two") == {401}
    clients.write_text("two: env:KEY_TWO\n")
    told.until(200, key="key-of-two")
    told.until(401, key="key-of-one")
    _of_a_directory(told)
    said = (told.local.directory / "envoy.yaml").read_text() + told.local.server.log.read_text()
    assert "key-of" not in said


def _of_a_directory(told: Told) -> None:
    directory = told.local.directory / "clients"
    directory.mkdir()
    (directory / "one.yaml").write_text("one: env:KEY_ONE\n")
    told.config["clients"] = {"api_keys": {"file": "clients"}}
    told.put()
    told.until(401, key="key-of-two")
    assert told.statuses(key="key-of-one") == {200}
    (directory / "two.yaml").write_text("two: env:KEY_TWO\n")
    told.until(200, key="key-of-two")
    (directory / "one.yaml").unlink()
    told.until(401, key="key-of-one")


def test_who_tells_may_die(told: Told):
    (pid,) = {one["pid"] for one in told.said("ready") if one.get("worker") == "xds"} & set(
        children(told.local.server.popen.pid)
    )
    os.kill(pid, signal.SIGKILL)
    assert told.statuses() == {200}
    told.config["routes"].append({"models": ["after"], "backends": [{"backend": "b"}]})
    told.put()
    told.until(200, "after")


def test_a_server_that_starts_again_finds_its_envoys(told: Told):
    told.local.server.stop()
    told.config["routes"].append({"models": ["later"], "backends": [{"backend": "b"}]})
    told.put()
    told.local.processes.remove(told.local.server)
    told.local.start_server()
    told.until(200, "later")
    told.until(200)
