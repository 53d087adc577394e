"""The tools that a client of OpenAI's runs and that are no functions, told as functions.

Their calls are items of their own, whose arguments stand in a member of the item.
https://platform.openai.com/docs/guides/tools-local-shell, …/tools-shell, …/tools-apply-patch,
…/tools-computer-use
"""

from collections.abc import Mapping
from typing import Any

import msgspec
import orjson

from providers.dialects.openai.signatures import render_extra
from providers.neutral.chat import Native, NativeTool, Part, Tool, ToolCall
from providers.wire.members import Json, string

RESPONSES = "openai.responses"

STRING: Json = {"type": "string"}
NUMBER: Json = {"type": "integer"}
STRINGS: Json = {"type": "array", "items": STRING}
POINT: Json = {"type": "object", "properties": {"x": NUMBER, "y": NUMBER}, "required": ["x", "y"]}


def _schema(required: tuple[str, ...], **properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(required)}


ACTIONS = (
    "click",
    "double_click",
    "drag",
    "keypress",
    "move",
    "screenshot",
    "scroll",
    "type",
    "wait",
)
ACTION = _schema(
    ("type",),
    type={"type": "string", "enum": list(ACTIONS)},
    x=NUMBER,
    y=NUMBER,
    button={"type": "string", "enum": ["left", "right", "wheel", "back", "forward"]},
    scroll_x=NUMBER,
    scroll_y=NUMBER,
    path={"type": "array", "items": POINT},
    keys=STRINGS,
    text=STRING,
)
COMPUTER = "Acts on a computer's screen, mouse and keyboard; the result is a picture of the screen."


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """What a model knows by heart of a tool, in words for those that do not."""

    name: str
    """Of the function that stands for it."""
    call: str
    """Type of the item that is a call; that of its result is the same with `_output`."""
    description: str
    schema: Mapping[str, Any]
    place: str = ""
    """The member of a call in which its arguments stand; empty: the call itself."""
    fixed: Mapping[str, Any] = {}
    """What else that member always says."""
    extra: Mapping[str, Any] = {}
    """What else a call always says."""


PREVIEW = Kind(
    name="computer",
    call="computer_call",
    description=COMPUTER,
    schema=ACTION,
    place="action",
    extra={"pending_safety_checks": []},
)

KINDS = {
    "local_shell": Kind(
        name="local_shell",
        call="local_shell_call",
        description="Runs a command on the user's machine; the result is what it printed.",
        schema=_schema(
            ("command",),
            command=STRINGS,
            working_directory=STRING,
            timeout_ms=NUMBER,
        ),
        place="action",
        fixed={"type": "exec", "env": {}},
    ),
    "shell": Kind(
        name="shell",
        call="shell_call",
        description="Runs commands in the user's shell; the result is what they printed.",
        schema=_schema(
            ("commands",), commands=STRINGS, timeout_ms=NUMBER, max_output_length=NUMBER
        ),
        place="action",
    ),
    "apply_patch": Kind(
        name="apply_patch",
        call="apply_patch_call",
        description="Creates, changes or deletes a file. `diff` has the changed hunks in the V4A"
        " form: lines begin with a space, - or +, and @@ names where a hunk stands.",
        schema=_schema(
            ("type", "path"),
            type={"type": "string", "enum": ["create_file", "update_file", "delete_file"]},
            path=STRING,
            diff=STRING,
        ),
        place="operation",
    ),
    "computer_use_preview": PREVIEW,
    "computer-preview": PREVIEW,
    "computer": Kind(
        name="computer",
        call="computer_call",
        description=COMPUTER,
        schema=_schema(("actions",), actions={"type": "array", "items": ACTION}),
        extra={"pending_safety_checks": []},
    ),
}
"""Type of a tool → what it is."""

REMOTE = frozenset({"container_auto", "container_reference"})
"""Where OpenAI runs a shell itself: types of its `environment`."""

CALLS = {kind.call: kind for kind in KINDS.values()}
"""Type of an item → whose call it is; a screen's actions may be one or many."""

INPUT = "input"
"""The one argument of a function that stands for a custom tool."""


def kind_of(tool: NativeTool) -> Kind | None:
    """What the tool is, where the client runs it."""
    if tool.dialect != RESPONSES:
        return None
    environment = tool.value.get("environment")
    if isinstance(environment, dict) and environment.get("type") in REMOTE:
        return None
    return KINDS.get(string(tool.value.get("type")))


def function_of(kind: Kind, tool: NativeTool, name: str) -> Tool:
    """The function that stands for a tool of that kind."""
    said = [f"{word} {tool.value[word]}" for word in SCREEN if word in tool.value]
    description = f"{kind.description} ({', '.join(said)})" if said else kind.description
    return Tool(name=name, description=description, schema=kind.schema)


SCREEN = ("environment", "display_width", "display_height")
"""What is said of the computer, which the model must know."""


def custom_function(custom: Json, name: str) -> Tool:
    """The function that stands for a custom tool: its input is the one argument."""
    words = [string(custom.get("description"))]
    form = custom.get("format")
    grammar = form.get("grammar", form) if isinstance(form, dict) else {}
    if isinstance(grammar, dict) and "definition" in grammar:
        words.append(f"The input must match this {grammar.get('syntax')} grammar:")
        words.append(string(grammar["definition"]))
    argument = {**STRING, "description": "The whole input, as plain text."}
    schema = {**_schema((INPUT,), input=argument), "additionalProperties": False}
    return Tool(name=name, description="\n\n".join(filter(None, words)) or None, schema=schema)


def arguments(call: ToolCall) -> Json | None:
    """A call's arguments; None where they are no JSON object."""
    try:
        value = orjson.loads(call.arguments)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def input_of(call: ToolCall) -> str:
    """The input of a custom tool, whose model may not have heeded the schema."""
    said = arguments(call)
    if said is None:
        return call.arguments
    value = said.get(INPUT)
    return value if isinstance(value, str) else "" if not said else call.arguments


def call_item(kind: Kind, call: ToolCall) -> Part:
    """The item that calls a tool of that kind; what its client could not read stays a function."""
    said = arguments(call)
    if said is None:
        return call
    inside = {**kind.fixed, **said}
    members = {kind.place: inside} if kind.place else inside
    item = {
        "type": kind.call,
        "id": f"{kind.call.removesuffix('_call')[:4]}_{call.id}",
        "call_id": call.id,
        "status": "completed",
        **kind.extra,
        **members,
        **render_extra(call.signature),
    }
    return Native(dialect=RESPONSES, value=item)


def said_by(kind: Kind, item: Json) -> Json:
    """The arguments that an earlier call holds."""
    if "actions" in item:
        return {"actions": item["actions"]}
    owner = item.get(kind.place) if kind.place else item.get("action")
    inside = owner if isinstance(owner, dict) else {}
    return {
        name: value
        for name, value in inside.items()
        if value is not None and kind.fixed.get(name) != value
    }
