"""Spans on their way to a collector: a few seconds' worth, and no more while it is away."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import structlog
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from extproc.config.telemetry import Traces
from extproc.telemetry.traces import Spans
from extproc.usage.record import Record

log = structlog.get_logger()

MOST = 8_192
"""Spans that wait; more are lost, and counted."""
AT_ONCE = 512
EVERY = 1.0
"""Seconds between two looks for some to send."""
LEAVING = 8.0
"""Seconds that what is left may take at the end."""


class Sending:
    """The queue, and who empties it."""

    def __init__(
        self, settings: Traces, exporter: SpanExporter, lost: Callable[[int], None]
    ) -> None:
        """`lost`: hears how many spans will never arrive."""
        self._spans = Spans(settings)
        self._exporter = exporter
        self._lost = lost
        self._waiting: deque[ReadableSpan] = deque()
        self._leaving = asyncio.Event()

    def add(self, record: Record, now: float) -> ReadableSpan | None:
        """The span of an attempt, which is on its way, or lost; None: it is not wanted."""
        span = self._spans.span(record, now)
        if span is not None:
            if len(self._waiting) < MOST:
                self._waiting.append(span)
            else:
                self._lost(1)
        return span

    async def run(self) -> None:
        """Sends what comes, until it is told to leave; and then what is left."""
        while not self._leaving.is_set():
            if not await self._send():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._leaving.wait(), EVERY)
        while await self._send():
            pass

    async def _send(self) -> bool:
        """Sends a batch; whether there was one, and it has arrived."""
        batch = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
        if not batch:
            return False
        arrived = await asyncio.to_thread(self._arrives, batch)
        if not arrived:
            self._lost(len(batch))
        return arrived

    def _arrives(self, batch: list[ReadableSpan]) -> bool:
        try:
            return self._exporter.export(batch) is SpanExportResult.SUCCESS
        except Exception as error:
            log.warning("spans were not sent", problem=str(error))
            return False

    async def leave(self, running: asyncio.Task[None]) -> None:
        """Lets `running` end, if that goes fast."""
        self._leaving.set()
        await asyncio.wait([running], timeout=LEAVING)
        self._exporter.shutdown()
