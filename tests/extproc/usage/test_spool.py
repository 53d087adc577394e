"""Records that wait in a file."""

import os

import pytest

from extproc.usage.spool import Spool


def test_what_is_added_comes_out_in_order_until_it_is_stored(tmp_path):
    spool = Spool(tmp_path / "s", 1_000)
    assert spool.next(100) == []
    assert spool.add(b"one\ntwo\n")
    assert spool.add(b"three\n")
    assert spool.next(9) == [b"one", b"two"]
    assert spool.next(100) == [b"one", b"two", b"three"]
    spool.stored([b"one"])
    assert spool.next(100) == [b"two", b"three"]
    spool.stored([b"two", b"three"])
    assert (spool.next(100), spool.waiting) == ([], 0)
    assert (tmp_path / "s").stat().st_size == 0


def test_the_next_process_finds_what_was_left_and_mends_what_was_cut(tmp_path):
    first = Spool(tmp_path / "s", 1_000)
    first.add(b"one\ntwo\n")
    first.stored([b"one"])
    first.close()
    with (tmp_path / "s").open("ab") as file:
        file.write(b"half of a li")
    second = Spool(tmp_path / "s", 1_000)
    assert second.next(100) == [b"one", b"two"]
    assert second.add(b"three\n")
    assert second.next(100) == [b"one", b"two", b"three"]


def test_it_is_bounded_and_takes_more_when_there_is_room_again(tmp_path):
    spool = Spool(tmp_path / "s", 10)
    assert spool.add(b"123456789\n")
    assert not spool.add(b"x\n")
    spool.stored([b"123456789"])
    assert spool.add(b"x\n")


def test_only_its_owner_reads_it_and_no_link_is_followed(tmp_path):
    Spool(tmp_path / "s", 10)
    assert (tmp_path / "s").stat().st_mode & 0o077 == 0
    (tmp_path / "link").symlink_to(tmp_path / "s")
    with pytest.raises(OSError, match=os.strerror(40)):
        Spool(tmp_path / "link", 10)
