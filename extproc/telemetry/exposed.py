"""Metrics as Prometheus reads them, with examples where it asks for OpenMetrics.

OpenTelemetry's exporter leaves them out; of classic text, the library does
(https://prometheus.io/docs/specs/om/open_metrics_spec/#exemplars).
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics.export import Histogram, MetricsData
from prometheus_client import REGISTRY, CollectorRegistry, Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar, Sample

Labels = frozenset[tuple[str, str]]
Examples = Mapping[tuple[str, Labels, float], Exemplar]
"""Name without its unit, labels and bound of a bucket → an example of what is in it."""

FOREIGN = re.compile("[^a-zA-Z0-9_:]")
"""What stands in no name of Prometheus."""
UNIT = "_seconds"
BUCKET = "_bucket"
SCOPE = "otel_scope_"
SECOND = 1_000_000_000
INFINITE = float("inf")


class Reader(PrometheusMetricReader):
    """Gives what it has when it is read."""

    def __init__(self) -> None:
        own = CollectorRegistry()
        super().__init__(registry=own)
        self.examples: Examples = {}
        self._shown = Shown(self, own)
        REGISTRY.register(self._shown)

    def _receive_metrics(
        self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any
    ) -> None:
        self.examples = dict(_examples(metrics_data))
        super()._receive_metrics(metrics_data, timeout_millis, **kwargs)

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:
        """Nothing is read any more."""
        REGISTRY.unregister(self._shown)
        super().shutdown(timeout_millis, **kwargs)


class Shown(Collector):
    """The same, with examples."""

    def __init__(self, reader: Reader, own: CollectorRegistry) -> None:
        self._reader = reader
        self._own = own

    def describe(self) -> Iterable[Metric]:
        """Nothing is read before it is asked for."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Reads all."""
        for family in self._own.collect():
            if family.type == "histogram" and self._reader.examples:
                name = family.name.removesuffix(UNIT)
                family.samples = [self._with(name, sample) for sample in family.samples]
            yield family

    def _with(self, name: str, sample: Sample) -> Sample:
        bound = sample.labels.get("le")
        if not sample.name.endswith(BUCKET) or bound is None:
            return sample
        key = (name, _labels(sample.labels), float(bound))
        found = self._reader.examples.get(key)
        return sample if found is None else sample._replace(exemplar=found)


def _labels(said: Mapping[str, Any]) -> Labels:
    """Those that tell one series from another."""
    return frozenset(
        (name, str(value))
        for name, value in said.items()
        if name != "le" and not name.startswith(SCOPE) and value != ""
    )


def _examples(data: MetricsData | None) -> Iterator[tuple[tuple[str, Labels, float], Exemplar]]:
    for name, point in _points(data):
        labels = _labels({FOREIGN.sub("_", key): said for key, said in point.attributes.items()})
        bounds = [*point.explicit_bounds, INFINITE]
        for one in point.exemplars:
            if one.trace_id:
                bound = bounds[bisect_left(bounds, one.value)]
                yield (FOREIGN.sub("_", name), labels, bound), _exemplar(one)


def _points(data: MetricsData | None) -> Iterator[tuple[str, Any]]:
    resources = data.resource_metrics if data else ()
    scopes = (scope for resource in resources for scope in resource.scope_metrics)
    for metric in (metric for scope in scopes for metric in scope.metrics):
        if isinstance(metric.data, Histogram):
            for point in metric.data.data_points:
                yield metric.name, point


def _exemplar(one: Any) -> Exemplar:
    named = {"trace_id": f"{one.trace_id:032x}", "span_id": f"{one.span_id:016x}"}
    return Exemplar(named, one.value, one.time_unix_nano / SECOND)
