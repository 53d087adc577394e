"""The instruments, and what a record adds to each.

Names, units and buckets of `gen_ai.*` are those of OpenTelemetry's semantic conventions
(https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/, checked 2026-11).
"""

from collections.abc import Callable, Iterable, Mapping

from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import NonRecordingSpan, set_span_in_context

import extproc
from extproc.telemetry.bounded import Bounded
from extproc.telemetry.names import RESOURCE, operation, provider
from extproc.usage.record import Record
from extproc.usage.refused import Refused

MODELS = 200
"""Names of models that are told apart."""
FEW = 100
"""Backends, providers, kinds of failure."""
FEW_OF = ("backend", "provider", "operation", "failure", "limit", "reason", "refused status")

TOKENS = [4.0**power for power in range(14)]
DURATIONS = [0.01 * 2**power for power in range(14)]
FIRST = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0]
EACH = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5]

KINDS = ("input", "output", "cache_read", "cache_write", "reasoning")
EVENTS = {
    "worker died": "process died",
    "worker is silent, killed": "process hung",
    "configuration accepted": "configuration accepted",
    "configuration refused, the old one stays": "configuration refused",
    "configuration refused by Envoy, the one before is back": "configuration refused by Envoy",
    "exchange failed": "exchange failed",
    "configuration not taken, the old one stays": "configuration not taken",
    "Envoy refused the configuration": "Envoy refused",
    "an identity has a token": "token obtained",
    "a token was not refreshed": "token not refreshed",
    "an identity has no token": "token missing",
    "no credential": "credential missing",
    "a backend's probe failed": "probe failed",
    "a backend's probe succeeds again": "probe succeeded again",
    "rate limit store failed": "rate limit store failed",
    "stood still: Envoy did what on_error says": "limiter stood still",
    "the store of usage is away, records wait": "usage store away",
    "the collector of usage is away, records wait": "usage collector away",
    "the topic of usage is away, records wait": "usage topic away",
    "a budget is nearly used": "budget nearly used",
    "a raw body was lost": "raw body lost",
}
"""Lines of the log that are counted → what `extproc.events` calls them."""

Labels = Mapping[str, str]
Gauges = Mapping[str, Callable[[], float]]


class Metrics:
    """All instruments."""

    def __init__(self, readers: Iterable[MetricReader], gauges: Gauges) -> None:
        """`gauges`: what can be asked for at any time, by the ends of their names."""
        self._provider = MeterProvider(metric_readers=[*readers], resource=RESOURCE)
        meter = self._provider.get_meter("extproc", extproc.__version__)
        histogram = meter.create_histogram
        self._tokens = histogram(
            "gen_ai.client.token.usage",
            "{token}",
            "Tokens of an attempt.",
            explicit_bucket_boundaries_advisory=TOKENS,
        )
        self._duration = histogram(
            "gen_ai.server.request.duration",
            "s",
            "From a request to the end of its answer.",
            explicit_bucket_boundaries_advisory=DURATIONS,
        )
        self._first = histogram(
            "gen_ai.server.time_to_first_token",
            "s",
            "From a request to the first byte of its answer.",
            explicit_bucket_boundaries_advisory=FIRST,
        )
        self._each = histogram(
            "gen_ai.server.time_per_output_token",
            "s",
            "Of a streamed answer, after the first token.",
            explicit_bucket_boundaries_advisory=EACH,
        )
        self._attempts = meter.create_counter("extproc.attempts", "{attempt}", "Attempts.")
        self._refused = meter.create_counter(
            "extproc.refused", "{request}", "Requests that no backend was asked for."
        )
        self._kinds = meter.create_counter("extproc.tokens", "{token}", "Tokens, by kind.")
        self._cost = meter.create_counter("extproc.cost", "USD", "Cost, by the routes' prices.")
        self._events = meter.create_counter("extproc.events", "{event}", "What has happened here.")
        self._exceeded = meter.create_counter(
            "extproc.limits.exceeded", "{request}", "What limits in shadow would have refused."
        )
        self._lost = meter.create_counter("extproc.records.lost", "{record}", "Records lost.")
        self._unsent = meter.create_counter("extproc.spans.lost", "{span}", "Spans lost.")
        self._begin()
        for name, read in gauges.items():
            meter.create_observable_gauge(f"extproc.{name}", [_callback(read)])
        self._models, self._served = Bounded(MODELS), Bounded(MODELS)
        self._few = {name: Bounded(FEW) for name in FEW_OF}

    def _begin(self) -> None:
        """Counters that begin with 1 have not increased, as Prometheus sees it
        (https://prometheus.io/docs/practices/instrumentation/#avoid-missing-metrics)."""
        for name in {*EVENTS.values()}:
            self._events.add(0, {"extproc.event": name})
        self._lost.add(0)
        self._unsent.add(0)

    def add(self, record: Record, span: ReadableSpan | None = None) -> None:
        """One attempt more; `span`: an example of it."""
        shown = None if span is None else set_span_in_context(NonRecordingSpan(span.context))
        labels = self._labels(record)
        own = {**labels, "extproc.backend": self._few["backend"](record.backend)}
        failure = {"error.type": self._few["failure"](record.failure)} if record.failure else {}
        self._attempts.add(1, {**own, **failure, "extproc.status": str(record.status)})
        if record.duration_ms:
            self._duration.record(record.duration_ms / 1000, {**labels, **failure}, shown)
        self._add_tokens(record, labels, own, shown)
        if record.stream and record.ttft_ms:
            self._first.record(record.ttft_ms / 1000, labels, shown)
            rest = record.duration_ms - record.ttft_ms
            if record.output_tokens > 1 and rest > 0:
                self._each.record(rest / 1000 / (record.output_tokens - 1), labels, shown)

    def _add_tokens(
        self, record: Record, labels: Labels, own: Labels, shown: Context | None
    ) -> None:
        for kind in KINDS:
            tokens = getattr(record, f"{kind}_tokens")
            if tokens:
                self._kinds.add(tokens, {**own, "gen_ai.token.type": kind})
                if kind in KINDS[:2]:
                    self._tokens.record(tokens, {**labels, "gen_ai.token.type": kind}, shown)
        if record.cost_nanousd:
            self._cost.add(record.cost_nanousd / 1_000_000_000, own)

    def _labels(self, record: Record) -> Labels:
        found = {
            "gen_ai.operation.name": self._few["operation"](operation(record)),
            "gen_ai.provider.name": self._few["provider"](provider(record)),
            "gen_ai.request.model": self._models(record.request_model),
            "gen_ai.response.model": self._served(record.response_model),
        }
        return {name: value for name, value in found.items() if value}

    def refused(self, said: Refused) -> None:
        """So many requests more that no backend was asked for."""
        labels = {
            "gen_ai.operation.name": self._few["operation"](said.operation),
            "error.type": self._few["reason"](said.reason),
            "extproc.status": self._few["refused status"](str(said.status)),
        }
        self._refused.add(said.refused, {name: value for name, value in labels.items() if value})

    def happened(self, event: str) -> None:
        """One line of the log that is counted; others are not."""
        name = EVENTS.get(event)
        if name is not None:
            self._events.add(1, {"extproc.event": name})

    def watch(self, limits: Iterable[str]) -> None:
        """These limits in shadow have refused nothing so far."""
        for limit in limits:
            self._exceeded.add(0, {"extproc.limit": self._few["limit"](limit)})

    def exceeded(self, limit: str) -> None:
        """One request more that a limit in shadow would have refused."""
        self._exceeded.add(1, {"extproc.limit": self._few["limit"](limit)})

    def lost(self, records: int) -> None:
        """So many records will never be stored."""
        self._lost.add(records)

    def unsent(self, spans: int) -> None:
        """So many spans will never arrive."""
        self._unsent.add(spans)

    def close(self) -> None:
        """Sends what is not sent, and ends; bounded in time."""
        self._provider.shutdown(timeout_millis=5_000)


def _callback(read: Callable[[], float]) -> Callable[[CallbackOptions], Iterable[Observation]]:
    return lambda options: [Observation(read())]
