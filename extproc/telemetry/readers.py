"""How metrics and spans leave: read by Prometheus, sent by OTLP."""

import os
from collections.abc import Callable, Iterator

from opentelemetry.sdk._logs.export import LogRecordExporter
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.trace.export import SpanExporter

from extproc.config.references import resolve
from extproc.config.telemetry import Collector, Otlp, Prometheus, Telemetry, Traces

PATIENCE = 5.0
"""Seconds in which a collector must have taken what it gets, further attempts included."""


def readers(settings: Telemetry) -> Iterator[MetricReader]:
    """Those that are wanted; Unresolved."""
    if settings.prometheus is not None:
        from extproc.telemetry.exposed import Reader

        yield Reader()
    if settings.otlp is not None:
        yield _sending(settings.otlp)


def _sending(settings: Otlp) -> MetricReader:
    # In JSON: xds-protos has modules of the names that OTLP's in protobuf have, in another version.
    from opentelemetry.exporter.otlp.json.http.metric_exporter import OTLPMetricExporter

    exporter = OTLPMetricExporter(
        endpoint=settings.endpoint, headers=_headers(settings), timeout=PATIENCE
    )
    return PeriodicExportingMetricReader(exporter, settings.every * 1000, PATIENCE * 1000)


def spans(settings: Traces) -> SpanExporter:
    """Who sends spans; Unresolved."""
    from opentelemetry.exporter.otlp.json.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(
        endpoint=settings.endpoint, headers=_headers(settings), timeout=PATIENCE
    )


def logs(settings: Collector) -> LogRecordExporter:
    """Who sends events; Unresolved."""
    from opentelemetry.exporter.otlp.json.http._log_exporter import OTLPLogExporter

    return OTLPLogExporter(endpoint=settings.endpoint, headers=_headers(settings), timeout=PATIENCE)


def _headers(settings: Collector) -> dict[str, str]:
    return {name: resolve(value, os.environ) for name, value in settings.headers.items()}


def listen(settings: Prometheus) -> Callable[[], object]:
    """Answers Prometheus from a thread; what ends that is returned. OSError."""
    from prometheus_client import start_http_server

    server, thread = start_http_server(settings.port, str(settings.address))

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join(5)

    return stop
