"""LlamaIndex: agents and structured output. Arguments: client, URL."""

import asyncio
import sys
from typing import Any

from cases import run
from llama_index.core.agent.workflow import FunctionAgent, ReActAgent
from llama_index.core.llms import ChatMessage
from llama_index.llms.anthropic import Anthropic
from llama_index.llms.openai import OpenAI
from order import LOOK, order
from pydantic import BaseModel

CLIENT, URL = sys.argv[1:3]


def model() -> Any:
    if CLIENT == "anthropic":
        return Anthropic(model="claude-sonnet-4-5", base_url=URL, api_key="k", max_retries=0)
    return OpenAI(model="gpt-4o", api_base=f"{URL}/v1", api_key="k", max_retries=0)


def weather(city: str, days: int | None = None) -> str:
    """The weather somewhere."""
    return f"{city}: teal"


class Place(BaseModel):
    """A place."""

    city: str
    count: int


def asked(text: str) -> list[ChatMessage]:
    return [ChatMessage(role="user", content=text)]


def plain() -> None:
    assert "heard" in str(model().chat(asked("hello")))


def streamed() -> None:
    assert "heard" in "".join(told.delta or "" for told in model().stream_chat(asked("hello")))


def agent(kind: Any, text: str) -> None:
    async def talk() -> str:
        return str(await kind(tools=[weather], llm=model()).run(text))

    assert "teal" in asyncio.run(talk())


def structured() -> None:
    assert model().as_structured_llm(Place).chat(asked("where?")).raw.city


run(
    {
        "plain": plain,
        "streamed": streamed,
        "function agent": lambda: agent(FunctionAgent, order("weather?", **LOOK)),
        "react agent": lambda: agent(
            ReActAgent, order("weather?", text="Thought: I can answer.\nAnswer: teal")
        ),
        "structured": structured,
    }
)
