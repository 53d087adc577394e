"""The gateway as one filter of a listener that somebody else has written, through a real Envoy."""

import asyncio
import json
import os
import sqlite3
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx
import openai
import pytest
from google import genai
from google.genai import types

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from extproc.lab.simulator.pictures import BYTES
from tests.e2e.listener import Authenticating

ENV = {**os.environ, "KEY_A": "sk-key-of-a", "KEY_B": "sk-key-of-b", "KEY_C": "sk-key-of-c"}
ENV |= {"IDS": "a secret that signs ids", "KEY_OF_SOMEONE": "sk-nobody-asks-for-it"}


class Gateway:
    def __init__(self, local: Local, simulators: dict[str, RunningSimulator]) -> None:
        self.local = local
        self.simulators = simulators
        self.url = local.url

    @property
    def openai(self) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key="any", max_retries=0, timeout=30)

    @property
    def anthropic(self) -> anthropic.Anthropic:
        return anthropic.Anthropic(base_url=self.url, api_key="any", max_retries=0, timeout=30)

    def record(self, **wanted: object) -> dict[str, Any]:
        return self.local.record(**wanted)


def backend(provider: str, name: str, simulator: RunningSimulator) -> dict[str, object]:
    credential = {"api_key": f"env:KEY_{name.upper()}"}
    return {"provider": provider, "base_url": simulator.url, "credential": credential}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with (
        RunningSimulator(name="a") as a,
        RunningSimulator(name="b") as b,
        RunningSimulator(name="c") as c,
    ):
        config = {
            "backends": {
                "a": backend("openai", "a", a),
                "b": backend("anthropic", "b", b),
                "c": backend("gemini", "c", c),
            },
            "routes": [
                {"models": ["gpt"], "backends": [{"backend": "a", "model": "gpt-4o-mini"}]},
                {
                    "models": ["claude"],
                    "backends": [{"backend": "b", "model": "claude-sonnet-4-5"}],
                },
                {"models": ["gemini"], "backends": [{"backend": "c"}]},
                {
                    "models": ["shared"],
                    "backends": [
                        {"backend": "a", "model": "gpt-4o-mini", "weight": 3},
                        {"backend": "b", "model": "claude-sonnet-4-5", "weight": 1},
                        {"backend": "c", "model": "gemini-2.5-flash", "priority": 1},
                    ],
                },
                {
                    "models": ["vectors"],
                    "backends": [
                        {"backend": "b"},
                        {"backend": "a", "model": "text-embedding-3-small", "priority": 1},
                    ],
                },
            ],
        }
        config["routes"].append(
            {
                "models": ["reserved"],
                "backends": [{"backend": "a", "model": "gpt-4o-mini"}],
                "clients": ["group:team"],
            }
        )
        config["clients"] = {
            "api_keys": {"file": "clients.yaml"},
            "groups": {"team": ["someone"]},
        }
        config["resources"] = {"secret": "env:IDS"}
        config["usage"] = {"store": "sqlite:///usage.db"}
        placed = Authenticating(config, ENV)
        (placed.directory / "clients.yaml").write_text("someone: env:KEY_OF_SOMEONE\n")
        with placed as local:
            yield Gateway(local, {"a": a, "b": b, "c": c})


def said(model: str) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": "Hello"}]}


@pytest.mark.parametrize(("model", "name"), [("gpt", "a"), ("claude", "b"), ("gemini", "c")])
def test_a_client_of_openai_reaches_every_provider(gateway: Gateway, model: str, name: str):
    answer = gateway.openai.chat.completions.create(**said(model))
    assert answer.choices[0].message.content
    sent = gateway.simulators[name].requests[-1]
    names = {key.lower(): value for key, value in sent.headers}
    assert (names.get("x-seen-by") == "somebody") == (name == "a")
    assert not {"x-ai-cluster", "x-ai-model", "x-forwarded-proto"} & names.keys()
    assert "any" not in "".join(names.values()).split()


@pytest.mark.parametrize("model", ["gpt", "claude", "gemini"])
def test_streams_come_piece_by_piece_and_are_counted(gateway: Gateway, model: str):
    options = {"include_usage": True}
    stream = gateway.openai.chat.completions.create(
        **said(model), stream=True, stream_options=options
    )
    chunks = list(stream)
    assert len(chunks) > 2
    usage = chunks[-1].usage
    assert usage is not None
    record = gateway.record(request_model=model, stream=True)
    assert record["total_tokens"] == usage.total_tokens


def test_what_the_listener_refuses_is_counted(gateway: Gateway):
    assert httpx.get(f"{gateway.url}/app").status_code == 200
    assert httpx.get(f"{gateway.url}/closed").status_code == 403
    with pytest.raises(openai.NotFoundError):
        gateway.openai.chat.completions.create(**said("nobody's"))

    def refused() -> list[tuple[int, str]]:
        with sqlite3.connect(gateway.local.directory / "usage.db") as store:
            try:
                return [*store.execute("SELECT status, failure FROM refused")]
            except sqlite3.OperationalError:
                return []  # nothing was stored yet

    gateway.local.wait_for(lambda: (403, "direct_response") in refused(), "what was refused")
    assert [status for status, _ in refused()] == [403]


def test_what_is_used_is_recorded_with_who_asked(gateway: Gateway):
    asked = {**said("reserved"), "messages": [{"role": "user", "content": "whose is this?"}]}
    url = f"{gateway.url}/v1/chat/completions"
    assert httpx.post(url, json=asked, headers={"x-key": "right"}).status_code == 200
    # Nobody is somebody else by saying so.
    httpx.post(url, json=said("gpt"), headers={"x-ai-client": "someone"}).raise_for_status()

    def recorded() -> set[tuple[str, str]]:
        with sqlite3.connect(gateway.local.directory / "usage.db") as store:
            try:
                return {*store.execute("SELECT request_model, client FROM attempts")}
            except sqlite3.OperationalError:
                return set()  # nothing was stored yet

    wanted = {("reserved", "someone"), ("gpt", "")}
    gateway.local.wait_for(lambda: wanted <= recorded(), "what was used")
    assert ("gpt", "someone") not in recorded()


def test_clients_of_other_formats_are_served(gateway: Gateway):
    message = gateway.anthropic.messages.create(
        model="gpt", max_tokens=100, messages=[{"role": "user", "content": "Hello"}]
    )
    assert message.content[0].type == "text"
    client = genai.Client(
        api_key="any", http_options=types.HttpOptions(base_url=gateway.url, timeout=30_000)
    )
    made = client.models.generate_content(model="claude", contents="Hello")
    assert made.text


def test_a_form_is_read_for_its_model(gateway: Gateway):
    answer = httpx.post(
        f"{gateway.url}/v1/images/edits",
        files={"image": ("a.png", BYTES, "image/png"), "model": (None, "unknown")},
    )
    assert answer.status_code == 404
    assert "unknown" in answer.json()["error"]["message"]


def test_backends_are_chosen_by_weight_of_the_first_that_serve(gateway: Gateway):
    before = {name: len(one.requests) for name, one in gateway.simulators.items()}
    for _ in range(40):
        gateway.openai.chat.completions.create(**said("shared"))
    came = {name: len(one.requests) - before[name] for name, one in gateway.simulators.items()}
    assert 28 <= came["a"] <= 32, came
    assert came["a"] + came["b"] == 40


def test_a_backend_that_serves_no_such_operation_is_passed_over(gateway: Gateway):
    answer = gateway.openai.embeddings.create(model="vectors", input="Hello")
    assert answer.data[0].embedding
    assert gateway.record(request_model="vectors")["backend"] == "a"


def test_models_are_listed_and_mistakes_are_told(gateway: Gateway):
    assert {model.id for model in gateway.openai.models.list()} >= {"gpt", "claude"}
    with pytest.raises(openai.NotFoundError, match="nobody"):
        gateway.openai.chat.completions.create(**said("nobody"))
    with pytest.raises(anthropic.NotFoundError, match="nobody"):
        gateway.anthropic.messages.create(**said("nobody"), max_tokens=1)
    for body, words in ((b"{", "JSON"), (b"{}", "model"), (b"[]", "object")):
        answer = httpx.post(f"{gateway.url}/v1/chat/completions", content=body)
        assert answer.status_code == 400
        assert words in answer.json()["error"]["message"]
    assert httpx.post(f"{gateway.url}/v1/chat/completions").status_code == 400
    assert httpx.get(f"{gateway.url}/v1/elsewhere").status_code == 404


def test_a_provider_s_error_is_told_in_the_client_s_form(gateway: Gateway):
    orders = '[[sim: {"status": 429, "retry_after": 7}]] Hello'
    with pytest.raises(anthropic.RateLimitError) as caught:
        gateway.anthropic.messages.create(
            model="gpt", max_tokens=10, messages=[{"role": "user", "content": orders}]
        )
    assert caught.value.response.headers["retry-after"] == "7"
    assert caught.value.response.json()["type"] == "error"


def test_what_is_not_for_models_goes_on_as_before(gateway: Gateway):
    assert httpx.get(f"{gateway.url}/app/page").text == "the app"
    posted = httpx.post(f"{gateway.url}/app/page", content=json.dumps({"model": "gpt"}))
    assert posted.text == "the app"


def test_a_header_of_the_client_s_leads_nowhere_else(gateway: Gateway):
    before = len(gateway.simulators["b"].requests)
    answer = httpx.post(
        f"{gateway.url}/v1/chat/completions", json=said("gpt"), headers={"x-ai-cluster": "ai/b"}
    )
    assert answer.status_code == 200
    assert len(gateway.simulators["b"].requests) == before


def test_two_models_that_disagree_are_refused(gateway: Gateway):
    before = sum(len(one.requests) for one in gateway.simulators.values())
    for body in (
        b'{"model":"gpt","messages":[],"model":"claude"}',
        b'{"mod\\u0065l":"gpt","messages":[],"model":"claude"}',
        b'{"model":"gpt\\r\\nx: y","messages":[]}',
    ):
        answer = httpx.post(f"{gateway.url}/v1/chat/completions", content=body)
        assert answer.status_code == 400
        assert "model" in answer.json()["error"]["message"]
    assert sum(len(one.requests) for one in gateway.simulators.values()) == before


def test_whose_request_it_is_only_their_authentication_says(gateway: Gateway):
    url = f"{gateway.url}/v1/chat/completions"
    for headers, status in (
        ({"x-key": "right"}, 200),
        ({"x-ai-client": "someone"}, 404),
        ({"x-key": "right", "x-ai-client": "another"}, 200),
        ({"x-key": "wrong", "x-ai-client": "someone"}, 404),
        ({}, 404),
    ):
        assert httpx.post(url, json=said("reserved"), headers=headers).status_code == status
    names = {key.lower() for key, _ in gateway.simulators["a"].requests[-1].headers}
    assert "x-ai-client" not in names


def test_what_is_kept_is_found_and_is_the_client_s_own(gateway: Gateway):
    mine = gateway.openai.with_options(default_headers={"x-key": "right"})
    kept = mine.files.create(file=b"words", purpose="assistants", extra_headers=AT_A)
    assert mine.files.retrieve(kept.id).id == kept.id
    with pytest.raises(openai.NotFoundError):
        gateway.openai.files.retrieve(kept.id, extra_headers={"x-ai-client": "someone"})
    assert mine.files.delete(kept.id).deleted


AT_A = {"x-ai-backend": "a"}


def test_a_session_is_held(gateway: Gateway):
    async def talk() -> set[str]:
        client = openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key="any", max_retries=0)
        async with client.realtime.connect(model="gpt") as session:
            await session.response.create()
            heard = set()
            async for event in session:
                heard.add(event.type)
                if event.type == "response.done":
                    return heard
        return heard

    heard = asyncio.run(asyncio.wait_for(talk(), 30))
    assert "response.done" in heard
    assert gateway.record(request_model="gpt", operation="realtime")["total_tokens"] > 0


def test_a_mark_for_envoy_does_not_reach_clients(gateway: Gateway):
    orders = '[[sim: {"status": 429}]] Hello'
    for model in ("gpt", "shared"):
        answer = httpx.post(
            f"{gateway.url}/v1/chat/completions",
            json={"model": model, "messages": [{"role": "user", "content": orders}]},
        )
        assert answer.status_code == 429
        assert not [name for name in answer.headers if name.startswith("x-ai-")]
