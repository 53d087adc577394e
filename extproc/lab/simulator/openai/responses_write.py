"""Writes answers in the format of OpenAI's Responses API.

https://platform.openai.com/docs/api-reference/responses/object
https://platform.openai.com/docs/api-reference/responses-streaming
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from extproc.lab.simulator import searches
from extproc.lab.simulator.dialect import Choice, Event, Json, Turn, Usage

SEARCH = "web_search_call"
LOGPROBS = "message.output_text.logprobs"
ENCRYPTED = "reasoning.encrypted_content"

ECHOED = (
    "background",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "parallel_tool_calls",
    "previous_response_id",
    "prompt_cache_key",
    "reasoning",
    "safety_identifier",
    "store",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
)
DEFAULTS: Json = {
    "background": False,
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "reasoning": {"effort": None, "summary": None},
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
"""What an answer repeats of its request, where the request did not say it."""


def encrypted(id: str) -> str:
    """The encrypted content of the reasoning item `id`."""
    return f"gAAAAA{b64encode(id.encode()).decode()}"


def whole(turn: Turn) -> bytes:
    """The answer as one body."""
    return orjson.dumps(_ended(turn) | turn.directives.extra)


def events(turn: Turn) -> Iterator[Event]:
    """The answer as a stream."""
    for number, event in enumerate(_events(turn)):
        body = {"sequence_number": number, **event}
        name = str(event["type"])
        last = name.removeprefix("response.") in {"completed", "incomplete", "failed"}
        yield Event(orjson.dumps(body | turn.directives.extra), name=name, closing=last)


def _events(turn: Turn) -> Iterator[Json]:
    begun = _envelope(turn)
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    for index, item in enumerate(_items(turn)):
        yield from _item_events(turn, item, index)
    ended = _ended(turn)
    yield {"type": f"response.{ended['status']}", "response": ended}


def _envelope(turn: Turn) -> Json:
    said = {name: turn.asked.body.get(name) for name in ECHOED}
    tier = turn.asked.body.get("service_tier") or "default"
    return {
        "id": f"resp_{turn.reply.id}",
        "object": "response",
        "created_at": turn.reply.created,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "model": turn.reply.model,
        "output": [],
        "service_tier": "default" if tier == "auto" else tier,
        "usage": None,
        **DEFAULTS,
        **{name: value for name, value in said.items() if value is not None},
    }


def _ended(turn: Turn) -> Json:
    finish = turn.directives.finish or turn.reply.choices[0].finish
    answer = _envelope(turn) | {"output": _items(turn)}
    if finish in ("length", "content_filter"):
        reason = "max_output_tokens" if finish == "length" else finish
        answer |= {"status": "incomplete", "incomplete_details": {"reason": reason}}
    else:
        answer |= {"status": "completed", "completed_at": turn.reply.created}
    if turn.directives.usage != "none":
        answer["usage"] = _usage(turn.reply.usage)
    return answer


def _usage(usage: Usage) -> Json:
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": 0},
        "output_tokens": usage.completion,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.prompt + usage.completion,
    }


def _items(turn: Turn) -> list[Json]:
    choice, id = turn.reply.choices[0], turn.reply.id
    items = [_thought(turn, choice, f"rs_{id}")] if choice.reasoning else []
    items += _searched(turn)
    if choice.calls:
        return items + [
            {
                "id": f"fc_{call.id}",
                "type": "function_call",
                "status": "completed",
                "call_id": f"call_{call.id}",
                "name": call.name,
                "arguments": "".join(call.pieces),
            }
            for call in choice.calls
        ]
    return [*items, _message(turn, choice, f"msg_{id}")]


def _searched(turn: Turn) -> Iterator[Json]:
    for number, query in enumerate(searches.made(turn)):
        action = {"type": "search", "query": query, "queries": [query]}
        id = f"ws_{turn.reply.id}{number}"
        yield {"id": id, "type": SEARCH, "status": "completed", "action": action}


def _cited(turn: Turn, text: str) -> list[Json]:
    place = {
        "type": "url_citation",
        "url": searches.URL,
        "title": searches.TITLE,
        "start_index": 0,
        "end_index": len(text),
    }
    return [place] if searches.made(turn) else []


def _thought(turn: Turn, choice: Choice, id: str) -> Json:
    """The summary is shown to who asks for it, and so is the encrypted content."""
    body = turn.asked.body
    item: Json = {"id": id, "type": "reasoning", "summary": []}
    if (body.get("reasoning") or {}).get("summary"):
        item["summary"].append({"type": "summary_text", "text": "".join(choice.reasoning)})
    if ENCRYPTED in (body.get("include") or ()):
        item["encrypted_content"] = encrypted(id)
    return item


def _message(turn: Turn, choice: Choice, id: str) -> Json:
    text = "".join(choice.pieces)
    part: Json = {"type": "refusal", "refusal": text}
    if not choice.refusal:
        likely = _logprobs(turn, choice.pieces)
        part = {"type": "output_text", "text": text, "logprobs": likely}
        part["annotations"] = _cited(turn, text)
    return {
        "id": id,
        "type": "message",
        "status": "completed",
        "role": "assistant",
        "content": [part],
    }


def _logprobs(turn: Turn, pieces: Sequence[str]) -> list[Json]:
    if LOGPROBS not in (turn.asked.body.get("include") or ()):
        return []
    top = turn.asked.body.get("top_logprobs") or 0
    return [
        _likely(piece) | {"top_logprobs": [_likely(piece, rank) for rank in range(top)]}
        for piece in pieces
    ]


def _likely(token: str, rank: int = 0) -> Json:
    token = f"{token}{rank}" if rank else token
    return {"token": token, "logprob": -0.25 - rank, "bytes": list(token.encode())}


EMPTY: dict[str, Json] = {
    "message": {"content": [], "status": "in_progress"},
    "reasoning": {"summary": []},
    "function_call": {"arguments": "", "status": "in_progress"},
    "web_search_call": {"status": "in_progress"},
}
"""What an item is like when it begins."""


def _item_events(turn: Turn, item: Json, index: int) -> Iterator[Json]:
    kind = item["type"]
    place: Json = {"item_id": item["id"], "output_index": index}
    added = item | EMPTY[kind]
    yield {"type": "response.output_item.added", "output_index": index, "item": added}
    choice = turn.reply.choices[0]
    if kind == "message":
        yield from _content_events(turn, item["content"][0], place | {"content_index": 0})
    elif kind == "reasoning" and item["summary"]:
        yield from _summary_events(choice, item["summary"][0], place | {"summary_index": 0})
    elif kind == "function_call":
        others = bool(choice.reasoning) + len(searches.made(turn))
        pieces = choice.calls[index - others].pieces
        stem = "response.function_call_arguments"
        for piece in pieces:
            yield {"type": f"{stem}.delta", **place, "delta": piece}
        yield {"type": f"{stem}.done", **place, "arguments": item["arguments"]}
    elif kind == SEARCH:
        for stage in ("in_progress", "searching", "completed"):
            yield {"type": f"response.{SEARCH}.{stage}", **place}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _content_events(turn: Turn, part: Json, place: Json) -> Iterator[Json]:
    kind: str = part["type"]
    words = "refusal" if kind == "refusal" else "text"
    bare: Json = {"logprobs": [], "annotations": []} if words == "text" else {}
    empty: Json = part | {words: ""} | bare
    yield {"type": "response.content_part.added", **place, "part": empty}
    for piece in turn.reply.choices[0].pieces:
        more: dict[str, Any] = {"logprobs": _logprobs(turn, [piece])} if words == "text" else {}
        yield {"type": f"response.{kind}.delta", **place, "delta": piece, **more}
    for number, cited in enumerate(part.get("annotations", ())):
        said = {"annotation_index": number, "annotation": cited}
        yield {"type": "response.output_text.annotation.added", **place, **said}
    more = {"logprobs": part["logprobs"]} if words == "text" else {}
    yield {"type": f"response.{kind}.done", **place, words: part[words], **more}
    yield {"type": "response.content_part.done", **place, "part": part}


def _summary_events(choice: Choice, part: Json, place: Json) -> Iterator[Json]:
    stem = "response.reasoning_summary"
    yield {"type": f"{stem}_part.added", **place, "part": part | {"text": ""}}
    for piece in choice.reasoning:
        yield {"type": f"{stem}_text.delta", **place, "delta": piece}
    yield {"type": f"{stem}_text.done", **place, "text": part["text"]}
    yield {"type": f"{stem}_part.done", **place, "part": part}
