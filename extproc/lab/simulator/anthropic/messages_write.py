"""Writes answers in the format of Anthropic's Messages API.

https://platform.claude.com/docs/en/api/messages
https://platform.claude.com/docs/en/build-with-claude/streaming
"""

from collections.abc import Iterator

import orjson

from extproc.lab.simulator import searches
from extproc.lab.simulator.dialect import Choice, Event, Json, ToolCall, Turn, Usage

SIGNED = "c2lt"
"""What the simulator's signatures begin with: the base64 of `sim`."""

REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}


def whole(turn: Turn) -> bytes:
    """The answer as one body; of a count the count."""
    if turn.asked.body.get("count"):
        return orjson.dumps({"input_tokens": turn.reply.usage.prompt} | turn.directives.extra)
    choice = turn.reply.choices[0]
    content = [*_searched(turn), *(_whole_block(turn, each) for each in _blocks(choice))]
    answer = _message(turn) | {"content": content}
    answer |= _stop(turn, choice)
    if turn.directives.usage == "none":
        del answer["usage"]
    else:
        answer["usage"] = _usage(turn.reply.usage) | _served(turn)
    return orjson.dumps(answer | turn.directives.extra)


def events(turn: Turn) -> Iterator[Event]:
    """The answer as a stream."""
    choice = turn.reply.choices[0]
    yield _event("message_start", {"message": _message(turn) | turn.directives.extra})
    yield _event("ping", {})
    searched = [*_searched(turn)]
    for index, told in enumerate(searched):
        yield from _search_events(told, index)
    for index, block in enumerate(_blocks(choice), len(searched)):
        start = {"index": index, "content_block": _empty(block)}
        yield _event("content_block_start", start)
        for delta in _deltas(turn, block):
            yield _event("content_block_delta", {"index": index, "delta": delta})
        yield _event("content_block_stop", {"index": index})
    usage = _usage(turn.reply.usage) | _served(turn) if turn.directives.usage != "none" else {}
    yield _event("message_delta", {"delta": _stop(turn, choice), "usage": usage})
    yield Event(orjson.dumps({"type": "message_stop"}), name="message_stop", closing=True)


def _searched(turn: Turn) -> Iterator[Json]:
    for number, query in enumerate(searches.made(turn)):
        id = f"srvtoolu_{turn.reply.id}{number}"
        yield {"type": "server_tool_use", "id": id, "name": "web_search", "input": {"query": query}}
        page = {
            "type": "web_search_result",
            "url": searches.URL,
            "title": searches.TITLE,
            "encrypted_content": f"{SIGNED}{turn.reply.id}",
            "page_age": None,
        }
        yield {"type": "web_search_tool_result", "tool_use_id": id, "content": [page]}


def _search_events(block: Json, index: int) -> Iterator[Event]:
    called = block["type"] == "server_tool_use"
    begun = block | {"input": {}} if called else block
    yield _event("content_block_start", {"index": index, "content_block": begun})
    if called:
        said = orjson.dumps(block["input"]).decode()
        for piece in (said[:3], said[3:]):
            delta = {"type": "input_json_delta", "partial_json": piece}
            yield _event("content_block_delta", {"index": index, "delta": delta})
    yield _event("content_block_stop", {"index": index})


def _served(turn: Turn) -> Json:
    count = len(searches.made(turn))
    made = {"web_search_requests": count, "web_fetch_requests": 0}
    return {"server_tool_use": made} if count else {}


def _cited(turn: Turn) -> list[Json]:
    place = {
        "type": "web_search_result_location",
        "url": searches.URL,
        "title": searches.TITLE,
        "cited_text": "words of the page",
        "encrypted_index": f"{SIGNED}{turn.reply.id}",
    }
    return [place] if searches.made(turn) else []


def _event(name: str, body: Json) -> Event:
    return Event(orjson.dumps({"type": name, **body}), name=name)


def _message(turn: Turn) -> Json:
    usage = _usage(turn.reply.usage) | {"output_tokens": 1}
    return {
        "id": f"msg_{turn.reply.id}",
        "type": "message",
        "role": "assistant",
        "model": turn.reply.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage if turn.directives.usage != "none" else {},
    }


def _stop(turn: Turn, choice: Choice) -> Json:
    reason = "refusal" if choice.refusal else REASONS[choice.finish]
    return {"stop_reason": turn.directives.finish or reason, "stop_sequence": None}


def _usage(usage: Usage) -> Json:
    return {
        "input_tokens": max(usage.prompt - usage.cached, 0),
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": usage.cached,
        "output_tokens": usage.completion,
        "output_tokens_details": {"thinking_tokens": usage.reasoning},
        "service_tier": "standard",
    }


def _blocks(choice: Choice) -> Iterator[ToolCall | list[str] | str]:
    """Thoughts as one string, words as a list, calls as they are."""
    if choice.reasoning:
        yield "".join(choice.reasoning)
    if choice.pieces:
        yield choice.pieces
    yield from choice.calls


def _empty(block: ToolCall | list[str] | str) -> Json:
    match block:
        case ToolCall():
            return {"type": "tool_use", "id": f"toolu_{block.id}", "name": block.name, "input": {}}
        case str():
            return {"type": "thinking", "thinking": "", "signature": ""}
        case _:
            return {"type": "text", "text": ""}


def _whole_block(turn: Turn, block: ToolCall | list[str] | str) -> Json:
    match block:
        case ToolCall():
            return _empty(block) | {"input": orjson.loads("".join(block.pieces))}
        case str():
            return _empty(block) | {"thinking": _shown(turn, block), "signature": _signature(turn)}
        case _:
            cited = _cited(turn)
            said: Json = {"type": "text", "text": "".join(block)}
            return said | ({"citations": cited} if cited else {})


def _deltas(turn: Turn, block: ToolCall | list[str] | str) -> Iterator[Json]:
    match block:
        case ToolCall():
            yield {"type": "input_json_delta", "partial_json": ""}
            for piece in block.pieces:
                yield {"type": "input_json_delta", "partial_json": piece}
        case str():
            for word in _shown(turn, block).split():
                yield {"type": "thinking_delta", "thinking": f" {word}"}
            yield {"type": "signature_delta", "signature": _signature(turn)}
        case _:
            for piece in block:
                yield {"type": "text_delta", "text": piece}
            for citation in _cited(turn):
                yield {"type": "citations_delta", "citation": citation}


def _shown(turn: Turn, thoughts: str) -> str:
    display = (turn.asked.body.get("thinking") or {}).get("display")
    return "" if display == "omitted" else thoughts


def _signature(turn: Turn) -> str:
    return f"{SIGNED}{turn.reply.id}"
