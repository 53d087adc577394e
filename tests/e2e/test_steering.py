"""Each field of a provider that the management API writes, and what it does to requests.

One gateway, one Envoy that asks for its configuration: a field is written by POST, PUT or
PATCH, and seen to hold in what the simulated provider gets and in what clients are answered.
"""

import asyncio
import base64
import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from extproc.lab.local import Local, free_port
from extproc.lab.simulator import RunningSimulator
from tests.e2e.connecting import Connecting, secured
from tests.e2e.listener import needs_balance

pytestmark = needs_balance

ENV = {**os.environ, "KEY": "sk-key-of-the-gateway", "OTHER": "sk-another", "PROXY": "open sesame"}
ENV["ADMIN"] = "adm-0123456789"
BEARER = {"authorization": f"Bearer {ENV['ADMIN']}"}
WHO = f"Basic {base64.b64encode(b'ann:open sesame').decode()}"
CERTIFICATES = Path(__file__).parents[1] / "extproc" / "render" / "certificates"
CA = (CERTIFICATES / "ca.pem").read_text()
CHAT = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello there"}]}
UNBOUNDED = 2**32 - 1


class World:
    """The gateway, its two providers, and a proxy that leads to the first one by TLS."""

    def __init__(self, local: Local, port: int, sims: tuple[RunningSimulator, ...]) -> None:
        self.local, self.port = local, port
        self.first, self.second = sims
        self.client = httpx.Client(timeout=60)

    def api(self, method: str, path: str, **more: Any) -> httpx.Response:
        url = f"http://127.0.0.1:{self.port}/api/{path}"
        return self.client.request(method, url, headers=BEARER, **more)

    def told(self) -> dict[str, Any]:
        said: dict[str, Any] = self.api("GET", "providers/own").json()
        return said

    def patch(self, **change: Any) -> dict[str, Any]:
        """What GET tells of the change, once the gateway has it."""
        answer = self.tried(**change)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        wait = f"the change of {[*change]}"
        self.local.wait_for(lambda: self.told()["config_hash"] == told["config_hash"], wait)
        return told

    def tried(self, **change: Any) -> httpx.Response:
        lock = {"config_hash": self.told()["config_hash"]}
        return self.api("PATCH", "providers/own", json={**lock, **change})

    def ask(self, path: str = "chat/completions", body: Any = CHAT, **more: Any) -> httpx.Response:
        said = {"json": body} if body else {}
        return self.client.post(f"{self.local.url}/v1/{path}", **said, **more)

    def until(self, seen: Any, what: str) -> Any:
        """What `seen` gives, once that is true: Envoy has the change, too."""
        found: list[Any] = []

        def look() -> bool:
            found[:] = [seen()]
            return bool(found[0])

        self.local.wait_for(look, what)
        return found[0]

    def until_status(self, status: int) -> httpx.Response:
        answers: list[httpx.Response] = []

        def look() -> bool:
            answers[:] = [self.ask()]
            return answers[0].status_code == status

        self.local.wait_for(look, f"a {status}")
        return answers[0]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with ExitStack() as stack:
        broken = {"broken": {"status": 503}, "slow": {"delay_ms": 4_000}}
        first = stack.enter_context(RunningSimulator(by_model=broken))
        second = stack.enter_context(RunningSimulator())
        port = free_port()
        config = {
            "backends": {
                "own": {
                    "provider": "openai",
                    "base_url": first.url,
                    "credential": {"api_key": "env:KEY"},
                }
            },
            "routes": [
                {"models": ["/.*/"], "backends": [{"backend": "own"}], "retry": {"on": ["5xx"]}}
            ],
            "usage": {"store": "sqlite:///usage.db"},
            "admin": {"port": port, "key": "env:ADMIN", "write": True},
        }
        local = stack.enter_context(Local(config, ENV, static=False))
        one = World(local, port, (first, second))
        one.until(lambda: _listens(one), "the API")
        yield one
        one.client.close()


def _listens(world: World) -> bool:
    try:
        return world.api("GET", "providers").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def whole(world: World) -> Iterator[World]:
    """The backend is put back as it was, whole."""
    before = world.told()
    yield world
    keys = {"keys": [{"value": "env.KEY"}]}

    def put_back() -> httpx.Response | None:
        """None while the last change of the test is not in force: then the lock is an old one."""
        body = {**before, "config_hash": world.told()["config_hash"], **keys}
        answer = world.api("PUT", "providers/own", json=body)
        assert answer.status_code in (200, 409), answer.text
        return answer if answer.status_code == 200 else None

    answer: httpx.Response = world.until(put_back, "the lock of the last change")
    assert answer.json()["network_config"] == before["network_config"]
    wanted = answer.json()["config_hash"]
    world.until(lambda: world.told()["config_hash"] == wanted, "the backend as it was")


def test_where_and_with_which_headers_and_path_it_is_asked(whole: World):
    whole.patch(
        description="moved",
        network_config={"base_url": whole.second.url, "extra_headers": {"x-team": "search"}},
        custom_provider_config={
            "request_path_overrides": {"chat_completion": "/v9/chat/completions"}
        },
    )

    def moved() -> bool:
        assert whole.ask().status_code == 200
        return bool(whole.second.requests)

    whole.until(moved, "a request at the second provider")
    sent = whole.second.requests[-1]
    assert (sent.target, sent.header("x-team")) == ("/v9/chat/completions", "search")
    assert whole.told()["description"] == "moved"


def test_what_was_sent_and_answered_is_told_and_kept(whole: World):
    names = ("send_back_raw_request", "send_back_raw_response", "store_raw_request_response")
    whole.patch(**dict.fromkeys(names, True))

    def fields() -> Any:
        said = whole.ask().json().get("extra_fields", {})
        return said if len(said) == 2 else None

    said = whole.until(fields, "both bodies")
    assert said["raw_request"]["messages"] == CHAT["messages"]
    assert said["raw_response"]["object"] == "chat.completion"
    exchange = whole.until(lambda: kept(whole), "bodies in the store")
    (told,) = whole.api("GET", f"exchanges/{exchange}/raw").json()["attempts"]
    assert orjson.loads(told["request"])["messages"] == CHAT["messages"]
    assert orjson.loads(told["response"])["object"] == "chat.completion"


def kept(world: World) -> str:
    """A request whose bodies are stored."""
    with (
        suppress(sqlite3.OperationalError),
        closing(sqlite3.connect(world.local.directory / "usage.db")) as store,
    ):
        for (exchange,) in store.execute("SELECT exchange FROM raw"):
            return str(exchange)
    return ""


def test_no_more_than_so_many_requests_are_under_way(whole: World):
    one = {"concurrency": 1, "buffer_size": 1}
    whole.patch(concurrency_and_buffer_size=one)
    slow = {**CHAT, "model": "slow"}

    async def burst() -> list[int]:
        url = f"{whole.local.url}/v1/chat/completions"
        async with httpx.AsyncClient(timeout=60) as client:
            answers = await asyncio.gather(*(client.post(url, json=slow) for _ in range(4)))
        return sorted(answer.status_code for answer in answers)

    found = whole.until(lambda: [x for x in [asyncio.run(burst())] if x[-1] == 503], "a 503")
    assert found[0][0] == 200
    assert whole.told()["concurrency_and_buffer_size"] == one


def test_it_has_so_much_time(whole: World):
    whole.patch(network_config={"default_request_timeout_in_seconds": 1, "max_retries": 0})

    def late() -> bool:
        answer = whole.ask(body={**CHAT, "model": "slow"})
        return answer.status_code == 504

    whole.until(late, "a 504")


def test_it_is_asked_again_so_often_and_after_such_waits(whole: World):
    waits = {"retry_backoff_initial": 300, "retry_backoff_max": 400}
    whole.patch(network_config={"max_retries": 9, **waits})

    def policy() -> bool:
        dump = whole.local.admin("/config_dump?resource=dynamic_route_configs")
        wanted = '{"base_interval":"0.300s","max_interval":"0.400s"}'
        found = dump.replace(" ", "").replace("\n", "")
        return '"num_retries":9' in found and wanted in found

    whole.until(policy, "Envoy's policy")
    before = len(whole.first.requests)
    assert whole.ask(body={**CHAT, "model": "broken"}).status_code == 503
    assert len(whole.first.requests) - before == 10
    whole.patch(network_config={"max_retries": 0})

    def once() -> bool:
        before = len(whole.first.requests)
        whole.ask(body={**CHAT, "model": "broken"})
        return len(whole.first.requests) - before == 1

    whole.until(once, "one attempt")


def test_whom_it_trusts_and_by_which_proxy_it_is_reached(whole: World):
    certificate, key = (str(CERTIFICATES / f"server.{end}") for end in ("pem", "key"))
    with (
        secured(whole.first.port, certificate, key) as front,
        Connecting(front.port, who=WHO) as proxy,
        secured(proxy.port, certificate, key) as secret,
    ):
        whole.patch(network_config={"base_url": f"https://localhost:{front.port}"})
        whole.until_status(503)  # nobody knows its authority
        whole.patch(network_config={"ca_cert_pem": CA})
        whole.until_status(200)
        whole.patch(network_config={"ca_cert_pem": ""})
        whole.until_status(503)
        whole.patch(network_config={"insecure_skip_verify": True})
        whole.until_status(200)
        assert proxy.asked == []
        trusted = {"insecure_skip_verify": False, "ca_cert_pem": CA}
        there = {"base_url": "https://provider.test:8443", **trusted}
        who = {"username": "ann", "password": "env.PROXY"}
        url = f"https://localhost:{secret.port}"
        whole.patch(network_config=there, proxy_config={"url": url, **who})
        whole.until_status(503)  # nor that of the proxy
        assert proxy.asked == []
        told = whole.patch(proxy_config={"ca_cert_pem": CA})
        whole.until_status(200)
        assert told["proxy_config"] == {
            "url": url,
            "username": "ann",
            "password": "",
            "ca_cert_pem": CA,
        }
        assert proxy.asked[-1]["proxy-authorization"] == WHO.lower()
        whole.patch(proxy_config={"url": f"http://localhost:{proxy.port}", "ca_cert_pem": ""})
        whole.until_status(200)
        whole.patch(proxy_config={"url": ""})
        whole.until_status(503)


def test_with_which_key_or_without_one(whole: World):
    def sent() -> str | None:
        """What the provider is told; None: it is not asked, for some workers have news later."""
        before = len(whole.first.requests)
        if whole.ask().status_code != 200:
            return None
        said: str = whole.first.requests[-1].header("authorization")
        assert len(whole.first.requests) > before
        return said

    whole.patch(keys=[{"value": "env.OTHER"}])
    whole.until(lambda: sent() == f"Bearer {ENV['OTHER']}", "the other key")
    told = whole.patch(keys=[{"value": "env.NOT_THERE"}])
    assert (told["provider_status"], told["status"]) == ("error", "credential_missing")
    assert "NOT_THERE" in told["description"]
    whole.until(lambda: whole.ask().status_code >= 500, "a failure")
    kind = {"base_provider_type": "vllm", "is_key_less": True}
    whole.patch(custom_provider_config=kind)
    whole.until(lambda: sent() == "", "no key")
    assert whole.told()["status"] == "success"
    back = {"base_provider_type": "openai", "is_key_less": False}
    whole.patch(custom_provider_config=back, keys=["env.KEY"])
    whole.until(lambda: sent() == f"Bearer {ENV['KEY']}", "the key")


def test_private_networks_are_out_of_reach(whole: World):
    before = whole.local.config_file.read_bytes()
    said = whole.tried(network_config={"allow_private_network": False})
    assert said.status_code == 400
    assert "private network" in said.json()["error"]["message"]
    assert whole.local.config_file.read_bytes() == before
    assert whole.ask().status_code == 200


WAV = (
    b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00"
)
WAV += b"\x02\x00\x10\x00data\x00\x00\x00\x00"
SAY = {"model": "gpt-4o-mini-tts", "voice": "alloy", "input": "hello"}
DRAW = {"model": "gpt-image-1", "prompt": "a cat"}
STREAM = {"stream": True}
BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "text_completion": ("completions", {"model": "gpt-3.5-turbo-instruct", "prompt": "a"}),
    "chat_completion": ("chat/completions", CHAT),
    "responses": ("responses", {"model": "gpt-4o-mini", "input": "hello"}),
    "count_tokens": ("responses/input_tokens", {"model": "gpt-4o-mini", "input": "hello"}),
    "embedding": ("embeddings", {"model": "text-embedding-3-small", "input": "hello"}),
    "speech": ("audio/speech", SAY),
    "image_generation": ("images/generations", DRAW),
}
STREAMS = {"speech": {"stream_format": "sse"}}
CONVERSATIONS = ("text_completion", "chat_completion", "responses")


def statuses(world: World) -> dict[str, int]:
    """The status of a request of each kind."""
    found: dict[str, int] = {}
    for kind, (path, body) in BODIES.items():
        found[kind] = world.ask(path, body).status_code
        if kind not in ("count_tokens", "embedding"):
            more = STREAMS.get(kind, STREAM)
            found[f"{kind}_stream"] = world.ask(path, {**body, **more}).status_code
    for kind, more in (("transcription", {}), ("transcription_stream", {"stream": "true"})):
        file = {"file": ("a.wav", WAV, "audio/wav")}
        data = {"model": "gpt-4o-mini-transcribe", **more}
        found[kind] = world.ask("audio/transcriptions", None, files=file, data=data).status_code
    return found | _of_files(world) | _of_batches(world)


LINE = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": CHAT}


def _of_files(world: World) -> dict[str, int]:
    url = f"{world.local.url}/v1/files"
    file = {"file": ("b.jsonl", orjson.dumps(LINE), "application/jsonl")}
    made = world.ask("files", None, files=file, data={"purpose": "batch"})
    name = made.json().get("id", "file-a")
    return {
        "file_upload": made.status_code,
        "file_list": world.client.get(url).status_code,
        "file_retrieve": world.client.get(f"{url}/{name}").status_code,
        "file_content": world.client.get(f"{url}/{name}/content").status_code,
        "file_delete": world.client.delete(f"{url}/{name}").status_code,
    }


def _of_batches(world: World) -> dict[str, int]:
    url = f"{world.local.url}/v1/batches"
    file = {"file": ("b.jsonl", orjson.dumps(LINE), "application/jsonl")}
    made = world.ask("files", None, files=file, data={"purpose": "batch"})
    wanted = {"endpoint": "/v1/chat/completions", "completion_window": "24h"}
    body = {"input_file_id": made.json().get("id", "file-a"), **wanted}
    batch = world.client.post(url, json=body)
    name = batch.json().get("id", "batch_a")
    told = world.client.get(f"{url}/{name}")
    results = told.json().get("output_file_id") or "file-a"
    return {
        "batch_create": batch.status_code,
        "batch_list": world.client.get(url).status_code,
        "batch_retrieve": told.status_code,
        "batch_results": world.client.get(
            f"{world.local.url}/v1/files/{results}/content"
        ).status_code,
        "batch_cancel": world.client.post(f"{url}/{name}/cancel").status_code,
    }


def test_each_kind_of_request_is_served_or_not(whole: World):
    kinds = whole.told()["custom_provider_config"]["allowed_requests"]
    every = sorted(set(kinds) - {"list_models"})
    assert set(kinds.values()) == {True}
    served = statuses(whole)
    assert sorted(served) == every
    assert {kind: status for kind, status in served.items() if status != 200} == {}
    spoken = {f"{kind}{end}" for kind in CONVERSATIONS for end in ("", "_stream")}
    for allowed in (spoken, {*every} - spoken):
        flags = {kind: kind in allowed for kind in every}
        told = whole.patch(custom_provider_config={"allowed_requests": flags})
        assert told["custom_provider_config"]["allowed_requests"] == {**flags, "list_models": True}
        found = whole.until(partial(just, whole, allowed), f"{allowed} alone")
        assert {found[kind] for kind in every if kind not in allowed} <= {400, 404}


def just(world: World, allowed: set[str]) -> dict[str, int] | None:
    """The statuses, once those kinds alone are served, by the server and by Envoy."""
    found = statuses(world)
    return found if {kind for kind, status in found.items() if status == 200} == allowed else None


def test_a_new_provider_gets_a_route_and_serves_and_goes(world: World):
    made = {
        "name": "fresh",
        "description": "for nights",
        "custom_provider_config": {"base_provider_type": "anthropic"},
        "network_config": {"base_url": world.second.url, "extra_headers": {"x-team": "nights"}},
        "keys": [{"value": "env.OTHER"}],
    }
    assert world.api("POST", "providers?dry_run=true", json=made).status_code == 200
    assert world.api("GET", "providers/fresh").status_code == 404
    told = world.api("POST", "providers", json=made)
    assert told.status_code == 200, told.text
    target = {"backend": "fresh", "model": "claude-sonnet-4-5"}
    route = {"models": ["nightly"], "backends": [target]}
    assert world.api("POST", "routes", json=route).status_code == 200
    asked = {**CHAT, "model": "nightly"}
    world.until(
        lambda: world.ask(body=asked).json().get("model") == "claude-sonnet-4-5", "the new route"
    )
    sent = world.second.requests[-1]
    assert (sent.target, sent.header("x-api-key")) == ("/v1/messages", ENV["OTHER"])
    assert sent.header("x-team") == "nights"
    lock = world.api("GET", "providers/fresh").json()["config_hash"]
    assert world.api("DELETE", f"providers/fresh?config_hash={lock}").status_code == 400
    assert world.api("POST", "history/undo").status_code == 200
    world.until(lambda: not _is_nightly(world), "the old routes")
    lock = world.api("GET", "providers/fresh").json()["config_hash"]
    assert world.api("DELETE", f"providers/fresh?config_hash={lock}").status_code == 200
    world.until(lambda: world.api("GET", "providers/fresh").status_code == 404, "the end of it")


def _is_nightly(world: World) -> bool:
    return "nightly" in world.api("GET", "routes").json()["names"]


def test_of_many_who_change_it_at_once_one_does(whole: World):
    lock = whole.told()["config_hash"]

    async def race() -> list[int]:
        url = f"http://127.0.0.1:{whole.port}/api/providers/own"
        async with httpx.AsyncClient(timeout=60, headers=BEARER) as client:
            said = [{"config_hash": lock, "description": f"by {number}"} for number in range(8)]
            answers = await asyncio.gather(*(client.patch(url, json=one) for one in said))
        return sorted(answer.status_code for answer in answers)

    assert asyncio.run(race()) == [200, *[409] * 7]
    whole.until(lambda: whole.told()["config_hash"] != lock, "the change of the one")
