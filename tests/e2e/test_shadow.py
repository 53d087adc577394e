"""Copies of requests for a second backend, through a real Envoy: one gateway for all of it."""

import os
import sqlite3
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from extproc.lab.local import Local, free_port
from extproc.lab.simulator import RunningSimulator
from extproc.lab.simulator.record import Recorded
from tests.e2e.listener import needs_balance

pytestmark = needs_balance

ENV = {**os.environ, "KEY": "sk-key-of-ours", "NEXT": "sk-key-of-next", "DORA": "key-of-dora"}
HELLO = [{"role": "user", "content": "hello there"}]
BUDGET = 10**6
PATIENCE = 30.0
"""Seconds that an answer may take on a machine that is busy; none of it is for the copy."""
TROUBLES: dict[str, dict[str, Any]] = {
    "failing": {"status": 500},
    "silent": {"hang": "before_headers"},
    "cut": {"drop": "mid", "reset": True},
    "slow": {"tokens": 40, "chunk_delay_ms": 20},
}
"""What the second provider does with a model of that name."""


def config(first: str, second: str, clients: str, metrics: int) -> dict[str, Any]:
    price = {"input": 1.0, "output": 2.0}
    key = {"api_key": "env:NEXT"}
    next_one = {"base_url": second, "credential": key, "price": price}
    backends = {
        "now": {"provider": "openai", "base_url": first, "credential": {"api_key": "env:KEY"}},
        "next": {"provider": "anthropic", "store_raw": True, **next_one},
        "vectors": {"provider": "cohere", **next_one},
        "same": {"provider": "openai", **next_one},
        "gone": {"provider": "openai", **next_one, "base_url": f"http://127.0.0.1:{free_port()}"},
    }
    shadows: dict[str, dict[str, Any]] = {
        "smart-*": {"backend": "next", "model": "claude-sonnet-4-5"},
        "own": {"backend": "now", "model": "gpt-next"},
        "like-*": {"backend": "same"},
        "half": {"backend": "same", "percent": 50},
        "never": {"backend": "same", "percent": 0},
        "vector": {"backend": "vectors", "model": "embed-v4.0"},
        "gone": {"backend": "gone"},
        "mute": {"backend": "next", "model": "silent"},
        **{name: {"backend": "next", "model": name} for name in TROUBLES},
    }
    retried = {
        "models": ["retried"],
        "backends": [{"backend": "now", "model": "broken"}],
        "retry": {"attempts": 3, "on": ["5xx"]},
        "shadow": {"backend": "same"},
    }
    return {
        "backends": backends,
        "routes": [
            retried,
            *(
                {
                    "models": [name],
                    "backends": [{"backend": "now", "model": "gpt-4o"}],
                    "timeouts": {"request": "2s" if name == "mute" else "90s"},
                    "shadow": told,
                }
                for name, told in shadows.items()
            ),
        ],
        "clients": {"api_keys": {"file": clients}},
        "limits": [
            {"per": "client", "tokens": BUDGET, "every": "month"},
            {"per": "header:x-watched", "requests": 2, "every": "month", "shadow": True},
        ],
        "usage": {"store": "sqlite:///usage.db"},
        "telemetry": {"prometheus": {"port": metrics}},
    }


class World:
    """A gateway, and the two providers behind it."""

    def __init__(
        self, local: Local, now: RunningSimulator, later: RunningSimulator, port: int
    ) -> None:
        self.local, self.now, self.later, self._port = local, now, later, port

    @property
    def client(self) -> openai.OpenAI:
        url = f"{self.local.url}/v1"
        return openai.OpenAI(base_url=url, api_key="key-of-dora", max_retries=0, timeout=PATIENCE)

    def ask(
        self, model: str, content: str = "hello there", *, watched: str = "", **more: Any
    ) -> httpx.Response:
        return httpx.post(
            f"{self.local.url}/v1/chat/completions",
            json={"model": model, "messages": [{"role": "user", "content": content}], **more},
            headers={
                "authorization": "Bearer key-of-dora",
                **({"x-watched": watched} if watched else {}),
            },
            timeout=PATIENCE,
        )

    def left(self) -> int:
        """What is left of the budget, by a request that costs nothing."""
        answer = self.ask("never", '[[sim: {"status": 400}]]')
        return int(answer.headers["x-ratelimit-remaining-tokens"])

    def copied(self, model: str, many: int = 1) -> list[dict[str, Any]]:
        """The records of copies for a model, once there are `many`."""
        found: list[dict[str, Any]] = []
        question = "SELECT * FROM attempts WHERE request_model = ?"

        def look() -> bool:
            found[:] = self.stored(question, f"{model}~shadow")
            return len(found) >= many

        self.local.wait_for(look, f"{many} records of {model}~shadow")
        return sorted(found, key=lambda row: row["at"])

    def received(self, before: int) -> Recorded:
        """The first request that the second provider got after so many."""
        self.later.until(lambda sim: len(sim.requests) > before, PATIENCE)
        return self.later.requests[before]

    def stored(self, question: str, *values: str) -> list[dict[str, Any]]:
        try:
            with sqlite3.connect(self.local.directory / "usage.db") as store:
                store.row_factory = sqlite3.Row
                return [dict(row) for row in store.execute(question, values)]
        except sqlite3.OperationalError:
            return []  # nothing was stored yet

    def metrics(self) -> str:
        return httpx.get(f"http://127.0.0.1:{self._port}/metrics", timeout=PATIENCE).text

    def logged(self, model: str) -> dict[str, Any]:
        """The newest record of the access log for a model."""
        return self.local.record(request_model=model)


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[World]:
    clients = tmp_path_factory.mktemp("shadow") / "clients.yaml"
    clients.write_text("dora: env:DORA\n")
    port = free_port()
    with (
        RunningSimulator(validate=False, by_model={"broken": {"status": 503}}) as now,
        RunningSimulator(validate=False, by_model=TROUBLES) as later,
        Local(config(now.url, later.url, str(clients), port), ENV, static=False) as local,
    ):
        yield World(local, now, later, port)


@pytest.mark.parametrize("stream", [False, True])
def test_a_copy_is_translated_and_signed_by_its_backends_own_key(world, stream):
    before = len(world.later.requests)
    answer = world.ask("smart-1", stream=stream, seed=7)
    assert answer.status_code == 200
    assert "x-ai-dropped-params" not in answer.headers
    got = world.received(before)
    assert got.path == "/v1/messages"
    assert got.json["model"] == "claude-sonnet-4-5"
    assert got.json.get("stream", False) is stream
    assert got.json["messages"][0]["content"] == "hello there"
    assert got.header("x-api-key") == "sk-key-of-next"
    assert "key-of-dora" not in str(got.headers)
    ours = ("x-ai-", "x-envoy-", "x-forwarded-")
    assert not [name for name, _ in got.headers if name.startswith(ours)]
    assert got.header("host") == world.later.url.removeprefix("http://")


def test_between_equal_formats_its_body_is_the_clients_but_for_the_model(world):
    before = len(world.later.requests)
    world.ask("like-1", odd={"kept": 1.50})
    got = world.received(before)
    assert got.json["odd"] == {"kept": 1.5}
    assert got.json["model"] == "like-1"
    assert got.header("authorization") == "Bearer sk-key-of-next"


@pytest.mark.parametrize("stream", [False, True])
def test_what_a_copy_used_is_recorded_by_itself_and_charged_to_nobody(world, stream):
    left, before = world.left(), len(world.later.requests)
    model = f"smart-used-{stream}"
    assert world.ask(model, '[[sim: {"tokens": 30}]] go', stream=stream).status_code == 200
    (one,) = world.copied(model)
    usage = world.received(before).usage
    assert usage is not None
    assert (one["input_tokens"], one["output_tokens"]) == (usage.prompt, usage.completion)
    assert (one["backend"], one["client"]) == ("next~shadow", "")
    assert (one["upstream_model"], one["status"]) == ("claude-sonnet-4-5", 200)
    assert (one["estimated"], one["finish_reason"]) == (0, "stop")
    assert one["cost_nanousd"] == 1_000 * usage.prompt + 2_000 * usage.completion
    main = world.logged(model)
    assert one["request_id"] == f"{main['request_id']}~shadow"
    assert (main["backend"], main["backends"]) == ("now", "now")
    (whole,) = world.stored("SELECT * FROM exchanges WHERE exchange = ?", main["request_id"])
    assert (whole["attempts"], whole["total_tokens"]) == (1, main["total_tokens"])
    world.local.wait_for(lambda: left - world.left() == main["total_tokens"], "the charge")


def test_metrics_tell_copies_apart(world):
    world.ask("own")
    world.copied("own")
    world.local.wait_for(lambda: 'extproc_backend="now~shadow"' in world.metrics(), "metrics")
    lines = [line for line in world.metrics().splitlines() if "now~shadow" in line]
    assert all('gen_ai_request_model="own~shadow"' in line for line in lines)


def test_metrics_count_what_a_limit_in_shadow_would_have_refused(world):
    name = "extproc_limits_exceeded_total{extproc_limit="
    (line,) = [line for line in world.metrics().splitlines() if line.startswith(name)]
    assert line.endswith(" 0.0")
    for _ in range(5):
        assert world.ask("never", watched="all").status_code == 200
    more = line.replace(" 0.0", " 3.0")
    world.local.wait_for(lambda: more in world.metrics().splitlines(), "the count")


def test_its_bodies_are_kept_where_its_backend_says_so(world):
    world.ask("smart-kept")
    (one,) = world.copied("smart-kept")
    question = "SELECT * FROM raw WHERE exchange = ?"
    world.local.wait_for(lambda: world.stored(question, one["request_id"]), "its bodies")
    (kept,) = world.stored(question, one["request_id"])
    assert '"type":"message"' in kept["response"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("trouble", ["gone", *TROUBLES])
def test_whatever_befalls_it_the_client_notices_nothing(world, trouble, stream):
    answer = world.ask(trouble, stream=stream)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(
        "text/event-stream" if stream else "application/json"
    )
    record = world.logged(trouble)
    assert (record["response_flags"], record["status"], record["error_type"]) == ("-", 200, "")
    assert (record["backend"], record["attempts"]) == ("now", 1)


def test_a_failure_of_its_own_is_in_its_own_record(world):
    world.ask("failing")
    one = world.copied("failing")[-1]
    assert (one["backend"], one["status"], one["failure"]) == ("next~shadow", 500, "server")
    assert one["cost_nanousd"] == 0


def test_that_nobody_was_there_is_in_it_too(world):
    assert world.ask("gone").status_code == 200
    one = world.copied("gone")[0]
    assert (one["backend"], one["failure"], one["output_tokens"]) == ("gone~shadow", "cut", 0)


def test_one_that_is_silent_ends_when_the_routes_patience_does(world):
    assert world.ask("mute").status_code == 200
    (one,) = world.copied("mute")
    assert (one["failure"], one["status"]) == ("cut", 0)
    assert world.local.counter("cluster.ai/next~shadow.upstream_rq_timeout") == 1


def test_a_request_that_is_tried_again_is_copied_once(world):
    before = len(world.now.requests)
    assert world.ask("retried").status_code == 503
    assert len(world.now.requests) == before + 3
    world.copied("retried")
    assert [one.json["model"] for one in world.later.requests].count("retried") == 1


def test_a_large_body_is_copied_whole(world):
    size = 5_000_000
    before = len(world.later.requests)
    assert world.ask("like-2", "x" * size).status_code == 200
    same = len("gpt-4o") == len("like-2")
    assert same and world.received(before).size == world.now.requests[-1].size > size


def test_a_client_that_hangs_up_does_not_end_it(world):
    order = '[[sim: {"tokens": 40, "chunk_delay_ms": 20}]] go'
    with world.client.chat.completions.create(
        model="smart-left", messages=[{"role": "user", "content": order}], stream=True
    ) as stream:
        next(iter(stream))
    (one,) = world.copied("smart-left")
    assert (one["finish_reason"], one["output_tokens"], one["failure"]) == ("stop", 40, "")
    assert world.logged("smart-left")["response_flags"] == "DC"


def test_only_a_share_is_copied(world):
    before = len(world.later.requests)
    for _ in range(24):
        assert world.ask("half").status_code == 200
    assert world.ask("never").status_code == 200
    world.later.until(lambda sim: len(sim.requests) > before, PATIENCE)
    assert before < len(world.later.requests) < before + 24
    assert {one.json["model"] for one in world.later.requests[before:]} == {"half"}


def test_more_vectors_than_its_provider_takes_at_once_are_asked_for_in_parts(world):
    texts = [f"text {number}" for number in range(200)]
    answer = world.client.embeddings.create(model="vector", input=texts)
    assert len(answer.data) == 200
    (one,) = world.copied("vector")
    assert (one["backend"], one["status"], one["failure"]) == ("vectors~shadow", 200, "")
    parts = [each for each in world.later.requests if each.dialect == "cohere.embed"]
    assert len(parts) == 3
    assert one["input_tokens"] == sum(each.usage.prompt for each in parts if each.usage)


def test_what_its_backend_does_not_serve_is_not_sent_and_said_in_its_record(world):
    before = len(world.later.requests)
    assert world.client.embeddings.create(model="smart-vector", input=["a"]).data
    (one,) = world.copied("smart-vector")
    assert (one["backend"], one["error_type"]) == ("next~shadow", "not_found")
    assert len(world.later.requests) == before


def test_what_the_gateway_refuses_is_not_copied_either(world):
    before = len(world.later.requests)
    for key, model in (("wrong", "like-3"), ("key-of-dora", "unknown")):
        headers = {"authorization": f"Bearer {key}"}
        url = f"{world.local.url}/v1/chat/completions"
        body = {"model": model, "messages": HELLO}
        assert httpx.post(url, json=body, headers=headers, timeout=30).status_code in (401, 404)
    assert world.ask("like-3").status_code == 200
    world.copied("like-3")
    assert len(world.later.requests) == before + 1
