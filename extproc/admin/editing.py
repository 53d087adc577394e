"""gateway.yaml, changed by a program as a person would: comments stay, and what was is kept.

A change is checked as a whole before it is written. Who supervises the gateway sees the new file
and puts it into force, as if a person had saved it.
"""

import hashlib
import io
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec
import orjson
from ruamel.yaml import YAML

from extproc.config import ConfigError, Gateway, Problem, bounded, load
from extproc.config.document import MAX_BYTES

PATIENCE = 2.0
"""Seconds that the file may take to be read."""
VERSIONS = 50
"""Former versions that are kept."""
AUDIT = "audit.jsonl"
INDENTED = re.compile(r"^( *)[^\s#-][^\n]*:[ \t]*\n\1  +- ", re.MULTILINE)
"""Items of a list that stand further in than its key."""

OWN = "replace"
"""Of this change the lines are the caller's, who wants to be told of them."""

Edit = Callable[[Any], None]
"""Changes the data of gateway.yaml in place."""
Fits = Callable[[Gateway], None]
"""Raises what it likes where the configuration is not what was wanted; nothing is written then."""


def whatever(gateway: Gateway) -> None:
    """Nothing more is wanted of it."""


class Conflict(Exception):
    """The file is not what the caller thinks, or cannot be written; in words."""


class Editor:
    """One gateway.yaml, and its history."""

    def __init__(self, path: Path, history: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._history = history
        self._clock = clock
        self._lock = Lock()

    def current(self) -> Gateway:
        """What the file says now; ConfigError."""
        return load(self._path)

    def change(
        self, what: dict[str, Any], edit: Edit, *, dry: bool, fits: Fits = whatever
    ) -> Gateway:
        """The configuration after `edit`, written unless `dry`; ConfigError, Conflict.

        `what` is said of it in the audit log; `edit` may raise what it likes.
        """
        with self._lock:
            before = self._text()
            return self._put(what, before, edited(before, edit), dry=dry, fits=fits)

    def replace(self, after: bytes, seen: str, *, dry: bool) -> Gateway:
        """The configuration `after`, written unless `dry`; `seen`: the version in whose place it
        comes. ConfigError, Conflict."""
        with self._lock:
            before = self._text()
            if digest(before) != seen:
                raise Conflict("gateway.yaml was changed since; read it again")
            return self._put({"act": OWN}, before, after, dry=dry)

    def undo(self, *, dry: bool) -> Gateway:
        """Takes back the last change that was made here; Conflict where there is none, or where
        somebody has changed the file since."""
        with self._lock:
            before = self._text()
            last = next(reversed([*self._changes()]), None)
            if last is None or last["after"] != digest(before):
                raise Conflict("there is no change to take back, or the file was changed since")
            try:
                former = (self._history / f"{last['before']}.yaml").read_bytes()
            except OSError:
                raise Conflict("what the file was before is no longer kept") from None
            what = {"act": "undo", "of": last["number"]}
            return self._put(what, before, former, dry=dry)

    def audit(self) -> list[dict[str, Any]]:
        """What was changed here, the last one first."""
        with self._lock:
            return [*self._changes()][::-1]

    def _text(self) -> bytes:
        try:
            return bounded.read(self._path, MAX_BYTES, PATIENCE)
        except OSError as error:
            raise Conflict(f"gateway.yaml cannot be read: {error.strerror}") from None

    def _changes(self) -> Iterator[dict[str, Any]]:
        with suppress(OSError):
            for line in (self._history / AUDIT).read_bytes().splitlines():
                with suppress(orjson.JSONDecodeError):
                    yield orjson.loads(line)

    def _put(
        self,
        what: dict[str, Any],
        before: bytes,
        after: bytes,
        *,
        dry: bool,
        fits: Fits = whatever,
    ) -> Gateway:
        # Files that it names are looked for from its own directory.
        draft = self._path.with_name(f".{self._path.name}.draft")
        try:
            _write(draft, after, self._path)
            gateway = load(draft)
            fits(gateway)
            if dry or after == before:
                return gateway
            if self._text() != before:
                raise Conflict("somebody has changed gateway.yaml meanwhile")
            self._remember(what, before, after)
            draft.replace(self._path)
        except ConfigError as error:
            raise ConfigError(
                [_unplaced(one, what["act"] == OWN) for one in error.problems]
            ) from None
        except OSError as error:
            raise Conflict(f"gateway.yaml cannot be written: {error.strerror}") from None
        finally:
            draft.unlink(missing_ok=True)
        return gateway

    def _remember(self, what: dict[str, Any], before: bytes, after: bytes) -> None:
        self._history.mkdir(mode=0o700, exist_ok=True)
        changes = [*self._changes()]
        number = (changes[-1]["number"] if changes else 0) + 1
        said = {"number": number, "at": self._clock(), **what}
        said |= {"before": digest(before), "after": digest(after)}
        _write(self._history / f"{said['before']}.yaml", before, self._path)
        with (self._history / AUDIT).open("ab") as file:
            file.write(orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE))
        versions = sorted(self._history.glob("*.yaml"), key=lambda one: one.stat().st_mtime)
        for old in versions[:-VERSIONS]:
            old.unlink(missing_ok=True)


def digest(text: bytes) -> str:
    """By which a version of the file is known."""
    return hashlib.sha256(text).hexdigest()[:32]


def edited(text: bytes, edit: Edit) -> bytes:
    """The text with what `edit` changes, and all else as it was."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 100
    plain = text.decode()
    if INDENTED.search(plain):
        yaml.indent(mapping=2, sequence=4, offset=2)
    data = yaml.load(plain)
    edit(data)
    out = io.StringIO()
    yaml.dump(data, out)
    return out.getvalue().encode()


def _write(path: Path, text: bytes, like: Path) -> None:
    """Writes a file that who may read `like`, and nobody else, may read."""
    mode = like.stat().st_mode & 0o777
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)


def _unplaced(problem: Problem, own: bool) -> Problem:
    """Nobody knows the draft, nor its lines, unless they are the caller's own."""
    return msgspec.structs.replace(problem, file="", line=problem.line if own else 0)
