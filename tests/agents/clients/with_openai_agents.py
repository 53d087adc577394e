"""The OpenAI Agents SDK: tools, handoffs, structured output. Arguments: client, URL."""

import asyncio
import sys
from typing import Any

from agents import (
    Agent,
    ModelSettings,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from cases import run
from openai import AsyncOpenAI
from order import LOOK, order
from pydantic import BaseModel

CLIENT, URL = sys.argv[1:3]
KINDS: dict[str, Any] = {"chat": OpenAIChatCompletionsModel, "responses": OpenAIResponsesModel}
set_tracing_disabled(True)


@function_tool
def weather(city: str) -> str:
    """The weather somewhere."""
    return f"{city}: teal"


class Place(BaseModel):
    """A place."""

    city: str
    count: int


def agent(name: str = "A", **more: Any) -> Agent:
    sdk = AsyncOpenAI(base_url=f"{URL}/v1", api_key="k", max_retries=0)
    return Agent(name=name, model=KINDS[CLIENT](model="gpt-5", openai_client=sdk), **more)


def plain() -> None:
    assert "heard" in Runner.run_sync(agent(instructions="be brief"), "hello").final_output


def tools() -> None:
    async def talk() -> tuple[str, str]:
        made = agent(tools=[weather])
        told = Runner.run_streamed(made, order("weather?", reasoning=3, **LOOK))
        async for _ in told.stream_events():
            pass
        more = [*told.to_input_list(), {"role": "user", "content": order("and then?")}]
        return told.final_output, (await Runner.run(made, more)).final_output

    first, second = asyncio.run(talk())
    assert "teal" in first
    assert "heard" in second


def one_by_one() -> None:
    made = agent(tools=[weather], model_settings=ModelSettings(parallel_tool_calls=False))
    assert "teal" in Runner.run_sync(made, order("weather?", **LOOK)).final_output


def output() -> None:
    assert Runner.run_sync(agent(output_type=Place), "where?").final_output.city


def handoff() -> None:
    first = agent(handoffs=[agent("Billing", tools=[weather])])
    asked = order("weather?", call_tool="transfer_to_billing", arguments={})
    assert Runner.run_sync(first, asked).last_agent.name == "Billing"


run(
    {
        "plain": plain,
        "tools": tools,
        "one by one": one_by_one,
        "output": output,
        "handoff": handoff,
    }
)
