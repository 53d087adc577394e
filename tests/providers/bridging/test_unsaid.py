"""Ordinary answers lose nothing worth a name; of others not too many members are named."""

from time import perf_counter
from typing import Any

import orjson
import pytest

from providers.bridging.dialect import Context
from providers.bridging.members import shape
from providers.bridging.provider_members import unread
from providers.bridging.quirks import Quirks
from providers.bridging.unknown_members import MAX_NAMED
from providers.catalog import DIALECTS
from tests.e2e.clients.backends import CHAT

CONTEXT = Context(model="m", id="x", now=7)
SAFE = {"filtered": False, "severity": "safe"}
ZEROS = {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0}
COUNTED = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


def chat(choice: Any = None, usage: Any = None, **members: Any) -> Any:
    """A chat answer with what some provider adds to it."""
    message = {"role": "assistant", "content": "hi", "refusal": None, "annotations": []}
    said = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return {
        "id": "i",
        "object": "chat.completion",
        "created": 5,
        "model": "m",
        "choices": [{**said, **(choice or {})}],
        "usage": {**COUNTED, **(usage or {})},
        "system_fingerprint": "fp",
        **members,
    }


def rating(probability: str) -> Any:
    """What Vertex AI says of each answer."""
    return {
        "category": "HARM_CATEGORY_HARASSMENT",
        "probability": probability,
        "probabilityScore": 0.1,
        "severity": "HARM_SEVERITY_NEGLIGIBLE",
        "severityScore": 0.2,
    }


def vertex(*ratings: Any) -> Any:
    content = {"role": "model", "parts": [{"text": "hi"}]}
    return {
        "candidates": [{"content": content, "finishReason": "STOP", "safetyRatings": ratings}],
        "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3},
    }


def claude(block: Any = None, usage: Any = None, **members: Any) -> Any:
    counted = {"input_tokens": 1, "output_tokens": 2, "service_tier": "standard"}
    return {
        "id": "i",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [block or {"type": "text", "text": "hi"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "context_management": {"applied_edits": []},
        "usage": {
            **counted,
            "cache_creation": ZEROS,
            "inference_geo": "not_available",
            "speed": "standard",
            **(usage or {}),
        },
        **members,
    }


CALL = {"type": "tool_use", "id": "t", "name": "f", "input": {}, "caller": {"type": "direct"}}
TEXT = {"type": "output_text", "text": "hi", "annotations": [], "logprobs": []}
ITEM = {"type": "message", "id": "o", "role": "assistant", "status": "completed"}


def response(phase: str) -> Any:
    return {
        "id": "i",
        "object": "response",
        "created_at": 5,
        "model": "m",
        "status": "completed",
        "billing": {"payer": "developer"},
        "output": [{**ITEM, "phase": phase, "content": [TEXT]}],
        "service_tier": "default",
        "usage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
    }


def converse(latency: str) -> Any:
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": "hi"}]}},
        "stopReason": "end_turn",
        "metrics": {"latencyMs": 3},
        "usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3, "serverToolUsage": {}},
        "serviceTier": {"type": "default"},
        "performanceConfig": {"latency": latency},
    }


def cohere(**units: int) -> Any:
    counts = {"input_tokens": 1, "output_tokens": 2}
    return {
        "id": "i",
        "finish_reason": "COMPLETE",
        "message": {"role": "assistant", "content": [{"type": "text", "text": "hi"}]},
        "usage": {"tokens": counts, "billed_units": {**counts, **units}},
    }


FILTERED = {"prompt_index": 0, "content_filter_results": {"hate": SAFE, "violence": SAFE}}
TIMES = {"queue_time": 0.1, "prompt_time": 0.1, "completion_time": 0.1, "total_time": 0.2}
ORDINARY = {
    "OpenAI": ("openai.chat", chat(service_tier="default")),
    "Azure": (
        "openai.chat",
        chat({"content_filter_results": {"hate": SAFE}}, prompt_filter_results=[FILTERED]),
    ),
    "Groq": (
        "openai.chat",
        chat(None, TIMES, x_groq={"id": "r", "seed": 3}, service_tier="on_demand"),
    ),
    "OpenRouter": ("openai.chat", chat({"native_finish_reason": "stop"}, provider="OpenAI")),
    "xAI": ("openai.chat", chat(None, {"prompt_tokens_details": {"text_tokens": 1}})),
    "llama.cpp": ("openai.chat", chat(timings={"prompt_n": 1})),
    "Together": ("openai.chat", chat({"seed": 5}, prompt=[])),
    "Cerebras": ("openai.chat", chat(time_info={"queue_time": 0.1})),
    "Claude": ("anthropic.messages", claude()),
    "Claude's call": ("anthropic.messages", claude(CALL)),
    "Vertex AI": ("gemini.generate_content", vertex(rating("NEGLIGIBLE"))),
    "Responses": ("openai.responses", response("final_answer")),
    "Bedrock": ("bedrock.converse", converse("standard")),
    "Cohere": ("cohere.chat", cohere()),
}


def lost(provider: str, client: str, answer: Any) -> tuple[str, ...]:
    bridge = DIALECTS[client].towards(DIALECTS[provider], Quirks())
    return bridge.whole(orjson.dumps(answer), CONTEXT)[1].lost


@pytest.mark.parametrize("vendor", ORDINARY)
def test_of_an_ordinary_answer_nothing_is_named(vendor: str):
    provider, answer = ORDINARY[vendor]
    found = {c: lost(provider, c, answer) for c in CHAT if c != provider}
    assert not any(found.values()), found


@pytest.mark.parametrize(
    ("provider", "answer", "name"),
    [
        (
            "openai.chat",
            chat({"content_filter_results": {"hate": {"filtered": True, "severity": "high"}}}),
            "choices.content_filter_results",
        ),
        ("openai.chat", chat(service_tier="flex"), "service_tier"),
        ("openai.chat", chat(None, {"cost": 0.1}), "usage.cost"),
        (
            "anthropic.messages",
            claude(usage={"cache_creation": {**ZEROS, "ephemeral_1h_input_tokens": 4}}),
            "usage.cache_creation.ephemeral_1h_input_tokens",
        ),
        ("anthropic.messages", claude(usage={"inference_geo": "us"}), "usage.inference_geo"),
        ("gemini.generate_content", vertex(rating("HIGH")), "candidates.safetyRatings.probability"),
        ("openai.responses", response("commentary"), "output.phase"),
        ("bedrock.converse", converse("optimized"), "performanceConfig"),
        ("cohere.chat", cohere(search_units=1), "usage.billed_units.search_units"),
    ],
)
def test_what_is_not_ordinary_is(provider: str, answer: Any, name: str):
    assert lost(provider, "ollama.chat", answer) == (name,)


def test_of_very_many_members_some_are_named_at_once():
    said = {f"n{n}": {"a": [0] * 10, "b": n} for n in range(100_000)}
    begun = perf_counter()
    assert len(unread(said, shape("id"))) == MAX_NAMED
    assert perf_counter() - begun < 1


def test_what_lies_deep_is_said():
    deep: Any = 0
    for _ in range(1000):
        deep = [deep]
    assert unread({"a": deep, "b": [[{"c": []}]], "c": {"severity": "safe"}}, shape()) == ["a"]
