"""An answer in Cohere's format is the same whole and streamed, for every official client."""

import asyncio
from typing import Any

import orjson
import pytest

from providers.neutral.chat import ChatResponse, Choice, Citation, Finish, Text, Thinking, ToolCall
from providers.neutral.deltas import replay
from providers.usage import Usage
from tests.providers.dialects.cohere.chat.wire import ASK, async_client, client, render, stream

CITED = Citation(url="https://a.test/", title="A", quote="q", start=0, end=2)
WHOLLY = Citation(title="B")
CALLS = tuple(ToolCall(id=f"c{at}", name="f", arguments='{"a":1}') for at in range(2))


def answer(*parts: Any, finish: Finish) -> ChatResponse:
    usage = Usage(input=7, output=3, cache_read=2)
    choices = (Choice(parts=parts, finish=finish),)
    return ChatResponse(id="i", model="m", choices=choices, usage=usage)


ANSWERS = [
    answer(Thinking(text="hm"), Text(text="hello", citations=(CITED,)), finish=Finish.STOP),
    answer(Text(text="a", citations=(WHOLLY,)), Text(text="b"), finish=Finish.LENGTH),
    answer(Thinking(text="hm"), *CALLS, finish=Finish.TOOL_CALLS),
]
"""Words before a call are a plan in a whole answer, but who streams them cannot know that."""


def accumulated(told: list[Any]) -> dict[str, Any]:
    """The whole answer that the events make."""
    message: dict[str, Any] = {"content": [], "tool_calls": [], "citations": []}
    for event in told:
        match event.type:
            case "content-start":
                kind = event.delta.message.content.type
                message["content"].append({"type": kind, kind: ""})
            case "content-delta":
                block, said = message["content"][event.index], event.delta.message.content
                block[block["type"]] += getattr(said, block["type"])
            case "tool-call-start":
                message["tool_calls"].append(event.delta.message.tool_calls.dict())
            case "tool-call-delta":
                more = event.delta.message.tool_calls.function.arguments
                message["tool_calls"][event.index]["function"]["arguments"] += more
            case "citation-start":
                message["citations"].append(event.delta.message.citations.dict())
    end = told[-1].delta
    said = {name: value for name, value in message.items() if value}
    return {
        "id": told[0].id,
        "finish_reason": end.finish_reason,
        "message": {"role": "assistant", **said},
        "usage": end.usage.dict(),
    }


@pytest.mark.parametrize("response", ANSWERS)
def test_a_stream_makes_the_whole_answer(response: ChatResponse) -> None:
    data = stream(replay(response))
    told = list(client(data, "text/event-stream").chat_stream(**ASK))
    whole = client(orjson.dumps(render(response))).chat(**ASK)
    assert accumulated(told) == whole.dict()


@pytest.mark.parametrize("response", ANSWERS)
def test_the_asynchronous_client_reads_the_same(response: ChatResponse) -> None:
    async def ask() -> tuple[Any, list[Any]]:
        whole = await async_client(orjson.dumps(render(response)), "application/json").chat(**ASK)
        streaming = async_client(stream(replay(response)), "text/event-stream")
        return whole, [event async for event in streaming.chat_stream(**ASK)]

    whole, told = asyncio.run(ask())
    assert accumulated(told) == whole.dict()


def test_a_citation_of_a_whole_text_says_where_it_stands() -> None:
    message = render(ANSWERS[1])["message"]
    cited = message["citations"][0]
    assert (cited["start"], cited["end"], cited["text"]) == (0, 1, "a")
