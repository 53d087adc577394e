"""What the limiter has to say about itself, seldom enough to be read."""

import time

import structlog

log = structlog.get_logger()

EVERY = 10.0
"""Seconds between two lines about the same thing."""


class Notice:
    """A warning that says how often a thing has happened since the last one."""

    def __init__(self, event: str) -> None:
        self._event = event
        self._times = 0
        self._next = 0.0

    def __call__(self, **facts: str | int) -> None:
        self._times += 1
        now = time.monotonic()
        if now >= self._next:
            log.warning(self._event, times=self._times, **facts)
            self._times, self._next = 0, now + EVERY
