"""Every official SDK through a real Envoy to models that clouds host in forms of their own."""

from collections.abc import Iterator
from typing import Any

import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients import TALKS, facts
from tests.e2e.clients.backends import AWS, ENV
from tests.e2e.clients.talk import Link, Talk, Wish

STREAM = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
KEY = {"api_key": "env:KEY"}
GOOGLE = {"gcp": {"access_token": "env:KEY"}}
VERTEX = "/v1/projects/p/locations/europe-west4/publishers/anthropic/models"
CLAUDE = "claude-sonnet-4-5"
ON_BEDROCK = "eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0"
DATED = "?api-version=2025-04-01-preview"

CLOUDS: dict[str, tuple[dict[str, Any], str, tuple[str, str]]] = {
    "vertex-claude": (
        {"provider": "vertex", "project": "p", "region": "europe-west4", "credential": GOOGLE},
        CLAUDE,
        (f"{VERTEX}/{CLAUDE}:rawPredict", f"{VERTEX}/{CLAUDE}:streamRawPredict"),
    ),
    "bedrock-claude": (
        {
            "provider": "bedrock",
            "region": "eu-west-1",
            "dialect": "anthropic.messages",
            "credential": AWS,
        },
        ON_BEDROCK.replace("%3A", ":"),
        (f"/model/{ON_BEDROCK}/invoke", f"/model/{ON_BEDROCK}/invoke-with-response-stream"),
    ),
    "foundry-claude": (
        {"provider": "foundry", "instance": "i", "credential": KEY},
        CLAUDE,
        ("/anthropic/v1/messages",) * 2,
    ),
    "foundry-gpt": (
        {
            "provider": "foundry",
            "instance": "i",
            "credential": KEY,
            "dialect": {"chat": "openai.chat"},
        },
        "gpt-5.1",
        ("/openai/v1/chat/completions",) * 2,
    ),
    "azure-dated": (
        {
            "provider": "azure",
            "instance": "i",
            "api_version": "2025-04-01-preview",
            "credential": KEY,
            "dialect": "openai.chat",
        },
        "my/gpt-5.1",
        (f"/openai/deployments/my%2Fgpt-5.1/chat/completions{DATED}",) * 2,
    ),
    "azure-responses": (
        {
            "provider": "azure",
            "instance": "i",
            "api_version": "preview",
            "credential": KEY,
            "dialect": "openai.responses",
        },
        "gpt-5.1",
        ("/openai/v1/responses?api-version=preview",) * 2,
    ),
}
"""Name → backend, the provider's name for the model, its paths for whole answers and streams."""


class World:
    """A gateway before one simulator, which is every cloud at once."""

    def __init__(self, local: Local, sim: RunningSimulator) -> None:
        self.sim = sim
        self.link = Link(local.url)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with RunningSimulator() as sim:
        config = {
            "backends": {
                name: {**backend, "base_url": sim.url} for name, (backend, _, _) in CLOUDS.items()
            },
            "routes": [
                {"models": [name], "backends": [{"backend": name, "model": model}]}
                for name, (_, model, _) in CLOUDS.items()
            ],
        }
        with Local(config, ENV) as local:
            yield World(local, sim)


@pytest.fixture(params=sorted(TALKS))
def client(request) -> str:
    return request.param


@pytest.fixture(params=CLOUDS)
def cloud(request) -> str:
    return request.param


@pytest.fixture
def new(client: str, cloud: str, world: World):
    def made(wish: Wish = Wish()) -> Talk:  # noqa: B008
        return TALKS[client](world.link, cloud, wish)

    return made


@STREAM
def test_a_plain_answer_comes_from_where_the_cloud_has_the_model(new, cloud, world, stream):
    facts.a_plain_answer(new, stream)
    assert world.sim.requests[-1].target == CLOUDS[cloud][2][stream]


@STREAM
def test_a_picture(new, stream):
    facts.a_picture(new, stream)


@STREAM
def test_tools_over_three_turns(new, stream):
    facts.tools_over_three_turns(new, stream)


@STREAM
def test_a_structured_answer(new, stream):
    facts.a_structured_answer(new, stream)


@STREAM
def test_thoughts(new, stream):
    facts.thoughts(new, stream)


@STREAM
@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_errors(new, stream, status):
    assert facts.an_error(new, stream, status).status >= 400


def test_an_error_in_mid_stream(new):
    assert "out of luck" in facts.an_error_in_mid_stream(new).message
