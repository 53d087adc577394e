"""What Cohere refuses in a chat request: by the SDK's types first, then by rules between fields.

https://docs.cohere.com/v2/reference/errors
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, NotRequired

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from extproc.lab.simulator import schemas
from extproc.lab.simulator.dialect import Call, Json, Refusal

RANGES = {
    "temperature": (0, 1),
    "p": (0.01, 0.99),
    "k": (0, 500),
    "frequency_penalty": (0, 1),
    "presence_penalty": (0, 1),
    "max_tokens": (1, 2**31 - 1),
    "seed": (0, 2**64 - 1),
}
CHOICES = {
    "tool_choice": {"REQUIRED", "NONE"},
    "safety_mode": {"CONTEXTUAL", "STRICT", "OFF"},
}
MAX_STOPS = 5
NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what Cohere would not take; `strict`: unknown parameters too."""
    try:
        _judge(strict).validate_python(_typed(call.body), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise Refusal(f"invalid request: {place}: {first['msg']}") from None
    for rule in RULES:
        rule(call.body)


def _typed(body: Json) -> Json:
    """The body as the SDK's types have it: they know no documents whose data are a string, which
    the API takes, and its guides write (https://docs.cohere.com/v2/docs/tool-use-overview)."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        return body
    return {**body, "messages": [_with_objects(message) for message in messages]}


def _with_objects(message: Any) -> Any:
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, list) or message.get("role") != "tool":
        return message
    return {**message, "content": [_with_object(block) for block in content]}


def _with_object(block: Any) -> Any:
    match block:
        case {"type": "document", "document": {"data": str(text)} as document}:
            return {**block, "document": {**document, "data": {"text": text}}}
    return block


@cache
def _judge(strict: bool) -> TypeAdapter[Any]:
    from cohere import types
    from cohere.v2.types import V2ChatRequestDocumentsItem

    class Body(TypedDict):
        model: str
        messages: list[types.ChatMessageV2]
        stream: NotRequired[bool]
        tools: NotRequired[list[types.ToolV2]]
        strict_tools: NotRequired[bool]
        documents: NotRequired[list[V2ChatRequestDocumentsItem]]
        citation_options: NotRequired[types.CitationOptions]
        response_format: NotRequired[types.ResponseFormatV2]
        safety_mode: NotRequired[str]
        max_tokens: NotRequired[int]
        stop_sequences: NotRequired[list[str]]
        temperature: NotRequired[float]
        seed: NotRequired[int]
        frequency_penalty: NotRequired[float]
        presence_penalty: NotRequired[float]
        k: NotRequired[int]
        p: NotRequired[float]
        logprobs: NotRequired[bool]
        tool_choice: NotRequired[str]
        thinking: NotRequired[types.Thinking]
        priority: NotRequired[int]

    return TypeAdapter(with_config(ConfigDict(extra="forbid" if strict else "ignore"))(Body))


def _ranges(body: Json) -> None:
    for name, (low, high) in RANGES.items():
        if name in body and not low <= body[name] <= high:
            raise Refusal(f"invalid request: {name} must be between {low} and {high} inclusive.")
    for name, allowed in CHOICES.items():
        if name in body and body[name] not in allowed:
            raise Refusal(f"invalid request: {name} must be one of {sorted(allowed)}.")
    if len(body.get("stop_sequences") or ()) > MAX_STOPS:
        raise Refusal(f"invalid request: at most {MAX_STOPS} stop_sequences are allowed.")
    if not body["messages"]:
        raise Refusal("invalid request: messages must not be empty.")


def _tools(body: Json) -> None:
    tools = body.get("tools") or []
    for tool in tools:
        if not NAME.fullmatch(tool["function"]["name"]):
            raise Refusal(
                "invalid request: tool names can only contain characters a-z, A-Z, 0-9 and _ and"
                " must not begin with a digit."
            )
    if body.get("tool_choice") and not tools:
        raise Refusal("invalid request: tool_choice needs tools.")
    if body.get("strict_tools"):
        for tool in tools:
            if not tool["function"]["parameters"].get("required"):
                name = tool["function"]["name"]
                raise Refusal(f"invalid request: strict tool {name} has no required parameter.")
            schemas.judged(schemas.cohere, tool["function"]["parameters"], "tools")


def _output(body: Json) -> None:
    form = body.get("response_format") or {}
    wanted = form.get("type") == "json_object"
    if schema := form.get("json_schema") or form.get("schema"):
        schemas.judged(schemas.cohere, schema, "response_format")
    if wanted and body.get("documents"):
        raise Refusal("invalid request: response_format is not supported with RAG.")
    if wanted and body.get("tools"):
        raise Refusal("invalid request: response_format is not supported with tools.")
    thinking = body.get("thinking") or {}
    if thinking.get("token_budget") is not None and thinking["token_budget"] < 1:
        raise Refusal("invalid request: thinking.token_budget must be positive.")


MEMBERS = {
    "system": {"role", "content"},
    "user": {"role", "content"},
    "assistant": {"role", "content", "tool_calls", "tool_plan", "citations"},
    "tool": {"role", "content", "tool_call_id"},
}


def _messages(body: Json) -> None:
    """The SDK's types let empty messages and unknown members pass."""
    for message in body["messages"]:
        if not message.get("content") and not message.get("tool_calls"):
            raise Refusal("message must not be empty in a turn")
        role = message["role"]
        if unknown := message.keys() - MEMBERS[role]:
            raise Refusal(
                f"invalid request: unknown field {sorted(unknown)[0]!r} in a {role} turn."
            )


def _tool_turns(body: Json) -> None:
    """Each call is answered at once (seen of Command A, 2026-11), and nothing else is."""
    called: set[str] = set()
    waiting: set[str] = set()
    for message in (*body["messages"], {"role": "user"}):
        if message["role"] == "tool":
            id = message["tool_call_id"]
            if id not in called:
                raise Refusal(
                    f"invalid request: tool call id {id} not found in previous tool calls."
                )
            waiting.discard(id)
        elif waiting:
            raise Refusal(
                "invalid request: An assistant message with 'tool_calls' must be followed by tool"
                " messages responding to each 'tool_call_id'. The following tool_call_ids did not"
                f" have response messages: {', '.join(sorted(waiting))}"
            )
        waiting |= {call["id"] for call in message.get("tool_calls") or ()}
        called |= waiting


RULES: tuple[Callable[[Json], None], ...] = (_ranges, _messages, _tools, _output, _tool_turns)
