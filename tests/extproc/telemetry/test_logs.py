"""Records as events of OTLP."""

import pytest

from extproc.config.load import parse
from extproc.process.keeping import others
from extproc.usage.record import read
from extproc.usage.refused import Kind, line
from tests.extproc.telemetry.collector import Collector

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
LINE = (
    b'{"id":"n1","at":5.5,"request_id":"r1","client":"dora","operation":"chat","provider":"openai",'
    b'"backend":"b","status":200,"duration_ms":3,"input_tokens":7,"cost_nanousd":9,"traceparent":'
    + f'"00-{TRACE}-00f067aa0ba902b7-01"}}'.encode()
)


def kept(collector, place, **more):
    logs = {"endpoint": f"{collector.url}/v1/logs", **more}
    usage = parse({"version": 1, "usage": {"store": "sqlite:///u.db", "logs": logs}}).usage
    (found,) = others(usage, place / "gateway.yaml")
    return found


async def test_an_attempt_is_an_event_in_its_trace(tmp_path, monkeypatch):
    monkeypatch.setenv("TEAM", "ours")
    with Collector() as collector:
        keeping = kept(collector, tmp_path, headers={"x-team": "env:TEAM"})
        keeping.add([LINE, line(Kind(60, "dora", "chat", 429, "spent"), 7, "m1")])
        assert await keeping.store(read)
        await keeping.leave()
    ((path, headers, _),) = collector.got
    assert (path, headers["x-team"]) == ("/v1/logs", "ours")
    attempt, refused = collector.logs()
    assert (attempt["eventName"], refused["eventName"]) == ("extproc.attempt", "extproc.refused")
    assert (attempt["timeUnixNano"], attempt["traceId"]) == ("5500000000", TRACE)
    said = attempt["attributes"]
    assert said["extproc.id"] == "n1"
    assert said["extproc.request_id"] == "r1"
    assert said["gen_ai.usage.input_tokens"] == 7
    assert said["gen_ai.usage.output_tokens"] == 0
    assert (said["extproc.cost_nanousd"], said["extproc.client"]) == (9, "dora")
    assert (said["gen_ai.operation.name"], said["gen_ai.provider.name"]) == ("chat", "openai")
    assert "error.type" not in said
    assert refused["attributes"]["extproc.requests"] == 7


@pytest.mark.parametrize("status", [400, 401])
async def test_what_a_collector_does_not_take_waits(tmp_path, status):
    with Collector(status) as collector:
        keeping = kept(collector, tmp_path)
        keeping.add([LINE])
        assert not await keeping.store(read)
        assert keeping.waiting == len(LINE) + 1
        await keeping.leave()
    with Collector() as collector:
        keeping = kept(collector, tmp_path)
        assert await keeping.store(read)
        assert len(collector.logs()) == 1
        await keeping.leave()
