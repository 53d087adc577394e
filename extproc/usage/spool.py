"""Records that the store has not got yet: a file that survives whoever wrote it."""

import errno
import fcntl
import os
from pathlib import Path


class Spool:
    """Lines, in the order in which they came; taken off only when they are stored."""

    def __init__(self, path: Path, most: int) -> None:
        """`most`: bytes. What an earlier process has left is found; OSError."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            # It ends with the process, and so does not hold up the next one.
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise OSError(errno.EBUSY, "another process has it") from None
        self._most = most
        self._done = 0
        self._size = self._mended()

    def _mended(self) -> int:
        """The size without a last line that was cut when its writer died."""
        size = os.fstat(self._file).st_size
        tail = os.pread(self._file, 65_536, max(0, size - 65_536))
        whole = size - (len(tail) - (tail.rfind(b"\n") + 1))
        os.ftruncate(self._file, whole)
        return whole

    @property
    def waiting(self) -> int:
        """Bytes that are not stored."""
        return self._size - self._done

    def add(self, lines: bytes) -> bool:
        """Puts lines at the end; False: there is no room, on the disk or by the bound."""
        if self._size + len(lines) > self._most:
            return False
        try:
            written = os.pwrite(self._file, lines, self._size)
        except OSError:
            return False
        if written < len(lines):
            os.ftruncate(self._file, self._size)
            return False
        self._size += written
        return True

    def next(self, most: int) -> list[bytes]:
        """The first lines that are not stored, about `most` bytes of them."""
        data = os.pread(self._file, min(most, self.waiting), self._done)
        whole, _, _ = data.rpartition(b"\n")
        return whole.split(b"\n") if whole else []

    def stored(self, lines: list[bytes]) -> None:
        """Takes them off."""
        self._done += sum(map(len, lines)) + len(lines)
        if self._done == self._size:
            os.ftruncate(self._file, 0)
            self._done = self._size = 0

    def close(self) -> None:
        """Leaves what is in it to whoever comes next."""
        os.close(self._file)
