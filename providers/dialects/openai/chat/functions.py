"""Calls in the words from before `tools`: one in an answer, without an id.

https://platform.openai.com/docs/api-reference/chat/create#chat-create-functions (deprecated)
"""

from typing import Any

from providers.wire.members import Json

FINISHES = {"tool_calls": "function_call"}
"""A reason to finish → the same in these words."""


def declared(body: Json) -> Json:
    """What an answer must know: whether the client declares its tools so."""
    return {"functions": True} if body.get("functions") and not body.get("tools") else {}


def recalled(choice: Json) -> Json:
    """A choice of an answer with its call in these words."""
    message: dict[str, Any] = dict(choice["message"])
    calls = message.pop("tool_calls", None)
    if calls:
        message["function_call"] = calls[0]["function"]
    reason = choice["finish_reason"]
    return {**choice, "message": message, "finish_reason": FINISHES.get(reason, reason)}
