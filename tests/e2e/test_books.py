"""What is recorded of requests through a real Envoy: every attempt, who made it, what it cost."""

import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import openai
import orjson
import pytest

from extproc.lab import lines
from extproc.lab.local import Local, free_port
from extproc.lab.simulator import RunningSimulator
from tests.e2e.listener import needs_backend_first, needs_own_listener, needs_retry_elsewhere
from tests.e2e.test_realtime import ask as ask_aloud
from tests.extproc.telemetry.collector import Collector

ENV = {
    **os.environ,
    "KEY": "sk-key-of-the-gateway",
    "DORAS": "key-of-dora",
    "MAXS": "key-of-max",
    "ADMIN": "adm",
}
KEY = {"api_key": "env:KEY"}
PRICE = {"input": 2.0, "output": 10.0}


class World:
    """A gateway that keeps books, with a failing provider and one that serves."""

    def __init__(
        self, local: Local, ports: tuple[int, int], collector: Collector, *, envoy: bool
    ) -> None:
        """`ports`: of metrics, and of the management API; `envoy`: it makes spans of its own."""
        self.local, self.collector, self.envoy = local, collector, envoy
        self.port, self.admin_port = ports

    def client(self, key: str = "key-of-dora") -> openai.OpenAI:
        url = f"{self.local.url}/v1"
        return openai.OpenAI(base_url=url, api_key=key, max_retries=0, timeout=30)

    def ask(self, model: str, key: str = "key-of-dora", **more) -> float:
        """When it was asked, for `stored`."""
        began = time.time()
        messages = [{"role": "user", "content": "hello there"}]
        answer = self.client(key).chat.completions.create(model=model, messages=messages, **more)
        if more.get("stream"):
            assert [*answer]
        return began

    def stored(self, model: str, many: int, since: float = 0) -> list[dict]:
        """The attempts for a model, once there are `many` of later than `since`."""
        found: list[dict] = []

        def look() -> bool:
            question = "SELECT * FROM attempts WHERE request_model = ? AND at >= ?"
            found[:] = self._stored(question, model, since)
            return len(found) >= many

        self.local.wait_for(look, f"{many} records of {model}")
        return sorted(found, key=lambda row: row["at"])

    def spans(self, trace: str, many: int) -> list[dict]:
        """Those of a trace, once there are `many`."""
        found: list[dict] = []

        def look() -> bool:
            every = [one for one in self.collector.spans() if one["traceId"] == trace]
            found[:] = [one for one in every if "extproc.backend" in one["attributes"]]
            return len(found) >= many

        self.local.wait_for(look, f"{many} spans of {trace}")
        return sorted(found, key=lambda span: int(span["startTimeUnixNano"]))

    def logged(self, row: dict) -> None:
        """Waits until the collector has the same attempt as an event, once."""

        def look() -> bool:
            every = [one["attributes"] for one in self.collector.logs()]
            found = [one for one in every if one.get("extproc.id") == row["id"]]
            return [one["extproc.cost_nanousd"] for one in found] == [row["cost_nanousd"]]

        self.local.wait_for(look, f"the event of {row['id']}")

    def parent(self, trace: str) -> str:
        """The span above those of the attempts: Envoy's own, if it makes one, or the client's."""
        if not self.envoy:
            return PARENT
        found: list[dict] = []

        def look() -> bool:
            every = [one for one in self.collector.spans() if one["traceId"] == trace]
            found[:] = [one for one in every if one["parentSpanId"] == PARENT]
            return bool(found)

        self.local.wait_for(look, f"Envoy's span of {trace}")
        (one,) = found
        return one["spanId"]

    def _stored(self, question: str, *values: str) -> list[dict]:
        try:
            with sqlite3.connect(self.local.directory / "usage.db") as store:
                store.row_factory = sqlite3.Row
                return [dict(row) for row in store.execute(question, values)]
        except sqlite3.OperationalError:
            return []  # nothing was stored yet

    def refused(self, wanted: set[tuple]) -> set[tuple]:
        """What Envoy has answered by itself, once all of `wanted` is there."""
        found: set[tuple] = set()
        kinds = "client, operation, status, failure"

        def look() -> bool:
            rows = self._stored(f"SELECT {kinds}, sum(requests) FROM refused GROUP BY {kinds}")
            found.clear()
            found.update(tuple(row.values()) for row in rows)
            return found >= wanted

        self.local.wait_for(look, f"{wanted} among what was refused")
        return found

    def errors(self) -> dict[str, dict]:
        """What the management API tells, by why."""
        url = f"http://127.0.0.1:{self.admin_port}/api/errors"
        said = httpx.get(url, headers={"authorization": "Bearer adm"}, timeout=20).json()
        return {one["failure"]: one for one in said["errors"]}

    def exchange(self, model: str) -> dict:
        (found,) = self._stored("SELECT * FROM exchanges WHERE request_model = ?", model)
        return found

    def metrics(self) -> str:
        return httpx.get(f"http://127.0.0.1:{self.port}/metrics", timeout=20).text

    def raw(self, exchange: str) -> list[dict]:
        """What the management API tells of a request's bodies, once anything is kept."""
        url = f"http://127.0.0.1:{self.admin_port}/api/exchanges/{exchange}/raw"
        answers: list[httpx.Response] = []

        def look() -> bool:
            answers[:] = [httpx.get(url, headers={"authorization": "Bearer adm"}, timeout=20)]
            return answers[0].status_code == 200

        self.local.wait_for(look, f"the bodies of {exchange}")
        return answers[0].json()["attempts"]

    def books(self) -> list[int]:
        """The processes that have kept the books, the last one at the end."""
        said = [orjson.loads(line) for line in lines.ended(self.local.server.log)]
        ready = [line for line in said if line.get("event") == "ready"]
        return [line["pid"] for line in ready if line.get("worker") == "books"]


@pytest.fixture(scope="module", params=["lean", "grpcio"])
def world(request, tmp_path_factory) -> Iterator[World]:
    clients = tmp_path_factory.mktemp("c") / "clients.yaml"
    clients.write_text("dora: env:DORAS\nmax: env:MAXS\n")
    port, admin = free_port(), free_port()
    envoy = request.param == "grpcio"
    fail = {"broken": {"status": 503}}
    with (
        RunningSimulator(by_model=fail) as first,
        RunningSimulator() as second,
        Collector() as collector,
    ):
        backends = {
            "first": {"provider": "openai", "base_url": first.url, "credential": KEY},
            "claude": {
                **{"provider": "anthropic", "base_url": second.url, "credential": KEY},
                "store_raw": True,
                "send_back_raw_request": True,
                "send_back_raw_response": True,
            },
            "vectors": {"provider": "cohere", "base_url": second.url, "credential": KEY},
        }
        routes = [
            route("plain", {"backend": "first", "model": "gpt-4o-mini"}),
            route("streamed", {"backend": "claude", "model": "claude-sonnet-4-5"}),
            route("spoken", {"backend": "first", "model": "gpt-realtime"}),
            route("parted", {"backend": "vectors", "model": "embed-v4.0"}),
            route("killed", {"backend": "first", "model": "gpt-4o-mini"}),
            route("refused", {"backend": "first", "model": "gpt-4o-mini"}),
            route(
                "moved",
                {"backend": "first", "model": "broken"},
                {"backend": "claude", "model": "claude-sonnet-4-5", "priority": 1},
            ),
            route("again", {"backend": "first", "model": "broken"}, retry={"on": ["5xx"]}),
        ]
        config = {
            "backends": backends,
            "routes": routes,
            "clients": {"api_keys": {"file": str(clients)}},
            "usage": {
                "store": "sqlite:///usage.db",
                "raw": {"redact": ["messages.*.content"]},
                "logs": {"endpoint": f"{collector.url}/v1/logs"},
            },
            "admin": {"port": admin, "key": "env:ADMIN"},
            "telemetry": {
                "prometheus": {"port": port},
                "traces": {"endpoint": f"{collector.url}/v1/traces", "envoy": envoy},
            },
            "extproc": {"transport": request.param, "workers": 2},
        }
        with Local(config, ENV) as local:
            yield World(local, (port, admin), collector, envoy=envoy)


PARENT = "00f067aa0ba902b7"


def traced(trace: str, flags: str = "01") -> dict[str, str]:
    return {"traceparent": f"00-{trace}-{PARENT}-{flags}"}


def route(model: str, *backends: dict, **more) -> dict:
    return {"models": [model], "backends": [*backends], "price": PRICE, **more}


def test_an_answer_is_recorded_with_who_asked_and_what_it_cost(world):
    since = world.ask("plain", key="key-of-max")
    (one,) = world.stored("plain", 1, since)
    assert (one["client"], one["backend"], one["provider"]) == ("max", "first", "openai")
    assert (one["operation"], one["upstream_model"]) == ("chat", "gpt-4o-mini")
    assert (one["status"], one["failure"], one["estimated"]) == (200, "", 0)
    tokens = (one["input_tokens"], one["output_tokens"])
    assert min(tokens) > 0
    assert one["cost_nanousd"] == 2_000 * tokens[0] + 10_000 * tokens[1]
    assert one["duration_ms"] > 0
    assert re.fullmatch("[0-9a-f-]{36}", one["request_id"])
    world.logged(one)


@needs_retry_elsewhere
def test_each_attempt_is_recorded_and_all_are_one_exchange(world):
    since = world.ask("moved")
    first, second = world.stored("moved", 2, since)
    assert (first["backend"], first["status"], first["cost_nanousd"]) == ("first", 503, 0)
    assert (second["backend"], second["status"]) == ("claude", 200)
    assert {first["client"], second["client"]} == {"dora"}
    whole = world.exchange("moved")
    assert (whole["attempts"], whole["backend"], whole["status"]) == (2, "claude", 200)
    assert whole["cost_nanousd"] == second["cost_nanousd"] > 0


@needs_retry_elsewhere
def test_attempts_at_one_backend_know_who_asked_too(world):
    with pytest.raises(openai.InternalServerError):
        world.ask("again")
    found = world.stored("again", 2)
    assert {one["client"] for one in found} == {"dora"}
    assert len({one["request_id"] for one in found}) == 1


def test_a_stream_is_recorded_with_its_first_token(world):
    since = world.ask("streamed", stream=True)
    (one,) = world.stored("streamed", 1, since)
    assert one["stream"] == 1
    assert 0 < one["ttft_ms"] <= one["duration_ms"]


def test_a_backend_sends_back_what_it_got_and_answered(world):
    messages = [{"role": "user", "content": "hello there"}]
    asked = {"model": "streamed", "messages": messages}
    chat = world.client().chat.completions
    fields = chat.create(**asked).extra_fields
    assert fields["raw_request"]["model"] == "claude-sonnet-4-5"
    assert fields["raw_response"]["type"] == "message"
    first, *others = chat.create(**asked, stream=True)
    assert first.extra_fields["raw_request"]["stream"] is True
    told = [getattr(one, "extra_fields", {}) for one in (first, *others)]
    raw = "".join(one.get("raw_response", "") for one in told)
    assert raw.startswith("event: message_start")
    assert "content_block_delta" in raw
    plain = chat.create(model="plain", messages=messages)
    assert not hasattr(plain, "extra_fields")


def test_a_request_in_parts_is_recorded_once(world):
    texts = [f"text {number}" for number in range(200)]
    answer = world.client().embeddings.create(model="parted", input=texts)
    assert len(answer.data) == 200
    (one,) = world.stored("parted", 1)
    assert one["input_tokens"] == answer.usage.prompt_tokens
    assert one["failure"] == ""
    assert one["duration_ms"] > 0


def test_a_session_is_recorded_with_who_talked(world):
    async def talk() -> None:
        url = f"{world.local.url}/v1"
        client = openai.AsyncOpenAI(base_url=url, api_key="key-of-max")
        more = {"extra_headers": traced("a" * 32)}
        async with client.realtime.connect(model="spoken", **more) as connection:
            await ask_aloud(connection)

    asyncio.run(talk())
    (one,) = world.stored("spoken", 1)
    assert (one["client"], one["operation"], one["backend"]) == ("max", "realtime", "first")
    assert one["provider"] == "openai"
    assert one["total_tokens"] == 17
    assert one["request_id"]
    (span,) = world.spans("a" * 32, 1)
    assert span["name"] == "realtime spoken"
    assert span["parentSpanId"] == world.parent("a" * 32)


@needs_retry_elsewhere
def test_each_attempt_is_a_span_below_that_of_the_client(world):
    world.ask("moved", extra_headers=traced("b" * 32))
    first, second = world.spans("b" * 32, 2)
    assert {first["parentSpanId"], second["parentSpanId"]} == {world.parent("b" * 32)}
    assert first["spanId"] != second["spanId"]
    assert first["attributes"]["error.type"] == "unavailable"
    assert first["attributes"]["extproc.backend"] == "first"
    said = second["attributes"]
    assert said["gen_ai.provider.name"] == "anthropic"
    assert said["gen_ai.request.model"] == "moved"
    assert said["extproc.upstream_model"] == "claude-sonnet-4-5"
    assert said["extproc.client"] == "dora"
    assert min(said["gen_ai.usage.input_tokens"], said["gen_ai.usage.output_tokens"]) > 0
    assert int(first["endTimeUnixNano"]) <= int(second["endTimeUnixNano"])


def test_what_the_client_does_not_sample_is_not_traced(world):
    world.ask("plain", extra_headers=traced("c" * 32, flags="00"))
    world.ask("plain", extra_headers=traced("d" * 32))
    assert len(world.spans("d" * 32, 1)) == 1
    assert "c" * 32 not in {span["traceId"] for span in world.collector.spans()}


@needs_backend_first
def test_a_request_that_is_refused_here_is_recorded(world):
    url = f"{world.local.url}/v1/chat/completions"
    headers = {"authorization": "Bearer key-of-dora", "x-ai-model": "refused"}
    assert httpx.post(url, content=b"[]", headers=headers, timeout=30).status_code == 400
    (one,) = world.stored("refused", 1)
    assert (one["error_type"], one["status"], one["cost_nanousd"]) == ("invalid_request", 0, 0)
    assert (one["client"], one["backend"]) == ("dora", "first")


@needs_own_listener
def test_what_envoy_answers_by_itself_is_counted(world):
    url = f"{world.local.url}/v1/chat/completions"
    for key in ("nobodys", "nobodys", "key-of-max"):
        headers = {"authorization": f"Bearer {key}"}
        httpx.post(url, json={"model": "unknown"}, headers=headers, timeout=30)
    wanted = {("", "chat", 401, "unknown_api_key", 2), ("max", "chat", 404, "direct_response", 1)}
    assert wanted <= world.refused(wanted)
    assert not {row[2] for row in world.refused(wanted)} & {200, 503}
    said = world.errors()
    assert {"status": 401, "client": "", "backend": ""}.items() <= said["unknown_api_key"].items()
    world.local.wait_for(
        lambda: 'error_type="unknown_api_key",extproc_status="401"' in world.metrics(), "a metric"
    )


@needs_retry_elsewhere
def test_bodies_are_kept_of_the_backends_that_say_so(world):
    since = world.ask("moved")
    last = world.stored("moved", 2, since)[-1]
    (one,) = world.raw(last["request_id"])
    assert (one["backend"], one["id"]) == ("claude", last["id"])
    asked = orjson.loads(one["request"])
    assert asked["model"] == "claude-sonnet-4-5"
    assert [said["content"] for said in asked["messages"]] == ["[redacted]"]
    assert len(one["request"]) <= one["request_bytes"]
    assert orjson.loads(one["response"])["type"] == "message"


def test_a_stream_is_kept_as_its_provider_sent_it(world):
    since = world.ask("streamed", stream=True)
    (last,) = world.stored("streamed", 1, since)
    command = [sys.executable, "-m", "extproc", "usage", "--config", world.local.config_file]
    world.raw(last["id"])
    done = subprocess.run(
        [*map(str, command), "--raw", last["id"]], capture_output=True, timeout=60, check=True
    )
    (one,) = orjson.loads(done.stdout)
    assert "event: message_start" in one["response"]
    assert one["response"].count("data: ") > 3


def test_no_span_of_envoys_tells_a_clients_key(world):
    if not world.envoy:
        return
    url = f"{world.local.url}/v1beta/models/nobodys:generateContent?key=key-of-dora"
    assert httpx.post(url, json={}, headers=traced("e" * 32), timeout=30).status_code == 404
    assert world.parent("e" * 32)
    assert "key-of" not in str(world.collector.got)


def test_the_report_sums_it_up(world):
    world.ask("plain")
    world.stored("plain", 1)
    command = [sys.executable, "-m", "extproc", "usage", "--config", world.local.config_file]
    done = subprocess.run(
        [*map(str, command), "--by", "client,model", "--since", "1d", "--format", "json"],
        capture_output=True,
        timeout=60,
        check=True,
    )
    rows = orjson.loads(done.stdout)
    assert {"client": "dora", "model": "plain"}.items() <= _row(rows, "dora", "plain").items()
    table = subprocess.run([*map(str, command)], capture_output=True, timeout=60, check=True)
    assert b"plain" in table.stdout


def _row(rows: list[dict], client: str, model: str) -> dict:
    return next(row for row in rows if (row["client"], row["model"]) == (client, model))


def test_prometheus_finds_the_metrics(world):
    world.ask("plain")
    world.local.wait_for(lambda: 'request_model="plain"' in world.metrics(), "the metrics")
    text = world.metrics()
    for name in (
        "gen_ai_client_token_usage",
        "gen_ai_server_request_duration_seconds_bucket",
        "extproc_tokens",
        "extproc_cost",
        "extproc_attempts",
        "extproc_processes",
        "extproc_usage_waiting",
    ):
        assert name in text, name
    assert "key-of" not in text


def test_nothing_is_lost_with_the_process_that_keeps_the_books(world):
    (*_, pid) = world.books()
    os.kill(pid, signal.SIGSTOP)
    for _ in range(3):
        world.ask("killed")
    os.kill(pid, signal.SIGKILL)
    assert len(world.stored("killed", 3)) == 3
    world.local.wait_for(lambda: len(world.books()) > 1, "another one")
