"""What Ollama refuses in a chat request: by its client's types first, then by rules of the server.

https://docs.ollama.com/api/chat
"""

import binascii
from base64 import b64decode
from collections.abc import Callable
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from extproc.lab.simulator import schemas
from extproc.lab.simulator.dialect import Call, Json, Refusal

LEVELS = ("high", "medium", "low", "max")
OPTIONS = {
    "temperature": (int, float),
    "top_p": (int, float),
    "min_p": (int, float),
    "repeat_penalty": (int, float),
    "presence_penalty": (int, float),
    "frequency_penalty": (int, float),
    "top_k": (int,),
    "seed": (int,),
    "num_predict": (int,),
    "num_ctx": (int,),
    "stop": (list,),
}
MAX_TOP_LOGPROBS = 20


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what Ollama would not take; `strict`: unknown parameters too."""
    body = call.body
    if not body.get("model"):
        raise Refusal("model is required")
    request, message = _types(strict)
    judge(request, body | {"messages": [], "tools": body.get("tools") or []})
    messages = body.get("messages") or []
    if not isinstance(messages, list):
        raise Refusal("json: cannot unmarshal messages")
    for one in messages:
        if not isinstance(one, dict):
            raise Refusal("json: cannot unmarshal a message")
        judge(message, one | {"images": images(one)})
    for rule in RULES:
        rule(body)


@cache
def _types(strict: bool) -> tuple[type[BaseModel], type[BaseModel]]:
    from ollama import Message
    from ollama._types import ChatRequest

    config = ConfigDict(extra="forbid" if strict else "ignore")
    request = type("Request", (ChatRequest,), {"model_config": config})
    # Newer than the client's type: https://docs.ollama.com/capabilities/tool-calling
    members = {"model_config": config, "__annotations__": {"tool_call_id": str | None}}
    message = type("ChatMessage", (Message,), {**members, "tool_call_id": None})
    return request, message


def judge(kind: type[BaseModel], value: Json) -> None:
    """Raises Refusal for what is not of this type."""
    try:
        kind.model_validate(value, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise Refusal(f"json: cannot unmarshal {place}: {first['msg']}") from None


def images(message: Json) -> list[Any]:
    """The pictures as the client's type has them; raises Refusal for what is no base64."""
    found = []
    for image in message.get("images") or ():
        try:
            b64decode(image, validate=True)
        except (TypeError, ValueError, binascii.Error):
            raise Refusal("illegal base64 data in images") from None
        found.append({"value": image})
    return found


def options(body: Json) -> None:
    """Raises Refusal for options of wrong types."""
    for name, value in (body.get("options") or {}).items():
        kinds = OPTIONS.get(name)
        if kinds is not None and (not isinstance(value, kinds) or isinstance(value, bool)):
            raise Refusal(f'option "{name}" must be of type {kinds[-1].__name__}')
    top = body.get("top_logprobs") or 0
    if not 0 <= top <= MAX_TOP_LOGPROBS:
        raise Refusal("top_logprobs must be between 0 and 20")


def think(body: Json) -> None:
    """Raises Refusal for a level that there is not."""
    level = body.get("think")
    if not isinstance(level, str):
        return
    if level not in LEVELS:
        allowed = ", ".join(f'"{word}"' for word in LEVELS)
        raise Refusal(f'invalid think value: "{level}" (must be {allowed}, true, or false)')


def _roles(body: Json) -> None:
    for message in body.get("messages") or ():
        if message["role"] not in ("system", "user", "assistant", "tool"):
            raise Refusal(f"invalid role: {message['role']}")


def form(body: Json) -> None:
    """Raises Refusal for a schema that cannot be a grammar."""
    if isinstance(body.get("format"), dict):
        schemas.judged(schemas.grammar, body["format"], "format")


RULES: tuple[Callable[[Json], None], ...] = (options, think, _roles, form)
