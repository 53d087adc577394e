"""What OpenAI refuses in a Responses request: by the SDK's types, then by rules between fields."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from extproc.lab.simulator.dialect import Call, Json, Refusal
from extproc.lab.simulator.openai import shared
from extproc.lab.simulator.openai.responses_write import encrypted
from extproc.lab.simulator.searches import is_search
from extproc.lab.simulator.typed import Judge

MAX_CALL_ID = 64
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
RANGES = {**shared.RANGES, "max_output_tokens": (16, 2**31 - 1)}
"""Smallest and largest value; https://platform.openai.com/docs/api-reference/responses/create."""
PREFIXES = {"message": "msg", "reasoning": "rs", "function_call": "fc"}
"""How the ids of items begin."""
KEPT = ("previous_response_id", "conversation", "prompt")
"""What stands for input that is not in the body."""
UNTYPED = frozenset({"client_metadata"})
"""What OpenAI takes from Codex, and the SDK's types do not have."""


def items(body: Json) -> list[Json]:
    """The input as a list of items."""
    value = body.get("input")
    if isinstance(value, str):
        return [{"type": "message", "role": "user", "content": value}]
    return [{"type": "message", **item} if "role" in item else item for item in value or ()]


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what OpenAI would not take; `strict`: unknown parameters too."""
    body = call.body
    filled = {name: _filled(body[name]) for name in ("input", "tools") if name in body}
    _contents(body, hosted="/openai/" in call.path)
    typed = {name: value for name, value in body.items() if name not in UNTYPED}
    _judge(bool(body.get("stream")), strict).check({**typed, **filled})
    for rule in RULES:
        rule(body)


@cache
def _judge(stream: bool, strict: bool) -> Judge:
    from openai.types.responses import response_create_params as params

    if stream:
        return Judge(params.ResponseCreateParamsStreaming, strict=strict)
    return Judge(params.ResponseCreateParamsNonStreaming, strict=strict)


DEMANDED: dict[str, Json] = {
    "function": {"parameters": None, "strict": None},
    "input_image": {"detail": "auto"},
    "output_text": {"annotations": []},
}
"""Type of an object → members that the SDK's types demand and OpenAI does not."""
SAID: Json = {"type": "message", "id": "msg_", "status": "completed"}
"""The same for a message of the model that has parts."""


def _filled(value: Any) -> Any:
    """The value with the members that only the SDK's types demand."""
    if isinstance(value, list):
        return list(map(_filled, value))
    if not isinstance(value, dict):
        return value
    inner = {name: _filled(each) for name, each in value.items()}
    match value:
        case {"role": "assistant", "content": [{"type": "output_text" | "refusal"}, *_]}:
            return {**SAID, **inner}
        # Codex and LangChain send the ids of these, which the SDK's types do not have.
        case {"role": "user" | "system" | "developer", "content": list()}:
            return {name: each for name, each in inner.items() if name != "id"}
        # Codex says so of every thought.
        case {"type": "reasoning", "content": None}:
            return {name: each for name, each in inner.items() if name != "content"}
        case {"type": str(kind)}:
            return {**DEMANDED.get(kind, {}), **inner}
    return inner


def _contents(body: Json, *, hosted: bool) -> None:
    """What Azure refuses and OpenAI does not (https://github.com/openai/codex/issues/15584)."""
    thoughts = [item for item in items(body) if item.get("type") == "reasoning"]
    if hosted and any("content" in item and item["content"] is None for item in thoughts):
        raise Refusal('type: Value is "null" but should be "array"', param="input")


def _required(body: Json) -> None:
    kept = any(body.get(name) for name in KEPT)
    for name in ("model", "input"):
        if not body.get(name) and not kept:
            raise Refusal(
                f"Missing required parameter: '{name}'.",
                param=name,
                code="missing_required_parameter",
            )


def _ranges(body: Json) -> None:
    for name, (low, high) in RANGES.items():
        shared.check_range(name, body.get(name), low, high, "integer")


def _ids(body: Json) -> None:
    for at, item in enumerate(items(body)):
        prefix, id = PREFIXES.get(str(item.get("type"))), item.get("id")
        if prefix and id and not str(id).startswith(prefix):
            raise Refusal(
                f"Invalid 'input[{at}].id': '{id}'. Expected an ID that begins with '{prefix}'.",
                param=f"input[{at}].id",
                code="invalid_value",
            )


def _thoughts(body: Json) -> None:
    """Encrypted content is bound to the id of its item."""
    for item in items(body):
        secret = item.get("encrypted_content")
        if item.get("type") == "reasoning" and secret and secret != encrypted(str(item["id"])):
            raise Refusal(
                "The encrypted content could not be verified. Reason: Encrypted content item_id did"
                " not match the target item id.",
                code="invalid_encrypted_content",
            )


def _tools(body: Json) -> None:
    names = [each["name"] for each in body.get("tools") or () if each.get("type") == "function"]
    for at, name in enumerate(names):
        if not TOOL_NAME.fullmatch(name):
            raise Refusal(
                f"Invalid 'tools[{at}].name': string does not match '^[a-zA-Z0-9_-]+$'.",
                param=f"tools[{at}].name",
                code="invalid_value",
            )
    match body.get("tool_choice"):
        case {"type": "function", "name": str(named)} if named not in names:
            raise Refusal(
                f"Tool choice '{named}' not found in 'tools' parameter.", param="tool_choice"
            )
        case "required" if not body.get("tools"):
            raise Refusal(
                "Tool choice 'required' must be specified with 'tools' parameter.",
                param="tool_choice",
            )


def _searches(body: Json) -> None:
    """https://platform.openai.com/docs/guides/tools-web-search#limitations"""
    if not any(map(is_search, body.get("tools") or ())):
        return
    if "gpt-4.1-nano" in body["model"]:
        raise Refusal(f"Hosted tool 'web_search' is not supported with {body['model']}.")
    if (body.get("reasoning") or {}).get("effort") == "minimal":
        message = "The following tools cannot be used with reasoning.effort 'minimal': web_search."
        raise Refusal(message, param="tools")


def _turns(body: Json) -> None:
    """Each call is answered, and nothing is answered that was not called."""
    called: list[str] = []
    for at, item in enumerate(items(body)):
        if item.get("call_id"):
            shared.check_length(item["call_id"], MAX_CALL_ID, f"input[{at}].call_id")
        match item:
            case {"type": "function_call", "call_id": str(id)}:
                called.append(id)
            case {"type": "function_call_output", "call_id": str(id)}:
                if id not in called and not any(body.get(name) for name in KEPT):
                    raise Refusal(
                        f"No tool call found for function call output with call_id {id}.",
                        param="input",
                    )
                called = [other for other in called if other != id]
    if called:
        raise Refusal(f"No tool output found for function call {called[0]}.", param="input")


def _json_mode(body: Json) -> None:
    form = (body.get("text") or {}).get("format") or {}
    if form.get("type") == "json_object" and "json" not in str(body.get("input")).lower():
        raise Refusal(
            "Response input messages must contain the word 'json' in some form to use 'text.format'"
            " of type 'json_object'.",
            param="input",
        )


def _schemas(body: Json) -> None:
    form = (body.get("text") or {}).get("format") or {}
    if "schema" in form:
        shared.check_schema(form["schema"], bool(form.get("strict")), "text.format.schema")
    for at, tool in enumerate(body.get("tools") or ()):
        if tool.get("type") == "function" and tool.get("parameters"):
            place = f"tools[{at}].parameters"
            shared.check_schema(tool["parameters"], bool(tool.get("strict")), place)


RULES: tuple[Callable[[Json], None], ...] = (
    _required,
    _ranges,
    shared.check_lengths,
    shared.check_longest,
    shared.check_thinker,
    _ids,
    _thoughts,
    _tools,
    _searches,
    _turns,
    _json_mode,
    _schemas,
)
