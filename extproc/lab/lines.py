"""Files of lines that somebody is still writing."""

from pathlib import Path


def ended(path: Path) -> list[bytes]:
    """The lines of a file that its writer has ended, without their newlines; of no file, none.

    A line may reach a file in pieces: what stands behind the last newline is not a line yet.
    """
    return path.read_bytes().split(b"\n")[:-1] if path.exists() else []
