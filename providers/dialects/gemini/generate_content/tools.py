"""Tools and the choice among them, both ways.

https://ai.google.dev/api/caching#Tool
"""

from collections.abc import Mapping
from typing import Any

from providers.bridging.fidelity import Feature
from providers.bridging.vendor_tools import name_of
from providers.dialects.gemini.generate_content import fields
from providers.dialects.gemini.generate_content.native_tools import parse_native, render_native
from providers.dialects.gemini.names import NAME
from providers.models.gemini import Model
from providers.neutral import json_schema
from providers.neutral.chat import ChatRequest, NativeTool, Tool, ToolChoice, ToolMode
from providers.wire.budget import Budget
from providers.wire.members import Json

UNSAID = fields.spellings(("response", "responseJsonSchema", "behavior"))
"""What a declaration says beside its name, its description and its parameters."""
CALLING = fields.spellings(("functionCallingConfig",)).keys()
CHOICE = fields.spellings(("mode", "allowedFunctionNames")).keys()
MODES = ("MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED")
"""In the order of their numbers."""


def parse_tools(body: Json) -> tuple[Tool | NativeTool, ...]:
    """The functions, and what the provider itself runs."""
    if fields.find(body, "tools") is None:
        return ()
    # With names, VALIDATED is Gemini's way to allow only those.
    validated = _mode(body) == "VALIDATED" and not _allowed(body)
    strict = True if validated else None
    found: list[Tool | NativeTool] = []
    for tool, at in fields.objects(body, "tools"):
        for declaration, place in fields.objects(tool, "functionDeclarations", at):
            found.append(_declaration(declaration, place, strict))
        for name, value in tool.items():
            if name not in ("functionDeclarations", "function_declarations") and value is not None:
                found.append(parse_native(name, value))
    return tuple(found)


def _declaration(value: Json, at: str, strict: bool | None) -> Tool:
    # Both may have Google's upper-case types, as its own clients write them everywhere.
    schema = fields.mapping(value, "parametersJsonSchema", at)
    schema = fields.mapping(value, "parameters", at) if schema is None else schema
    if schema is not None:
        schema = json_schema.from_openapi(schema)
    return Tool(
        name=fields.required_text(value, "name", at),
        description=fields.text(value, "description", at),
        schema=schema,
        strict=strict,
    )


def parse_unsaid(body: Json) -> Json:
    """What declarations say that no other dialect has a place for, by its place in the body."""
    found: Json = {}
    for tool, at in fields.objects(body, "tools"):
        for declaration, _ in fields.objects(tool, "functionDeclarations", at):
            for name in declaration.keys() & UNSAID.keys():
                place = f"tools.functionDeclarations.{UNSAID[name]}"
                found.setdefault(place, []).append(declaration[name])
    return found


def _calling(body: Json) -> Json:
    config = fields.mapping(body, "toolConfig") or {}
    return fields.mapping(config, "functionCallingConfig", "toolConfig.") or {}


def _mode(body: Json) -> str:
    at = "toolConfig.functionCallingConfig."
    mode = (fields.word(_calling(body), "mode", at, MODES) or MODES[0]).upper()
    if mode not in MODES:
        fields.wrong(f"{at}mode", "one of AUTO, ANY, NONE, VALIDATED")
    return mode


def _allowed(body: Json) -> tuple[str, ...]:
    at = "toolConfig.functionCallingConfig."
    return fields.strings(_calling(body), "allowedFunctionNames", at)


def parse_choice(body: Json) -> ToolChoice | None:
    """The choice, None where the body makes none."""
    if fields.find(body, "toolConfig") is None:
        return None
    allowed = _allowed(body)
    match _mode(body):
        case "AUTO":
            return ToolChoice(mode=ToolMode.AUTO)
        case "VALIDATED":
            return ToolChoice(mode=ToolMode.AUTO, allowed=allowed)
        case "NONE":
            return ToolChoice(mode=ToolMode.NONE)
        case "ANY" if len(allowed) == 1:
            return ToolChoice(mode=ToolMode.NAMED, name=allowed[0])
        case "ANY":
            return ToolChoice(mode=ToolMode.REQUIRED, allowed=allowed)
    return None


def parse_rest(body: Json) -> Json:
    """What `toolConfig` says beside the choice."""
    config = fields.mapping(body, "toolConfig") or {}
    rest = {name: value for name, value in config.items() if name not in CALLING}
    calling = {name: value for name, value in _calling(body).items() if name not in CHOICE}
    return {**rest, "functionCallingConfig": calling} if calling else rest


def render_tools(
    request: ChatRequest, model: Model, vertex: bool, dropped: list[str]
) -> list[Json]:
    """`tools`: one object with all functions, and one for each tool of the provider."""
    declarations: list[Json] = []
    others: list[Json] = []
    alone = not combines(request, model, vertex)
    for tool in request.tools:
        if isinstance(tool, Tool):
            declarations.append(_render(tool, model, request.budget, dropped))
        elif alone and tool.dialect != NAME:
            dropped.append(f"tools.{name_of(tool)}")
        else:
            others.append(render_native(tool, vertex, dropped))
    return [{"functionDeclarations": declarations}, *others] if declarations else others


def combines(request: ChatRequest, model: Model, vertex: bool) -> bool:
    """Whether the tools that Google runs may stand beside the functions that are there.

    https://ai.google.dev/gemini-api/docs/tool-combination (checked 2026-11)
    """
    return (model.combines and not vertex) or not any(isinstance(t, Tool) for t in request.tools)


def render_sides(request: ChatRequest, model: Model, vertex: bool) -> Json:
    """What `toolConfig` must say where tools of both sides are offered."""
    kinds = {type(tool) for tool in request.tools}
    both = len(kinds) > 1 and combines(request, model, vertex)
    return {"includeServerSideToolInvocations": True} if both else {}


def _render(tool: Tool, model: Model, budget: Budget | None, dropped: list[str]) -> Json:
    declaration: Json = {"name": tool.name}
    if tool.description:
        declaration["description"] = tool.description
    if tool.schema is None:
        return declaration
    if model.takes_json_schema:
        declaration["parametersJsonSchema"] = tool.schema
    elif tool.schema.get("properties"):
        name = f"tools.{tool.name}"
        declaration["parameters"] = openapi(tool.schema, name, budget, dropped)
    return declaration


def openapi(
    schema: Mapping[str, Any], name: str, budget: Budget | None, dropped: list[str]
) -> Json:
    """The schema for a model that knows no JSON Schema; names the keywords that are lost."""
    rendered, lost = json_schema.to_openapi(schema, budget)
    dropped += [f"{name}.{keyword}" for keyword in lost]
    return rendered


def render_choice(request: ChatRequest, model: Model, dropped: list[str]) -> Json:
    """`functionCallingConfig`; empty where nothing is chosen."""
    functions = [tool for tool in request.tools if isinstance(tool, Tool)]
    choice = request.tool_choice
    if not functions:
        if choice is not None and choice.mode in (ToolMode.REQUIRED, ToolMode.NAMED):
            dropped.append("tool_choice")
        return {}
    if choice is None or choice.mode is ToolMode.AUTO:
        return _auto(choice, any(tool.strict for tool in functions), model, dropped)
    match choice.mode:
        case ToolMode.NONE:
            return {"mode": "NONE"}
        case ToolMode.NAMED:
            return {"mode": "ANY", "allowedFunctionNames": [choice.name]}
    return fields.optional(mode="ANY", allowedFunctionNames=list(choice.allowed))


def _auto(choice: ToolChoice | None, strict: bool, model: Model, dropped: list[str]) -> Json:
    """Free to call; VALIDATED holds the model to the schemas and to the names that are allowed.

    https://ai.google.dev/gemini-api/docs/function-calling#function-calling-modes
    """
    if choice is not None and choice.allowed:
        return {"mode": "VALIDATED", "allowedFunctionNames": list(choice.allowed)}
    if strict and model.takes_json_schema:
        return {"mode": "VALIDATED"}
    if strict:
        dropped.append(Feature.TOOL_STRICT.value)
    return {"mode": "AUTO"} if choice is not None else {}
