"""Keeping identities fresh: a thread for each asks for its token ahead of the end of the last one.

A thread, since the clouds' SDKs wait; one for each, so that none waits for another's token server.
"""

import os
import random
import threading
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

import msgspec
import structlog

from extproc.config.references import resolve
from extproc.config.values import SecretRef
from extproc.credentials import snapshot
from extproc.credentials.identity import Token, Wanted
from extproc.credentials.saying import said
from extproc.credentials.secrets import files, stamp
from extproc.credentials.snapshot import Entry

log = structlog.get_logger()

AHEAD = 0.25
"""The part of a token's life at whose beginning the next one is asked for."""
EARLIEST = 900.0
"""Seconds before its end, at most, that this happens."""
SPREAD = (0.8, 1.2)
"""Many who have begun together must not ask together for ever."""
AGAIN = 60.0
"""Seconds until an identity is looked at anew whose end is unknown: a file, the environment."""
BACKOFF = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds until the next attempt, by how often in a row there was none; the last one repeats."""
DOUBT = 300.0
"""Seconds for which a token is used that seems to have ended when it came: our clock is wrong."""
QUIET = 60.0
"""Seconds in which the same state is told of once."""
STALE, MISSING = "a token was not refreshed", "an identity has no token"
STEP = 1.0
"""Seconds between two looks at the clock on the wall, which may be set."""

Ask = Callable[[Mapping[str, str]], Token]
"""Options → a fresh token; may wait, and raises whatever the SDK does."""


def asker(kind: str) -> Ask:
    """Who asks for a kind of identity; only the SDK that is used is imported."""
    ask: Ask = import_module(f"extproc.credentials.clouds.{kind}").ask
    return ask


class Keeper:
    """One identity, kept fresh by a thread of its own until it is stopped."""

    def __init__(self, wanted: Wanted, entry: Entry, publish: Callable[[], None]) -> None:
        """`entry`: what is known from before; `publish` is called when that has changed."""
        self.entry = entry
        self._wanted = wanted
        self._publish = publish
        self._files = files(wanted.identity.secrets.values())
        self._stamps = self._look()
        self._woken = threading.Event()
        self._stopped = False
        self._event, self._told = "", 0.0
        """What was said of the last failures, and when."""
        self._thread = threading.Thread(target=self._run, name=wanted.identity.kind, daemon=True)

    def start(self) -> None:
        """Asks at once, whatever is known from before: the environment may be another."""
        self._thread.start()

    def stop(self) -> None:
        """Asks no more; an answer that is under way is not waited for."""
        self._stopped = True
        self._woken.set()

    def look(self) -> None:
        """Asks at once if a file of secrets has changed."""
        stamps = self._look()
        if stamps != self._stamps:
            self._stamps = stamps
            self._woken.set()

    def _look(self) -> dict[str, object]:
        return {path: stamp(path) for path in self._files}

    def _run(self) -> None:
        while not self._stopped:
            self._wait(self._pause())

    def _pause(self) -> float:
        """Asks once; seconds until the next time."""
        identity, secrets = self._wanted.identity, {}
        try:
            for name, reference in identity.secrets.items():
                secrets[name] = resolve(SecretRef(reference), os.environ)
            token = asker(identity.kind)({**identity.options, **secrets})
        except Exception as error:
            return self._failed(said(error, [*secrets.values(), *self.entry.parts.values()]))
        return self._got(token)

    def _got(self, token: Token) -> float:
        now = time.time()
        expires = token.expires
        if expires is not None and expires <= now:
            log.warning("a token has ended before it came; is the clock right?", **self._labels())
            expires = now + DOUBT
        if self.entry.failures or not self.entry.parts:
            left = None if expires is None else round(expires - now)
            log.info("an identity has a token", **self._labels(), seconds=left)
        self._event = ""
        self.entry = Entry(token.parts, expires, now)
        self._publish()
        return due(expires, now)

    def _failed(self, problem: str) -> float:
        failures = self.entry.failures + 1
        self.entry = msgspec.structs.replace(
            self.entry, failures=failures, failed=time.time(), problem=problem
        )
        event = STALE if self.entry.valid(time.time()) else MISSING
        now = time.monotonic()
        if event != self._event or now - self._told >= QUIET:
            self._event, self._told = event, now
            report = log.warning if event is STALE else log.error
            report(event, **self._labels(), failures=failures, problem=problem)
        self._publish()
        return BACKOFF[min(failures, len(BACKOFF)) - 1] * random.uniform(*SPREAD)  # noqa: S311

    def _labels(self) -> dict[str, object]:
        return {"kind": self._wanted.identity.kind, "backends": list(self._wanted.backends)}

    def _wait(self, seconds: float) -> None:
        """By the clock on the wall and by the one that nobody sets, whichever is first."""
        end, wall = time.monotonic() + seconds, time.time() + seconds
        while not self._stopped and time.monotonic() < end and time.time() < wall:
            if self._woken.wait(min(STEP, max(0.0, end - time.monotonic()))):
                self._woken.clear()
                return


def due(expires: float | None, now: float) -> float:
    """Seconds until the token after this one is asked for."""
    spread = random.uniform(*SPREAD)  # noqa: S311  (no secret depends on it)
    if expires is None:
        return AGAIN * spread
    left = expires - now
    return max(1.0, left - min(left * AHEAD, EARLIEST) * spread)


class Keeping:
    """All identities of a configuration, and the file of their tokens."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._before = snapshot.read(path)
        """What one who kept them earlier has left."""
        self._keepers: dict[str, Keeper] = {}

    def take(self, wanted: Mapping[str, Wanted]) -> None:
        """These are to be kept from now on; `wanted` is by their keys."""
        gone = self._keepers.keys() - wanted.keys()
        for key in gone:
            self._keepers[key].stop()
        fresh = {
            key: Keeper(one, self._before.get(key, Entry()), self._publish)
            for key, one in wanted.items()
            if key not in self._keepers
        }
        self._keepers = {key: fresh.get(key) or self._keepers[key] for key in wanted}
        if gone:
            self._publish()
        for keeper in fresh.values():
            keeper.start()

    def look(self) -> None:
        """Looks at the files of secrets; to be called every second."""
        for keeper in self._keepers.values():
            keeper.look()

    def _publish(self) -> None:
        with self._lock:
            heard = {
                key: keeper.entry
                for key, keeper in self._keepers.items()
                if keeper.entry.parts or keeper.entry.failures
            }
            try:
                snapshot.write(self._path, heard)
            except OSError as error:
                log.error("tokens cannot be handed on", problem=error.strerror or "unknown error")
