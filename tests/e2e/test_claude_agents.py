"""Agents of the anthropic SDK, by its tool runner, through a real Envoy to every dialect."""

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients.backends import ENV, MODELS, SERVED, backend
from tests.e2e.clients.talk import order

THINKING = {"type": "enabled", "budget_tokens": 1024}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with RunningSimulator() as sim:
        config = {
            "backends": {f"b{at}": backend(each, sim.url) for at, each in enumerate(SERVED)},
            "routes": [
                {
                    "models": [each],
                    "backends": [{"backend": f"b{at}", "model": MODELS.get(each, "m")}],
                }
                for at, each in enumerate(SERVED)
            ],
        }
        with Local(config, ENV) as local:
            yield local.url


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("target", SERVED)
def test_a_tool_runner_gets_to_its_end(url: str, target: str, stream: bool):
    asked: list[str] = []

    @anthropic.beta_tool
    def weather(city: str) -> str:
        """The weather somewhere."""
        asked.append(city)
        return "rain"

    told: dict[str, Any] = {"reasoning": 3, "call_tool": True, "rounds": 2}
    text = order("weather?", **told, arguments={"city": 'Zürich "Ost"'})
    with anthropic.Anthropic(base_url=url, api_key="k", max_retries=0, timeout=30) as sdk:
        runner = sdk.beta.messages.tool_runner(
            model=target,
            max_tokens=4000,
            thinking=THINKING,
            tools=[weather],
            messages=[{"role": "user", "content": text}],
            stream=stream,
        )
        for turn in runner:
            last = turn.get_final_message() if stream else turn
    assert asked == ['Zürich "Ost"'] * 2
    assert last.stop_reason == "end_turn"
    # As programs do that read no more than the answer.
    assert last.content[-1].text.endswith("was told: rain / rain")
