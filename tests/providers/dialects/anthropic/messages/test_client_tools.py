"""Tools that Claude knows by heart are functions to all other models."""

from typing import Any

import orjson
import pytest

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call, Context, Sent
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS

BASH = {"type": "bash_20250124", "name": "bash"}
EDITOR = {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"}
SCREEN = {
    "type": "computer_20250124",
    "name": "computer",
    "display_width_px": 8,
    "display_height_px": 6,
}
MEMORY = {"type": "memory_20250818", "name": "memory"}
USE = {"type": "tool_use", "id": "c", "name": "bash", "input": {"command": "ls"}}
RESULT = {"type": "tool_result", "tool_use_id": "c", "content": "a"}
BODY = {
    "model": "m",
    "max_tokens": 9,
    "tools": [BASH, EDITOR, SCREEN, MEMORY],
    "tool_choice": {"type": "tool", "name": "bash"},
    "messages": [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [USE]},
        {"role": "user", "content": [RESULT]},
    ],
}
NAMES = ["bash", "str_replace_based_edit_tool", "computer", "memory"]


def sent(target: str, model: str = "m", client: str = "anthropic.messages") -> Sent:
    found = bridge(DIALECTS[client], DIALECTS[target], Quirks()).request(
        Call(data=orjson.dumps(BODY), body=BODY, model=model, stream=False)
    )
    assert isinstance(found, Sent)
    return found


def body_of(found: Sent) -> dict[str, Any]:
    value: dict[str, Any] = orjson.loads(found.body or b"{}")
    return value


@pytest.mark.parametrize(
    "target", ["openai.chat", "openai.responses", "ollama.chat", "cohere.chat"]
)
def test_they_are_functions(target: str) -> None:
    body = dict(BODY)
    if target in ("ollama.chat", "cohere.chat"):
        body.pop("tool_choice")
    bridged = bridge(DIALECTS["anthropic.messages"], DIALECTS[target], Quirks())
    call = Call(data=orjson.dumps(body), body=body, model="m", stream=False)
    found = bridged.request(call)
    assert isinstance(found, Sent)
    tools = [tool.get("function", tool) for tool in body_of(found)["tools"]]
    assert [tool["name"] for tool in tools] == NAMES
    assert all(tool["description"] and tool["parameters"]["properties"] for tool in tools)
    assert "display_width_px 8" in tools[2]["description"]


def test_their_names_are_those_of_calls_and_choices() -> None:
    made = body_of(sent("openai.chat"))
    assert made["tool_choice"] == {"type": "function", "function": {"name": "bash"}}
    assert made["messages"][1]["tool_calls"][0]["function"]["name"] == "bash"
    call = {"id": "c", "type": "function", "function": {"name": "bash", "arguments": "{}"}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    data = orjson.dumps({"id": "a", "model": "m", "choices": [choice]})
    bridged = bridge(DIALECTS["anthropic.messages"], DIALECTS["openai.chat"], Quirks())
    answer, _ = bridged.whole(data, Context(model="m", id="x", now=1))
    (use,) = orjson.loads(answer or b"")["content"]
    assert (use["type"], use["name"]) == ("tool_use", "bash")


def test_claude_knows_them_wherever_it_is() -> None:
    claude = body_of(sent("bedrock.converse", "anthropic.claude-sonnet-4-5"))
    assert claude["additionalModelRequestFields"]["tools"] == [BASH, EDITOR, SCREEN, MEMORY]
    other = body_of(sent("bedrock.converse", "amazon.nova-pro-v1:0"))
    names = [tool["toolSpec"]["name"] for tool in other["toolConfig"]["tools"]]
    assert names == NAMES
