"""Names of models as clients say them, and what becomes of them on the way to a provider."""

from collections.abc import Iterator

import httpx
import orjson
import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients.backends import ENV, backend
from tests.e2e.conftest import TRANSPORTS

ROUTES = [
    {"models": ["openai/*"], "backends": [{"backend": "chat", "model": "$1"}]},
    {"models": ["claude-*"], "backends": [{"backend": "claude", "model": "anthropic/$0"}]},
    {
        "models": ["/team-([a-z]+):(.+)/"],
        "backends": [{"backend": "chat", "model": "$2-for-$1"}],
    },
    {"models": ["usual"], "backends": [{"backend": "chat", "model": "gpt-4o"}]},
]


class World:
    """A gateway and what its two providers are asked."""

    def __init__(self, url: str, sims: dict[str, RunningSimulator]) -> None:
        self.url = url
        self.sims = sims

    def post(self, path: str, body: dict, **headers: str) -> httpx.Response:
        return httpx.post(self.url + path, json=body, headers=headers, timeout=30)


@pytest.fixture(scope="module", params=TRANSPORTS)
def world(request) -> Iterator[World]:
    with RunningSimulator() as chat, RunningSimulator() as claude:
        config = {
            "backends": {
                "chat": backend("openai.chat", chat.url),
                "claude": backend("anthropic.messages", claude.url),
            },
            "routes": ROUTES,
            "default_model": "usual",
            "extproc": {"transport": request.param},
        }
        # One of them asks the server for its configuration.
        with Local(config, ENV, static=request.param == "lean") as local:
            yield World(local.url, {"chat": chat, "claude": claude})


HELLO = {"messages": [{"role": "user", "content": "hello"}]}


@pytest.mark.parametrize(
    ("said", "backend", "sent"),
    [
        ("openai/gpt-4o", "chat", "gpt-4o"),
        ("openai/ft:gpt-4o:acme/x", "chat", "ft:gpt-4o:acme/x"),
        ("claude-sonnet-4-5", "claude", "anthropic/claude-sonnet-4-5"),
        ("team-red:gpt-4o", "chat", "gpt-4o-for-red"),
    ],
)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_parts_of_a_name_reach_the_provider(world, said, backend, sent, stream):
    answer = world.post("/v1/chat/completions", {"model": said, "stream": stream, **HELLO})
    assert answer.status_code == 200, answer.text
    assert orjson.loads(world.sims[backend].requests[-1].body)["model"] == sent


def test_a_name_of_which_nothing_is_left_is_not_found(world):
    answer = world.post("/v1/chat/completions", {"model": "openai/", **HELLO})
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "model_not_found"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", HELLO),
        ("/v1/messages", {**HELLO, "max_tokens": 10}),
        ("/v1/responses", {"input": "hello"}),
    ],
)
def test_who_names_no_model_gets_the_default(world, path, body):
    answer = world.post(path, body)
    assert answer.status_code == 200, answer.text
    assert orjson.loads(world.sims["chat"].requests[-1].body)["model"] == "gpt-4o"


def test_a_model_that_is_no_name_is_refused_all_the_same(world):
    for model in ("", 7, None):
        answer = world.post("/v1/chat/completions", {"model": model, **HELLO})
        assert answer.status_code == 400


@pytest.mark.parametrize("model", ["usual", "claude-sonnet-4-5"])
def test_a_header_alone_may_name_the_model_for_any_provider(world, model):
    for path, body in (
        ("/v1/chat/completions", HELLO),
        ("/v1/messages", {**HELLO, "max_tokens": 10}),
        ("/v1/responses", {"input": "hello"}),
    ):
        answer = world.post(path, body, **{"x-ai-model": model})
        assert answer.status_code == 200, answer.text
