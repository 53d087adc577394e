"""What a parent and a child say to each other: beats go up, configurations come down.

Some children get one early and put it into force when they are told that all others have.
"""

import contextlib
import os
import pickle
import socket
from typing import Any

import msgspec

from extproc.process.collecting import paused

MANY = 4096
BEAT, TAKEN = b".", b"t"
NOW, EARLY, RELEASED = b".", b"e", b"r"
"""With a configuration: it is in force, or will be; and without: it is."""


class Heard(msgspec.Struct, frozen=True):
    """What came down: in this order, where it is both."""

    released: bool
    """Whether the configuration that came early is in force now."""
    paper: int | None = None
    """With another one, if there is; to be closed."""
    early: bool = False


def blank() -> int:
    """The descriptor of an empty file in memory."""
    return os.memfd_create("gateway", os.MFD_CLOEXEC)


def write(paper: int, value: object) -> None:
    """Puts `value` on a blank paper."""
    with open(paper, "wb", closefd=False) as file:
        pickle.dump(value, file, pickle.HIGHEST_PROTOCOL)


def taken(paper: int) -> Any:
    """What this program, and no other, has written there."""
    data = os.pread(paper, os.fstat(paper).st_size, 0)
    with paused():
        return pickle.loads(data)  # noqa: S301


class Line:
    """A pair of sockets; both processes have it after a fork, and each uses its end."""

    def __init__(self) -> None:
        self._parent, self._child = socket.socketpair()
        for end in (self._parent, self._child):
            end.setblocking(False)

    def close(self) -> None:
        """To be called by whoever does not need it, or no longer."""
        self._parent.close()
        self._child.close()

    def heard(self) -> bytes:
        """In the parent: what the child has said since it was last asked, BEAT and TAKEN."""
        try:
            return self._parent.recv(MANY)
        except OSError:
            return b""

    def send(self, paper: int, *, early: bool = False) -> None:
        """In the parent: hands a configuration down; OSError if the child has stopped reading."""
        socket.send_fds(self._parent, [EARLY if early else NOW], [paper])

    def release(self) -> None:
        """In the parent: says that what came early is in force; OSError as above."""
        self._parent.send(RELEASED)

    def become_child(self) -> None:
        """In the child: leaves the parent's end to the parent."""
        self._parent.close()

    def fileno(self) -> int:
        """In the child: readable when `received` has something."""
        return self._child.fileno()

    def beat(self) -> None:
        """In the child: says that it lives; a parent that has stopped reading is no harm."""
        with contextlib.suppress(OSError):
            self._child.send(BEAT)

    def took(self) -> None:
        """In the child: says that it has done with a configuration what it could."""
        with contextlib.suppress(OSError):
            self._child.send(TAKEN)

    def received(self) -> Heard:
        """In the child: what came down; EOFError if the parent is gone."""
        data, papers, _, _ = socket.recv_fds(self._child, MANY, 1)
        if not data:
            raise EOFError
        return Heard(RELEASED in data, papers[0] if papers else None, EARLY in data)
