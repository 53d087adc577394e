"""Bodies that are small and stand for much: refused in bounded time and memory, by a real worker.

Other clients go on meanwhile. What holds the worker up is measured as its CPU time, which no other
process on the machine can lengthen.
"""

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import psutil
import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients.backends import ENV, backend

MIB = 1024 * 1024
MOST_MEMORY = 400 * MIB
"""Of a worker, whatever comes."""
LONGEST = 2.0
"""Seconds for which one request may hold up the others."""
PNG = b"\x89PNG\r\n\x1a\n"
VALUES = "extproc.max_values"
BYTES = "envoy.max_body_bytes"
SAID = {"usage": {"prompt_tokens": 7, "completion_tokens": 5}, "model": "x" * MIB}

ANSWERS: dict[str, tuple[str, bytes, int]] = {
    "values": ("application/json", b'{"a":[' + b"[]," * (13 * MIB) + b"1]}", 502),
    "bytes": ("application/json", b'{"a":"' + b"a" * (60 * MIB) + b'"}', 502),
    "refusal": ("application/json", b'{"error":[' + b"[]," * (2 * MIB) + b"1]}", 400),
    "depth": (
        "application/json",
        json.dumps({"choices": [{"message": {"role": "assistant"}, "x": 1}]})
        .replace("1}", '{"a":' * 900 + "1" + "}" * 901)
        .encode(),
        200,
    ),
    "arguments": (
        "application/json",
        json.dumps(
            {
                "choices": [
                    {
                        "finish_reason": "tool_calls",
                        "message": {
                            "role": "assistant",
                            "tool_calls": [
                                {
                                    "id": "c",
                                    "type": "function",
                                    "function": {
                                        "name": "f",
                                        "arguments": '{"a":' * 900 + "1" + "}" * 900,
                                    },
                                }
                            ],
                        },
                    }
                ]
            }
        ).encode(),
        502,
    ),
    "events": ("text/event-stream", b"data: {}\n\n" * (2 * MIB), 200),
    "model": (
        "application/json",
        json.dumps(
            {"choices": [{"message": {"role": "assistant", "content": "hi"}}], **SAID}
        ).encode(),
        200,
    ),
}


@cache
def packed(name: str) -> bytes:
    return gzip.compress(ANSWERS[name][1], 6)


class Provider(BaseHTTPRequestHandler):
    """Answers as the client's header asks, always compressed; and has a large picture."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        name = self.headers["x-answer"]
        kind, _, status = ANSWERS[name]
        self._answer(400 if status == 400 else 200, packed(name), kind, "gzip")

    def do_GET(self) -> None:
        self._answer(200, PNG + bytes(8 * MIB), "image/png", "identity")

    def _answer(self, status: int, body: bytes, kind: str, encoding: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-encoding", encoding)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on the tests' standard error."""


class World:
    """A gateway with one worker, another client of it, and what the worker has taken."""

    def __init__(self, local: Local, sim: RunningSimulator, media: str) -> None:
        self.local = local
        self.sim = sim
        self.media = media
        parent = psutil.Process(local.server.popen.pid)
        self.worker = max(parent.children(), key=lambda child: child.memory_info().rss)
        self.peak = 0
        self.busiest = self.longest = 0.0
        self.failed: list[str] = []
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=target) for target in (self._weigh, self._ask_again)
        ]

    def __enter__(self) -> "World":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _weigh(self) -> None:
        while not self._over.wait(0.02):
            self.peak = max(self.peak, self.worker.memory_info().rss)

    def _ask_again(self) -> None:
        body = {"model": "plain", "messages": [{"role": "user", "content": "hi"}]}
        with httpx.Client(timeout=60) as client:
            while not self._over.wait(0.05):
                begun = time.monotonic()
                answer = client.post(f"{self.local.url}/v1/chat/completions", json=body)
                self.longest = max(self.longest, time.monotonic() - begun)
                if answer.status_code != 200:
                    self.failed.append(answer.text)

    def post(self, body: bytes, path: str = "/v1/chat/completions", **headers: str) -> Any:
        """What the client gets; the worker has lived, and was not held up for long."""
        busy = self.worker.cpu_times().user
        named = {"content-type": "application/json", **headers}
        answer = httpx.post(self.local.url + path, content=body, headers=named, timeout=60)
        assert self.worker.is_running()
        self.busiest = max(self.busiest, self.worker.cpu_times().user - busy)
        assert self.busiest < LONGEST
        return answer


def start() -> Iterator[World]:
    evil = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=evil.serve_forever, daemon=True).start()
    place = f"127.0.0.1:{evil.server_port}"
    url = f"http://{place}"
    with RunningSimulator() as sim:
        backends = {
            "plain": backend("openai.chat", sim.url),
            "old": backend("gemini.generate_content", sim.url),
            "nova": backend("bedrock.converse", sim.url),
            "pictures": backend("ollama.chat", sim.url),
            "evil": {**backend("openai.chat", url), "forward_headers": ["x-answer"]},
        }
        upstream = {"old": "gemini-1.5-pro", "nova": "amazon.nova-pro-v1:0"}
        config = {
            "backends": backends,
            "routes": [
                {
                    "models": [name] if name != "evil" else [name, "/claude-.*-.*-v[0-9]+/"],
                    "backends": [{"backend": name, "model": upstream.get(name, "m")}],
                    "price": {"input": 1, "output": 1},
                }
                for name in backends
            ],
            "extproc": {"fetch": {"hosts": [place], "http": True}},
        }
        with Local(config, ENV) as local, World(local, sim, url) as world:
            yield world
    evil.shutdown()
    evil.server_close()


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    yield from start()


def chat(model: str, **more: Any) -> bytes:
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}], **more}
    return json.dumps(body).encode()


def tool(schema: Any) -> list[dict[str, Any]]:
    return [{"type": "function", "function": {"name": "f", "parameters": schema}}]


def union(depth: int) -> Any:
    schema: Any = {"type": "string"}
    for _ in range(depth):
        schema = {"type": ["object", "array"], "properties": {"p": schema}, "items": schema}
    return schema


def unfolding() -> Any:
    named = {f"p{number}": {"$ref": "#/$defs/d"} for number in range(6_000)}
    described = {"d": {"type": "string", "description": "x" * 250_000}}
    return {"type": "object", "$defs": described, "properties": named}


def nested(depth: int) -> Any:
    schema: Any = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"p": schema}}
    return schema


def flat(model: str, piece: bytes, size: int = 49 * MIB) -> bytes:
    """A body of `size` bytes that is almost nothing but `piece`, again and again."""
    start, end = b'{"model":"' + model.encode() + b'","messages":[],"x":[', b"1]}"
    return start + piece * ((size - len(start) - len(end)) // len(piece)) + end


def pictures(world: World, count: int) -> bytes:
    part = {"type": "image_url", "image_url": {"url": f"{world.media}/large.png"}}
    return chat("pictures", messages=[{"role": "user", "content": [part] * count}])


BOMBS: dict[str, tuple[Callable[[], bytes], int, str]] = {
    "references, Gemini": (lambda: chat("old", tools=tool(unfolding())), 413, BYTES),
    "references, Nova": (lambda: chat("nova", tools=tool(unfolding())), 413, BYTES),
    "types": (lambda: chat("old", tools=tool(union(12))), 413, VALUES),
    "arrays": (lambda: flat("plain", b"[],"), 413, VALUES),
    "objects": (lambda: flat("old", b'{"":0},'), 413, VALUES),
    "texts": (lambda: flat("old", b'"",'), 413, VALUES),
    "depth": (lambda: chat("pictures", tools=tool(nested(150))), 400, "deeper than 200"),
    "depth of 900": (lambda: chat("pictures", tools=tool(nested(450))), 400, "deeper than 200"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_request_that_stands_for_much_more_is_refused(world: World, name: str) -> None:
    made, status, words = BOMBS[name]
    before = len(world.sim.requests)
    answer = world.post(made())
    assert answer.status_code == status, answer.text[:500]
    assert words in answer.json()["error"]["message"]
    sent = [request.json["model"] for request in world.sim.requests[before:]]
    assert set(sent) <= {"m"}  # the other client's


def test_a_picture_that_is_named_150_times_is_refused(world: World) -> None:
    answer = world.post(pictures(world, 150))
    assert answer.status_code == 413, answer.text[:500]
    assert BYTES in answer.json()["error"]["message"]


def test_a_refusal_speaks_the_clients_dialect(world: World) -> None:
    answer = world.post(flat("old", b"[],"), path="/v1/messages")
    assert answer.status_code == 413
    assert answer.json()["error"]["type"] == "request_too_large"


def test_the_largest_body_of_one_text_passes(world: World) -> None:
    content = "so, it goes. " * (30 * MIB // 13)
    answer = world.post(chat("old", messages=[{"role": "user", "content": content}]))
    assert answer.status_code == 200, answer.text[:500]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_unpacks_to_far_more_is_one_error(
    world: World, name: str, path: str
) -> None:
    _, _, status = ANSWERS[name]
    body = chat("evil", stream=name == "events", max_tokens=9)
    answer = world.post(body, path=path, **{"x-answer": name})
    if name == "arguments" and path == "/v1/chat/completions":
        status = 200  # the client reads them itself
    assert answer.status_code == status, answer.text[:500]
    if name == "events" and path == "/v1/messages":
        assert "error" in answer.text
    elif status == 502:
        assert answer.json()["error"]["message"].startswith("the provider's answer")


def test_a_long_name_is_no_model(world: World) -> None:
    long = "claude" + "-" * 50_000
    busy = world.worker.cpu_times().user
    assert httpx.get(f"{world.local.url}/v1/models/{long}", timeout=30).status_code == 404
    assert world.post(chat(long)).status_code in (400, 404)
    assert world.worker.cpu_times().user - busy < LONGEST


def test_a_name_that_went_back_and_forth_is_found_at_once(world: World) -> None:
    answer = world.post(chat("claude" + "-" * 200))
    assert answer.status_code == 404


def test_names_are_logged_cut(world: World) -> None:
    world.post(chat("evil"), **{"x-answer": "model"})
    world.local.wait_for(
        lambda: any(record.get("response_model") == "x" * 512 for record in world.local.records()),
        "a record of the answer",
    )


def test_no_other_client_has_noticed(world: World) -> None:
    assert world.failed == []
    assert world.peak < MOST_MEMORY
    assert world.longest < 30


def test_one_worker_has_lived_through_all(world: World) -> None:
    log = (world.local.directory / "server.log").read_text()
    assert "Traceback" not in log
    assert world.worker.is_running()
