"""Ollama's own chat API, under any prefix.

https://docs.ollama.com/api/chat
"""

import re
from collections.abc import Sequence

import orjson

from extproc.lab.simulator import lines
from extproc.lab.simulator.dialect import Asked, Call, Dialect, Event, Json, Refusal, Tool, bearer
from extproc.lab.simulator.directives import Directives
from extproc.lab.simulator.ollama import chat_rules, chat_write
from extproc.lab.simulator.reply import PER_IMAGE, PER_MESSAGE, PER_TOOL, count

PATH = re.compile(r"(?P<prefix>/.*?)??/api/chat")


def ask(call: Call) -> Asked:
    """What the body asks."""
    body = call.body
    messages: list[Json] = body.get("messages") or []
    last = max((at for at, one in enumerate(messages) if one.get("role") == "user"), default=-1)
    since = messages[last + 1 :]
    options = body.get("options") or {}
    limit = options.get("num_predict")
    return Asked(
        model=str(body.get("model") or ""),
        text=_text(messages[last]) if last >= 0 else "",
        prompt_tokens=_prompt_tokens(messages, body),
        stream=body.get("stream") is not False,
        tools=_tools(body),
        results=[_text(one) for one in since if one.get("role") == "tool"],
        rounds=sum(1 for one in since if one.get("tool_calls")),
        schema=schema(body),
        stop=options.get("stop") or (),
        max_tokens=limit if limit is not None and limit >= 0 else None,
        body=body,
    )


def _text(message: Json) -> str:
    return str(message.get("content") or "")


def _prompt_tokens(messages: Sequence[Json], body: Json) -> int:
    total = PER_TOOL * len(body.get("tools") or ())
    for message in messages:
        total += PER_MESSAGE + count(_text(message))
        total += PER_IMAGE * len(message.get("images") or ())
    return total


def _tools(body: Json) -> list[Tool]:
    functions = [tool["function"] for tool in body.get("tools") or ()]
    return [Tool(each["name"], each.get("parameters") or {}) for each in functions]


def schema(body: Json) -> Json | None:
    """The schema that the answer shall have; `{}` for any object."""
    match body.get("format"):
        case "json":
            return {}
        case dict(schema):
            return schema
    return None


def key(call: Call) -> str:
    """The bearer token, which Ollama's cloud wants and a server of one's own does not."""
    return bearer(call)


def error(refusal: Refusal, directives: Directives) -> bytes:
    """An error body."""
    return orjson.dumps({"error": refusal.message})


def stream_error(refusal: Refusal, directives: Directives) -> Event:
    """An error in mid-stream: a line of its own."""
    return Event(orjson.dumps({"error": refusal.message}))


DIALECT = Dialect(
    name="ollama.chat",
    path=PATH,
    sdk="ollama",
    check=chat_rules.check,
    ask=ask,
    whole=chat_write.whole,
    events=chat_write.events,
    error=error,
    stream_error=stream_error,
    frame=lines.frame,
    stream_content_type="application/x-ndjson",
    key=key,
)
