"""What an attempt's span says, whose child it is, and how it leaves."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extproc.config.telemetry import Traces
from extproc.telemetry import readers, sending
from extproc.telemetry.sending import Sending
from extproc.telemetry.traces import Spans
from extproc.usage.record import Record
from tests.extproc.telemetry.collector import Collector
from tests.extproc.usage.test_store import record

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED = f"00-{TRACE}-{PARENT}-01"


def settings(url: str = "http://127.0.0.1:9", **more: Any) -> Traces:
    return Traces.model_validate({"endpoint": f"{url}/v1/traces", **more})


def span(one: Record, now: float = 100.0, **more: Any) -> Any:
    return Spans(settings(**more)).span(one, now)


def test_it_is_a_child_of_what_the_request_names():
    found = span(record(1, traceparent=SAMPLED))
    assert f"{found.context.trace_id:032x}" == TRACE
    assert f"{found.parent.span_id:016x}" == PARENT
    assert found.context.span_id not in (0, found.parent.span_id)
    other = span(record(2, traceparent=SAMPLED))
    assert other.context.span_id != found.context.span_id


def test_it_says_what_the_conventions_call_it():
    one = record(
        1,
        traceparent=SAMPLED,
        stream=True,
        ttft_ms=20.0,
        response_model="gpt-4o-1",
        finish_reason="stop",
        cache_read_tokens=4,
        at=50.0,
    )
    found = span(one)
    assert found.name == "chat smart"
    assert found.kind.name == "CLIENT"
    assert found.status.is_unset
    assert (found.start_time, found.end_time) == (50 * 10**9, 50 * 10**9 + 10**8)
    said = dict(found.attributes)
    assert {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "smart",
        "gen_ai.response.model": "gpt-4o-1",
        "gen_ai.request.stream": True,
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 5,
        "gen_ai.usage.cache_read.input_tokens": 4,
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.response.time_to_first_chunk": 0.02,
        "http.response.status_code": 200,
        "extproc.backend": "one",
    }.items() <= said.items()
    assert "error.type" not in said
    assert not any(name.startswith("llm.") for name in said)
    (event,) = found.events
    assert (event.name, event.timestamp) == ("gen_ai.first_token", int(50.02 * 10**9))


def test_what_failed_says_why():
    found = span(record(1, traceparent=SAMPLED, status=503, error_type="overloaded"))
    assert found.attributes["error.type"] == "overloaded"
    assert found.status.status_code.name == "ERROR"


def test_an_attempt_that_was_cut_ends_when_it_is_heard_of():
    found = span(record(1, traceparent=SAMPLED, duration_ms=0, at=50.0), now=53.0)
    assert found.attributes["error.type"] == "cut"
    assert found.end_time - found.start_time == 3 * 10**9
    early = span(record(1, traceparent=SAMPLED, duration_ms=0, at=50.0), now=40.0)
    assert early.end_time == early.start_time


def test_openinference_is_told_too_where_it_is_wanted():
    found = span(record(1, traceparent=SAMPLED, operation="embeddings"), openinference=True)
    said = dict(found.attributes)
    assert said["openinference.span.kind"] == "EMBEDDING"
    assert said["llm.token_count.prompt"] == 10
    assert said["gen_ai.usage.input_tokens"] == 10


@pytest.mark.parametrize(
    ("traceparent", "wanted"),
    [
        (SAMPLED, True),
        (f"00-{TRACE}-{PARENT}-00", False),
        (f"00-{TRACE}-{PARENT}-03", True),
        (f"cc-{TRACE}-{PARENT}-01-what-comes-later", True),
    ],
)
def test_the_request_decides_whether_it_is_traced(traceparent, wanted):
    for ratio in (0.0, 1.0):
        found = span(record(1, traceparent=traceparent), ratio=ratio)
        assert (found is not None) == wanted


@pytest.mark.parametrize(
    "traceparent",
    [
        *("", "x" * 55, SAMPLED.upper(), SAMPLED[:50], f"ff-{TRACE}-{PARENT}-01"),
        *(f"00-{'0' * 32}-{PARENT}-01", f"00-{TRACE}-{'0' * 16}-01"),
    ],
)
def test_what_names_no_trace_begins_one(traceparent):
    first = span(record(1, traceparent=traceparent, request_id="r"))
    second = span(record(2, traceparent=traceparent, request_id="r"))
    assert first.parent is second.parent is None
    assert first.context.trace_id == second.context.trace_id
    assert first.context.span_id != second.context.span_id


def test_a_share_of_the_requests_is_traced_and_each_wholly():
    made = Spans(settings(ratio=0.25))
    kept = 0
    for number in range(2_000):
        attempts = [record(2 * number + n, request_id=f"r{number}") for n in (0, 1)]
        wanted = {made.span(one, 0.0) is not None for one in attempts}
        assert len(wanted) == 1
        kept += wanted.pop()
    assert 400 < kept < 600


@given(traceparent=st.text(max_size=55), model=st.text(max_size=20))
def test_whatever_clients_say_is_no_failure(traceparent, model):
    assert span(record(1, traceparent=traceparent, request_model=model)) is not None


def run(collector: Collector, records: list[Record], lost: list[int]) -> None:
    async def main() -> None:
        made = settings(collector.url)
        one = Sending(made, readers.spans(made), lost.append)
        for each in records:
            one.add(each, 0.0)
        await one.leave(asyncio.create_task(one.run()))

    asyncio.run(main())


def test_spans_arrive_as_otlp_in_json():
    lost: list[int] = []
    with Collector() as collector:
        run(collector, [record(n, traceparent=SAMPLED) for n in range(1_000)], lost)
        found = collector.spans()
    assert len(found) == len({one["spanId"] for one in found}) == 1_000
    assert {one["traceId"] for one in found} == {TRACE}
    assert {one["parentSpanId"] for one in found} == {PARENT}
    assert found[0]["attributes"]["gen_ai.usage.input_tokens"] == 10
    assert {path for path, _, _ in collector.got} == {"/v1/traces"}
    assert lost == []


def test_what_a_collector_refuses_is_counted():
    lost: list[int] = []
    with Collector(status=400) as collector:
        run(collector, [record(1), record(2)], lost)
    assert sum(lost) == 2


def test_what_waits_is_bounded(monkeypatch):
    monkeypatch.setattr(sending, "MOST", 3)
    lost: list[int] = []
    with Collector() as collector:
        run(collector, [record(n) for n in range(5)], lost)
        assert len(collector.spans()) == 3
    assert sum(lost) == 2
