"""The configuration in force, and the file that is watched for another.

The file is read by a short-lived process, so that nothing in it or at its path can hold up the
parent; what it finds sound comes back as a file in memory, which all children get as it is. So
nobody else reads the file, and all have the same.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec
import structlog

from extproc.config import ConfigError, Gateway, bounded, load_and_look, refusing
from extproc.config.base import Model
from extproc.config.unchanged import NOTHING, Known
from extproc.exchange import compile
from extproc.process.collecting import paused
from extproc.process.line import blank, write
from extproc.process.reading import Reading

log = structlog.get_logger()

STILL = 0.5
"""Seconds that a file has not changed before it is read: who writes it in place takes a moment."""
WRITING = 10.0
"""Seconds after which a file is read although somebody has it open for writing."""
SAID = 50
"""Problems of one configuration that are logged."""
LIVE = {"fetch"}
"""Settings of `extproc` that a reload puts into force; the others are those of the start."""

Stamp = tuple[int, int, int]


class Loaded(msgspec.Struct, frozen=True):
    """A configuration that can be put into force."""

    gateway: Gateway
    stamp: Stamp
    """Of the file before it was read."""
    lacking: tuple[str, ...] = ()
    """Why some backend cannot be used now."""
    hash: str = ""
    """Its digest."""
    known: Known = NOTHING
    """Its routes, which need not be read again where the next one has them, too."""

    @property
    def created(self) -> int:
        """When the file was written; it dates the models."""
        return self.stamp[0] // 1_000_000_000


class Refused(msgspec.Struct, frozen=True):
    """A configuration that cannot."""

    problems: tuple[str, ...]


class Unfinished(msgspec.Struct, frozen=True):
    """A file that somebody is writing."""


Outcome = Loaded | Refused | Unfinished


def stamp(path: Path) -> Stamp:
    """What changes when the file does; zeros where there is none."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return 0, 0, 0
    return status.st_mtime_ns, status.st_size, status.st_ino


def load(path: Path, known: Known = NOTHING) -> Loaded:
    """The configuration in the file, and all that a child will make of it tried; ConfigError.

    `known`: what was known of the one before.
    """
    before = stamp(path)
    with paused(), refusing(path):
        looked = load_and_look(path, known=known)
        gateway = looked.gateway
        plan = compile.compile_plan(gateway)
        compile.limits(gateway)
        compile.wanted_secrets(gateway)
        compile.wanted_identities(gateway)
        lacking = tuple(map(str, looked.lacking))
        return Loaded(gateway, before, lacking, plan.hash, looked.known)


def being_written(path: Path) -> bool | None:
    """Whether anybody has the file open for writing: nobody gets a read lease on it then.

    Only the file's owner gets one at all, and not on every file system (fcntl(2)); None there.
    """
    try:
        descriptor = bounded.opened(path)
    except OSError:
        return None
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return False


def examined(
    path: Path, *, hurried: bool = False, early: bool = False, known: Known = NOTHING
) -> Outcome:
    """What the file is good for; `hurried`: whoever may still be writing it; `early`: only where
    it is certain that nobody is; `known` as `load` has it."""
    writing = being_written(path)
    if not hurried and (writing or (early and writing is None)):
        return Unfinished()
    try:
        loaded = load(path, known)
    except ConfigError as error:
        return Refused(tuple(map(str, error.problems)))
    return loaded if stamp(path) == loaded.stamp else Unfinished()


class Configuration:
    """What is in force, and what the file says by now."""

    def __init__(self, path: Path, loaded: Loaded, refusal: Path | None = None) -> None:
        """`refusal`: a file in which it may say that an Envoy takes no such configuration."""
        self.path = path
        self.loaded = loaded
        self._started = loaded.gateway
        self._seen = loaded.stamp
        self._changed: float | None = None
        """When a change was first seen of which nothing has come yet."""
        self._moved = 0.0
        """When the file last changed."""
        self._replaced = False
        """Whether another file stands in its place since, which mostly was whole before it did."""
        self._wanted = False
        self._reading: Reading | None = None
        self._before: Loaded | None = None
        """What was in force before `loaded`."""
        self._refusal = refusal
        self._stale: list[Reading] = []
        """Of files that have changed since; to be waited for until they are gone."""

    def __str__(self) -> str:
        return str(self.path.absolute())

    def news(self, forced: bool) -> int | None:
        """The next configuration to be handed down, as a descriptor that the caller closes."""
        self._wanted = self._wanted or forced
        self._stale = [one for one in self._stale if not one.ended()]
        self._look()
        recalled = self._recalled()
        if recalled is not None:
            return recalled
        if self._reading is None and self._due():
            self._reading = Reading(
                partial(
                    examined,
                    self.path,
                    hurried=self._hurried(),
                    early=not self._is_still(),
                    known=self.loaded.known,
                )
            )
            self._wanted = self._replaced = False
        return self._finish()

    def _recalled(self) -> int | None:
        """The configuration before, where an Envoy has refused the one in force."""
        if self._refusal is None or not self._refusal.exists():
            return None
        said = self._refusal.read_text("utf-8", "replace")
        self._refusal.unlink()
        when, _, why = said.partition("\n")
        if self._before is None or when != str(self.loaded.stamp):
            return None
        log.error("configuration refused by Envoy, the one before is back", problem=why)
        self.loaded, self._before = self._before, None
        paper = blank()
        write(paper, self.loaded)
        return paper

    def _look(self) -> None:
        now, found = time.monotonic(), stamp(self.path)
        if found != self._seen:
            self._replaced = 0 not in (self._seen[2], found[2]) and self._seen[2] != found[2]
            self._seen, self._moved = found, now
            self._changed = now if self._changed is None else self._changed
            self._give_up()

    def _give_up(self) -> None:
        """What is being read is no longer what the file says."""
        if self._reading is not None:
            self._reading.close()
            self._stale.append(self._reading)
            self._reading = None

    def _is_still(self) -> bool:
        return time.monotonic() - self._moved >= STILL

    def _due(self) -> bool:
        changed = self._changed is not None
        return self._wanted or (changed and (self._replaced or self._is_still()))

    def _hurried(self) -> bool:
        since = time.monotonic() if self._changed is None else self._changed
        return self._wanted or time.monotonic() - since >= WRITING

    def _finish(self) -> int | None:
        reading = self._reading
        if reading is None or not reading.ended():
            return None
        self._reading = None
        try:
            return os.dup(reading.paper) if self._judge(reading.outcome()) else None
        finally:
            reading.close()

    def _judge(self, outcome: Outcome | str) -> bool:
        if isinstance(outcome, Unfinished):
            self._moved = time.monotonic()
            return False
        self._changed = None
        match outcome:
            case Loaded():
                return self._accept(outcome)
            case Refused():
                _refuse(outcome.problems)
            case str():
                _refuse((f"{self.path}: {outcome}",))
        return False

    def _accept(self, loaded: Loaded) -> bool:
        before = len(self.loaded.gateway.routes)
        if before and not loaded.gateway.routes and "routes" not in loaded.gateway.model_fields_set:
            wanted = "write `routes: []` if that is meant"
            _refuse((f"{self.path}: routes: all {before} would be removed; {wanted}",))
            return False
        self._before, self.loaded = self.loaded, loaded
        log.info("configuration accepted", **summary(loaded.gateway))
        self.say()
        return True

    def say(self) -> None:
        """Logs what the configuration lacks to be used as a whole."""
        for problem in self.loaded.lacking[:SAID]:
            log.warning("a backend cannot be used now", problem=problem)
        late = [*unapplied(self._started, self.loaded.gateway)]
        if late:
            log.warning("changes that need a restart", settings=late)

    def close(self) -> None:
        """Ends a reading that goes on."""
        self._give_up()


class Fixed(Configuration):
    """A configuration that stands in no file, and so never changes."""

    def __str__(self) -> str:
        return "Envoy's metadata"

    def news(self, forced: bool) -> int | None:
        """None."""
        return None


def _refuse(problems: tuple[str, ...]) -> None:
    for problem in problems[:SAID]:
        log.error("configuration refused, the old one stays", problem=problem)
    if len(problems) > SAID:
        log.error("configuration refused, the old one stays", more=len(problems) - SAID)


def summary(gateway: Gateway) -> dict[str, int]:
    """How much a configuration holds."""
    return {
        "backends": len(gateway.backends),
        "routes": len(gateway.routes),
        "limits": len(gateway.limits),
    }


def unapplied(started: Gateway, gateway: Gateway) -> Iterator[str]:
    """The settings that have changed since the start and are not put into force by a reload."""
    yield from (f"extproc.{name}" for name in _changed(started.extproc, gateway.extproc, LIVE))
    yield from (f"limiter.{name}" for name in _changed(started.limiter, gateway.limiter, set()))
    yield from (part for part in ("telemetry", "usage") if _differs(part, started, gateway))
    if started.admin is None or gateway.admin is None:
        yield from ["admin"] if started.admin is not gateway.admin else []
    else:
        yield from (f"admin.{name}" for name in _changed(started.admin, gateway.admin, {"key"}))


def _differs(part: str, one: Gateway, other: Gateway) -> bool:
    return bool(getattr(one, part) != getattr(other, part))


def _changed(one: Model, other: Model, live: set[str]) -> Iterator[str]:
    for name in type(one).model_fields:
        if name not in live and getattr(one, name) != getattr(other, name):
            yield name
