"""How long an answer each model may be asked for, and what becomes of a wish for a longer one."""

from typing import Any

import orjson
import pytest

from providers.models.longest import longest
from tests.providers.matrix.world import MODEL, World


@pytest.mark.parametrize(
    ("model", "most"),
    [
        ("claude-3-opus-20240229", 4_096),
        ("claude-2.1", 4_096),
        ("claude-3-5-sonnet-20240620", 8_192),
        ("eu.anthropic.claude-3-5-sonnet-20240620-v1:0", 4_096),
        ("anthropic/claude-3.7-sonnet", 64_000),
        ("claude-opus-4@20250514", 32_000),
        ("claude-opus-4-1-20250805", 32_000),
        ("claude-sonnet-4-20250514", 64_000),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", 64_000),
        ("claude-opus-4-6", 128_000),
        ("claude-sonnet-5", None),
        ("gpt-4-1106-preview", 4_096),
        ("openai/gpt-4o-mini", 16_384),
        ("gpt-4", None),
        ("o3-mini", 100_000),
        ("gpt-5.1", 128_000),
        ("gpt-5-chat-latest", 16_384),
        ("models/gemini-2.0-flash-001", 8_192),
        ("google/gemini-2.5-pro", 65_535),
        ("gemini-3-pro-image-preview", 32_768),
        ("us.amazon.nova-pro-v1:0", 10_000),
        ("amazon.nova-2-lite-v1:0", None),
        ("qwen3", None),
    ],
)
def test_a_name_tells_how_long_an_answer_may_be(model: str, most: int | None):
    assert longest(model) == most


ASKED = [{"role": "user", "content": "hi"}]
PARTS: dict[str, Any] = {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}
CHAT = ("/v1/chat/completions", "max_completion_tokens")
CONVERSE = (f"/model/{MODEL}/converse", "inferenceConfig.maxTokens")


def asked(
    model: str, target: str, client: tuple[str, str], limit: int | None
) -> tuple[int, Any, str]:
    """(status, what the provider got, what is named)."""
    path, name = client
    top, _, leaf = name.partition(".")
    said: dict[str, Any] = {top: {leaf: limit} if leaf else limit} if limit else {}
    body = (PARTS if client is CONVERSE else {"model": MODEL, "messages": ASKED}) | said
    world = World(target, model=model)
    answer = world.ask(path, [("content-type", "application/json")], orjson.dumps(body))
    named = dict(answer.headers).get("x-ai-dropped-params", "")
    return answer.status, world.sent[-1].json, named


@pytest.mark.parametrize(
    ("model", "target", "where", "most"),
    [
        ("claude-3-haiku-20240307", "anthropic.messages", "max_tokens", 4_096),
        (
            "anthropic.claude-3-5-sonnet-20240620-v1:0",
            "bedrock.converse",
            "inferenceConfig.maxTokens",
            4_096,
        ),
        ("us.amazon.nova-pro-v1:0", "bedrock.converse", "inferenceConfig.maxTokens", 10_000),
        ("gemini-1.5-pro", "gemini.generate_content", "generationConfig.maxOutputTokens", 8_192),
        ("gpt-4o", "openai.responses", "max_output_tokens", 16_384),
        ("gpt-4o", "openai.chat", "max_completion_tokens", 16_384),
    ],
)
def test_no_longer_answer_is_asked_for_than_the_model_gives(
    model: str, target: str, where: str, most: int
):
    client = CONVERSE if target == "openai.chat" else CHAT
    status, sent, named = asked(model, target, client, 200_000)
    assert status == 200
    for step in where.split("."):
        sent = sent[step]
    assert (sent, named) == (most, client[1])
    assert asked(model, target, client, most)[2] == ""


def test_thoughts_and_answer_share_what_the_model_gives():
    body = {"model": MODEL, "messages": ASKED, "reasoning_effort": "high"}
    world = World("anthropic.messages", model="claude-opus-4-1-20250805")
    assert (
        world.ask(CHAT[0], [("content-type", "application/json")], orjson.dumps(body)).status == 200
    )
    sent = world.sent[-1].json
    assert (sent["max_tokens"], sent["thinking"]["budget_tokens"]) == (32_000, 16_000)


def test_a_client_of_the_same_format_is_told_by_the_vendor():
    path, limit = "/v1/chat/completions", "max_tokens"
    status, sent, _ = asked("gpt-4o", "openai.chat", (path, limit), 200_000)
    assert (status, sent["max_tokens"]) == (400, 200_000)
