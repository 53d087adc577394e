"""What OpenAI refuses in a chat request: by the SDK's types first, then by rules between fields."""

import re
from collections.abc import Callable
from functools import cache
from itertools import pairwise

from extproc.lab.simulator.dialect import Call, Json, Refusal
from extproc.lab.simulator.openai import shared
from extproc.lab.simulator.typed import Judge

MAX_CALL_ID = 40
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
RANGES = {
    **shared.RANGES,
    "frequency_penalty": (-2, 2),
    "presence_penalty": (-2, 2),
    "n": (1, 128),
    "max_tokens": (1, 2**31 - 1),
    "max_completion_tokens": (1, 2**31 - 1),
}
"""Smallest and largest value; https://platform.openai.com/docs/api-reference/chat/create."""
ONLY_WITH_TOOLS = ("tool_choice", "parallel_tool_calls")


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what OpenAI would not take; `strict`: unknown parameters too."""
    body = call.body
    if deployment := call.params.get("deployment"):
        if not call.query.get("api-version"):
            raise Refusal("Resource not found", status=404, code="404")
        # Azure takes the model from the path.
        body = {"model": deployment} | body
    _judge(bool(body.get("stream")), strict).check(_without_echoes(body))
    for rule in RULES:
        rule(body)
    for model, demand in DEMANDS:
        if model.search(body["model"]):
            demand(body)


def _without_echoes(body: Json) -> Json:
    """`body` without what the SDK sends back of an answer: known to the API, not to its types."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        return body
    return body | {"messages": [_without_echo(message) for message in messages]}


def _without_echo(message: object) -> object:
    if not isinstance(message, dict) or message.get("role") != "assistant":
        return message
    return {key: value for key, value in message.items() if key not in ECHOES}


ECHOES = frozenset({"annotations", "reasoning_content"})


@cache
def _judge(stream: bool, strict: bool) -> Judge:
    from openai.types.chat import completion_create_params as params

    if stream:
        return Judge(params.CompletionCreateParamsStreaming, strict=strict)
    return Judge(params.CompletionCreateParamsNonStreaming, strict=strict)


def _ranges(body: Json) -> None:
    for name, (low, high) in RANGES.items():
        shared.check_range(name, body.get(name), low, high, "decimal")


def _lists(body: Json) -> None:
    for name in ("messages", "tools"):
        if body.get(name) == []:
            raise Refusal(
                f"Invalid '{name}': empty array. Expected an array with minimum length 1.",
                param=name,
                code="empty_array",
            )
    if isinstance(body.get("stop"), list) and len(body["stop"]) > 4:
        raise Refusal(
            "Invalid 'stop': array too long. Expected an array with maximum length 4.",
            param="stop",
            code="array_above_max_length",
        )


def _company(body: Json) -> None:
    """Parameters that are only allowed beside another one."""
    if body.get("stream_options") is not None and not body.get("stream"):
        raise Refusal(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            param="stream_options",
        )
    if body.get("top_logprobs") is not None and not body.get("logprobs"):
        raise Refusal("'top_logprobs' needs 'logprobs' to be true.", param="top_logprobs")
    if body.get("metadata") and not body.get("store"):
        message = "The 'metadata' parameter is only allowed when 'store' is enabled."
        raise Refusal(message, param="metadata")
    for name in ONLY_WITH_TOOLS:
        if body.get(name) is not None and not body.get("tools"):
            raise Refusal(f"'{name}' is only allowed when 'tools' are specified.", param=name)


def _searches(body: Json) -> None:
    """https://platform.openai.com/docs/guides/tools-web-search: a few models, which always do."""
    if "web_search_options" in body and "-search-" not in body["model"]:
        raise Refusal(
            "Web search options not supported with this model.", param="web_search_options"
        )


def _tool_names(body: Json) -> None:
    names = [tool["function"]["name"] for tool in body.get("tools") or () if "function" in tool]
    for at, name in enumerate(names):
        if not TOOL_NAME.fullmatch(name):
            param = f"tools[{at}].function.name"
            raise Refusal(
                f"Invalid '{param}': string does not match pattern '^[a-zA-Z0-9_-]+$'.",
                param=param,
                code="invalid_value",
            )
    match body.get("tool_choice"):
        case {"type": "function", "function": {"name": str(named)}} if named not in names:
            raise Refusal(
                f"Tool choice '{named}' not found in 'tools' parameter.", param="tool_choice"
            )


def _tool_turns(body: Json) -> None:
    """Each tool call is answered, and nothing is answered that was not called."""
    waiting: set[str] = set()
    for at, message in enumerate(body["messages"]):
        if message["role"] == "tool":
            if message["tool_call_id"] not in waiting:
                raise Refusal(
                    "Invalid parameter: messages with role 'tool' must be a response to a preceding"
                    " message with 'tool_calls'.",
                    param=f"messages[{at}].role",
                )
            waiting.discard(message["tool_call_id"])
            continue
        _all_answered(waiting, at)
        calls = message.get("tool_calls") or ()
        if len({call["id"] for call in calls}) < len(calls):
            raise Refusal("Duplicate value for 'tool_call_id'", param=f"messages[{at}].tool_calls")
        for number, call in enumerate(calls):
            shared.check_length(call["id"], MAX_CALL_ID, f"messages[{at}].tool_calls[{number}].id")
        waiting = {call["id"] for call in calls}
    _all_answered(waiting, len(body["messages"]))


def _all_answered(waiting: set[str], at: int) -> None:
    if waiting:
        raise Refusal(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to"
            f" each 'tool_call_id'. Not answered: {', '.join(sorted(waiting))}",
            param=f"messages[{at}].role",
        )


def _schemas(body: Json) -> None:
    wanted = (body.get("response_format") or {}).get("json_schema") or {}
    if "schema" in wanted:
        shared.check_schema(wanted["schema"], bool(wanted.get("strict")), "response_format")
    for at, tool in enumerate(body.get("tools") or ()):
        function = tool.get("function") or {}
        if function.get("parameters"):
            place = f"tools[{at}].function.parameters"
            shared.check_schema(function["parameters"], bool(function.get("strict")), place)


def _json_mode(body: Json) -> None:
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_object" and "json" not in str(body["messages"]).lower():
        raise Refusal(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type"
            " 'json_object'.",
            param="messages",
        )


AFTER = {
    "system": {"user", "assistant", "system"},
    "user": {"assistant", "system", "user"},
    "assistant": {"assistant", "user", "tool"},
    "tool": {"assistant", "tool"},
}
"""Who may speak after whom."""


def _speakers(body: Json) -> None:
    """Mistral's order of turns, as its API of 2025 has it."""
    for before, message in pairwise(body["messages"]):
        if message["role"] not in AFTER[before["role"]]:
            raise Refusal(
                f"Unexpected role '{message['role']}' after role '{before['role']}'", code="3230"
            )


def _thoughts(body: Json) -> None:
    """https://api-docs.deepseek.com/guides/thinking_mode#tool-calls"""
    if (body.get("thinking") or {}).get("type") == "disabled":
        return
    for message in body["messages"]:
        if message.get("tool_calls") and message.get("reasoning_content") is None:
            raise Refusal(
                "The `reasoning_content` in the thinking mode must be passed back to the API."
            )


DEMANDS: tuple[tuple[re.Pattern[str], Callable[[Json], None]], ...] = (
    (re.compile("mistral"), _speakers),
    (re.compile("deepseek|kimi"), _thoughts),
)
"""Models, and what their vendors refuse beyond the format."""

RULES: tuple[Callable[[Json], None], ...] = (
    _lists,
    _ranges,
    shared.check_lengths,
    shared.check_longest,
    shared.check_thinker,
    _company,
    _searches,
    _tool_names,
    _tool_turns,
    _schemas,
    _json_mode,
)
