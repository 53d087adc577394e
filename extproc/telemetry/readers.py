"""How metrics leave: read by Prometheus, sent by OTLP."""

import os
from collections.abc import Callable, Iterator

from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader

from extproc.config.references import resolve
from extproc.config.telemetry import Otlp, Prometheus, Telemetry


def readers(settings: Telemetry) -> Iterator[MetricReader]:
    """Those that are wanted; Unresolved."""
    if settings.prometheus is not None:
        from opentelemetry.exporter.prometheus import PrometheusMetricReader

        yield PrometheusMetricReader()
    if settings.otlp is not None:
        yield _sending(settings.otlp)


def _sending(settings: Otlp) -> MetricReader:
    # In JSON: xds-protos has modules of the names that OTLP's in protobuf have, in another version.
    from opentelemetry.exporter.otlp.json.http.metric_exporter import OTLPMetricExporter

    headers = {name: resolve(value, os.environ) for name, value in settings.headers.items()}
    exporter = OTLPMetricExporter(endpoint=str(settings.endpoint), headers=headers, timeout=5)
    return PeriodicExportingMetricReader(exporter, settings.every * 1000, 5_000)


def listen(settings: Prometheus) -> Callable[[], object]:
    """Answers Prometheus from a thread; what ends that is returned. OSError."""
    from prometheus_client import start_http_server

    server, thread = start_http_server(settings.port, str(settings.address))

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join(5)

    return stop
