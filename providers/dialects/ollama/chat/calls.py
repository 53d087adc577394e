"""Tool calls, whose arguments are objects here, and which often have no ids."""

from hashlib import blake2s
from typing import Any

import orjson

from providers.neutral.chat import ToolCall
from providers.wire.members import Json

UNREADABLE = "arguments"
"""The member that holds arguments which are no JSON object."""


def arguments_text(value: Any) -> str:
    """The arguments as JSON text; some servers send text instead of an object."""
    if isinstance(value, str):
        return value or "{}"
    return "{}" if value is None else orjson.dumps(value).decode()


def arguments_object(text: str) -> Json:
    """The arguments as an object, whatever the model wrote."""
    try:
        value = orjson.loads(text or "{}")
    except ValueError:
        value = text
    return value if isinstance(value, dict) else {UNREADABLE: value}


def parse_call(call: Json, salt: str, index: int) -> ToolCall:
    """A tool call of an answer; `salt`, the moment of the answer, makes up for a missing id."""
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    name, id = function.get("name"), call.get("id")
    name = name if isinstance(name, str) else ""
    arguments = arguments_text(function.get("arguments"))
    if not isinstance(id, str) or not id:
        seed = f"{salt}/{index}/{name}/{arguments}".encode()
        id = f"call_{blake2s(seed, digest_size=8).hexdigest()}"
    return ToolCall(id=id, name=name, arguments=arguments)


def render_call(call: ToolCall, index: int) -> Json:
    """A tool call as Ollama writes it since it has ids; older versions ignore them."""
    function: Json = {"index": index, "name": call.name}
    return {"id": call.id, "function": {**function, "arguments": arguments_object(call.arguments)}}
