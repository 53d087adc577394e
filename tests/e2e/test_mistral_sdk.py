"""What Mistral's SDK alone asks for, through a real Envoy: code, agents and judges."""

from collections.abc import Iterator
from typing import Any

import pytest
from mistralai.client import Mistral
from mistralai.client.errors import SDKError

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients.backends import ENV

SAID = [{"role": "user", "content": "I am happy"}]
JUDGE = "mistral-moderation-latest"


@pytest.fixture(scope="module")
def gateway() -> Iterator[Local]:
    with RunningSimulator() as sim:
        backend = {
            "provider": "mistral",
            "base_url": sim.url,
            "credential": {"api_key": "env:KEY"},
        }
        models = {"coder": "codestral-latest", "ag:mine": "ag:theirs", "judge": JUDGE}
        routes = [
            {"models": [name], "backends": [{"backend": "m", "model": model}]}
            for name, model in models.items()
        ]
        with Local({"backends": {"m": backend}, "routes": routes}, ENV) as local:
            yield local


@pytest.fixture
def sdk(gateway: Local) -> Iterator[Mistral]:
    with Mistral(api_key="client", server_url=gateway.url, timeout_ms=30_000) as client:
        yield client


def record(gateway: Local, operation: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = []

    def look() -> bool:
        found[:] = [one for one in gateway.records() if one["operation"] == operation]
        return bool(found)

    gateway.wait_for(look, f"a record of {operation}")
    return found[-1]


def test_code_is_filled_in_between_a_prompt_and_a_suffix(gateway: Local, sdk: Mistral):
    answer = sdk.fim.complete(model="coder", prompt="def f(x):", suffix="return x", max_tokens=20)
    assert answer.choices[0].message.content.endswith("heard: def f(x):")
    one = record(gateway, "completions")
    assert one["response_model"] == "codestral-latest"
    assert one["input_tokens"] == answer.usage.prompt_tokens > 0


def test_an_agent_is_known_by_its_id(gateway: Local, sdk: Mistral):
    answer = sdk.agents.complete(agent_id="ag:mine", messages=SAID)
    assert answer.choices[0].message.content.endswith("heard: I am happy")
    pieces = sdk.agents.stream(agent_id="ag:mine", messages=SAID)
    told = [choice.delta.content or "" for piece in pieces for choice in piece.data.choices]
    assert "".join(told) == answer.choices[0].message.content
    one = record(gateway, "agents")
    assert (one["upstream_model"], one["response_model"]) == ("ag:theirs", "mistral-large-latest")
    assert one["output_tokens"] == answer.usage.completion_tokens


def test_texts_and_chats_are_judged(gateway: Local, sdk: Mistral):
    judges = sdk.classifiers
    texts = judges.classify(model="judge", inputs=["happy", "no"])
    assert [one["mood"].scores["happy"] for one in texts.results] == [0.9, 0.1]
    chats = judges.classify_chat(model="judge", input={"messages": SAID})
    assert chats.results[0]["mood"].scores["happy"] == 0.9
    verdicts = judges.moderate_chat(model="judge", inputs=[{"role": "user", "content": "pii"}])
    assert verdicts.results[0].categories["pii"] is True
    one = record(gateway, "classification")
    assert (one["response_model"], one["output_tokens"]) == (JUDGE, 0)


def test_an_unknown_agent_is_not_found(sdk: Mistral):
    with pytest.raises(SDKError) as caught:
        sdk.agents.complete(agent_id="ag:other", messages=SAID)
    assert caught.value.status_code == 404
    assert "ag:other" in caught.value.body
