"""Who has the sockets, and how a new server gets those of a dead one."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from extproc.lab.local import free_port
from tests.extproc.process.server import Server, alive, serving, until


def refused(server: Server) -> str:
    """What a server that cannot start says, once and in words."""
    with server.file.with_name("said").open("w+") as said:
        server.start(stderr=said)
        assert server.process.wait(60) == 2
        said.seek(0)
        text = said.read()
    assert "Traceback" not in text
    assert text.count("\n") == 1
    return text


@contextmanager
def listening(path: Path) -> Iterator[None]:
    path.parent.mkdir(exist_ok=True)
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))
        one.listen()
        yield


def test_a_second_server_is_told_who_has_the_directory(place):
    with serving(place) as server:
        server.wait_ready()
        said = refused(Server(place))
        assert f"{place}/s: another server has it: process {server.process.pid} (" in said
        assert "serve --config" in said


LIMITS = [{"per": "header:x-user", "tokens": 1, "every": "day"}]
STORE = {"limits": LIMITS, "limiter": {"storage": "env:REDIS_URL"}}
NO_STORE = {"limits": LIMITS, "limiter": {"storage": "env:NO_REDIS_URL"}}
ME = f"in use by process {os.getpid()} ("


def unable(place: Path, port: int) -> dict[str, tuple[dict, dict]]:
    """What is said → members of a configuration, and of its `extproc`, with which none starts."""
    taken = {"host": "127.0.0.1", "port": port}
    tls = {"certificate": f"{place}/no.pem", "key": f"{place}/no.key"}
    return {
        f"worker-0.sock: {ME}": ({}, {"sockets": f"{place}/t"}),
        f"t/worker-0.sock: {ME}": ({}, {"sockets": f"{place}/t", "transport": "grpcio"}),
        f"127.0.0.1:{port}: {ME}": ({}, {"tcp": taken}),
        f":{port}: {ME}": ({}, {"tcp": taken, "transport": "grpcio"}),
        "127.0.0.1:65536: there is no such port": ({}, {"workers": 2, "tcp": {"port": 65_535}}),
        "cannot be listened on: cannot assign requested address": (
            {},
            {"tcp": {"host": "192.0.2.1", "port": free_port()}},
        ),
        "cannot be used for sockets: not a directory": ({}, {"sockets": f"{place}/file/s"}),
        "tcp.tls: a file cannot be used: no such file": ({}, {"tcp": {"port": 9, "tls": tls}}),
        "limiter.storage: the environment variable NO_REDIS_URL is not set": (NO_STORE, {}),
        "env:REDIS_URL is no URL of a Redis (ConfigurationError)": (STORE, {}),
    }


def test_what_cannot_start_says_why_in_a_line(place):
    (place / "file").write_text("")
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        listening(place / "t" / "worker-0.sock"),
    ):
        cases = unable(place, other.getsockname()[1])
        files = [place / f"{index}.yaml" for index in range(len(cases))]
        for index, (members, extproc) in enumerate(cases.values()):
            server = Server(place, **{"sockets": f"{place}/{index}", **extproc})
            files[index].write_bytes(server.text(**members))
        script = """
import sys
from pathlib import Path
from extproc.process.serve import serve
assert {serve(Path(file)) for file in sys.argv[1:]} == {2}
"""
        done = subprocess.run(
            [sys.executable, "-c", script, *files],
            capture_output=True,
            text=True,
            timeout=100,
            env={**os.environ, "REDIS_URL": "http://:pass@x"},
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert "pass" not in done.stderr
    for line, wanted in zip(done.stderr.splitlines(), cases, strict=True):
        assert wanted in line


def test_it_says_what_it_serves_and_what_is_missing(place):
    lacks = {"provider": "openai", "credential": {"api_key": "env:NO_SUCH_KEY"}}
    with serving(place, {"backends": {"b": lacks}}) as server:
        (line,) = until(lambda: server.said("a backend cannot be used now"), "the warning")
        assert "backends.b.credential.api_key" in line["problem"]
        (line,) = server.said("serving")
        assert (line["config"], line["sockets"]) == (str(server.file), f"{place}/s")
        assert (line["backends"], line["routes"], line["limits"]) == (1, 1, 0)
        assert line["processes"] == ["worker-0"]


@pytest.mark.parametrize("transport", ["lean", "grpcio"])
def test_a_new_server_follows_one_that_was_killed(place, transport):
    port = free_port()
    tcp = {"host": "127.0.0.1", "port": port}
    with serving(place, transport=transport, tcp=tcp, drain="20s") as server:
        server.wait_ready()
        (orphan,) = server.children()
        # A stream that goes on would hold the old worker for as long as it drains.
        with socket.socket(socket.AF_UNIX) as open_one:
            open_one.connect(f"{place}/s/worker-0.sock")
            server.process.kill()
            server.process.wait()
            server.start()
            until(lambda: len(server.said("ready")) == 2, "the new worker")
            server.wait_ready()
        until(lambda: not alive(orphan), "the old worker's end")
        server.wait_ready()
        with socket.create_connection(("127.0.0.1", port), 5):
            pass
        assert server.stop() == 0


def test_sockets_are_taken_over_from_orphans_that_still_drain(place):
    with serving(place, drain="30s") as server:
        server.wait_ready()
        (orphan,) = server.children()
        os.kill(orphan, signal.SIGSTOP)
        server.process.kill()
        server.process.wait()
        server.start()
        until(lambda: len(server.said("ready")) == 2, "the new worker")
        server.wait_ready()
        assert alive(orphan)
        assert not server.said("waiting for orphans")
        os.kill(orphan, signal.SIGKILL)


def test_an_orphan_that_is_hung_loses_its_port(place):
    script = """
import sys, time
from pathlib import Path
from extproc.process import place
from extproc.transport import Endpoint
place.PATIENCE = 0.5
one = place.Place(Path(sys.argv[1]))
one.listener(Endpoint(host="127.0.0.1", port=int(sys.argv[2])))
print("free", flush=True)
"""
    port = free_port()
    with serving(place, tcp={"host": "127.0.0.1", "port": port}) as server:
        server.wait_ready()
        (orphan,) = server.children()
        os.kill(orphan, signal.SIGSTOP)
        server.process.kill()
        server.process.wait()
        command = [sys.executable, "-c", script, f"{place}/s", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.stdout.endswith("free\n"), done.stderr
        assert not alive(orphan)
