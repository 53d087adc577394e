"""OpenAI's chat completions, under any prefix and under Azure's deployment paths.

https://platform.openai.com/docs/api-reference/chat
https://learn.microsoft.com/azure/ai-services/openai/reference (deployments, `api-version`)
"""

import re
from collections.abc import Sequence
from typing import Any, Literal

from extproc.lab.simulator import sse
from extproc.lab.simulator.dialect import Asked, Call, Dialect, Json, Tool
from extproc.lab.simulator.openai import chat_rules, chat_write, shared
from extproc.lab.simulator.reply import PER_ATTACHMENT, PER_IMAGE, PER_MESSAGE, PER_TOOL, count

PATH = re.compile(r"(?P<prefix>/.*?)??(/deployments/(?P<deployment>[^/]+))?/chat/completions")


def ask(call: Call) -> Asked:
    """What the body asks."""
    body = call.body
    messages: list[Json] = body.get("messages") or []
    last = max((at for at, one in enumerate(messages) if one.get("role") == "user"), default=-1)
    since = messages[last + 1 :]
    demand, named = _demand(body)
    limit = body.get("max_completion_tokens")
    return Asked(
        model=str(body.get("model") or call.params.get("deployment", "")),
        text=_text(messages[last]) if last >= 0 else "",
        prompt_tokens=_prompt_tokens(messages, body),
        stream=bool(body.get("stream")),
        tools=_tools(body),
        demand=demand,
        named=named,
        parallel=body.get("parallel_tool_calls") is not False,
        results=[_text(one) for one in since if one.get("role") == "tool"],
        rounds=sum(1 for one in since if one.get("tool_calls")),
        schema=_schema(body.get("response_format") or {}),
        stop=_stop(body.get("stop")),
        max_tokens=body.get("max_tokens") if limit is None else limit,
        n=body.get("n") or 1,
        body=body,
    )


def _text(message: Json) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    return "\n".join(str(part["text"]) for part in content or () if part.get("text"))


def _prompt_tokens(messages: Sequence[Json], body: Json) -> int:
    total = PER_TOOL * len(body.get("tools") or ())
    for message in messages:
        total += PER_MESSAGE + count(_text(message))
        content = message.get("content")
        if isinstance(content, list):
            total += sum(_attachment(part.get("type")) for part in content)
    return total


def _attachment(kind: Any) -> int:
    if kind == "image_url":
        return PER_IMAGE
    return 0 if kind in {"text", "refusal"} else PER_ATTACHMENT


def _tools(body: Json) -> list[Tool]:
    functions = [tool["function"] for tool in body.get("tools") or () if "function" in tool]
    return [Tool(each["name"], each.get("parameters") or {}) for each in functions]


def _demand(body: Json) -> tuple[Literal["none", "auto", "required"], str]:
    match body.get("tool_choice"):
        case "none":
            return "none", ""
        case "required":
            return "required", ""
        case {"type": "function", "function": {"name": str(name)}}:
            return "required", name
        case {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [first, *_]}}:
            return "required", str(first.get("function", {}).get("name", ""))
        case _:
            return "auto", ""


def _schema(wanted: Json) -> Json | None:
    match wanted:
        case {"type": "json_object"}:
            return {}
        case {"type": "json_schema", "json_schema": {"schema": dict(schema)}}:
            return schema
        case _:
            return None


def _stop(stop: Any) -> list[str]:
    return [stop] if isinstance(stop, str) else list(stop or ())


DIALECT = Dialect(
    name="openai.chat",
    path=PATH,
    sdk="openai",
    check=chat_rules.check,
    ask=ask,
    whole=chat_write.whole,
    events=chat_write.events,
    error=shared.error,
    stream_error=shared.stream_error,
    frame=sse.frame,
    key=shared.key,
)
