"""The whole gateway on one machine, as child processes: for demo, benchmark and tests."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import orjson

from extproc.config import Gateway, load
from extproc.lab import lines
from extproc.process.envoy import binary
from extproc.render.bootstrap import bootstrap
from extproc.render.envoy import render_small

START = 90.0
"""Seconds that Envoy and the server may take to be ready, on a machine that is busy."""
STOP = 10.0
"""Seconds that a process may take to end before it is killed."""


class NotReady(RuntimeError):
    """A process did not start; the message holds the end of what it said."""


def free_port() -> int:
    """A TCP port on loopback that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _lines(config: Mapping[str, Any]) -> Iterator[bytes]:
    """YAML: a line for each key, and for each route, of which all but what changes is known."""
    for name, value in config.items():
        if name != "routes" or not value:
            yield b"%s: %s\n" % (name.encode(), orjson.dumps(value))
    routes = config.get("routes")
    if routes:
        yield b"routes:\n"
        yield from (b"  - %s\n" % orjson.dumps(route) for route in routes)


class Process:
    """A child whose output goes to a file."""

    def __init__(self, name: str, command: list[str], log: Path, env: Mapping[str, str]) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as output:
            self.popen = subprocess.Popen(  # noqa: S603  (our own commands)
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=dict(env),
                start_new_session=True,
            )

    def check(self) -> None:
        """Raises NotReady if the process has ended."""
        if self.popen.poll() is not None:
            raise NotReady(f"{self.name} ended with {self.popen.returncode}:\n{self.tail()}")

    def tail(self) -> str:
        """The end of what the process said."""
        return self.log.read_text(errors="replace")[-4000:]

    def stop(self) -> int:
        """Ends the process, gently at first; the exit status."""
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(STOP)
            except subprocess.TimeoutExpired:
                self.popen.kill()
        return self.popen.wait()


class Local:
    """A running gateway; a context manager that leaves nothing behind."""

    def __init__(
        self,
        config: Mapping[str, Any],
        env: Mapping[str, str],
        *,
        concurrency: int = 1,
        static: bool = True,
        edit: Callable[[str], str] | None = None,
    ) -> None:
        """`config` is gateway.yaml without what this class decides: ports, sockets, log files.

        `env` is the whole environment of the server; `static`: Envoy has all in its bootstrap, and
        does not ask the server; `edit` may change the rendered bootstrap.
        """
        self.directory = Path(tempfile.mkdtemp(prefix="extproc-"))
        self.port = free_port()
        self.admin_port = free_port()
        self.access_log = self.directory / "access.log"
        self.config_file = self.directory / "gateway.yaml"
        self._config = dict(config)
        self._env = env
        self._concurrency = concurrency
        self._static = static
        self.transport: str = self._config.get("extproc", {}).get("transport", "lean")
        self._edit = edit
        self.processes: list[Process] = []

    @property
    def url(self) -> str:
        """Where clients find the gateway."""
        return f"http://127.0.0.1:{self.port}"

    def write_config(self, config: Mapping[str, Any]) -> Gateway:
        """Writes gateway.yaml, all at once; raises ConfigError."""
        fresh = self.draft(config)
        gateway = load(fresh)
        fresh.replace(self.config_file)
        return gateway

    def draft(self, config: Mapping[str, Any]) -> Path:
        """What may take the place of gateway.yaml, as it is."""
        own = {
            **config,
            "version": 1,
            "listen": {"address": "127.0.0.1", "port": self.port, **config.get("listen", {})},
            "extproc": {
                "workers": 1,
                "drain": "1s",
                **config.get("extproc", {}),
                "sockets": str(self.directory / "sockets"),
            },
            "envoy": {
                **config.get("envoy", {}),
                "admin_port": self.admin_port,
                "access_log": str(self.access_log),
            },
        }
        fresh = self.directory / "gateway.yaml.new"
        fresh.write_bytes(b"".join(_lines(own)))
        return fresh

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self) -> None:
        gateway = self.write_config(self._config)
        text = (
            bootstrap(gateway, self.config_file, self._env)
            if self._static
            else render_small(gateway)
        )
        text = self.placed(gateway, text) if self._edit is None else self._edit(text)
        (self.directory / "envoy.yaml").write_text(text)
        # Envoy, which may be the first to start, has a socket there, too.
        (self.directory / "sockets").mkdir(mode=0o700)
        self.start_server()
        self.start_envoy()
        self.wait_ready()

    def placed(self, gateway: Gateway, text: str) -> str:
        """The bootstrap, where nobody else edits it: as it was rendered."""
        del gateway
        return text

    def _spawn(self, name: str, command: list[str]) -> Process:
        process = Process(name, command, self.directory / f"{name}.log", self._env)
        self.processes.append(process)
        return process

    def start_server(self) -> Process:
        """Starts `extproc serve`."""
        serve = [sys.executable, "-m", "extproc", "serve", "--config", str(self.config_file)]
        self.server = self._spawn("server", serve)
        return self.server

    def start_envoy(self) -> Process:
        """Starts Envoy with the rendered bootstrap."""
        command = [
            binary(),
            "--config-path",
            str(self.directory / "envoy.yaml"),
            "--concurrency",
            str(self._concurrency),
            "--disable-hot-restart",
            # The access log is read while Envoy runs; by default it is written every 10 s.
            "--file-flush-interval-msec",
            "100",
            "--log-level",
            "warning",
        ]
        self.envoy = self._spawn("envoy", command)
        return self.envoy

    def wait_ready(self) -> None:
        """Waits until Envoy listens and every worker is healthy in its eyes."""
        self.wait_for(self._ready, "the gateway to be ready")

    def wait_for(self, condition: Callable[[], object], what: str, seconds: float = START) -> None:
        """Waits until `condition` is true; raises NotReady after `seconds`."""
        deadline = time.monotonic() + seconds
        while not condition():
            for process in self.processes:
                process.check()
            if time.monotonic() > deadline:
                said = "\n".join(process.tail() for process in self.processes)
                raise NotReady(f"waited {seconds} s for {what}:\n{said}")
            time.sleep(0.05)

    def _ready(self) -> bool:
        if self.admin("/ready") != "LIVE\n":
            return False
        asked = ["extproc", *(["ratelimit"] if self._config.get("limits") else [])]
        hosts = [
            host
            for cluster in self._clusters()
            if cluster["name"] in asked
            for host in cluster["host_statuses"]
        ]
        healthy = all(host["health_status"] == {"eds_health_status": "HEALTHY"} for host in hosts)
        return bool(hosts) and healthy and self._listens()

    def _clusters(self) -> list[dict[str, Any]]:
        said = self.admin("/clusters?format=json")
        found: list[dict[str, Any]] = json.loads(said)["cluster_statuses"] if said else []
        return found

    def _listens(self) -> bool:
        """An Envoy that asks for its listeners is alive before it has them."""
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", self.port)) == 0

    def admin(self, path: str) -> str:
        """What Envoy's admin interface answers; empty while there is none."""
        url = f"http://127.0.0.1:{self.admin_port}{path}"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                text: str = answer.read().decode()
                return text
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return ""

    def counter(self, name: str) -> int:
        """A counter or gauge of Envoy's."""
        stats = json.loads(self.admin(f"/stats?format=json&filter=^{name}$"))["stats"]
        return sum(entry["value"] for entry in stats if "value" in entry)

    def records(self) -> list[dict[str, Any]]:
        """What Envoy has written to its access log so far."""
        return [orjson.loads(line) for line in lines.ended(self.access_log) if line]

    def record(self, **wanted: object) -> dict[str, Any]:
        """The newest of these records that has all of `wanted`, as soon as there is one."""
        found: list[dict[str, Any]] = []

        def look() -> bool:
            found[:] = [one for one in self.records() if wanted.items() <= one.items()]
            return bool(found)

        self.wait_for(look, f"a record with {wanted}")
        return found[-1]

    def stop(self) -> None:
        """Ends all processes and removes the directory."""
        for process in reversed(self.processes):
            process.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
