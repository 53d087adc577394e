"""Requests for more than a provider takes at once, through a real Envoy's loopback listener."""

import socket
import threading
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import cohere
import httpx
import ollama
import openai
import orjson
import pytest
from google import genai
from google.genai import types

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients.backends import AWS, ENV
from tests.providers.matrix.embedding import wanted

KEY = {"api_key": "env:KEY"}
BACKENDS = {
    "bedrock": {"provider": "bedrock", "credential": AWS, "region": "eu-west-1"},
    "off": {"provider": "bedrock", "credential": AWS, "region": "eu-west-1", "fan_out": False},
    "cohere": {"provider": "cohere", "credential": KEY},
    "gemini": {"provider": "gemini", "credential": KEY},
    "dashscope": {"provider": "dashscope", "credential": KEY},
    "openai": {"provider": "openai", "credential": KEY},
    "own": {"provider": "cohere", "credential": {"header": "x-provider-key"}},
}
MODELS = {
    "titan": ("bedrock", "amazon.titan-embed-text-v2:0"),
    "titan-off": ("off", "amazon.titan-embed-text-v2:0"),
    "cohere": ("cohere", "embed-v4.0"),
    "gemini": ("gemini", "gemini-embedding-001"),
    "dashscope": ("dashscope", "text-embedding-v4"),
    "own": ("own", "embed-v4.0"),
}
TEXTS = [f"text number {number}" for number in range(205)]


class World:
    """A gateway and its provider."""

    def __init__(self, local: Local, sim: RunningSimulator) -> None:
        self.local = local
        self.sim = sim
        self.client = openai.OpenAI(
            base_url=f"{local.url}/v1", api_key="client", max_retries=0, timeout=30
        )

    def embed(self, model: str, texts: list[str], **more) -> openai.types.CreateEmbeddingResponse:
        return self.client.embeddings.create(model=model, input=texts, **more)

    def record(self, **said) -> dict:
        """The newest record that has all of `said`."""
        found: list[dict] = []

        def look() -> bool:
            found[:] = [each for each in self.local.records() if said.items() <= each.items()]
            return bool(found)

        self.local.wait_for(look, f"a record with {said}")
        return found[-1]


def start(workers: int = 2, **side_calls) -> Iterator[World]:
    with RunningSimulator() as sim:
        routes = [
            {
                "models": [name],
                "backends": [{"backend": backend, "model": model}],
                "price": {"input": 2, "output": 50},
            }
            for name, (backend, model) in MODELS.items()
        ]
        both = {
            "models": ["both"],
            "backends": [
                {"backend": "cohere", "model": "embed-v4.0"},
                {"backend": "openai", "model": "text-embedding-3-small"},
            ],
        }
        backends = {name: {**each, "base_url": sim.url} for name, each in BACKENDS.items()}
        extproc = {"workers": workers, "side_calls": side_calls}
        config = {"backends": backends, "routes": [*routes, both], "extproc": extproc}
        with Local(config, ENV) as local:
            yield World(local, sim)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    yield from start()


@pytest.mark.parametrize("model", ["titan", "cohere", "gemini", "dashscope"])
@pytest.mark.parametrize("wishes", [{}, {"encoding_format": "float"}], ids=["base64", "float"])
def test_as_many_texts_as_one_likes(world: World, model: str, wishes: dict):
    answer = world.embed(model, TEXTS, dimensions=256, **wishes)
    assert [each.embedding for each in answer.data] == wanted(TEXTS, 256)
    assert [each.index for each in answer.data] == list(range(len(TEXTS)))
    assert answer.model == model


def test_each_part_is_as_large_as_the_provider_takes(world: World):
    before = len(world.sim.requests)
    world.embed("cohere", TEXTS)
    sent = [len(request.json["texts"]) for request in world.sim.requests[before:]]
    assert sorted(sent) == [13, 96, 96]


def test_what_all_parts_used_is_charged_once(world: World):
    answer = world.embed("titan", TEXTS[:9])
    assert answer.usage.prompt_tokens == 27
    record = world.record(request_model="titan", input_tokens=27)
    assert (record["total_tokens"], record["cost_nanousd"]) == (27, 54_000)
    assert (record["status"], record["estimated"], record["backend"]) == (200, False, "bedrock")


def test_one_failure_is_the_failure_of_all(world: World):
    texts = [*TEXTS[:5], '[[sim: {"status": 400, "message": "too odd"}]] x', *TEXTS[5:9]]
    with pytest.raises(openai.BadRequestError):
        world.embed("titan", texts)
    record = world.record(request_model="titan", status=400)
    assert record["input_tokens"] < 40


def test_what_any_part_loses_is_named(world: World):
    said = '[[sim: {"extra": {"meta": {"warnings": ["w"], "api_version": {"version": "2"}}}}]] x'
    raw = world.client.embeddings.with_raw_response
    answer = raw.create(model="cohere", input=[*TEXTS[:120], said], user="u")
    assert answer.headers["x-ai-lost-members"] == "meta.warnings"
    assert answer.headers["x-ai-dropped-params"] == "user"
    assert world.record(request_model="cohere", lost_members="meta.warnings")["status"] == 200
    answer = raw.create(model="cohere", input=TEXTS[:120])
    assert "x-ai-lost-members" not in answer.headers


def test_a_backend_may_have_it_off(world: World):
    before = len(world.sim.requests)
    with pytest.raises(openai.BadRequestError, match=r"one input at once .*fan_out") as caught:
        world.embed("titan-off", TEXTS[:2])
    assert caught.value.body["param"] == "input"
    assert len(world.sim.requests) == before


def test_vectors_of_one_answer_are_of_one_model(world: World):
    before = len(world.sim.requests)
    world.embed("both", TEXTS)
    paths = {request.path for request in world.sim.requests[before:]}
    assert len(paths) == 1


def test_a_clients_own_key_goes_with_every_part(world: World):
    before = len(world.sim.requests)
    world.embed("own", TEXTS, extra_headers={"x-provider-key": "mine"})
    keys = [dict(request.headers)["authorization"] for request in world.sim.requests[before:]]
    assert keys == ["Bearer mine"] * 3


def test_cohere(world: World):
    with cohere.ClientV2(api_key="client", base_url=world.local.url) as sdk:
        answer = sdk.embed(
            model="titan",
            texts=TEXTS[:9],
            input_type="search_document",
            embedding_types=["float"],
            request_options={"max_retries": 0},
        )
    assert answer.embeddings.float_ == wanted(TEXTS[:9])


def test_ollama(world: World):
    answer = ollama.Client(host=world.local.url).embed(model="cohere", input=TEXTS)
    assert list(answer.embeddings) == wanted(TEXTS)


def test_hugging_face(world: World):
    found = httpx.post(
        f"{world.local.url}/models/titan/pipeline/feature-extraction",
        json={"inputs": TEXTS[:9]},
        timeout=30,
    )
    assert found.json() == wanted(TEXTS[:9])


def test_gemini(world: World):
    sdk = genai.Client(api_key="client", http_options=types.HttpOptions(base_url=world.local.url))
    asked = [types.Content(parts=[types.Part(text=text)]) for text in TEXTS]
    answer = sdk.models.embed_content(model="gemini", contents=asked)
    assert [each.values for each in answer.embeddings] == wanted(TEXTS)


def test_tokens_of_one_text_are_one_input(world: World):
    with pytest.raises(openai.BadRequestError, match="texts alone"):
        world.client.embeddings.create(model="titan", input=[1, 2, 3])


def loopback(world: World) -> str:
    return str(world.local.directory / "sockets" / "loopback.sock")


def test_nobody_else_comes_in_by_the_loopback_listener(world: World):
    before = len(world.sim.requests)
    body = {"model": "titan", "input": "red"}
    transport = httpx.HTTPTransport(uds=loopback(world))
    told = [f"{word}/v1/embeddings\ntitan" for word in ("", "guess\n", "side\n", "header\n")]
    calls = ["", "%%%", "c2lkZQov djEv", *(b64encode(each.encode()).decode() for each in told)]
    with httpx.Client(transport=transport, base_url="http://gateway") as client:
        for call in (None, *calls):
            headers = {"x-ai-cluster": "ai/bedrock", "x-ai-model": "titan"}
            headers |= {} if call is None else {"x-ai-call": call}
            answer = client.post("/v1/embeddings", json=body, headers=headers)
            assert answer.status_code == 401, (call, answer.text)
    assert len(world.sim.requests) == before


def test_the_loopback_listener_is_its_owners(world: World):
    assert Path(loopback(world)).stat().st_mode & 0o777 == 0o600


def test_clients_cannot_say_what_our_own_requests_say(world: World):
    headers = {"x-ai-call": "c2lkZQ==", "x-ai-cluster": "ai/cohere"}
    before = len(world.sim.requests)
    world.embed("titan", ["red"], extra_headers=headers)
    request = world.sim.requests[before]
    assert request.path.startswith("/model/")
    assert "x-ai-call" not in request.headers


def test_too_many_parts_are_refused_with_the_limit():
    for world in start(max_calls=3):
        with pytest.raises(openai.BadRequestError, match=r"3 \(extproc.side_calls.max_calls\)"):
            world.embed("titan", TEXTS[:4])
        assert not world.sim.requests
        assert len(world.embed("titan", TEXTS[:3]).data) == 3


def test_what_takes_too_long_ends_and_nothing_more_is_asked():
    for world in start(timeout="1s", at_once=2):
        texts = ['[[sim: {"delay_ms": 20000}]] x', *TEXTS[:9]]
        with pytest.raises(openai.InternalServerError, match=r"side_calls\.timeout"):
            world.embed("titan", texts)


def test_a_client_that_hangs_up_ends_its_parts():
    for world in start(at_once=2, workers=1):
        _hang_up(world)


def _hang_up(world: World) -> None:
    slow = '[[sim: {"delay_ms": 60000}]] x'
    body = orjson.dumps({"model": "titan", "input": ["a", "b", "c", slow]})
    head = b"POST /v1/embeddings HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
    active = r"http\.loopback\.downstream_rq_active"
    with socket.create_connection(("127.0.0.1", world.local.port)) as client:
        client.sendall(head + b"content-length: %d\r\n\r\n" % len(body) + body)
        world.local.wait_for(lambda: world.local.counter(active) == 1, "the slow part")
    world.local.wait_for(lambda: world.local.counter(active) == 0, "its end", 15)


def test_many_clients_at_once():
    for world in start():
        found: list[int] = []

        def ask(world: World = world, found: list[int] = found) -> None:
            found.append(len(world.embed("titan", TEXTS[:40]).data))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert found == [40] * 8
