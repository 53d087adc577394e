"""What requests may ask for, and who may ask, through a real Envoy: one gateway for all of it."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import httpx
import openai
import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.listener import needs_retry_elsewhere

ENV = {**os.environ, "KEY": "sk-key-of-ours", "ANN": "key-of-ann", "TOM": "key-of-tom"}
HELLO = [{"role": "user", "content": "hello"}]
LONG = [{"role": "user", "content": "words and words " * 100}]


def backend(sim: RunningSimulator, provider: str, **more: Any) -> dict[str, Any]:
    credential = {"api_key": "env:KEY"}
    return {"provider": provider, "base_url": sim.url, "credential": credential, **more}


def route(models: str, *backends: str, **more: Any) -> dict[str, Any]:
    served = [{"backend": name, "priority": n} for n, name in enumerate(backends)]
    return {"models": [models], "backends": served, **more}


def config(sim: RunningSimulator, clients: str) -> dict[str, Any]:
    edits = {
        "request": {"headers": {"set": {"x-tenant": "red"}, "remove": ["user-agent"]}},
        "response": {"headers": {"set": {"x-served-by": "us"}, "remove": ["x-request-id"]}},
    }
    few = {"max_tokens": 50, "temperature": {"most": 1, "refuse": True}}
    return {
        "backends": {
            "a": backend(sim, "openai"),
            "c": backend(
                sim,
                "anthropic",
                request={"limits": {"max_tokens": 40}},
                forward_headers=["x-sim"],
            ),
        },
        "routes": [
            route("gpt-4o", "a"),
            route("whole", "a", request={"stream": "deny"}),
            route("gathered", "c", request={"stream": "always"}),
            route("few", "a", request={"limits": few}),
            route("fewer", "c", request={"limits": few}),
            route("short", "a", request={"max_input_tokens": 100}),
            route("edited", "a", "c", **edits),
            route("dear", "a", "c", clients=["group:team"]),
            route("dear-*", "a", clients="ann"),
        ],
        "clients": {"api_keys": {"file": clients}, "groups": {"team": ["ann"]}},
        "default_model": "dear",
        "limits": [{"per": "header:x-watched", "requests": 1, "every": "day", "shadow": True}],
        "limiter": {"on_error": "deny"},
        "prices": str(Path(clients).with_name("prices.yaml")),
        "extproc": {"transport": "lean"},
    }


PRICES = """
prices:
  - {models: gpt-4o, price: {input: 1, output: 2}}
  - {models: gpt-4o, provider: openai, from: 2026-01-01, price: {input: 1000, output: 2000}}
  - {models: gpt-4o, provider: openai, from: 9999-01-01, price: {input: 5, output: 5}}
"""


class World:
    """A gateway with its policies, and the one provider behind it."""

    def __init__(self, local: Local, sim: RunningSimulator) -> None:
        self.local = local
        self.sim = sim

    def openai(self, key: str = "key-of-ann") -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.local.url}/v1", api_key=key, max_retries=0)

    def ask(self, model: str, key: str = "key-of-ann", **more: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {key}", **more.pop("headers", {})}
        body = {"model": model, "messages": HELLO, **more}
        body = {name: value for name, value in body.items() if value is not None}
        url = f"{self.local.url}/v1/chat/completions"
        return httpx.post(url, json=body, headers=headers, timeout=30)

    @property
    def sent(self) -> dict[str, Any]:
        """The body of the newest request at the provider."""
        found: dict[str, Any] = json.loads(self.sim.requests[-1].body)
        return found


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Iterator[World]:
    clients = tmp_path_factory.mktemp("policy") / "clients.yaml"
    clients.write_text("{ann: env:ANN, tom: env:TOM}")
    clients.with_name("prices.yaml").write_text(PRICES)
    with RunningSimulator() as sim, Local(config(sim, str(clients)), ENV) as local:
        yield World(local, sim)


def test_no_stream_leaves_where_none_is_allowed(world):
    before = len(world.sim.requests)
    with pytest.raises(openai.BadRequestError, match="streaming is not allowed") as refused:
        world.openai().chat.completions.create(model="whole", messages=HELLO, stream=True)
    assert refused.value.param == "stream"
    client = anthropic.Anthropic(base_url=world.local.url, api_key="key-of-ann", max_retries=0)
    with pytest.raises(anthropic.BadRequestError, match="streaming is not allowed"):
        client.messages.create(model="whole", messages=HELLO, max_tokens=9, stream=True)
    assert len(world.sim.requests) == before
    assert world.ask("whole").status_code == 200


def test_a_whole_answer_is_gathered_from_a_stream(world):
    said = world.openai().chat.completions.create(model="gathered", messages=HELLO)
    assert said.choices[0].message.content.endswith("heard: hello")
    assert said.usage.total_tokens > 0
    assert world.sent["stream"] is True
    with pytest.raises(openai.InternalServerError, match="out of luck"):
        order = {"x-sim": json.dumps({"tokens": 20, "error_after": 6, "message": "out of luck"})}
        world.openai().chat.completions.create(
            model="gathered", messages=HELLO, extra_headers=order
        )
    stream = world.openai().chat.completions.create(model="gathered", messages=HELLO, stream=True)
    assert "".join(one.choices[0].delta.content or "" for one in stream if one.choices)


@pytest.mark.parametrize(("model", "most"), [("few", 50), ("fewer", 40)])
def test_numbers_are_lowered_and_named_whoever_serves(world, model, most):
    answer = world.ask(model, max_completion_tokens=4000)
    assert answer.status_code == 200
    assert answer.headers["x-ai-dropped-params"] == "max_completion_tokens"
    assert {world.sent.get("max_tokens"), world.sent.get("max_completion_tokens")} >= {most}
    assert "x-ai-dropped-params" not in world.ask(model).headers
    assert {world.sent.get("max_tokens"), world.sent.get("max_completion_tokens")} >= {most}


def test_a_number_may_be_refused(world):
    before = len(world.sim.requests)
    answer = world.ask("few", temperature=1.5)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "temperature may be at most 1 here"
    assert len(world.sim.requests) == before


def test_a_prompt_that_is_too_long_is_refused_as_the_clients_vendor_would(world):
    before = len(world.sim.requests)
    with pytest.raises(openai.BadRequestError) as refused:
        world.openai().chat.completions.create(model="short", messages=LONG)
    assert refused.value.code == "context_length_exceeded"
    assert len(world.sim.requests) == before
    assert world.ask("short").status_code == 200


@needs_retry_elsewhere
def test_headers_are_edited_on_both_ways_at_whichever_backend(world):
    for failures in (0, 1):
        world.sim.push(*[{"status": 503}] * failures)
        answer = world.ask("edited", headers={"x-tenant": "blue"})
        assert answer.status_code == 200
        assert answer.headers["x-served-by"] == "us"
        assert "x-request-id" not in answer.headers
        shown = world.sim.requests[-1]
        assert shown.header("x-tenant") == "red"
        assert shown.header("user-agent") == ""
    assert world.sim.requests[-1].path == "/v1/messages"


@pytest.mark.parametrize("model", ["dear", "dear-9", None])
def test_a_model_is_there_only_for_its_clients(world, model):
    assert world.ask(model).status_code == 200
    before = len(world.sim.requests)
    refused = world.ask(model, "key-of-tom")
    unknown = world.ask("never", "key-of-tom")
    assert refused.status_code == unknown.status_code == 404
    assert refused.json()["error"] == {
        **unknown.json()["error"],
        "message": unknown.json()["error"]["message"].replace("never", model or "dear"),
    }
    assert len(world.sim.requests) == before


def test_nobody_gets_it_by_another_way(world):
    named = {"x-ai-model": "dear", "x-ai-client": "ann"}
    assert world.ask("gpt-4o", "key-of-tom", headers=named).status_code == 404
    for path in ("embeddings", "responses", "images/generations", "moderations"):
        body = {"model": "dear", "input": "hello", "prompt": "hello"}
        headers = {"authorization": "Bearer key-of-tom"}
        url = f"{world.local.url}/v1/{path}"
        assert httpx.post(url, json=body, headers=headers, timeout=30).status_code == 404


def test_the_lists_show_each_client_its_own(world):
    every = [model.id for model in world.openai().models.list()]
    others = [model.id for model in world.openai("key-of-tom").models.list()]
    assert "dear" in every
    assert [model for model in every if model != "dear"] == others
    assert world.openai().models.retrieve("dear").id == "dear"
    with pytest.raises(openai.NotFoundError):
        world.openai("key-of-tom").models.retrieve("dear")
    headers = {"x-goog-api-key": "key-of-tom"}
    shown = httpx.get(f"{world.local.url}/v1beta/models", headers=headers).json()["models"]
    assert "models/dear" not in [model["name"] for model in shown]


def test_a_request_costs_what_is_listed_for_today(world):
    usage = world.ask("gpt-4o").json()["usage"]
    tokens = {"input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"]}
    cost = 1_000_000 * (tokens["input_tokens"] + 2 * tokens["output_tokens"])

    def looked() -> bool:
        records = world.local.records()
        return any({**tokens, "cost_nanousd": cost}.items() <= each.items() for each in records)

    world.local.wait_for(looked, f"a record of {cost}", 10)


def test_a_limit_in_shadow_refuses_nobody_and_is_logged(world):
    for _ in range(3):
        answer = world.ask("gpt-4o", headers={"x-watched": "me"})
        assert answer.status_code == 200
        assert not [name for name in answer.headers if name.startswith("x-ratelimit")]
    name = "header_x-watched_shadow_requests_day_0"

    def logged() -> bool:
        return [each.get("limits_above") for each in world.local.records()].count(name) == 2

    world.local.wait_for(logged, "two records of it", 10)
    assert "a limit in shadow is exceeded" in (world.local.directory / "server.log").read_text()
