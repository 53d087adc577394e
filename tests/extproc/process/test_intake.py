"""Lines that are read and not lost with who reads them."""

import os
import signal
from pathlib import Path

import pytest

from extproc.process.intake import Intake, readable


@pytest.fixture
def pipe():
    paper, end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    yield paper, end
    os.close(paper)
    os.close(end)


def test_whole_lines_are_taken_as_they_were_written(pipe, tmp_path):
    paper, end = pipe
    intake = Intake(paper, tmp_path / "in")
    assert intake.take() == []
    os.write(end, b"a\nb\n")
    os.write(end, b"c\n" * 3)
    assert intake.take() == [b"a", b"b", b"c", b"c", b"c"]
    intake.done()
    assert readable(paper) == (tmp_path / "in").stat().st_size == 0
    assert (tmp_path / "in").stat().st_mode & 0o777 == 0o600
    os.write(end, b"d\n")
    assert intake.take() == [b"d"]
    intake.close()


def test_whoever_is_killed_leaves_them_to_the_next_one(pipe, tmp_path):
    paper, end = pipe
    os.write(end, b"a\nb\n")
    child = os.fork()
    if not child:
        Intake(paper, tmp_path / "in").take()
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    os.write(end, b"c\n")
    intake = Intake(paper, tmp_path / "in")
    assert intake.take() == [b"a", b"b", b"c"]
    intake.done()
    assert intake.take() == []
    intake.close()


@pytest.mark.parametrize("path", [None, Path("/dev/full")])
def test_without_room_they_are_read_as_they_come(pipe, path):
    paper, end = pipe
    intake = Intake(paper, path)
    os.write(end, b"a\nb")
    assert intake.take() == [b"a"]
    intake.done()
    os.write(end, b"c\n")
    assert intake.take() == [b"bc"]
    intake.close()


def test_no_link_is_followed(pipe, tmp_path):
    (tmp_path / "in").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        Intake(pipe[0], tmp_path / "in")
