"""Prompts that are marked for a provider's cache where the client marks nothing."""

from typing import Any

import orjson
import pytest

from providers.catalog import PROVIDERS
from providers.dialects.anthropic.messages.marks import marked
from providers.dialects.bedrock.converse import marks as points
from tests.providers.matrix.world import MODEL, World

CLAUDE = "claude-sonnet-4-5"
ON_BEDROCK = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
TOOL: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}}
CHAT: dict[str, Any] = {
    "model": MODEL,
    "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
}
MESSAGES: dict[str, Any] = {
    "model": MODEL,
    "max_tokens": 100,
    "system": "Be brief.",
    "messages": [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi."},
        {"role": "user", "content": [{"type": "text", "text": "How are you?"}]},
    ],
}
CONVERSE: dict[str, Any] = {
    "system": [{"text": "Be brief."}],
    "messages": [{"role": "user", "content": [{"text": "Hello"}]}],
}
MARK = {"type": "ephemeral"}
POINT = {"cachePoint": {"type": "default"}}
POINTED = CONVERSE | {"system": [{"text": "Be brief."}, POINT]}


def sent(world: World, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = world.ask(path, [("anthropic-version", "2023-06-01")], orjson.dumps(body))
    assert answer.status == 200, answer.body
    assert "x-ai-dropped-params" not in dict(answer.headers)
    found: dict[str, Any] = orjson.loads(world.sent[-1].body)
    return found


@pytest.mark.parametrize(
    ("path", "body"), [("/v1/chat/completions", CHAT), ("/v1/messages", MESSAGES)]
)
@pytest.mark.parametrize(("lasting", "more"), [("5m", {}), ("1h", {"ttl": "1h"})])
def test_claude_caches_the_instructions_and_the_last_turn(path, body, lasting, more):
    world = World("anthropic.messages", model=CLAUDE, cache=lasting)
    found = sent(world, path, body)
    assert found["system"][-1]["cache_control"] == MARK | more
    assert found["messages"][-1]["content"][-1]["cache_control"] == MARK | more
    assert orjson.dumps(found).count(b"cache_control") == 2


def test_without_instructions_it_caches_the_tools():
    world = World("anthropic.messages", model=CLAUDE, cache="5m")
    tools = [{"name": name, "input_schema": TOOL} for name in ("a", "b")]
    turn = {"role": "user", "content": "Hello"}
    found = sent(
        world, "/v1/messages", {**MESSAGES, "tools": tools, "messages": [turn]} | {"system": []}
    )
    assert [tool.get("cache_control") for tool in found["tools"]] == [None, MARK]
    assert found["messages"][-1]["content"][-1]["cache_control"] == MARK


@pytest.mark.parametrize(
    "own",
    [
        {"cache_control": MARK},
        {"system": [{"type": "text", "text": "Be brief.", "cache_control": MARK}]},
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Hi", "cache_control": MARK}]}
            ]
        },
    ],
)
def test_a_clients_own_marks_are_all_that_there_are(own):
    world = World("anthropic.messages", model=CLAUDE, cache="5m")
    assert sent(world, "/v1/messages", MESSAGES | own) == MESSAGES | own | {"model": CLAUDE}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
        {"type": "text", "text": ""},
        {"type": ["text"]},
        5,
    ],
)
def test_what_cannot_be_marked_is_left_as_it_is(block):
    assert marked({"messages": [{"role": "assistant", "content": [block]}]}, CLAUDE, "5m") == {}


@pytest.mark.parametrize(
    ("path", "body"), [("/v1/chat/completions", CHAT), (f"/model/{MODEL}/converse", CONVERSE)]
)
def test_so_does_claude_on_bedrock(path, body):
    bedrock = PROVIDERS["bedrock"]
    world = World("bedrock.converse", provider=bedrock, model=ON_BEDROCK, cache="5m")
    found = sent(world, path, body)
    assert found["system"] == [{"text": "Be brief."}, POINT]
    assert found["messages"][-1]["content"] == [{"text": "Hello"}, POINT]


@pytest.mark.parametrize(
    ("dialect", "model", "path", "body"),
    [
        ("bedrock.converse", "meta.llama3-3-70b-instruct-v1:0", "/v1/chat/completions", CHAT),
        (
            "bedrock.converse",
            ON_BEDROCK,
            f"/model/{MODEL}/converse",
            CONVERSE | {"system": [{"text": "A"}, POINT]},
        ),
        ("gemini.generate_content", "gemini-2.5-flash", "/v1/chat/completions", CHAT),
    ],
)
def test_nothing_is_marked_for_who_caches_nothing_or_is_told_already(dialect, model, path, body):
    world = World(dialect, model=model, cache="1h")
    found = orjson.dumps(sent(world, path, body))
    assert found.count(b"cachePoint") == orjson.dumps(body).count(b"cachePoint")
    assert b"cache_control" not in found


@pytest.mark.parametrize("odd", [7, True, 1.5, "x", {"a": 1}, [7, None, [], {"content": 7}]])
@pytest.mark.parametrize("name", ["messages", "system", "tools", "toolConfig"])
def test_a_body_that_is_none_is_left_to_who_refuses_it(name, odd):
    for mark, body, model in (
        (marked, MESSAGES, CLAUDE),
        (points.marked, CONVERSE, ON_BEDROCK),
    ):
        assert name not in mark({**body, name: odd}, model, "5m") or isinstance(odd, str | list)
