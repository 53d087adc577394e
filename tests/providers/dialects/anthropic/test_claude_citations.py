"""What Claude cites of the prompt, in the words of each of its hosts."""

from typing import Any

import orjson
import pytest

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call, Context, Sent
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS

MODEL = "anthropic.claude-sonnet-4-5"
CONTEXT = Context(model="m", id="x", now=0)
MESSAGES, CONVERSE = DIALECTS["anthropic.messages"], DIALECTS["bedrock.converse"]
CITED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {
            "type": "char_location",
            "document_index": 1,
            "document_title": "T",
            "start_char_index": 5,
            "end_char_index": 9,
        },
        {"title": "T", "location": {"documentChar": {"documentIndex": 1, "start": 5, "end": 9}}},
    ),
    (
        {
            "type": "page_location",
            "document_index": 0,
            "document_title": "T",
            "start_page_number": 1,
            "end_page_number": 2,
        },
        {"title": "T", "location": {"documentPage": {"documentIndex": 0, "start": 1, "end": 2}}},
    ),
    (
        {
            "type": "content_block_location",
            "document_index": 0,
            "document_title": "T",
            "start_block_index": 0,
            "end_block_index": 3,
        },
        {"title": "T", "location": {"documentChunk": {"documentIndex": 0, "start": 0, "end": 3}}},
    ),
    (
        {
            "type": "search_result_location",
            "search_result_index": 2,
            "source": "kb-17",
            "title": "T",
            "start_block_index": 0,
            "end_block_index": 1,
        },
        {
            "title": "T",
            "source": "kb-17",
            "location": {"searchResultLocation": {"searchResultIndex": 2, "start": 0, "end": 1}},
        },
    ),
]
WORDS = {"cited_text": "q"}
SOURCES = {"sourceContent": [{"text": "q"}]}


@pytest.mark.parametrize(("message", "converse"), CITED)
def test_a_messages_client_is_told_what_converse_cites(message: Any, converse: Any):
    cited = {"content": [{"text": "a"}], "citations": [{**converse, **SOURCES}]}
    answer = {
        "output": {"message": {"role": "assistant", "content": [{"citationsContent": cited}]}},
        "stopReason": "end_turn",
    }
    body, _ = bridge(MESSAGES, CONVERSE, Quirks()).whole(orjson.dumps(answer), CONTEXT)
    block = orjson.loads(body or b"")["content"][0]
    assert block == {"type": "text", "text": "a", "citations": [{**message, **WORDS}]}


@pytest.mark.parametrize(("message", "converse"), CITED)
def test_a_converse_client_is_told_what_messages_cite(message: Any, converse: Any):
    block = {"type": "text", "text": "a", "citations": [{**message, **WORDS}]}
    answer = {"id": "i", "type": "message", "content": [block], "stop_reason": "end_turn"}
    body, _ = bridge(CONVERSE, MESSAGES, Quirks()).whole(orjson.dumps(answer), CONTEXT)
    shown = orjson.loads(body or b"")["output"]["message"]["content"][0]["citationsContent"]
    assert shown == {"content": [{"text": "a"}], "citations": [{**converse, **SOURCES}]}


@pytest.mark.parametrize(("message", "converse"), CITED)
def test_citations_go_back_to_either_host(message: Any, converse: Any):
    said = {"type": "text", "text": "a", "citations": [{**message, **WORDS}]}
    cited = {"content": [{"text": "a"}], "citations": [{**converse, **SOURCES}]}
    sent = translated(MESSAGES, CONVERSE, [said])
    assert sent["messages"][1]["content"] == [{"citationsContent": cited}]
    sent = translated(CONVERSE, MESSAGES, [{"citationsContent": cited}])
    assert sent["messages"][1]["content"] == [said]


FOUND = {"source": "kb-17", "title": "T", "citations": {"enabled": True}}
SEARCHED = {**FOUND, "type": "search_result", "content": [{"type": "text", "text": "a"}] * 2}
SEARCH_RESULT = {"searchResult": {**FOUND, "content": [{"text": "a"}] * 2}}
CUT = {
    "type": "document",
    "title": "T",
    "source": {"type": "content", "content": [{"type": "text", "text": "a"}] * 2},
}
CHUNKED = {"document": {"format": "txt", "name": "T", "source": {"content": [{"text": "a"}] * 2}}}


@pytest.mark.parametrize(("message", "converse"), [(SEARCHED, SEARCH_RESULT), (CUT, CHUNKED)])
def test_what_is_to_be_cited_keeps_its_pieces(message: Any, converse: Any):
    look = {"text": "look"}
    sent = translated(MESSAGES, CONVERSE, [message, {**look, "type": "text"}], "user")
    assert sent["messages"][0]["content"][1:3] == [converse, look]
    sent = translated(CONVERSE, MESSAGES, [converse, look], "user")
    assert sent["messages"][0]["content"][1:3] == [message, {**look, "type": "text"}]


def test_a_search_result_within_a_tools_result_is_carried():
    asked = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
    said = {"type": "tool_result", "tool_use_id": "t", "content": [SEARCHED]}
    body = translated(MESSAGES, CONVERSE, [asked], more=[{"role": "user", "content": [said]}])
    result = body["messages"][2]["content"][0]["toolResult"]
    assert result["content"] == [SEARCH_RESULT]


def translated(
    client: Any, target: Any, content: list[dict[str, Any]], role: str = "assistant", more: Any = ()
) -> dict[str, Any]:
    question = {"role": "user", "content": [{"text": "q", "type": "text"}]}
    if client is CONVERSE:
        question = {"role": "user", "content": [{"text": "q"}]}
    turns = [question, {"role": role, "content": content}, question, *more]
    body = {"model": MODEL, "max_tokens": 9, "messages": turns}
    call = Call(data=orjson.dumps(body), body=body, model=MODEL, stream=False, path_model="m")
    sent = bridge(client, target, Quirks()).request(call)
    assert isinstance(sent, Sent) and sent.body is not None
    return orjson.loads(sent.body)
