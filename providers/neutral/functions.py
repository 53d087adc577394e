"""Function tools in the form that OpenAI began and others took over.

`{"type": "function", "function": {"name", "description", "parameters"}}`.
"""

from collections.abc import Iterable

from providers.errors import Unsupported
from providers.neutral.chat import NativeTool, Tool
from providers.wire import members
from providers.wire.members import Json

NO_ARGUMENTS: Json = {"type": "object", "properties": {}}
"""The schema of a function that has none, where the member is required."""


def parse_functions(body: Json, strict: bool | None = None) -> list[Tool]:
    """The functions in `tools`; raises InvalidRequest naming the member that is wrong."""
    found = []
    for tool, at in members.objects(body, "tools"):
        function, place = members.required_mapping(tool, "function", at), f"{at}function."
        found.append(
            Tool(
                name=members.required_text(function, "name", place),
                description=members.text(function, "description", place),
                schema=members.mapping(function, "parameters", place),
                strict=strict,
            )
        )
    return found


def only_functions(tools: Iterable[Tool | NativeTool], target: str) -> list[Tool]:
    """The tools; raises Unsupported for one that a provider of another dialect runs itself."""
    found = []
    for tool in tools:
        if isinstance(tool, NativeTool):
            raise Unsupported(f"a tool of {tool.dialect} cannot be used in {target}", param="tools")
        found.append(tool)
    return found


def arguments_of(tool: Tool) -> Json:
    """The schema of a tool's arguments, as OpenAI wants it: an object says its properties, too.

    "object schema missing properties" is what it answers to MCP's tools without arguments.
    """
    schema = tool.schema
    if schema is None:
        return NO_ARGUMENTS
    if schema.get("type") == "object" and "properties" not in schema:
        return {**schema, "properties": {}}
    return dict(schema)


def render_function(tool: Tool) -> Json:
    """A tool as a provider takes it, always with a schema."""
    function: Json = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    function["parameters"] = NO_ARGUMENTS if tool.schema is None else tool.schema
    return {"type": "function", "function": function}
