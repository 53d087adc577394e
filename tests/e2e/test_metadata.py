"""A hand-written Envoy whose metadata say all that the gateway must know; there is no file."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import httpx
import openai
import pytest
import yaml

from extproc.lab.local import Local, Process
from extproc.lab.simulator import RunningSimulator

ROOT = Path(__file__).parent.parent.parent
KEYS = {"OPENAI_API_KEY": "sk-key-of-a", "ANTHROPIC_API_KEY": "sk-key-of-b"}
UNSET = "COHERE_API_KEY"
Json = dict[str, Any]


class Described(Local):
    """The example that people copy, with simulators where the providers would be."""

    def __init__(self, a: RunningSimulator, b: RunningSimulator) -> None:
        env = {**os.environ, **KEYS}
        env.pop(UNSET, None)
        super().__init__({}, env, edit=lambda _: self.written())
        self.simulators = {"openai": a, "anthropic": b}

    def start_server(self) -> Process:
        sockets = str(self.directory / "sockets")
        command = [sys.executable, "-m", "extproc", "serve", "--metadata", "--sockets", sockets]
        self.config_file.unlink()
        self.server = self._spawn("server", command)
        return self.server

    def written(self) -> str:
        text: str = (ROOT / "envoy/metadata.yaml").read_text()
        document = json.loads(json.dumps(yaml.safe_load(text)))  # nothing in it is shared
        resources = document["static_resources"]
        address = {"socket_address": {"address": "127.0.0.1", "port_value": self.admin_port}}
        document["admin"] = {"address": address}
        (listener,) = resources["listeners"]
        listener["address"]["socket_address"]["port_value"] = self.port
        manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
        for host in manager["route_config"]["virtual_hosts"]:
            self._at_home(host.get("metadata"))
        for cluster in resources["clusters"]:
            self._at_home(cluster.get("metadata"))
            self._placed(cluster)
        resources["clusters"] += [*broken(resources["clusters"])]
        (teams,) = manager["route_config"]["virtual_hosts"][1:]
        teams["routes"][:0] = [
            {"match": {"prefix": "/", "headers": [is_team(name)]}, "route": {"cluster": name}}
            for name in BROKEN
        ]
        return json.dumps(document)

    def _at_home(self, metadata: Json | None) -> None:
        """Every backend of an object where its simulator is."""
        if metadata is None:
            return
        said = metadata["filter_metadata"]["ai.extproc"]
        for one in said.get("backends", {"": said}).values():
            one["base_url"] = self.simulators[one["provider"]].url

    def _placed(self, cluster: Json) -> None:
        endpoint = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
        if "pipe" in endpoint["address"]:
            endpoint["address"]["pipe"]["path"] = str(self.directory / "sockets/worker-0.sock")
            return
        del cluster["transport_socket"]
        cluster["type"] = "STATIC"
        host = endpoint["address"]["socket_address"]["address"]
        simulator = self.simulators[host.split(".")[1]]
        port = int(simulator.url.rpartition(":")[2])
        endpoint["address"] = {"socket_address": {"address": "127.0.0.1", "port_value": port}}


BROKEN = {
    "misspelt": {"provider": "opnai", "credential": {"api_key": "env:OPENAI_API_KEY"}},
    "in-plain": {"provider": "openai", "credential": {"api_key": "sk-proj-0123456789abcdef0123"}},
    "patient": {"provider": "openai", "credential": "none", "timeouts": {"connect": "1s"}},
    "stale": {"provider": "bedrock", "region": "eu-west-1", "credential": {"aws": {}}},
    "keyless": {"provider": "openai", "credential": {"api_key": f"env:{UNSET}"}},
    "curious": {"provider": "openai", "credential": {"api_key": "file:/proc/self/environ"}},
}


def is_team(name: str) -> Json:
    return {"name": "x-team", "string_match": {"exact": name}}


def broken(clusters: list[Json]) -> Iterator[Json]:
    """Clusters of which the metadata are wrong."""
    like = next(one for one in clusters if one["name"] == "openai-eu")
    for name, said in BROKEN.items():
        yield {**like, "name": name, "metadata": {"filter_metadata": {"ai.extproc": said}}}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Described]:
    with (
        RunningSimulator(name="a") as a,
        RunningSimulator(name="b") as b,
        Described(a, b) as local,
    ):
        yield local


def client(gateway: Described, host: str = "", **headers: str) -> openai.OpenAI:
    return openai.OpenAI(
        base_url=f"{gateway.url}/v1",
        api_key="any",
        max_retries=0,
        timeout=30,
        default_headers={**({"host": host} if host else {}), **headers},
    )


def said(model: str) -> Json:
    return {"model": model, "messages": [{"role": "user", "content": "Hello"}]}


def last(gateway: Described, provider: str) -> tuple[dict[str, str], Json]:
    """The headers and the body of the newest request there."""
    sent = gateway.simulators[provider].requests[-1]
    return {k.lower(): v for k, v in sent.headers}, json.loads(sent.body)


@pytest.mark.parametrize(
    ("model", "provider", "sent", "key"),
    [
        ("gpt-4o", "openai", "gpt-4o", "Bearer sk-key-of-a"),
        ("claude-haiku-4-5", "anthropic", "claude-haiku-4-5", "sk-key-of-b"),
        ("smart", "anthropic", "claude-sonnet-4-5", "sk-key-of-b"),
    ],
)
def test_the_server_chooses_by_what_a_virtual_host_says(
    gateway: Described, model: str, provider: str, sent: str, key: str
):
    answer = client(gateway).chat.completions.create(**said(model))
    assert answer.choices[0].message.content
    headers, body = last(gateway, provider)
    assert key in (headers.get("authorization"), headers.get("x-api-key"))
    assert body["model"] == sent
    assert not {"x-ai-cluster", "x-ai-model", "x-forwarded-proto"} & headers.keys()


def test_numbers_and_a_default_model_are_what_they_were_written_as(gateway: Described):
    message = {"messages": [{"role": "user", "content": "Hello"}]}
    assert httpx.post(f"{gateway.url}/v1/chat/completions", json=message).status_code == 200
    _, body = last(gateway, "anthropic")
    assert (body["model"], body["temperature"]) == ("claude-sonnet-4-5", 0.2)


def test_a_stream_is_translated_and_its_use_told(gateway: Described):
    stream = client(gateway).chat.completions.create(
        **said("smart"), stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert len(chunks) > 2
    assert chunks[-1].usage is not None


def test_envoy_chooses_and_its_cluster_says_who_serves(gateway: Described):
    made = client(gateway, "ai.example.com").chat.completions.create(**said("o3"))
    assert made.choices[0].message.content
    headers, body = last(gateway, "openai")
    assert headers["openai-project"] == "europe"
    assert headers["authorization"] == "Bearer sk-key-of-a"
    assert body["model"] == "o3"
    assert not {name for name in headers if name.startswith("x-ai-")}


def test_a_route_says_what_clients_call_its_model(gateway: Described):
    research = client(gateway, "ai.example.com", **{"x-team": "research"})
    assert research.chat.completions.create(**said("best")).choices
    assert last(gateway, "anthropic")[1]["model"] == "claude-opus-4-1"
    assert [model.id for model in research.models.list()] == ["best"]
    with pytest.raises(openai.NotFoundError, match="other"):
        research.chat.completions.create(**said("other"))


def test_errors_are_in_the_form_of_the_client(gateway: Described):
    asking = anthropic.Anthropic(base_url=gateway.url, api_key="any", max_retries=0)
    with pytest.raises(anthropic.NotFoundError, match="nobody"):
        asking.messages.create(**said("nobody"), max_tokens=1)
    assert asking.messages.create(**said("gpt-4o"), max_tokens=10).content


@pytest.mark.parametrize(
    ("cluster", "status", "words"),
    [
        ("misspelt", 500, "backends.opnai.provider: unknown provider; did you mean 'openai'?"),
        ("in-plain", 500, "a secret is named, never written here"),
        ("patient", 500, "backends.openai.timeouts: has no meaning in metadata"),
        ("stale", 500, "backends.bedrock.credential"),
        ("keyless", 503, "credential"),
        ("curious", 500, "metadata may not name (extproc.metadata_secrets"),
    ],
)
def test_what_is_wrong_is_told_and_logged_once(
    gateway: Described, cluster: str, status: int, words: str
):
    before = sum(len(one.requests) for one in gateway.simulators.values())
    for _ in range(3):
        answer = httpx.post(
            f"{gateway.url}/v1/chat/completions",
            json=said("any"),
            headers={"host": "ai.example.com", "x-team": cluster},
        )
        assert answer.status_code == status
        assert words in answer.json()["error"]["message"]
    assert sum(len(one.requests) for one in gateway.simulators.values()) == before
    log = gateway.server.log.read_text()
    assert "sk-proj" not in log + answer.text
    if status == 500:
        lines = [line for line in log.splitlines() if words in line]
        assert len(lines) == 1, lines


def test_what_is_not_for_models_goes_on_as_before(gateway: Described):
    assert httpx.get(f"{gateway.url}/app").text == "the app"


def test_a_header_of_the_client_s_leads_nowhere_else(gateway: Described):
    before = len(gateway.simulators["anthropic"].requests)
    headers = {"x-ai-cluster": "ai/claude"}
    answer = httpx.post(f"{gateway.url}/v1/chat/completions", json=said("gpt-4o"), headers=headers)
    assert answer.status_code == 200
    assert len(gateway.simulators["anthropic"].requests) == before
