"""The snapshot that all Envoys shall have, and what they think of it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from extproc.xds.snapshot import Snapshot

log = structlog.get_logger()


class Source:
    """One for all streams of a process."""

    def __init__(self, snapshot: Snapshot, recall: Callable[[str], None]) -> None:
        """`recall` hears why an Envoy has refused the snapshot in force."""
        self.snapshot = snapshot
        self._good: Snapshot | None = None
        """The last one that an Envoy has taken."""
        self._recall = recall
        self._listening: set[asyncio.Event] = set()

    def put(self, snapshot: Snapshot) -> None:
        """Another one is in force."""
        if snapshot.version == self.snapshot.version:
            return
        self.snapshot = snapshot
        for event in self._listening:
            event.set()

    @contextmanager
    def stirring(self, event: asyncio.Event) -> Iterator[None]:
        """Sets the event at each change."""
        self._listening.add(event)
        try:
            yield
        finally:
            self._listening.discard(event)

    def taken(self, snapshot: Snapshot) -> None:
        """An Envoy has all of it."""
        self._good = snapshot

    def refused(self, snapshot: Snapshot, envoy: str, why: str) -> None:
        """An Envoy has refused a part: what was good before is in force again."""
        log.error("Envoy refused the configuration", envoy=envoy, problem=why)
        if snapshot is not self.snapshot:
            return
        self._recall(why)
        if self._good is not None:
            self.put(self._good)
