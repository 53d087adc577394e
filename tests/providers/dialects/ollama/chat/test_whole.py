"""An answer in Ollama's format is the same whole and streamed, for every official client."""

import asyncio
from typing import Any

import orjson
import pytest

from providers.neutral.chat import ChatResponse, Choice, Finish, Text, Thinking, ToolCall
from providers.neutral.deltas import replay
from providers.usage import Usage
from tests.providers.dialects.ollama.chat.wire import ASK, async_client, client, render, stream

CALLS = tuple(ToolCall(id=f"c{at}", name="f", arguments='{"a":1}') for at in range(2))


def answer(*parts: Any, finish: Finish) -> ChatResponse:
    choices = (Choice(parts=parts, finish=finish),)
    return ChatResponse(id="i", model="m", choices=choices, usage=Usage(input=7, output=3))


ANSWERS = [
    answer(Thinking(text="hm"), Text(text="a\u2028b\x85"), finish=Finish.STOP),
    answer(Text(text="a"), Text(text="b"), finish=Finish.LENGTH),
    answer(Thinking(text="hm"), Text(text="I look."), *CALLS, finish=Finish.TOOL_CALLS),
]


def accumulated(told: list[Any]) -> dict[str, Any]:
    """The whole answer that the lines make."""
    messages = [line.message for line in told]
    calls = [call.model_dump() for said in messages for call in said.tool_calls or ()]
    whole = told[-1].model_dump()
    whole["message"] |= {
        "content": "".join(said.content or "" for said in messages),
        "thinking": "".join(said.thinking or "" for said in messages) or None,
        "tool_calls": calls or None,
    }
    return whole


@pytest.mark.parametrize("response", ANSWERS)
def test_a_stream_makes_the_whole_answer(response: ChatResponse) -> None:
    told = list(client(stream(replay(response))).chat(**ASK, stream=True))
    whole = client(orjson.dumps(render(response)), "application/json").chat(**ASK)
    assert accumulated(told) == whole.model_dump()


@pytest.mark.parametrize("response", ANSWERS)
def test_the_asynchronous_client_reads_the_same(response: ChatResponse) -> None:
    async def ask() -> tuple[Any, list[Any]]:
        whole = await async_client(orjson.dumps(render(response))).chat(**ASK)
        streaming = await async_client(stream(replay(response))).chat(**ASK, stream=True)
        return whole, [line async for line in streaming]

    whole, told = asyncio.run(ask())
    assert accumulated(told) == whole.model_dump()
