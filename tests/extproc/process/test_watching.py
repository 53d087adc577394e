"""A configuration that changes, in every way that a file can, under a server that goes on."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.extproc.config.mutations import mutants
from tests.extproc.process.server import Server, orphans, serving, until

REFUSED = "configuration refused, the old one stays"
SAMPLE = 25


@pytest.fixture(scope="module")
def running(tmp_path_factory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("s")) as server:
        server.wait_ready()
        yield server


@pytest.fixture
def server(running: Server) -> Iterator[Server]:
    """One that all tests use, and that each must leave as it was."""
    yield running
    if running.file.is_dir():
        running.file.rmdir()
    taken = len(running.said("configuration reloaded"))
    running.put(running.text())
    until(lambda: len(running.said("configuration reloaded")) > taken, "a sound one to be taken")
    running.wait_ready()


def refused(server: Server, before: int) -> dict:
    """The first refusal after so many."""
    return until(lambda: server.said(REFUSED)[before:], "a refusal")[0]


def test_an_empty_item_is_refused_with_its_line_and_nobody_dies(server: Server):
    before, children = len(server.said(REFUSED)), server.children()
    server.put(server.text(routes=[*server.config["routes"], None]))
    problem = refused(server, before)["problem"]
    assert f"{server.file}:1: routes[1]: must be a mapping" in problem
    assert set(children) <= set(server.children())


def test_a_change_reaches_workers_within_two_seconds(server: Server):
    began = time.monotonic()
    server.put(server.routes("m", "one-more"))
    until(lambda: server.said("configuration accepted", routes=2), "the change")
    until(lambda: server.said("configuration reloaded", worker=0), "the worker")
    assert time.monotonic() - began < 2 * max(1.0, os.getloadavg()[0])


def test_a_file_that_somebody_writes_is_left_alone_until_it_is_whole(server: Server):
    whole = server.routes("a", "b", "c", "d")
    taken = len(server.said("configuration accepted"))
    with server.file.open("wb") as file:
        file.write(server.routes("a", "b", "c"))
        file.flush()
        # Longer than a file must be still: a writer may be slow.
        time.sleep(1.5)
        file.seek(0)
        file.write(whole)
    until(lambda: server.said("configuration accepted", routes=4), "the whole file")
    assert len(server.said("configuration accepted")) == taken + 1


NEVER_CLOSED = """
import sys, time
from pathlib import Path
from extproc.process import configuration
configuration.WRITING = 2.0
path = Path(sys.argv[1])
found = configuration.Configuration(path, configuration.load(path))
began = time.monotonic()
with path.open("ab", 0) as writer:
    writer.write(b" ")
    while found.news(False) is None:
        time.sleep(0.05)
print(time.monotonic() - began)
"""


def test_a_writer_that_never_closes_the_file_is_not_waited_for_for_ever(place):
    file = Server(place).file
    file.write_bytes(Server(place).text())
    command = [sys.executable, "-c", NEVER_CLOSED, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert float(done.stdout.split()[-1]) >= 2, done.stderr


REPLACED = """
import sys, time
from pathlib import Path
from extproc.process import configuration
configuration.STILL = 3600.0
path = Path(sys.argv[1])
found = configuration.Configuration(path, configuration.load(path))
other = path.with_name("other.yaml")
other.write_bytes(path.read_bytes())
other.replace(path)
while found.news(False) is None:
    time.sleep(0.05)
"""


def test_a_file_that_takes_the_place_of_another_is_not_waited_for(place):
    file = Server(place).file
    file.write_bytes(Server(place).text())
    command = [sys.executable, "-c", REPLACED, str(file)]
    subprocess.run(command, check=True, timeout=60)


def test_a_prefix_of_a_configuration_does_not_remove_all_routes(server: Server):
    before = len(server.said(REFUSED))
    server.file.write_bytes(b"version: 1\n")
    assert "routes: all 1 would be removed" in refused(server, before)["problem"]


def test_all_routes_are_removed_where_that_is_written(server: Server):
    server.put(server.text(routes=[]))
    until(lambda: server.said("configuration accepted", routes=0), "no routes")


def test_settings_of_processes_wait_for_a_restart(server: Server):
    changed = {**server.config["extproc"], "workers": 3, "drain": "9s"}
    server.put(server.text(extproc=changed))
    (line,) = until(lambda: server.said("changes that need a restart"), "a warning")
    assert line["settings"] == ["extproc.workers", "extproc.drain"]


def test_what_a_backend_lacks_is_said_with_its_line(server: Server):
    lacks = {"provider": "openai", "credential": {"api_key": "env:NO_SUCH_KEY"}}
    server.put(server.text(backends={**server.config["backends"], "c": lacks}))
    (line,) = until(lambda: server.said("a backend cannot be used now"), "a warning")
    assert f"{server.file}:1: backends.c.credential.api_key" in line["problem"]
    assert "NO_SUCH_KEY is not set" in line["problem"]


@pytest.mark.parametrize("kind", ["pipe", "open pipe", "directory", "nothing", "endless"])
def test_what_is_no_file_holds_nobody_up(server: Server, kind: str):
    before, writers = len(server.said(REFUSED)), []
    server.file.unlink()
    match kind:
        case "directory":
            server.file.mkdir()
        case "endless":
            server.file.symlink_to("/dev/zero")
        case "pipe" | "open pipe":
            os.mkfifo(server.file)
            writers = [os.open(server.file, os.O_RDWR)] if kind == "open pipe" else []
    # A reader has a worker's sockets, too, until it has closed them.
    worker = until(lambda: the_worker(server), "one worker")
    os.kill(worker, signal.SIGKILL)
    until(lambda: any(is_worker(pid, server) and pid != worker for pid in server.children()), "it")
    server.wait_ready()
    if kind in ("directory", "nothing", "endless"):
        refused(server, before)
    for writer in writers:
        os.close(writer)


def the_worker(server: Server) -> int:
    """0 while there seem to be several."""
    found = [pid for pid in server.children() if is_worker(pid, server)]
    return found[0] if len(found) == 1 else 0


def is_worker(pid: int, server: Server) -> bool:
    """A reader has closed everything; a worker has its socket."""
    try:
        held = [str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return False
    return any(name.startswith("socket:") for name in held)


def test_mutants_are_refused_or_taken_and_nobody_dies(server: Server):
    every = list(mutants(server.text().decode()))
    worker = server.children()[0]
    for data in random.Random(1).sample(every, SAMPLE):
        if b'"routes": []' in data:
            continue
        known = len(server.log.read_bytes())
        server.put(data)
        server.hup()
        until(lambda known=known: answered(server, known), "an answer")
    assert worker in server.children()


def answered(server: Server, known: int) -> bool:
    """Whether the log says what has become of a configuration, beyond so many bytes."""
    later = server.log.read_bytes()[known:]
    return REFUSED.encode() in later or b"configuration accepted" in later


def test_it_ends_at_sigterm_while_a_pipe_is_read(place):
    with serving(place) as server:
        server.wait_ready()
        server.file.unlink()
        os.mkfifo(server.file)
        server.hup()
        until(lambda: len(server.children()) == 2, "the reader")
        assert server.stop() == 0
        until(lambda: not orphans(place), "the reader's end")
