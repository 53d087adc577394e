"""Pictures by URL for providers that take only bytes, through a real Envoy."""

import base64
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import openai
import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients.backends import ENV, MODELS, backend

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
LARGE = PNG + bytes(3 * 1024 * 1024)
TOO_LARGE = PNG + bytes(4 * 1024 * 1024)
FILES = {"/a.png": PNG, "/b.png": PNG + b"b", "/large.png": LARGE, "/too-large.png": TOO_LARGE}
DIALECTS = {"bytes": "ollama.chat", "bedrock": "bedrock.converse", "url": "openai.chat"}
"""Model → the dialect of its provider."""


class Media(ThreadingHTTPServer):
    """A web server with pictures."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.gone = threading.Event()
        """Who asked for /slow.png has hung up."""

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Media

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.path == "/slow.png":
            self.connection.recv(1)
            self.server.gone.set()
        elif self.path in FILES:
            self._answer(200, FILES[self.path], "image/png")
        else:
            self._answer(404, b"", "text/plain")

    def _answer(self, status: int, body: bytes, media_type: str) -> None:
        self.send_response(status)
        self.send_header("content-type", media_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on the tests' standard error."""


class World:
    """A gateway, its provider, and where the pictures are."""

    def __init__(self, local: Local, sim: RunningSimulator, media: Media) -> None:
        self.local = local
        self.sim = sim
        self.media = media
        self.client = openai.OpenAI(
            base_url=f"{local.url}/v1", api_key="k", max_retries=0, timeout=30
        )

    def ask(self, model: str, *paths: str, **options: Any) -> Any:
        """Sends a question about the pictures at `paths`, or URLs; what the provider received."""
        here = f"http://{self.media.place}"
        urls = [here + path if path.startswith("/") else path for path in paths]
        pictures = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
        content = [{"type": "text", "text": "What is it?"}, *pictures]
        messages = [{"role": "user", "content": content}]
        self.client.chat.completions.create(model=model, messages=messages, **options)
        return self.sim.requests[-1].json

    def refused(self, model: str, *paths: str) -> dict[str, Any]:
        """The error that the client gets; nothing reaches the provider."""
        before = len(self.sim.requests)
        with pytest.raises(openai.BadRequestError) as caught:
            self.ask(model, *paths)
        assert len(self.sim.requests) == before
        error: dict[str, Any] = caught.value.body
        assert error["param"] == "messages.image_url"
        assert error["message"].startswith("messages.image_url")
        return error


def start(**extproc: Any) -> Iterator[World]:
    media = Media()
    threading.Thread(target=media.serve_forever, daemon=True).start()
    if "fetch" in extproc:
        extproc["fetch"] = {"hosts": [media.place], "http": True, **extproc["fetch"]}
    with RunningSimulator(keep_body=2**30) as sim:
        backends = {name: backend(spoken, sim.url) for name, spoken in DIALECTS.items()}
        backends["same"] = {"provider": "ollama", "base_url": sim.url, "credential": "none"}
        config = {
            "backends": backends,
            "routes": [
                {"models": [name], "backends": [{"backend": name, "model": MODELS[spoken]}]}
                for name, spoken in {**DIALECTS, "same": "ollama.chat"}.items()
            ],
            "extproc": extproc,
        }
        with Local(config, ENV) as local:
            yield World(local, sim, media)
    media.shutdown()
    media.server_close()


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    yield from start(fetch={"max_bytes": "4MiB", "max_total_bytes": "16MiB", "timeout": "20s"})


@pytest.fixture(scope="module")
def closed() -> Iterator[World]:
    yield from start()


def images(model: str, sent: Any) -> list[bytes]:
    """The pictures that a provider received."""
    (message,) = sent["messages"]
    if model == "bytes":
        found = message["images"]
    elif model == "same":
        urls = [each["image_url"]["url"] for each in message["content"][1:]]
        found = [url.removeprefix("data:image/png;base64,") for url in urls]
    else:
        found = [part["image"]["source"]["bytes"] for part in message["content"] if "image" in part]
    return [base64.b64decode(each, validate=True) for each in found]


@pytest.mark.parametrize("model", ["bytes", "bedrock", "same"])
def test_the_provider_gets_the_bytes_in_order(world: World, model: str) -> None:
    sent = world.ask(model, "/b.png", "/a.png", "/b.png")
    assert images(model, sent) == [FILES["/b.png"], FILES["/a.png"], FILES["/b.png"]]


def test_a_stream_gets_them_too(world: World) -> None:
    world.ask("bytes", "/a.png", stream=True)
    world.sim.until(lambda sim: sim.requests[-1].outcome == "sent")
    assert images("bytes", world.sim.requests[-1].json) == [PNG]


def test_a_provider_that_takes_urls_gets_the_url(world: World) -> None:
    before = list(world.media.asked)
    (message,) = world.ask("url", "/a.png")["messages"]
    assert message["content"][1]["image_url"]["url"] == f"http://{world.media.place}/a.png"
    assert world.media.asked == before


def test_files_far_larger_than_the_request_pass_through_envoy(world: World) -> None:
    sent = world.ask("bedrock", "/large.png")
    assert images("bedrock", sent) == [LARGE]


def test_a_file_that_is_too_large_is_a_400(world: World) -> None:
    assert "extproc.fetch.max_bytes" in world.refused("bytes", "/too-large.png")["message"]


def test_a_file_that_is_not_there_is_a_400(world: World) -> None:
    assert "status 404" in world.refused("bedrock", "/a.png", "/none.png")["message"]


def test_a_host_that_is_not_listed_is_a_400(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        url = f"http://127.0.0.1:{other.getsockname()[1]}/a.png"
        assert "extproc.fetch.hosts" in world.refused("bytes", url)["message"]


def test_a_client_that_hangs_up_ends_the_fetch_and_nothing_else(world: World) -> None:
    world.media.gone.clear()
    with pytest.raises(openai.APITimeoutError):
        world.ask("bytes", "/slow.png", timeout=0.5)
    assert world.media.gone.wait(10)
    assert images("bytes", world.ask("bytes", "/a.png")) == [PNG]


def test_without_the_setting_a_url_is_a_400_that_names_it(closed: World) -> None:
    for model in ("bytes", "bedrock", "same"):
        assert "extproc.fetch" in closed.refused(model, "/a.png")["message"]
    assert closed.media.asked == []
