"""`extproc serve` on a configuration of its own, whose log a test reads."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import grpc
import orjson

from extproc.lab import lines
from extproc.process.service import HEALTH, SERVING

PATIENCE = 30.0
"""Seconds that a machine which is busy may take for anything."""


def until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """What `condition` returns once that is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited for {what}"
        time.sleep(0.02)
    return found


def accepts(path: str) -> bool:
    """Whether somebody listens there; gRPC would look again a second later, and then ever later."""
    with socket.socket(socket.AF_UNIX) as one:
        return one.connect_ex(path) == 0


def alive(pid: int) -> bool:
    """Whether a process runs, a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Server:
    """A server and its directory."""

    def __init__(self, directory: Path, **extproc: Any) -> None:
        self.directory = directory
        self.file = directory / "gateway.yaml"
        self.log = directory / "log"
        self.config: dict[str, Any] = {
            "version": 1,
            "backends": {"b": {"provider": "vllm", "base_url": "http://127.0.0.1:9"}},
            "routes": [{"models": ["m"], "backends": [{"backend": "b"}]}],
            "extproc": {"workers": 1, "drain": "1s", "sockets": str(directory / "s"), **extproc},
        }
        self.process: subprocess.Popen[bytes]

    def text(self, **changes: Any) -> bytes:
        """The configuration with other members."""
        return orjson.dumps({**self.config, **changes})

    def routes(self, *models: str) -> bytes:
        """The configuration with other models."""
        served = [{"backend": "b"}]
        return self.text(routes=[{"models": [model], "backends": served} for model in models])

    def put(self, text: bytes) -> None:
        """Replaces the configuration, all at once."""
        fresh = self.directory / "fresh"
        fresh.write_bytes(text)
        fresh.replace(self.file)

    def start(self, stderr: Any = None, env: Mapping[str, str] = os.environ) -> None:
        """Starts `extproc serve`; its log goes to `stderr` or a file."""
        if not self.file.exists():
            self.put(self.text())
        command = [sys.executable, "-m", "extproc", "serve", "--config", str(self.file)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stderr=stderr or log, env=dict(env))

    def wait_ready(self) -> None:
        """Until the first worker answers its health check."""
        assert self.health() == SERVING

    def health(self, worker: int = 0) -> bytes:
        """What a worker says of itself, once it listens."""
        path = f"{self.directory}/s/worker-{worker}.sock"
        until(lambda: accepts(path), "somebody to listen")
        with grpc.insecure_channel(f"unix:{path}") as channel:
            answer: bytes = channel.unary_unary(HEALTH)(b"", timeout=PATIENCE, wait_for_ready=True)
            return answer

    def said(self, event: str, **fields: Any) -> list[dict[str, Any]]:
        """The log's lines of an event with these fields."""
        told = [json.loads(line) for line in lines.ended(self.log) if line[:1] == b"{"]
        wanted = {"event": event, **fields}
        return [line for line in told if wanted.items() <= line.items()]

    def children(self) -> list[int]:
        """The processes that the parent has now."""
        pid = self.process.pid
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def hup(self) -> None:
        """Asks for the configuration to be read at once."""
        self.process.send_signal(signal.SIGHUP)

    def stop(self) -> int:
        """Ends it with SIGTERM, as it must at any time; the status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


@contextmanager
def serving(
    directory: Path, config: Mapping[str, Any] | None = None, stderr: Any = None, **extproc: Any
) -> Iterator[Server]:
    """A server that is being started; `config` are further members of its configuration."""
    server = Server(directory, **extproc)
    server.config |= config or {}
    server.start(stderr)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait()
        for pid in orphans(directory):
            # One that a test has stopped would wait for ever.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def orphans(directory: Path) -> list[int]:
    """The processes that serve the configuration in `directory`."""
    name = str(directory / "gateway.yaml").encode()
    return [int(one.name) for one in Path("/proc").glob("[0-9]*") if name in words(one)]


def words(process: Path) -> bytes:
    """The command line of a process that may be gone."""
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""
