"""Signatures come back from clients that keep of an answer what agents are seen to keep."""

from typing import Any

import orjson
import pytest

from providers.catalog import DIALECTS
from providers.neutral.chat import Signature, Text, Thinking, ToolCall
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    Begin,
    End,
    Finish,
    PartEnd,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
)
from tests.providers.dialects.gemini.wire import CONTEXT

GOOGLES = Signature(origin="gemini", value="Z29vZ2xl" * 60)
CLAUDES = Signature(origin="anthropic", value="EmwKClaude" * 60)

GEMINI: list[AnyDelta] = [
    Begin(id="i", model="m"),
    ThinkingDelta(text="Six ", part=0),
    ThinkingDelta(text="seven.", part=0),
    TextDelta(text="Let me look.", part=1),
    ToolCallBegin(id="c1", name="look", part=2, signature=GOOGLES),
    ArgumentsDelta(text="{}", part=2),
    PartEnd(part=2),
    ToolCallBegin(id="c2", name="look", part=3),
    ArgumentsDelta(text="{}", part=3),
    PartEnd(part=3),
    End(finish=Finish.TOOL_CALLS),
]
CLAUDE: list[AnyDelta] = [
    Begin(id="i", model="m"),
    ThinkingDelta(text="Six ", part=0),
    ThinkingDelta(text="seven.", part=0),
    SignatureDelta(signature=CLAUDES, part=0),
    PartEnd(part=0),
    TextDelta(text="Let me look.", part=1),
    PartEnd(part=1),
    ToolCallBegin(id="c1", name="look", part=2),
    ArgumentsDelta(text="{}", part=2),
    PartEnd(part=2),
    End(finish=Finish.TOOL_CALLS),
]


def streamed(client: str, deltas: list[AnyDelta]) -> bytes:
    renderer = DIALECTS[client].renderer(CONTEXT)
    return b"".join([*(renderer.feed([delta]) for delta in deltas), renderer.flush()])


def events(data: bytes) -> list[dict[str, Any]]:
    lines = [line[6:] for line in data.splitlines() if line.startswith(b"data: ")]
    return [orjson.loads(line) for line in lines if line != b"[DONE]"]


def calls_of(client: str, body: dict[str, Any]) -> tuple[list[Any], list[ToolCall]]:
    """(all parts of the model's turn, its calls) as the next request says them."""
    request = DIALECTS[client].parse_request({"model": "m", **body}, "m", False)
    parts = [part for message in request.messages for part in message.parts]
    return parts, [part for part in parts if isinstance(part, ToolCall)]


def blocks(data: bytes) -> list[dict[str, Any]]:
    """The content that a client of Anthropic's keeps; encrypted blocks it drops."""
    found: dict[int, dict[str, Any]] = {}
    for event in events(data):
        match event:
            case {"type": "content_block_start", "index": at, "content_block": block}:
                found[at] = dict(block)
            case {"type": "content_block_delta", "index": at, "delta": {"text": text}}:
                found[at]["text"] += text
            case {"type": "content_block_delta", "index": at, "delta": {"thinking": text}}:
                found[at]["thinking"] += text
            case {"type": "content_block_delta", "index": at, "delta": {"signature": text}}:
                found[at]["signature"] = text
    return [block for block in found.values() if block["type"] != "redacted_thinking"]


def test_claude_code_returns_what_google_signed():
    content = blocks(streamed("anthropic.messages", GEMINI))
    assert [block["type"] for block in content] == [
        "thinking",
        "text",
        "thinking",
        "tool_use",
        "tool_use",
    ]
    parts, calls = calls_of(
        "anthropic.messages", {"messages": [{"role": "assistant", "content": content}]}
    )
    assert [call.signature for call in calls] == [GOOGLES, None]
    assert parts[0] == Thinking(text="Six seven.")
    assert parts[1] == Text(text="Let me look.")


def test_codex_returns_what_google_signed():
    ended = next(each for each in events(streamed("openai.responses", GEMINI)) if _ends(each))
    known = ("type", "id", "summary", "encrypted_content", "role", "content", "call_id", "name")
    kept = [
        {name: item[name] for name in (*known, "arguments") if name in item}
        for item in ended["response"]["output"]
    ]
    _, calls = calls_of("openai.responses", {"input": kept})
    assert [call.signature for call in calls] == [GOOGLES, None]


def _ends(event: dict[str, Any]) -> bool:
    return event["type"] == "response.completed"


def contents(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {"contents": [{"role": "model", "parts": parts}]}


def kept_by_the_ai_sdk(data: bytes) -> list[dict[str, Any]]:
    """The parts of Google's answer that have words or calls, joined by kind."""
    parts: list[dict[str, Any]] = []
    for event in events(data):
        for part in event["candidates"][0]["content"]["parts"]:
            last = parts[-1] if parts else {}
            if part.get("text") == "":
                continue
            if "text" in part and "text" in last and part.get("thought") == last.get("thought"):
                last["text"] += part["text"]
            else:
                parts.append(dict(part))
    return parts


def test_the_ai_sdk_returns_what_claude_signed():
    parts = kept_by_the_ai_sdk(streamed("gemini.generate_content", CLAUDE))
    said, calls = calls_of(
        "gemini.generate_content", {"contents": [{"role": "model", "parts": parts}]}
    )
    assert said[0] == Thinking(text="Six seven.", signature=CLAUDES)
    assert said[1] == Text(text="Let me look.")
    assert [call.signature for call in calls] == [None]


@pytest.mark.parametrize("told", [GEMINI, CLAUDE])
def test_a_client_of_googles_sdk_returns_all_parts_as_they_came(told: list[AnyDelta]):
    chunks = events(streamed("gemini.generate_content", told))
    parts = [part for each in chunks for part in each["candidates"][0]["content"]["parts"]]
    said, calls = calls_of(
        "gemini.generate_content", {"contents": [{"role": "model", "parts": parts}]}
    )
    assert said[0].text == "Six seven."
    assert said[1] == Text(text="Let me look.")
    assert (calls[0].signature, said[0].signature) in ((GOOGLES, None), (None, CLAUDES))
