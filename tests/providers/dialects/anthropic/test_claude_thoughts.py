"""Claude's thoughts over turns: what one of its hosts signed, every other accepts."""

from typing import Any

import orjson
import pytest

from providers.catalog import DIALECTS
from tests.providers.matrix.world import MODEL, World

SCHEMA = {"type": "object", "properties": {}}
THINKING = {"type": "enabled", "budget_tokens": 2000}
THINK = '[[sim: {"call_tool": true, "reasoning": 3}]] go'
HOSTS = ("anthropic.messages", "bedrock.converse")
PAIRS = [(client, first) for client in HOSTS for first in HOSTS]


def question(client: str) -> dict[str, Any]:
    """A request that lets Claude think and call a tool."""
    if client == "anthropic.messages":
        return {
            "model": MODEL,
            "max_tokens": 4000,
            "thinking": THINKING,
            "tools": [{"name": "look", "input_schema": SCHEMA}],
            "messages": [{"role": "user", "content": THINK}],
        }
    return {
        "inferenceConfig": {"maxTokens": 4000},
        "additionalModelRequestFields": {"thinking": THINKING},
        "toolConfig": {"tools": [{"toolSpec": {"name": "look", "inputSchema": {"json": SCHEMA}}}]},
        "messages": [{"role": "user", "content": [{"text": THINK}]}],
    }


def answered(client: str, asked: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """The request of the next turn, with the result of every call."""
    if client == "anthropic.messages":
        content = answer["content"]
        results: list[dict[str, Any]] = [
            {"type": "tool_result", "tool_use_id": block["id"], "content": "rain"}
            for block in content
            if block["type"] == "tool_use"
        ]
    else:
        content = answer["output"]["message"]["content"]
        results = [
            {"toolResult": {"toolUseId": block["toolUse"]["toolUseId"], "content": [{"text": "r"}]}}
            for block in content
            if "toolUse" in block
        ]
    turns = [{"role": "assistant", "content": content}, {"role": "user", "content": results}]
    return {**asked, "messages": [*asked["messages"], *turns]}


def ask(client: str, host: str, body: dict[str, Any]) -> tuple[World, dict[str, Any]]:
    world = World(host)
    path = DIALECTS[client].client[0].path.replace("{model}", MODEL)
    answer = world.ask(path, [("content-type", "application/json")], orjson.dumps(body))
    assert answer.status == 200, answer.body
    return world, orjson.loads(answer.body)


@pytest.mark.parametrize(("client", "first"), PAIRS)
def test_a_tool_loop_may_go_on_with_another_host_of_claude(client: str, first: str):
    second = next(host for host in HOSTS if host != first)
    body = question(client)
    _, answer = ask(client, first, body)
    world, _ = ask(client, second, answered(client, body, answer))
    sent = world.sent[-1].json["messages"][1]["content"][0]
    signed = sent.get("signature") or sent["reasoningContent"]["reasoningText"]["signature"]
    assert signed.startswith("c2lt")


@pytest.mark.parametrize(
    ("client", "block"),
    [
        ("anthropic.messages", {"type": "redacted_thinking", "data": "c2ltZW5jcnlwdGVk"}),
        (
            "bedrock.converse",
            {"reasoningContent": {"redactedContent": "YzJsdFpXNWpjbmx3ZEdWaw=="}},
        ),
    ],
)
def test_an_encrypted_thought_has_the_form_of_each_host(client: str, block: dict[str, Any]):
    other = next(host for host in HOSTS if host != client)
    content = [block, {"type": "text", "text": "x"} if "type" in block else {"text": "x"}]
    body = question(client)
    first, again = body["messages"][0], body["messages"][0]
    body["messages"] = [first, {"role": "assistant", "content": content}, again]
    world, _ = ask(client, other, body)
    sent = world.sent[-1].json["messages"][1]["content"][0]
    assert sent == (
        {"reasoningContent": {"redactedContent": "YzJsdFpXNWpjbmx3ZEdWaw=="}}
        if other == "bedrock.converse"
        else {"type": "redacted_thinking", "data": "c2ltZW5jcnlwdGVk"}
    )
