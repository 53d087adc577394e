"""Tools that Claude knows by heart and a client runs, told as functions to all other models.

Calls and results are those of functions already, under the name that the client gave the tool.
https://docs.claude.com/en/docs/agents-and-tools/tool-use/overview
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from providers.bridging.stand_ins import Known, Recast, StandIns
from providers.dialects.anthropic.messages.blocks import parse_cache
from providers.dialects.anthropic.names import NAME
from providers.neutral.chat import ChatRequest, NativeTool, Part, Tool, ToolCall
from providers.wire.members import Json, dicts, string

STRING: Json = {"type": "string"}
NUMBER: Json = {"type": "integer"}
NUMBERS: Json = {"type": "array", "items": NUMBER}


def _words(*words: str) -> Json:
    return {"type": "string", "enum": list(words)}


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What Claude knows by heart of a tool, in words for other models."""

    description: str
    required: tuple[str, ...]
    properties: Mapping[str, Any]


FILES: Json = {
    "path": STRING,
    "file_text": {**STRING, "description": "Content of the file, for `create`."},
    "old_str": {**STRING, "description": "For `str_replace`: text that stands there once."},
    "new_str": STRING,
    "insert_line": {**NUMBER, "description": "For `insert`: the line after which; 0 is the top."},
    "insert_text": STRING,
    "view_range": {**NUMBERS, "description": "For `view`: first and last line; -1 is the end."},
}

ACTIONS = (
    "key",
    "type",
    "mouse_move",
    "left_click",
    "left_click_drag",
    "right_click",
    "middle_click",
    "double_click",
    "triple_click",
    "left_mouse_down",
    "left_mouse_up",
    "scroll",
    "hold_key",
    "wait",
    "screenshot",
    "cursor_position",
    "zoom",
)

KINDS = {
    "bash_": Kind(
        description="Runs a command in a shell that stays open; the result is what it printed.",
        required=(),
        properties={
            "command": STRING,
            "restart": {"type": "boolean", "description": "Begins a new shell instead."},
        },
    ),
    "text_editor_": Kind(
        description="Looks at, creates and edits files of text.",
        required=("command", "path"),
        properties={
            "command": _words("view", "create", "str_replace", "insert", "undo_edit"),
            **FILES,
        },
    ),
    "memory_": Kind(
        description="Keeps notes in files below /memories, which stay from one conversation to the"
        " next. Look there before you begin.",
        required=("command",),
        properties={
            "command": _words("view", "create", "str_replace", "insert", "delete", "rename"),
            **FILES,
            "old_path": STRING,
            "new_path": STRING,
        },
    ),
    "computer_": Kind(
        description="Acts on a computer's screen, mouse and keyboard; `screenshot` shows it.",
        required=("action",),
        properties={
            "action": _words(*ACTIONS),
            "coordinate": {**NUMBERS, "description": "x and y in pixels."},
            "start_coordinate": NUMBERS,
            "region": NUMBERS,
            "text": {**STRING, "description": "What to type, or the key to press."},
            "scroll_direction": _words("up", "down", "left", "right"),
            "scroll_amount": NUMBER,
            "duration": {"type": "number", "description": "Seconds."},
        },
    ),
}
"""How the type of a tool begins → what it is."""

STARTS = tuple(KINDS)
SCREEN = ("display_width_px", "display_height_px")


def functions(request: ChatRequest, known: Known) -> tuple[ChatRequest, StandIns]:
    """The request in which functions stand for the tools that are not known."""
    tools = tuple(
        tool if isinstance(tool, Tool) or known(tool) else _function(tool) for tool in request.tools
    )
    return msgspec.structs.replace(request, tools=tools), {}


def _function(tool: NativeTool) -> Tool | NativeTool:
    said = tool.value
    kind = next((KINDS[start] for start in STARTS if _type(said).startswith(start)), None)
    if kind is None or tool.dialect != NAME:
        return tool
    screen = [f"{word} {said[word]}" for word in SCREEN if word in said]
    words = f"{kind.description} ({', '.join(screen)})" if screen else kind.description
    schema = {
        "type": "object",
        "properties": dict(kind.properties),
        "required": list(kind.required),
    }
    cache = parse_cache(dict(said))
    return Tool(name=string(said.get("name")), description=words, schema=schema, cache=cache)


def _type(tool: Mapping[str, Any]) -> str:
    return string(tool.get("type"))


def _has(body: Json) -> bool:
    return any(_type(tool).startswith(STARTS) for tool in dicts(body.get("tools")))


def _call(told: ToolCall, tool: NativeTool) -> Part:
    return told


RECAST = Recast(functions=functions, call=_call, has=_has)
