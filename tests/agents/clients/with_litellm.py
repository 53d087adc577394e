"""The LiteLLM SDK as a client. Arguments: client, URL."""

import sys
from typing import Any

import litellm
from cases import run
from order import LOOK, order
from pydantic import BaseModel

CLIENT, URL = sys.argv[1:3]
NAMED: dict[str, dict[str, str]] = {
    "openai": {"model": "openai/gpt-5", "api_base": f"{URL}/v1"},
    "anthropic": {"model": "anthropic/claude-sonnet-4-5", "api_base": URL},
    "gemini": {"model": "gemini/gemini-2.5-pro", "api_base": f"{URL}/v1beta"},
}
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather somewhere.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


class Place(BaseModel):
    """A place."""

    city: str
    count: int


def ask(messages: Any, **more: Any) -> Any:
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    return litellm.completion(**NAMED[CLIENT], api_key="k", messages=messages, **more)


def plain() -> None:
    assert "heard" in ask("hello").choices[0].message.content


def streamed() -> None:
    chunks = ask("hello", stream=True)
    assert "heard" in "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


def tools() -> None:
    messages: list[Any] = [{"role": "user", "content": order("weather?", reasoning=3, **LOOK)}]
    for _ in range(2):
        said = ask(messages, tools=[TOOL], reasoning_effort="low").choices[0].message
        results = [
            {"role": "tool", "tool_call_id": call.id, "content": "teal"} for call in said.tool_calls
        ]
        messages += [said, *results]
    last = ask(messages, tools=[TOOL], reasoning_effort="low").choices[0].message
    assert "teal" in last.content


def schema() -> None:
    said = ask("where?", response_format=Place).choices[0].message.content
    assert Place.model_validate_json(said).city


run({"plain": plain, "streamed": streamed, "tools": tools, "schema": schema})
