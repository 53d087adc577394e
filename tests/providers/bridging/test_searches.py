"""Searches that were made: told and counted by all formats, equal ones included."""

from typing import Any

import orjson
import pytest

from providers.catalog import DIALECTS
from providers.usage import Units

ITEM = {
    "type": "web_search_call",
    "id": "ws_1",
    "status": "completed",
    "action": {"type": "search", "query": "q"},
}
OPENED = {**ITEM, "id": "ws_2", "action": {"type": "open_page", "url": "https://a.test/"}}
COUNTS = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
GROUNDING = {"webSearchQueries": ["a", "b"]}
ANSWERS: dict[str, dict[str, Any]] = {
    "openai.responses": {
        "id": "resp_1",
        "model": "m",
        "status": "completed",
        "output": [ITEM, OPENED, ITEM | {"id": "ws_3"}],
        "usage": COUNTS,
    },
    "anthropic.messages": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": "hi"}],
        "stop_reason": "end_turn",
        "usage": {**COUNTS, "server_tool_use": {"web_search_requests": 2}},
    },
    "gemini.generate_content": {
        "candidates": [
            {
                "content": {"parts": [{"text": "hi"}], "role": "model"},
                "finishReason": "STOP",
                "groundingMetadata": GROUNDING,
            }
        ],
        "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2},
    },
    "openai.chat": {
        "id": "c",
        "model": "m",
        "choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": 1,
            "completion_tokens": 1,
            "total_tokens": 2,
            "num_search_queries": 2,
        },
    },
}


@pytest.mark.parametrize("name", ANSWERS)
def test_searches_are_counted_where_they_pass_and_where_they_are_read(name: str) -> None:
    dialect, body = DIALECTS[name], ANSWERS[name]
    for usage in (dialect.watch(body).usage, dialect.parse_response(body).usage):
        assert usage is not None
        assert usage.units == Units(searches=2)


def test_the_last_chunk_of_a_stream_that_passes_is_counted() -> None:
    relay = DIALECTS["gemini.generate_content"].relay(True)
    chunk = ANSWERS["gemini.generate_content"]
    later = {"usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 3}}
    for each in (chunk, later):
        relay.feed(b"data: " + orjson.dumps(each) + b"\n\n")
    usage = relay.seen.usage
    assert usage is not None
    assert (usage.output, usage.units) == (3, Units(searches=2))


def test_anthropic_is_not_shown_searches_that_it_did_not_make() -> None:
    block = {"type": "server_tool_use", "name": "web_search", "input": {"query": "q"}}
    made = {**block, "id": "srvtoolu_made_x_0"}
    found = {"type": "web_search_tool_result", "tool_use_id": made["id"], "content": []}
    own = {**block, "id": "srvtoolu_01"}
    said = [made, found, own, {"type": "text", "text": "so"}]
    body = {"model": "claude-sonnet-4-5", "messages": [{"role": "assistant", "content": said}]}
    changes = DIALECTS["anthropic.messages"].edits(body, "claude-sonnet-4-5", True)
    assert changes == {"messages": [{"role": "assistant", "content": said[2:]}]}
