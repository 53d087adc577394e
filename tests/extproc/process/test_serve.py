"""`extproc serve` as a process: what it listens on, and how it ends."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import orjson
import pytest

from extproc.lab.local import free_port
from extproc.process.service import HEALTH, SERVING
from tests.extproc.transport.certificates import Authority


@contextmanager
def serving(directory: Path, **extproc) -> Iterator[subprocess.Popen]:
    config = {
        "version": 1,
        "backends": {"b": {"provider": "vllm", "base_url": "http://127.0.0.1:9"}},
        "routes": [{"models": ["m"], "backends": [{"backend": "b"}]}],
        "extproc": {"workers": 1, "drain": "1s", "sockets": str(directory / "s"), **extproc},
    }
    file = directory / "gateway.yaml"
    file.write_bytes(orjson.dumps(config))
    command = [sys.executable, "-m", "extproc", "serve", "--config", str(file)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def check(channel: grpc.Channel) -> bytes:
    call = channel.unary_unary(HEALTH)
    return call(b"", timeout=20, wait_for_ready=True)


@pytest.fixture
def place(tmp_path_factory) -> Path:
    """A directory whose path is short enough for a socket."""
    return tmp_path_factory.mktemp("s")


@pytest.mark.parametrize("transport", ["lean", "grpcio"])
def test_it_answers_health_checks_on_its_socket_and_ends_at_sigterm(place, transport):
    with serving(place, transport=transport) as process:
        with grpc.insecure_channel(f"unix:{place}/s/worker-0.sock") as channel:
            assert check(channel) == SERVING
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_a_tcp_port_wants_the_clients_certificate(place):
    authority = Authority(place)
    certificate, key = authority.issue("server")
    mine, my_key = authority.issue("client")
    port = free_port()
    tls = {"certificate": str(certificate), "key": str(key), "client_ca": str(place / "ca.pem")}
    with serving(place, tcp={"host": "127.0.0.1", "port": port, "tls": tls}):
        root = (place / "ca.pem").read_bytes()
        known = grpc.ssl_channel_credentials(root, my_key.read_bytes(), mine.read_bytes())
        with grpc.secure_channel(f"127.0.0.1:{port}", known) as channel:
            assert check(channel) == SERVING
        unknown = grpc.ssl_channel_credentials(root)
        with (
            grpc.secure_channel(f"127.0.0.1:{port}", unknown) as channel,
            pytest.raises(grpc.RpcError),
        ):
            channel.unary_unary(HEALTH)(b"", timeout=5)


def test_the_sockets_are_for_their_owner_only(place):
    with serving(place):
        deadline = time.monotonic() + 20
        path = place / "s" / "worker-0.sock"
        while not path.exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert path.parent.stat().st_mode & 0o077 == 0
        with socket.socket(socket.AF_UNIX) as one:
            one.connect(str(path))


def running(directory: Path) -> list[Path]:
    """The processes that serve the configuration in `directory`."""
    name = str(directory / "gateway.yaml").encode()
    return [one for one in Path("/proc").glob("[0-9]*") if name in words(one)]


def words(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize("moment", [0.0, 0.01, 0.05, 0.3])
def test_no_child_outlives_a_parent_that_was_killed(place, moment):
    with serving(place, workers=3):
        deadline = time.monotonic() + 20
        while not (place / "s" / "worker-2.sock").exists():
            assert time.monotonic() < deadline
        time.sleep(moment)
    while running(place):
        assert time.monotonic() < deadline
        time.sleep(0.05)
