"""The files of a first start: a gateway that serves nothing yet, and the key of its page."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

from extproc.config.credential_rules import installed

KEY_FILE = "admin.key"
LONGEST = 80
"""Bytes of a directory for sockets."""
TEXT = """\
# A gateway that serves nothing yet: its page leads through the rest, and writes it here.
version: 1
listen: {address: 127.0.0.1, port: 8080}
admin: {address: 127.0.0.1, port: 8081, key: KEY, write: true}
extproc: {sockets: SOCKETS}
"""
RECORDS = 'usage: {store: "sqlite:///usage.db"}\n'


class Unable(Exception):
    """Why nothing was written, in words."""


def begin(config: Path) -> Iterator[str]:
    """Writes `config` and a key beside it, and says what comes next; Unable."""
    place = config.absolute().parent
    key, sockets = place / KEY_FILE, place / "sockets"
    if len(str(sockets).encode()) > LONGEST:
        raise Unable(f"{sockets}: too long for a directory of sockets; begin in a shorter one")
    text = TEXT.replace("KEY", json.dumps(f"file:{key}"))
    text = text.replace("SOCKETS", json.dumps(str(sockets)))
    try:
        _write(config, text + (RECORDS if installed("sqlalchemy") else ""))
        if not key.exists():
            _write(key, f"{secrets.token_urlsafe(24)}\n")
    except FileExistsError:
        raise Unable(f"{config}: is there already, and stays as it is") from None
    except OSError as error:
        raise Unable(f"{error.filename}: {error.strerror}") from None
    yield f"{config} is written, and a key in {key}. Now start it:"
    yield f"  extproc run --config {config}"
    yield "and open http://127.0.0.1:8081/ with that key."


def _write(path: Path, text: str) -> None:
    """A new file, which only its owner reads."""
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text, "utf-8")
