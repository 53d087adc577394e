"""OpenAI's Responses API, under any prefix.

https://platform.openai.com/docs/api-reference/responses
Nothing is stored: a `previous_response_id` is believed, and what it stands for is not known.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

import orjson

from extproc.lab.simulator import sse
from extproc.lab.simulator.dialect import Asked, Call, Dialect, Event, Json, Refusal, Tool
from extproc.lab.simulator.directives import Directives
from extproc.lab.simulator.openai import responses_rules, responses_write, shared
from extproc.lab.simulator.reply import PER_ATTACHMENT, PER_IMAGE, PER_MESSAGE, PER_TOOL, count

PATH = re.compile(r"(?P<prefix>/.*?)??/responses")


def ask(call: Call) -> Asked:
    """What the body asks."""
    body = call.body
    items = responses_rules.items(body)
    last = max((at for at, one in enumerate(items) if one.get("role") == "user"), default=-1)
    since = items[last:] if last >= 0 else items
    demand, named = _demand(body.get("tool_choice"))
    return Asked(
        model=str(body.get("model", "")),
        text=_text(items[last].get("content")) if last >= 0 else "",
        prompt_tokens=_prompt_tokens(items, body),
        stream=bool(body.get("stream")),
        tools=_tools(body),
        demand=demand,
        named=named,
        parallel=body.get("parallel_tool_calls") is not False,
        results=[_text(one["output"]) for one in since if _is(one, "function_call_output")],
        rounds=_rounds(since),
        schema=_schema((body.get("text") or {}).get("format") or {}),
        max_tokens=body.get("max_output_tokens"),
        body=body,
    )


def _is(item: Json, kind: str) -> bool:
    return item.get("type") == kind


def _rounds(items: Sequence[Json]) -> int:
    """Runs of calls; calls side by side are of one answer."""
    return sum(
        1
        for before, item in pairwise([{}, *items])
        if _is(item, "function_call") and not _is(before, "function_call")
    )


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(str(part["text"]) for part in content or () if part.get("text"))


def _prompt_tokens(items: Sequence[Json], body: Json) -> int:
    total = PER_TOOL * len(body.get("tools") or ())
    if instructions := body.get("instructions"):
        total += PER_MESSAGE + count(instructions)
    for item in items:
        content = item.get("content", item.get("output"))
        total += PER_MESSAGE + count(_text(content))
        if isinstance(content, list):
            total += sum(_attachment(part.get("type")) for part in content)
    return total


def _attachment(kind: Any) -> int:
    if kind == "input_image":
        return PER_IMAGE
    return PER_ATTACHMENT if kind == "input_file" else 0


def _tools(body: Json) -> list[Tool]:
    functions = [tool for tool in body.get("tools") or () if _is(tool, "function")]
    return [Tool(each["name"], each.get("parameters") or {}) for each in functions]


def _demand(choice: Any) -> tuple[Literal["none", "auto", "required"], str]:
    match choice:
        case "none":
            return "none", ""
        case "required":
            return "required", ""
        case {"type": "function", "name": str(name)}:
            return "required", name
        case {"type": "allowed_tools", "mode": "required", "tools": [first, *_]}:
            return "required", str(first.get("name", ""))
        case _:
            return "auto", ""


def _schema(wanted: Json) -> Json | None:
    match wanted:
        case {"type": "json_object"}:
            return {}
        case {"type": "json_schema", "schema": dict(schema)}:
            return schema
        case _:
            return None


def stream_error(refusal: Refusal, directives: Directives) -> Event:
    """An error in mid-stream."""
    body = {
        "type": "error",
        "code": directives.error_code or directives.error_type or "server_error",
        "message": refusal.message,
        "param": refusal.param,
        "sequence_number": 0,
    }
    return Event(orjson.dumps(body), name="error")


DIALECT = Dialect(
    name="openai.responses",
    path=PATH,
    sdk="openai",
    check=responses_rules.check,
    ask=ask,
    whole=responses_write.whole,
    events=responses_write.events,
    error=shared.error,
    stream_error=stream_error,
    frame=sse.frame,
    key=shared.key,
)
