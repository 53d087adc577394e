"""What all identities have got, in a file for one's own eyes that every worker reads.

It is replaced as a whole, and stays when the server ends: who starts again while a token server is
down has what is still good.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

NAME = "identities.json"


class Entry(msgspec.Struct, frozen=True):
    """What is known of one identity."""

    parts: Mapping[str, str] = {}
    """Of its token; none: it has not got one."""
    expires: float | None = None
    """Seconds since the epoch."""
    refreshed: float = 0.0
    """When the token came; 0: never."""
    failures: int = 0
    """How often in a row none could be got."""
    failed: float = 0.0
    """When that was the last time."""
    problem: str = ""
    """And why, without secrets."""

    def valid(self, now: float) -> bool:
        """Whether a request may be signed with it."""
        return bool(self.parts) and (self.expires is None or self.expires > now)

    def __repr__(self) -> str:
        return f"Entry(expires={self.expires}, failures={self.failures})"


Entries = Mapping[str, Entry]
"""By the identities' keys."""

DECODER = msgspec.json.Decoder(dict[str, Entry])


def read(path: Path) -> Entries:
    """What is there; nothing where there is no such file, or not one of ours."""
    try:
        return DECODER.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return {}


def write(path: Path, entries: Entries) -> None:
    """Replaces the file, which nobody else may read; raises OSError."""
    fresh = path.with_suffix(".new")
    with suppress(FileNotFoundError):
        fresh.unlink()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(fresh, flags, 0o600), "wb") as file:
        file.write(msgspec.json.encode(entries))
    fresh.replace(path)
