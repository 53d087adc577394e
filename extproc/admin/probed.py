"""What the last probes have found, in a file that one process writes and another reads."""

import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

NAME = "probes.json"


class Probed(msgspec.Struct, frozen=True):
    """How a backend has answered."""

    at: float
    """When it was asked last, seconds since the epoch."""
    failure: str = ""
    """Why it did not answer as it should; empty: it did."""
    failures: int = 0
    """How often in a row."""
    since: float = 0
    """When the first of these was."""

    @property
    def told(self) -> str:
        """All of it in words."""
        often = f", {self.failures} times since {moment(self.since)}" if self.failures > 1 else ""
        return f"its list of models, asked for at {moment(self.at)}: {self.failure}{often}"


_decoder = msgspec.json.Decoder(dict[str, Probed])


def moment(at: float) -> str:
    """UTC, to the second."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read(path: Path) -> Mapping[str, Probed]:
    """By the names of backends; nothing where there is no such file, or not one of ours."""
    try:
        return _decoder.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return {}


def write(path: Path, found: Mapping[str, Probed]) -> None:
    """Replaces all of it; OSError."""
    draft = path.with_suffix(".new")
    with suppress(FileNotFoundError):
        draft.unlink()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(draft, flags, 0o600), "wb") as file:
        file.write(msgspec.json.encode(found))
    draft.replace(path)
