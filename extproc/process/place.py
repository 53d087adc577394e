"""The directory of the sockets: one parent at a time has it, and clears what a dead one has left.

Who has it is told by a lock on a file there. A lock of fcntl(2) belongs to one process, ends with
it, and is inherited by no child: whoever gets it knows that the parent before is dead, and that the
processes that this one wrote down are orphans.
"""

import errno
import fcntl
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import structlog

from extproc.process import holders
from extproc.transport import Endpoint, sockets

log = structlog.get_logger()

LOCK = "extproc.lock"
PATIENCE = 10.0
"""Seconds that orphans get to let go of what cannot be taken over; then they must be hung."""
LOOK = 0.1
"""Seconds between two looks at what they hold."""


class CannotStart(Exception):
    """Why there is no point in starting, in words."""


class Place:
    """The directory, once it is ours."""

    def __init__(self, directory: Path) -> None:
        """Raises CannotStart."""
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
            self._lock = os.open(directory / LOCK, flags, 0o600)
        except OSError as error:
            raise CannotStart(f"{directory}: cannot be used for sockets: {reason(error)}") from None
        try:
            fcntl.lockf(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            parent = holders.described(self._written()[:1])
            raise CannotStart(f"{directory}: another server has it: {parent}") from None
        self._orphans = frozenset(self._written())

    def _written(self) -> list[int]:
        words = os.pread(self._lock, 65_536, 0).split()
        return [int(word) for word in words if word.isdigit()]

    def record(self, children: list[int]) -> None:
        """Writes down who this parent and its children are, for whoever comes after its death."""
        text = " ".join(map(str, [os.getpid(), *children])).encode() + b"\n"
        os.pwrite(self._lock, text, 0)
        os.ftruncate(self._lock, len(text))

    def listener(self, endpoint: Endpoint) -> Endpoint:
        """`endpoint` with a socket that outlives the child that answers on it; CannotStart.

        A Unix socket of orphans is taken over: they drain on the one without a name.
        """
        if endpoint.path and self._are_orphans(holders.of_path(endpoint.path)):
            Path(endpoint.path).unlink(missing_ok=True)
        else:
            self.vacate(endpoint)
        try:
            return Endpoint(
                path=endpoint.path,
                host=endpoint.host,
                port=endpoint.port,
                tls=endpoint.tls,
                listener=sockets.listen(endpoint),
            )
        except (OSError, OverflowError) as error:
            raise CannotStart(_taken(endpoint, error)) from None

    def vacate(self, endpoint: Endpoint) -> None:
        """Waits until orphans have let go of `endpoint`, and ends those that do not."""
        who = _holders(endpoint)
        if not self._are_orphans(who()):
            return
        log.info("waiting for orphans", endpoint=_name(endpoint), processes=who())
        deadline = time.monotonic() + PATIENCE
        while self._are_orphans(found := who()):
            if time.monotonic() > deadline:
                log.warning("orphans are hung, killed", processes=found)
                for pid in found:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                deadline += PATIENCE
            time.sleep(LOOK)

    def probe(self, endpoint: Endpoint) -> Endpoint:
        """`endpoint`, on which a child can listen by itself; CannotStart."""
        self.vacate(endpoint)
        try:
            sockets.listen(endpoint).close()
        except (OSError, OverflowError) as error:
            raise CannotStart(_taken(endpoint, error)) from None
        if endpoint.path:
            Path(endpoint.path).unlink(missing_ok=True)
        return endpoint

    def _are_orphans(self, pids: list[int]) -> bool:
        return bool(pids) and self._orphans.issuperset(pids)


def _holders(endpoint: Endpoint) -> Callable[[], list[int]]:
    if endpoint.path:
        return lambda: holders.of_path(endpoint.path)
    return lambda: holders.of_port(endpoint.port)


def _name(endpoint: Endpoint) -> str:
    return endpoint.path or f"{endpoint.host}:{endpoint.port}"


def _taken(endpoint: Endpoint, error: Exception) -> str:
    if isinstance(error, OverflowError):
        return f"{_name(endpoint)}: there is no such port"
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"{_name(endpoint)}: in use by {holders.described(_holders(endpoint)())}"
    assert isinstance(error, OSError)
    return f"{_name(endpoint)}: cannot be listened on: {reason(error)}"


def reason(error: OSError) -> str:
    """What the system says, in its own words."""
    return (error.strerror or "unknown error").lower()
