"""`extproc run` needs nothing beside it, and `extproc xds` tells Envoys on other machines."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from extproc.lab import lines
from extproc.lab.local import Process, free_port
from extproc.lab.simulator import RunningSimulator
from extproc.process.envoy import binary
from tests.e2e.conftest import ENV, MESSAGES
from tests.extproc.transport.certificates import Authority

START = 60


class Place:
    """A directory with a gateway.yaml, and what is started there."""

    def __init__(self, directory: Path, provider: str, **extproc) -> None:
        self.directory = directory
        self.port, self.admin = free_port(), free_port()
        self.processes: list[Process] = []
        self.file = directory / "gateway.yaml"
        config = {
            "version": 1,
            "listen": {"address": "127.0.0.1", "port": self.port},
            "backends": {"a": {"provider": "openai", "base_url": provider, "credential": "none"}},
            "routes": [{"models": ["m"], "backends": [{"backend": "a"}]}],
            "extproc": {"workers": 1, "drain": "20s", "sockets": f"{directory}/s", **extproc},
            "envoy": {"admin_port": self.admin},
        }
        self.file.write_text(json.dumps(config))

    def start(self, name: str, *command: str) -> Process:
        process = Process(name, [*command], self.directory / f"{name}.log", ENV)
        self.processes.append(process)
        return process

    def extproc(self, name: str, *arguments: str) -> Process:
        command = [sys.executable, "-m", "extproc", *arguments, "--config", str(self.file)]
        return self.start(name, *command)

    def ask(self, **order) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        body = {"model": "m", "messages": MESSAGES, "stream": bool(order)}
        headers = {"x-sim": json.dumps(order)}
        try:
            connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()

    def until_it_answers(self) -> None:
        deadline = time.monotonic() + START
        while self.ask()[0] != 200:
            for process in self.processes:
                process.check()
            assert time.monotonic() < deadline, [one.tail() for one in self.processes]
            time.sleep(0.1)

    def pid(self, worker: str) -> int:
        log = lines.ended(self.directory / "run.log")
        said = [json.loads(line) for line in log if line.startswith(b'{"pid"')]
        return [one["pid"] for one in said if one.get("worker") == worker][-1]


@contextmanager
def place(directory: Path, **extproc) -> Iterator[Place]:
    with RunningSimulator() as provider:
        one = Place(directory, provider.url, **extproc)
        try:
            yield one
        finally:
            for process in reversed(one.processes):
                process.stop()


def test_run_needs_nothing_else_and_ends_without_a_loss(tmp_path):
    with place(tmp_path) as one:
        run = one.extproc("run", "run")
        one.until_it_answers()
        envoy = one.pid("envoy")
        os.kill(envoy, signal.SIGKILL)
        one.until_it_answers()
        assert one.pid("envoy") != envoy
        answers: list[tuple[int, str]] = []
        asking = threading.Thread(
            target=lambda: answers.append(one.ask(tokens=40, chunk_delay_ms=50))
        )
        asking.start()
        time.sleep(0.5)
        run.popen.send_signal(signal.SIGTERM)
        asking.join()
        assert answers[0][0] == 200
        assert answers[0][1].endswith("data: [DONE]\n\n")
        assert run.popen.wait(30) == 0
        assert not Path(f"/proc/{one.pid('envoy')}").exists()


def test_run_says_where_an_envoy_comes_from(tmp_path):
    with place(tmp_path) as one:
        command = [sys.executable, "-m", "extproc", "run", "--config", str(one.file)]
        done = subprocess.run(
            [*command, "--envoy", "/nowhere/envoy"],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 2
        assert "/nowhere/envoy: no program" in done.stderr


def test_xds_wants_to_know_where_it_is_asked(tmp_path):
    with place(tmp_path) as one:
        command = [sys.executable, "-m", "extproc", "xds", "--config", str(one.file)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
        assert done.returncode == 2
        assert "extproc.xds" in done.stderr


def test_an_envoy_elsewhere_is_told_over_tls(tmp_path):
    certificate, key = map(str, Authority(tmp_path).issue("xds"))
    ca = str(tmp_path / "ca.pem")
    tls = {"certificate": certificate, "key": key, "client_ca": ca}
    port = free_port()
    with place(tmp_path, xds={"host": "127.0.0.1", "port": port, "tls": tls}) as one:
        one.extproc("server", "serve")
        small = one.directory / "envoy.yaml"
        where = ["--xds", f"127.0.0.1:{port}", "--xds-ca", ca, "--output", str(small)]
        shown = ["--xds-certificate", certificate, "--xds-key", key]
        rendering = one.extproc("render", "render", "envoy", *where, *shown, "--node", "far")
        assert rendering.popen.wait(60) == 0, rendering.tail()
        one.processes.remove(rendering)
        one.start("envoy", binary(), "-c", str(small), "--disable-hot-restart", "-l", "warning")
        one.until_it_answers()
        assert '"envoy": "far"' in one.processes[0].log.read_text()


@pytest.mark.parametrize("where", ["nowhere", "host:0", "host:99999", ":1"])
def test_a_place_that_is_none_is_refused(tmp_path, where):
    command = [sys.executable, "-m", "extproc", "render", "envoy", "--xds", where]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "must be HOST:PORT" in done.stderr
