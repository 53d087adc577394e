"""What a record adds to the metrics."""

import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from extproc.config.telemetry import Traces
from extproc.telemetry.bounded import LONGEST, OTHER, Bounded
from extproc.telemetry.metrics import EVENTS, MODELS, Metrics
from extproc.telemetry.traces import Spans
from tests.extproc.usage.test_store import record


@pytest.fixture
def reader():
    return InMemoryMetricReader()


@pytest.fixture
def metrics(reader):
    made = Metrics([reader], {"processes": lambda: 4.0})
    yield made
    made.close()


def points(reader, name):
    """Labels → point of one instrument."""
    scopes = reader.get_metrics_data().resource_metrics[0].scope_metrics
    found = [metric for scope in scopes for metric in scope.metrics if metric.name == name]
    every = [point for metric in found for point in metric.data.data_points]
    return [(dict(point.attributes), point) for point in every]


def test_the_names_are_those_of_the_conventions(reader, metrics):
    metrics.add(record(1, stream=True, ttft_ms=20.0, response_model="gpt-4o"))
    ((labels, tokens), (_, answer)) = points(reader, "gen_ai.client.token.usage")
    assert labels == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "smart",
        "gen_ai.response.model": "gpt-4o",
        "gen_ai.token.type": "input",
    }
    assert (tokens.sum, answer.sum) == (10, 5)
    assert tokens.explicit_bounds[:4] == (1, 4, 16, 64)
    ((_, duration),) = points(reader, "gen_ai.server.request.duration")
    assert duration.sum == pytest.approx(0.1)
    ((_, first),) = points(reader, "gen_ai.server.time_to_first_token")
    assert first.sum == pytest.approx(0.02)
    ((_, each),) = points(reader, "gen_ai.server.time_per_output_token")
    assert each.sum == pytest.approx(0.08 / 4)


def test_cost_kinds_and_failures_are_counted(reader, metrics):
    metrics.add(record(1, cache_read_tokens=4, reasoning_tokens=2))
    metrics.add(record(2, status=503, error_type="overloaded", input_tokens=0, output_tokens=0))
    kinds = {labels["gen_ai.token.type"]: p.value for labels, p in points(reader, "extproc.tokens")}
    assert kinds == {"input": 10, "output": 5, "cache_read": 4, "reasoning": 2}
    ((labels, cost),) = points(reader, "extproc.cost")
    assert (labels["extproc.backend"], cost.value) == ("one", pytest.approx(0.004))
    failures = {labels.get("error.type") for labels, _ in points(reader, "extproc.attempts")}
    assert failures == {None, "overloaded"}


def test_what_happens_to_the_gateway_is_counted(reader, metrics):
    for event in (*EVENTS, "worker died", "anything else"):
        metrics.happened(event)
    found = {labels["extproc.event"]: p.value for labels, p in points(reader, "extproc.events")}
    assert found["process died"] == 2
    assert len(found) == len(EVENTS)
    metrics.lost(3)
    assert points(reader, "extproc.records.lost")[0][1].value == 3
    assert points(reader, "extproc.processes")[0][1].value == 4


def test_what_has_not_happened_is_0(reader, metrics):
    found = {labels["extproc.event"]: p.value for labels, p in points(reader, "extproc.events")}
    assert found == dict.fromkeys(EVENTS.values(), 0)
    assert points(reader, "extproc.records.lost")[0][1].value == 0


def test_a_traced_attempt_is_an_example(reader, metrics):
    one = record(1, stream=True, ttft_ms=20.0, traceparent=f"00-{'a' * 32}-{'b' * 16}-01")
    metrics.add(one, Spans(Traces(endpoint="http://127.0.0.1:9")).span(one, 0.0))
    ((_, first),) = points(reader, "gen_ai.server.time_to_first_token")
    (example,) = first.exemplars
    assert f"{example.trace_id:032x}" == "a" * 32


def test_clients_cannot_make_any_number_of_series(reader, metrics):
    for number in range(MODELS + 50):
        metrics.add(record(number, request_model=f"m{number}"))
    found = {labels["gen_ai.request.model"] for labels, _ in points(reader, "extproc.attempts")}
    assert len(found) == MODELS + 1
    assert OTHER in found


def test_a_value_is_known_once_it_was_seen():
    bounded = Bounded(2)
    assert [bounded(one) for one in ("a", "b", "c", "a")] == ["a", "b", OTHER, "a"]
    assert bounded("x" * (LONGEST + 1)) == OTHER
