"""Cohere's Chat API, version 2, under any prefix.

https://docs.cohere.com/v2/reference/chat
"""

import re
from collections.abc import Iterator, Sequence
from typing import Literal

import orjson

from extproc.lab.simulator import sse
from extproc.lab.simulator.cohere import chat_rules, chat_write
from extproc.lab.simulator.dialect import Asked, Call, Dialect, Event, Json, Refusal, Tool, bearer
from extproc.lab.simulator.directives import Directives
from extproc.lab.simulator.reply import PER_ATTACHMENT, PER_IMAGE, PER_MESSAGE, PER_TOOL, count

PATH = re.compile(r"(?P<prefix>/.*?)??/v2/chat")


def ask(call: Call) -> Asked:
    """What the body asks."""
    body = call.body
    messages: list[Json] = body.get("messages") or []
    last = max((at for at, one in enumerate(messages) if one.get("role") == "user"), default=-1)
    since = messages[last + 1 :]
    return Asked(
        model=str(body.get("model") or ""),
        text=_text(messages[last]) if last >= 0 else "",
        prompt_tokens=_prompt_tokens(messages, body),
        stream=bool(body.get("stream")),
        tools=list(_tools(body)),
        demand=_demand(body),
        results=[_text(one) for one in since if one.get("role") == "tool"],
        rounds=sum(1 for one in since if one.get("tool_calls")),
        schema=_schema(body.get("response_format") or {}),
        stop=body.get("stop_sequences") or (),
        max_tokens=body.get("max_tokens"),
        body=body,
    )


def _text(message: Json) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    return "\n".join(filter(None, map(_words, content or ())))


def _words(block: Json) -> str:
    if block.get("type") == "document":
        data = block["document"]["data"]
        return data if isinstance(data, str) else str(data.get("text", ""))
    return str(block.get("text", ""))


def _prompt_tokens(messages: Sequence[Json], body: Json) -> int:
    total = PER_TOOL * len(body.get("tools") or ())
    total += PER_ATTACHMENT * len(body.get("documents") or ())
    for message in messages:
        total += PER_MESSAGE + count(_text(message))
        content = message.get("content")
        blocks = content if isinstance(content, list) else ()
        total += PER_IMAGE * sum(block.get("type") == "image_url" for block in blocks)
    return total


def _tools(body: Json) -> Iterator[Tool]:
    for tool in body.get("tools") or ():
        yield Tool(tool["function"]["name"], tool["function"].get("parameters") or {})


def _demand(body: Json) -> Literal["none", "auto", "required"]:
    match body.get("tool_choice"):
        case "NONE":
            return "none"
        case "REQUIRED":
            return "required"
    return "auto"


def _schema(wanted: Json) -> Json | None:
    if wanted.get("type") != "json_object":
        return None
    return wanted.get("json_schema") or {}


def error(refusal: Refusal, directives: Directives) -> bytes:
    """An error body."""
    return orjson.dumps({"id": "sim", "message": refusal.message})


def stream_error(refusal: Refusal, directives: Directives) -> Event:
    """An error in mid-stream: the end of the message says it."""
    reason = directives.error_type or "ERROR"
    delta = {"error": refusal.message, "finish_reason": reason}
    body = {"type": "message-end", "delta": delta}
    return Event(orjson.dumps(body), name="message-end")


DIALECT = Dialect(
    name="cohere.chat",
    path=PATH,
    sdk="cohere",
    check=chat_rules.check,
    ask=ask,
    whole=chat_write.whole,
    events=chat_write.events,
    error=error,
    stream_error=stream_error,
    frame=sse.frame,
    key=bearer,
)
