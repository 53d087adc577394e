"""Records as events, by OTLP's logs: each at least once, its id is an attribute."""

import asyncio
from typing import Any

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExportResult
from opentelemetry.trace import NonRecordingSpan, set_span_in_context

from extproc.config.telemetry import Collector
from extproc.telemetry import readers
from extproc.telemetry.names import RESOURCE, operation, provider
from extproc.telemetry.traces import ATTRIBUTES, SCOPE, parent
from extproc.usage import rows
from extproc.usage.destination import Found
from extproc.usage.record import Record
from extproc.usage.refused import Refused

ATTEMPT = "extproc.attempt"
REFUSED = "extproc.refused"
"""What the events are called (https://opentelemetry.io/docs/specs/otel/logs/data-model/)."""
NAMES = {field: name for name, field in ATTRIBUTES.items()}
"""What a record calls it → OpenTelemetry's name; others are `extproc.` and their own."""

ELSEWHERE = ("at", "operation", "provider", "request_id")
"""The time of the event; words that OpenTelemetry has of its own; and `exchange`, which is it."""


class NotTaken(Exception):
    """A collector is away, or refuses them."""


class Logs:
    """One collector."""

    away = "the collector of usage is away, records wait"
    back = "the collector of usage is back"

    def __init__(self, settings: Collector) -> None:
        """Unresolved."""
        self._exporter = readers.logs(settings)

    def due(self, now: float) -> bool:
        """There is nothing to do without records."""
        return False

    async def write(self, found: Found, now: float) -> None:
        """Returns when the collector has said that it has them."""
        made = [event(one) for one in found]
        if not made:
            return
        result = await asyncio.to_thread(self._exporter.export, made)
        if result is not LogRecordExportResult.SUCCESS:
            raise NotTaken("it does not answer, or not with a 2xx")

    async def leave(self) -> None:
        """Lets go of the connection."""
        self._exporter.shutdown()  # type: ignore[no-untyped-call]  # it says no types there


def event(one: Record | Refused) -> ReadableLogRecord:
    """What was written down, in OpenTelemetry's words."""
    at = int(one.at * 1_000_000_000)
    if isinstance(one, Refused):
        said = {f"extproc.{name}": value for name, value in rows.of(one).items()}
        return _readable(LogRecord(timestamp=at, event_name=REFUSED, attributes=said))
    span = parent(one.traceparent)
    return _readable(
        LogRecord(
            timestamp=at,
            event_name=ATTEMPT,
            attributes=_attributes(one),
            context=None if span is None else set_span_in_context(NonRecordingSpan(span)),
            severity_number=SeverityNumber.ERROR if one.failure else SeverityNumber.INFO,
        )
    )


def _attributes(record: Record) -> dict[str, Any]:
    every = ((name, value) for name, value in rows.of(record).items() if name not in ELSEWHERE)
    return {
        "gen_ai.operation.name": operation(record),
        "gen_ai.provider.name": provider(record),
        # What is not known is not there; a number of 0 is known.
        **{NAMES.get(name, f"extproc.{name}"): value for name, value in every if value != ""},
    }


def _readable(record: LogRecord) -> ReadableLogRecord:
    return ReadableLogRecord(record, RESOURCE, SCOPE)
