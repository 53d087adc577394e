"""The official SDKs ask for moderation, of OpenAI and of Mistral, through a real Envoy."""

from collections.abc import Iterator

import openai
import pytest
from mistralai.client import Mistral

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients.backends import ENV

KEY = {"api_key": "env:KEY"}
PROVIDERS = ("openai", "mistral")
EVERY = pytest.mark.parametrize("provider", PROVIDERS)


@pytest.fixture(scope="module")
def gateway() -> Iterator[Local]:
    with RunningSimulator() as sim:
        config = {
            "backends": {
                name: {"provider": name, "base_url": sim.url, "credential": KEY}
                for name in PROVIDERS
            },
            "routes": [
                {
                    "models": [f"to-{name}"],
                    "backends": [{"backend": name, "model": f"{name}-moderation-latest"}],
                }
                for name in PROVIDERS
            ],
        }
        with Local(config, ENV) as local:
            yield local


@pytest.fixture
def client(gateway: Local) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="client", max_retries=0)


@EVERY
def test_each_text_is_judged_in_openais_form(client: openai.OpenAI, provider: str):
    answer = client.moderations.create(model=f"to-{provider}", input=["a kind word", "violence"])
    assert [result.flagged for result in answer.results] == [False, provider == "openai"]
    again = client.moderations.create(model=f"to-{provider}", input="sexual")
    assert again.results[0].categories.sexual


@EVERY
def test_the_sdk_of_mistral_reads_the_same(gateway: Local, provider: str):
    with Mistral(api_key="client", server_url=gateway.url) as sdk:
        answer = sdk.classifiers.moderate(model=f"to-{provider}", inputs=["sexual"])
    assert answer.results[0].categories["sexual"]


def test_what_cannot_be_judged_is_refused_by_name(client: openai.OpenAI):
    picture = {"type": "image_url", "image_url": {"url": "https://example.test/a.png"}}
    with pytest.raises(openai.BadRequestError, match=r"mistral\.moderations"):
        client.moderations.create(model="to-mistral", input=[picture])


def test_a_verdict_is_free_of_charge(gateway: Local, client: openai.OpenAI):
    client.moderations.create(model="to-openai", input="free of charge")
    record = gateway.record(status=200)
    assert record["total_tokens"] == 0
    assert record["operation"] == "moderations"
