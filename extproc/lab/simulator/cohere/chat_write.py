"""Writes answers in the format of Cohere's Chat API.

https://docs.cohere.com/v2/reference/chat
https://docs.cohere.com/v2/docs/streaming
"""

from collections.abc import Iterator

import orjson

from extproc.lab.simulator.dialect import Choice, Event, Json, ToolCall, Turn, Usage

REASONS = {"stop": "COMPLETE", "length": "MAX_TOKENS", "tool_calls": "TOOL_CALL"}
PLAN = "I will use the tools."


def whole(turn: Turn) -> bytes:
    """The answer as one body."""
    choice = turn.reply.choices[0]
    answer: Json = {
        "id": turn.reply.id,
        "message": _message(choice, _cited(turn)),
        "finish_reason": _reason(turn, choice),
    }
    if turn.asked.body.get("logprobs"):
        answer["logprobs"] = [_logprob(piece) for piece in choice.pieces]
    if turn.directives.usage != "none":
        answer["usage"] = _usage(turn.reply.usage)
    return orjson.dumps(answer | turn.directives.extra)


def _reason(turn: Turn, choice: Choice) -> str:
    reason = "ERROR_TOXIC" if choice.refusal else REASONS[choice.finish]
    return turn.directives.finish or reason


def _message(choice: Choice, citations: list[Json]) -> Json:
    message: Json = {"role": "assistant"}
    content: list[Json] = []
    if choice.reasoning:
        content.append({"type": "thinking", "thinking": "".join(choice.reasoning)})
    if choice.calls:
        message["tool_plan"] = PLAN
        message["tool_calls"] = [_call(call, "".join(call.pieces)) for call in choice.calls]
    else:
        content.append({"type": "text", "text": "".join(choice.pieces)})
    if content:
        message["content"] = content
    if citations and not choice.calls:
        at = len(content) - 1
        message["citations"] = [each | {"content_index": at} for each in citations]
    return message


def _cited(turn: Turn) -> list[Json]:
    """The first word is cited from the first document, where there is one."""
    documents = turn.asked.body.get("documents") or ()
    mode = (turn.asked.body.get("citation_options") or {}).get("mode")
    pieces = turn.reply.choices[0].pieces
    if not documents or not pieces or mode in ("OFF", "DISABLED"):
        return []
    first = documents[0]
    data = first["data"] if isinstance(first, dict) else {"text": first}
    source = {"type": "document", "id": "doc:0", "document": {"id": "doc:0", **data}}
    word = pieces[0]
    cited: Json = {"start": 0, "end": len(word), "text": word, "sources": [source]}
    return [cited | {"type": "TEXT_CONTENT"}]


def _call(call: ToolCall, arguments: str) -> Json:
    function = {"name": call.name, "arguments": arguments}
    return {"id": f"{call.name}_{call.id}", "type": "function", "function": function}


def _logprob(piece: str) -> Json:
    return {"text": piece, "token_ids": [len(piece)], "logprobs": [-0.25]}


def _usage(usage: Usage) -> Json:
    counts = {"input_tokens": usage.prompt, "output_tokens": usage.completion}
    return {"billed_units": counts, "tokens": counts, "cached_tokens": usage.cached}


def events(turn: Turn) -> Iterator[Event]:
    """The answer as a stream."""
    choice = turn.reply.choices[0]
    message = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": []}
    begin = {"id": turn.reply.id, "delta": {"message": message | {"citations": []}}}
    yield _event("message-start", begin | turn.directives.extra)
    index = 0
    if choice.reasoning:
        yield from _block(index, "thinking", choice.reasoning, turn)
        index += 1
    if choice.calls:
        yield from _calls(choice)
    else:
        yield from _block(index, "text", choice.pieces, turn)
        for at, cited in enumerate(_cited(turn)):
            told = {"message": {"citations": cited | {"content_index": index}}}
            yield _event("citation-start", {"index": at, "delta": told})
            yield _event("citation-end", {"index": at})
    end: Json = {"finish_reason": _reason(turn, choice)}
    if turn.directives.usage != "none":
        end["usage"] = _usage(turn.reply.usage)
    yield _event("message-end", {"delta": end})


def _event(kind: str, body: Json) -> Event:
    return Event(orjson.dumps({"type": kind, **body}), name=kind)


def _block(index: int, kind: str, pieces: list[str], turn: Turn) -> Iterator[Event]:
    start = {"message": {"content": {"type": kind, kind: ""}}}
    yield _event("content-start", {"index": index, "delta": start})
    likely = kind == "text" and turn.asked.body.get("logprobs")
    for piece in pieces:
        body: Json = {"index": index, "delta": {"message": {"content": {kind: piece}}}}
        yield _event("content-delta", body | ({"logprobs": _logprob(piece)} if likely else {}))
    yield _event("content-end", {"index": index})


def _calls(choice: Choice) -> Iterator[Event]:
    for word in PLAN.split():
        yield _event("tool-plan-delta", {"delta": {"message": {"tool_plan": f"{word} "}}})
    for index, call in enumerate(choice.calls):
        told = {"message": {"tool_calls": _call(call, "")}}
        yield _event("tool-call-start", {"index": index, "delta": told})
        for piece in call.pieces:
            more = {"message": {"tool_calls": {"function": {"arguments": piece}}}}
            yield _event("tool-call-delta", {"index": index, "delta": more})
        yield _event("tool-call-end", {"index": index})
