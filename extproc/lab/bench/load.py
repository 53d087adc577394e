"""What a load generator is asked to do, what it found, and how to ask it.

Both sides speak msgpack behind a length of four bytes, over the child's standard input and output.
"""

import subprocess
import sys
from typing import IO, Self

import msgspec


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One load."""

    port: int
    request: bytes
    """A whole HTTP/1.1 request, sent again and again."""
    clients: int
    """Connections, each with one request at a time."""
    total: int
    """Requests of all clients together."""
    ramp: float = 0.0
    """Seconds over which the clients begin, one after the other."""


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    answers: int
    """Complete answers with status 200."""
    events: int
    """`data:` lines in them."""
    p50: float
    """µs from the first byte of a request to the last of its answer."""
    p99: float
    problem: str = ""
    """What the first other answer was; empty when there was none."""


class LoadError(RuntimeError):
    """An answer was not as it should be, so there is nothing to measure."""


def write(stream: IO[bytes], message: msgspec.Struct) -> None:
    """Sends one message."""
    data = msgspec.msgpack.encode(message)
    stream.write(len(data).to_bytes(4, "big") + data)
    stream.flush()


def read(stream: IO[bytes]) -> bytes:
    """The next message, still encoded; empty at the end."""
    size = stream.read(4)
    return stream.read(int.from_bytes(size, "big")) if size else b""


class Client:
    """A load generator in a process of its own."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "extproc.lab.bench.client"]
        self._process = subprocess.Popen(  # noqa: S603  (our own module)
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def run(self, job: Job) -> Done:
        """Waits until the load is done; raises LoadError."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        write(self._process.stdin, job)
        data = read(self._process.stdout)
        if not data:
            raise LoadError("the load generator ended")
        done = msgspec.msgpack.decode(data, type=Done)
        if done.problem or done.answers != job.total:
            raise LoadError(done.problem or f"{done.answers} of {job.total} answers")
        return done
