"""What a client or a provider writes breaks no reply, and what was served is charged."""

import base64
import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import httpx
import pytest

from extproc.lab.local import Local, free_port
from tests.e2e.clients.backends import ENV, backend
from tests.e2e.tapes.clients import CLIENTS

SECRET = "sk-live/secret+key-of-provider"  # made up
CHAT = "openai.chat"
PROMPT = "The quick brown fox jumps over the lazy dog."
ANSWERS: dict[str, tuple[int, dict[str, str], bytes]] = {}
"""User agent → what the provider answers: status, headers, body."""


class Provider(BaseHTTPRequestHandler):
    """Answers as the user agent's entry says; without one it is silent."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[dict[str, dict[str, str]]] = {}

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        agent = self.headers["user-agent"]
        self.seen[agent] = {name.lower(): value for name, value in self.headers.items()}
        if agent not in ANSWERS:
            self.connection.recv(1)  # until Envoy lets go of it
            return
        status, headers, body = ANSWERS[agent]
        names = ("authorization", "x-api-key", "api-key")
        sent = next(filter(None, map(self.headers.get, names)), "")
        key = sent.removeprefix("Bearer ").encode()
        body = body.replace(b"ENCODED", base64.b64encode(b"Bearer " + key)).replace(b"KEY", key)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value.replace("KEY", key.decode()))
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class World:
    def __init__(self, local: Local) -> None:
        self.local = local

    def ask(self, agent: str, model: str = CHAT, client: str = CHAT, **more) -> httpx.Response:
        path, raw = CLIENTS[client].request(model, False)
        headers = {
            "user-agent": agent,
            "content-type": "application/json",
            **more.pop("headers", {}),
        }
        body = json.dumps(json.loads(raw) | more)
        return httpx.post(self.local.url + path, content=body, headers=headers, timeout=30)

    def record(self, agent: str) -> dict:
        found: list[dict] = []

        def look() -> bool:
            found[:] = [r for r in self.local.records() if r["user_agent"] == agent]
            return bool(found)

        self.local.wait_for(look, f"the record of {agent}")
        return found[-1]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    closed = f"http://127.0.0.1:{free_port()}"
    dialects = (CHAT, "anthropic.messages", "gemini.generate_content")
    names = {dialect: dialect.replace(".", "-") for dialect in dialects}
    made = {
        "backends": {
            **{name: backend(dialect, url) for dialect, name in names.items()},
            "closed": backend(CHAT, closed),
        },
        "routes": [
            *(
                {"models": [d], "backends": [{"backend": n, "model": "m"}]}
                for d, n in names.items()
            ),
            {"models": ["closed"], "backends": [{"backend": "closed", "model": "m"}]},
        ],
    }
    try:
        with Local(made, {**ENV, "KEY": SECRET}) as local:
            yield World(local)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def chat(**more) -> bytes:
    message = {"role": "assistant", "content": "All is well here."}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    answer = {"id": "c", "object": "chat.completion", "created": 1, "model": "m"}
    return json.dumps({**answer, "choices": [choice], **more}).encode()


def messages(**more) -> bytes:
    content = [{"type": "text", "text": "All is well here."}]
    answer = {"id": "a", "type": "message", "role": "assistant", "model": "m", "content": content}
    usage = {"input_tokens": 20, "output_tokens": 5}
    return json.dumps({**answer, "stop_reason": "end_turn", "usage": usage, **more}).encode()


JSON = {"content-type": "application/json"}
STREAM = {"content-type": "text/event-stream"}


def test_names_of_any_kind_and_number_are_told_and_the_answer_is_charged(world: World):
    ANSWERS["odd-names"] = (200, JSON, messages())
    odd = {"ключ": 1, "a\r\nb": 1, "nul\0": 1, "comma,": 1, **{f"k{n}": 1 for n in range(20_000)}}
    answer = world.ask("odd-names", "anthropic.messages", **odd)
    assert answer.status_code == 200, answer.text
    dropped = answer.headers["x-ai-dropped-params"]
    assert "%D0%BA%D0%BB%D1%8E%D1%87, a%0D%0Ab, nul%00, comma%2C, k0, " in dropped
    assert dropped.endswith(" more")
    assert len(dropped) < 2_100
    assert world.record("odd-names")["total_tokens"] == 25


@pytest.mark.parametrize("id", ["клю\r\nч\0", "x" * 200_000])
def test_an_id_that_is_no_header_does_not_change_the_error(world: World, id: str):
    agent = f"odd-id-{len(id)}"
    error = {
        "type": "error",
        "request_id": id,
        "error": {"type": "rate_limit_error", "message": "m"},
    }
    ANSWERS[agent] = (429, JSON, json.dumps(error).encode())
    answer = world.ask(agent, "anthropic.messages")
    assert answer.status_code == 429
    assert answer.headers["x-request-id"] in ("%D0%BA%D0%BB%D1%8E%0D%0A%D1%87%00", "x" * 1_000)
    assert world.record(agent)["total_tokens"] == 0


ECHOES = {
    "plain": b'{"error": {"message": "no such key: Bearer KEY"}}',
    "base64": b'{"error": {"message": "headers: ENCODED"}}',
    "html": b"<html><h1>Bearer KEY</h1></html>",
}


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("model", [CHAT, "anthropic.messages"])
def test_a_provider_that_quotes_its_key_tells_no_client(world: World, echo: str, model: str):
    agent = f"echo-{echo}-{model}"
    ANSWERS[agent] = (401, {**JSON, "x-echo": "Bearer KEY"}, ECHOES[echo])
    answer = world.ask(agent, model)
    assert answer.status_code == 401
    assert "[redacted]" in answer.text
    said = answer.text + str(answer.headers)
    assert SECRET not in said
    assert base64.b64encode(SECRET.encode()).decode()[4:-4] not in said


@pytest.mark.parametrize("model", [CHAT, "anthropic.messages"])
def test_nor_does_an_error_in_a_stream(world: World, model: str):
    agent = f"stream-echo-{model}"
    error = {"type": "error", "error": {"type": "api_error", "message": "Bearer KEY"}}
    ANSWERS[agent] = (200, STREAM, f"event: error\ndata: {json.dumps(error)}\n\n".encode())
    answer = world.ask(agent, model, stream=True)
    assert "[redacted]" in answer.text
    assert SECRET not in answer.text
    assert world.record(agent)["total_tokens"] == 0


@pytest.mark.parametrize("value", ["12", -1, None, 10**30, 1.5, True, 2**64 - 1])
@pytest.mark.parametrize("model", [CHAT, "anthropic.messages"])
def test_a_number_that_cannot_be_one_is_estimated(world: World, model: str, value):
    agent = f"number-{value}-{model}"
    bad = {"input_tokens": value, "output_tokens": value}
    bad |= {"prompt_tokens": value, "completion_tokens": value}
    ANSWERS[agent] = (200, JSON, (chat if model == CHAT else messages)(usage=bad))
    assert world.ask(agent, model).status_code == 200
    record = world.record(agent)
    assert record["estimated"] is True
    assert 10 <= record["input_tokens"] <= 20
    assert 4 <= record["output_tokens"] <= 10


def test_who_hangs_up_before_the_answer_is_charged_for_the_prompt(world: World):
    path, body = CLIENTS[CHAT].request(CHAT, False)
    Provider.seen.pop("left", None)
    with socket.create_connection(("127.0.0.1", world.local.port)) as client:
        head = (
            f"POST {path} HTTP/1.1\r\nhost: x\r\nuser-agent: left\r\ncontent-type: application/json"
        )
        client.sendall(f"{head}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
        until = time.monotonic() + 20
        while "left" not in Provider.seen and time.monotonic() < until:
            time.sleep(0.01)
    record = world.record("left")
    assert 10 <= record["input_tokens"] == record["total_tokens"] <= 20
    assert record["estimated"] is True
    assert record["response_flags"] == "DC"


def test_who_cannot_be_reached_is_not_charged_for(world: World):
    answer = world.ask("closed", "closed")
    assert answer.status_code == 503
    assert "x-ai-unserved" not in answer.headers
    record = world.record("closed")
    assert record["total_tokens"] == record["input_tokens"] == record["cost_nanousd"] == 0
    assert record["estimated"] is False


FAILURES = {
    CHAT: b'{"error": {"message": "no", "type": "server_error"}}',
    "anthropic.messages": b'{"type": "error", "error": {"type": "api_error", "message": "no"}}',
    "gemini.generate_content": b'{"error": {"code": 500, "message": "no", "status": "INTERNAL"}}',
}


@pytest.mark.parametrize("model", FAILURES)
@pytest.mark.parametrize("client", FAILURES)
def test_a_failure_in_a_200_costs_nothing(world: World, client: str, model: str):
    agent = f"failed-{client}-{model}"
    ANSWERS[agent] = (200, JSON, FAILURES[model])
    path, body = CLIENTS[client].request(model, False)
    headers = {"user-agent": agent}
    httpx.post(world.local.url + path, content=body, headers=headers, timeout=30)
    record = world.record(agent)
    assert record["total_tokens"] == 0
    assert record["error_type"]


def test_headers_that_are_about_another_host_do_not_pass(world: World):
    foreign = {"location": "https://inner.example/", "openai-organization": "ours", "cf-ray": "1"}
    ANSWERS["foreign"] = (200, {**JSON, **foreign, "set-cookie": "a=b"}, messages())
    told = {"x-stainless-os": "Linux", "x-codex-turn": "1", "originator": "codex", "x-own": "1"}
    told |= {"openai-organization": "org-1", "proxy-authorization": "Basic eDp5", "b3": "1"}
    answer = world.ask("foreign", "anthropic.messages", headers=told)
    assert answer.status_code == 200
    assert not {"location", "openai-organization", "cf-ray", "set-cookie"} & answer.headers.keys()
    seen = Provider.seen["foreign"]
    assert not (told.keys() - {"b3"}) & seen.keys()
    assert seen["b3"] == "1"
    ANSWERS["foreign"] = (200, {**JSON, "location": "https://inner.example/"}, chat())
    answer = world.ask("foreign", headers=told)
    assert "location" not in answer.headers
    assert (told.keys() & Provider.seen["foreign"].keys()) == {"b3", "x-own"}


def test_an_answer_that_cannot_be_unpacked_is_an_error_and_charged(world: World):
    ANSWERS["packed"] = (200, {**JSON, "content-encoding": "zstd"}, chat())
    assert world.ask("packed").status_code == 502
    assert world.record("packed")["total_tokens"] > 0
    ANSWERS["zipped"] = (200, {**JSON, "content-encoding": "gzip"}, gzip.compress(chat()))
    answer = world.ask("zipped")
    assert answer.json()["choices"]
    assert "content-encoding" not in answer.headers
