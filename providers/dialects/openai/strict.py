"""Schemas that the model must keep to, and what OpenAI demands of them.

https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
"""

from typing import Any

import msgspec

from providers.bridging.fidelity import Feature, lose
from providers.neutral.chat import ChatRequest, JsonOutput, NativeTool, Tool


def is_closed(schema: Any) -> bool:
    """Whether all members of all objects are known and required, as OpenAI's strictness wants."""
    if isinstance(schema, list):
        return all(is_closed(item) for item in schema)
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        properties, required = schema.get("properties", {}), schema.get("required", [])
        if schema.get("additionalProperties") is not False or not isinstance(properties, dict):
            return False
        if not isinstance(required, list) or set(properties) - {str(name) for name in required}:
            return False
    return all(is_closed(value) for name, value in schema.items() if name != "required")


def relaxed(request: ChatRequest, dropped: list[str]) -> ChatRequest:
    """The request without the strictness of others, who allow members that may be left out."""
    tools = tuple(_relaxed(tool) for tool in request.tools)
    output = request.output
    if any(tool is not before for tool, before in zip(tools, request.tools, strict=True)):
        lose(dropped, Feature.TOOL_STRICT)
        request = msgspec.structs.replace(request, tools=tools)
    if output is not None and output.strict and not is_closed(output.schema):
        lose(dropped, Feature.JSON_SCHEMA)
        loose: JsonOutput = msgspec.structs.replace(output, strict=None)
        request = msgspec.structs.replace(request, output=loose)
    return request


def _relaxed(tool: Tool | NativeTool) -> Tool | NativeTool:
    if isinstance(tool, NativeTool) or not tool.strict or is_closed(tool.schema):
        return tool
    return msgspec.structs.replace(tool, strict=None)
