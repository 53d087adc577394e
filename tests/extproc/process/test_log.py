"""A log that nobody takes is lost, and nothing else is."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.extproc.process.server import serving, until

SCRIPT = """
import logging, structlog, sys
from extproc.process import log
log.hold_standard_files()
log.configure(sys.argv[1])
class Odd:
    def __repr__(self): raise RuntimeError("no")
logger = structlog.get_logger()
for number in range(int(sys.argv[2])):
    logger.info("a line", number=number, padding="x" * 500)
try:
    raise ValueError("\\ud800")
except ValueError:
    logger.exception("odd", value=Odd())
    logger.exception("text", value="\\ud800")
    logging.getLogger("library").error("not ours", exc_info=True)
print("alive", flush=True)
"""


def logging_to(stderr, style="json", lines=1):
    command = [sys.executable, "-c", SCRIPT, style, str(lines)]
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=stderr, timeout=60, check=False, text=True
    )


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_full_disk_ends_nobody(style):
    with Path("/dev/full").open("wb") as full:
        assert logging_to(full, style).stdout == "alive\n"


def test_a_closed_pipe_ends_nobody():
    reader, writer = os.pipe()
    os.close(reader)
    assert logging_to(writer).stdout == "alive\n"
    os.close(writer)


def test_a_pipe_that_nobody_reads_holds_up_nobody():
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    assert logging_to(writer, lines=1000).stdout == "alive\n"
    os.close(writer)
    assert os.read(reader, 4096).count(b"\n") < 10
    os.close(reader)


def test_a_journals_socket_that_nobody_reads_holds_up_nobody():
    journal, writer = socket.socketpair()
    with journal, writer:
        assert logging_to(writer, lines=5000).stdout == "alive\n"
        assert json.loads(journal.makefile("rb").readline())["event"] == "a line"


def test_a_closed_standard_error_is_nobodys_file(tmp_path):
    command = f"{sys.executable} -c '{SCRIPT}' json 1 2>&-"
    done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, timeout=60, check=False)
    assert done.stdout == b"alive\n"


def test_every_line_is_written_where_there_is_room(tmp_path):
    with (tmp_path / "log").open("wb") as file:
        assert logging_to(file, lines=100).stdout == "alive\n"
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    events = [line["event"] for line in lines]
    assert events[:100] == ["a line"] * 100
    assert events[100:] == ["odd", "text", "not ours"]
    assert lines[100]["unwritable"] == "RuntimeError"
    assert "ValueError" in lines[-1]["exception"]


def test_lines_that_were_lost_are_counted(capfd):
    from extproc.process.log import Output

    output = Output()
    saved = os.dup(2)
    with Path("/dev/full").open("wb") as full:
        os.dup2(full.fileno(), 2)
        output.msg("one")
        output.msg("two")
        os.dup2(saved, 2)
    os.close(saved)
    assert output.lost == 2
    output.msg("three")
    assert output.lost == 0
    assert "three" in capfd.readouterr().err


@pytest.mark.parametrize("kind", ["full disk", "closed pipe"])
def test_a_server_whose_log_is_lost_serves_on(place, kind):
    reader, writer = os.pipe()
    os.close(reader)
    stderr = os.open("/dev/full", os.O_WRONLY) if kind == "full disk" else writer
    with serving(place, stderr=stderr) as server:
        server.wait_ready()
        (worker,) = server.children()
        os.kill(worker, signal.SIGKILL)
        until(lambda: server.children() not in ([], [worker]), "another worker")
        server.wait_ready()
        server.put(b"nonsense")
        server.hup()
        server.wait_ready()
        assert server.stop() == 0
    for descriptor in {writer, stderr}:
        os.close(descriptor)


@pytest.mark.parametrize("target", ["/dev/full", None])
def test_a_check_says_by_its_status_what_it_cannot_say_in_words(tmp_path, target):
    (tmp_path / "gateway.yaml").write_text("version: 2")
    command = [sys.executable, "-m", "extproc", "check", "--config", str(tmp_path / "gateway.yaml")]
    reader, writer = os.pipe()
    os.close(reader)
    stderr = writer if target is None else os.open(target, os.O_WRONLY)
    assert subprocess.run(command, stderr=stderr, timeout=60, check=False).returncode == 2
    for descriptor in {writer, stderr}:
        os.close(descriptor)
