"""A backend whose identity has no token, through a real Envoy: the route's next one is asked."""

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import openai
import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator

ENV = {**os.environ, "SECRET": "secret-of-the-client", "KEY": "sk-of-b"}
CHAT = [{"role": "user", "content": "hello there"}]


class Tokens(ThreadingHTTPServer):
    """A token server that fails until it is told otherwise."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.works = False
        self.url = f"http://127.0.0.1:{self.server_address[1]}/token"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Answering(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Tokens)
        works = self.server.works
        said = {"access_token": "a-token", "token_type": "Bearer", "expires_in": 3600}
        body = json.dumps(said if works else {"error": "temporarily_unavailable"}).encode()
        self.send_response(200 if works else 503)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


class World:
    def __init__(
        self, local: Local, tokens: Tokens, a: RunningSimulator, b: RunningSimulator
    ) -> None:
        self.local, self.tokens, self.a, self.b = local, tokens, a, b
        url = f"{local.url}/v1"
        self.client = openai.OpenAI(base_url=url, api_key="x", max_retries=0, timeout=30)

    def whole(self, model: str = "both") -> str:
        """Which backend has answered; none where Envoy has yet to hear that one has no token."""
        before = len(self.a.requests)
        try:
            answer = self.client.chat.completions.create(model=model, messages=CHAT)
        except openai.InternalServerError as error:
            assert "'a' has no credential now" in str(error)
            return ""
        assert answer.choices[0].message.content
        return "a" if len(self.a.requests) > before else "b"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with RunningSimulator(name="a") as a, RunningSimulator(name="b") as b:
        tokens = Tokens()
        oauth = {"token_url": tokens.url, "client_id": "c", "client_secret": "env:SECRET"}
        backends = {
            "a": {"provider": "openai", "base_url": a.url, "credential": {"oauth": oauth}},
            "b": {"provider": "openai", "base_url": b.url, "credential": {"api_key": "env:KEY"}},
        }
        backends["a"] |= {"provider": "openai-compatible"}
        both = [
            {"backend": name, "model": "gpt-4o-mini", "priority": priority}
            for priority, name in enumerate("ab")
        ]
        alone = [{"backend": "a", "model": "gpt-4o-mini"}]
        served = [{"models": ["both"], "backends": both}, {"models": ["alone"], "backends": alone}]
        config = {"backends": backends, "routes": served}
        with Local(config, ENV, static=False) as local:
            yield World(local, tokens, a, b)
        tokens.shutdown()
        tokens.server_close()


def test_the_next_backend_is_asked_until_there_is_a_token(world: World):
    world.local.wait_for(world.whole, "the second backend to be asked", 60)
    assert [world.whole() for _ in range(8)] == ["b"] * 8
    stream = world.client.chat.completions.create(model="both", messages=CHAT, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    assert world.whole("alone") == ""
    assert not world.a.requests
    world.tokens.works = True
    world.local.wait_for(lambda: world.whole() == "a", "the first backend to be asked again", 60)
    assert world.a.requests[-1].header("authorization") == "Bearer a-token"
