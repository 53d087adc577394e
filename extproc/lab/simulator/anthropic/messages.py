"""Anthropic's Messages API, under any prefix and under Vertex AI's publisher paths.

https://platform.claude.com/docs/en/api/messages
https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import orjson

from extproc.lab.simulator import sse
from extproc.lab.simulator.anthropic import messages_rules, messages_write
from extproc.lab.simulator.dialect import Asked, Call, Dialect, Event, Json, Refusal, Tool, bearer
from extproc.lab.simulator.directives import Directives
from extproc.lab.simulator.reply import PER_ATTACHMENT, PER_IMAGE, PER_MESSAGE, PER_TOOL, count

PATH = re.compile(
    r"(?P<prefix>/.*?)??(?:/messages(?P<count>/count_tokens)?"
    r"|/publishers/anthropic/models/(?:(?P<vertex_count>count-tokens):rawPredict"
    r"|(?P<model>[^/:]+):(?P<verb>rawPredict|streamRawPredict)))"
)
TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
"""`error.type` by status; other 4xx are `invalid_request_error`, 5xx `api_error`."""


def ask(call: Call) -> Asked:
    """What the body asks."""
    body = call.body
    counted = messages_rules.is_count(call)
    messages: list[Json] = body.get("messages") or []
    last = max((at for at, one in enumerate(messages) if _speaks(one)), default=-1)
    since = messages[last:] if last >= 0 else messages
    demand, named = _demand(body.get("tool_choice") or {})
    return Asked(
        model=str(body.get("model") or call.params.get("model", "")),
        text=_text(messages[last]) if last >= 0 else "",
        prompt_tokens=_prompt_tokens(messages, body),
        stream=not counted and bool(body.get("stream")),
        tools=_tools(body),
        demand=demand,
        named=named,
        parallel=(body.get("tool_choice") or {}).get("disable_parallel_tool_use") is not True,
        results=[_text(block) for block in _blocks(since, "tool_result")],
        rounds=sum(1 for one in since if any(_blocks([one], "tool_use"))),
        schema=_schema(body),
        stop=body.get("stop_sequences") or (),
        max_tokens=body.get("max_tokens"),
        body=body | ({"count": True} if counted else {}),
    )


def _speaks(message: Json) -> bool:
    """Whether it is the user's own, and not only results of tools."""
    return message.get("role") == "user" and bool(_text(message))


def _text(owner: Json) -> str:
    content = owner.get("content")
    if isinstance(content, str):
        return content
    return "\n".join(str(block["text"]) for block in content or () if block.get("type") == "text")


def _blocks(messages: Sequence[Json], kind: str) -> Iterator[Json]:
    for message in messages:
        content = message.get("content")
        if isinstance(content, list):
            yield from (block for block in content if block.get("type") == kind)


def _prompt_tokens(messages: Sequence[Json], body: Json) -> int:
    total = PER_TOOL * len(body.get("tools") or ()) + count(_text({"content": body.get("system")}))
    for message in messages:
        total += PER_MESSAGE + count(_text(message))
        content = message.get("content")
        if isinstance(content, list):
            total += sum(_attachment(block) for block in content)
    return total


def _attachment(block: Json) -> int:
    match block.get("type"):
        case "image":
            return PER_IMAGE
        case "document":
            return PER_ATTACHMENT
        case "tool_result":
            return count(_text(block))
    return 0


def _tools(body: Json) -> list[Tool]:
    offered = [tool for tool in body.get("tools") or () if "input_schema" in tool]
    return [Tool(tool["name"], tool["input_schema"]) for tool in offered]


def _demand(choice: Json) -> tuple[Literal["none", "auto", "required"], str]:
    match choice.get("type"):
        case "none":
            return "none", ""
        case "any":
            return "required", ""
        case "tool":
            return "required", str(choice.get("name", ""))
    return "auto", ""


def _schema(body: Json) -> Json | None:
    match body:
        case {"output_config": {"format": {"schema": dict(schema)}}}:
            return schema
        case {"output_format": {"schema": dict(schema)}}:  # its name of 2025
            return schema
    return None


def key(call: Call) -> str:
    """`x-api-key`, or the bearer token that newer SDKs send."""
    return dict(call.headers).get("x-api-key") or bearer(call)


def error(refusal: Refusal, directives: Directives) -> bytes:
    """An error body."""
    return orjson.dumps(_error(refusal, directives))


def stream_error(refusal: Refusal, directives: Directives) -> Event:
    """An error in mid-stream: an event of its own."""
    return Event(orjson.dumps(_error(refusal, directives)), name="error")


def _error(refusal: Refusal, directives: Directives) -> Json:
    kind = "api_error" if refusal.status >= 500 else "invalid_request_error"
    inner: dict[str, Any] = {
        "type": directives.error_type or TYPES.get(refusal.status, kind),
        "message": refusal.message,
    }
    code = directives.error_code or refusal.code
    if code:
        inner["details"] = {"error_code": code}
    return {"type": "error", "error": inner, "request_id": "req_sim"}


DIALECT = Dialect(
    name="anthropic.messages",
    path=PATH,
    sdk="anthropic",
    check=messages_rules.check,
    ask=ask,
    whole=messages_write.whole,
    events=messages_write.events,
    error=error,
    stream_error=stream_error,
    frame=sse.frame,
    key=key,
)
