"""The schemas of a request, as its provider's model takes them."""

from collections.abc import Mapping
from functools import partial
from operator import is_
from typing import Any

import msgspec

from providers.bridging.amending.amendment import Amendment
from providers.bridging.amending.restored import Restored, Rewrite
from providers.bridging.fidelity import Feature, lose
from providers.errors import Unsupported
from providers.neutral.chat import ChatRequest, JsonOutput, NativeTool, Tool
from providers.neutral.schemas.fitting import Fitted, fitted, is_taken
from providers.neutral.schemas.restoring import restored
from providers.neutral.schemas.subset import OPEN, Schemas, Unfit
from providers.wire.budget import Budget

TOOLS = "tools."


def rewrite(schema: Mapping[str, Any], found: Fitted) -> Rewrite | None:
    """How what the fitted schema makes becomes what the client's own asks for."""
    if not found.nulls and not found.wrapped:
        return None
    return partial(restored, schema=schema, nulls=found.nulls, wrapped=found.wrapped)


def restoring(schema: Mapping[str, Any], found: Fitted) -> list[Amendment]:
    """The same for the text of an answer."""
    undo = rewrite(schema, found)
    return [] if undo is None else [Restored(undo, {})]


def fit_output(
    request: ChatRequest, schemas: Schemas, name: str, dropped: list[str]
) -> tuple[ChatRequest, list[Amendment]]:
    """The request with a schema of the answer that is taken; raises Unfit where there is none.

    `name`: what the client calls the schema.
    """
    output = request.output
    if output is None or output.schema is None:
        return request, []
    strict = schemas.strict_by_default if output.strict is None else output.strict
    if strict and schemas.strict_output is not None:
        try:
            found = fitted(output.schema, schemas.strict_output, wraps=True, budget=request.budget)
            dropped += [f"{name}.{keyword}" for keyword in found.lost]
            return _with_output(request, output, found, True)
        except Unfit:
            lose(dropped, Feature.JSON_SCHEMA)
            strict = False
    kept = output.strict if schemas.strict_output is None else strict
    found = fitted(output.schema, schemas.output, wraps=True, budget=request.budget)
    dropped += [f"{name}.{keyword}" for keyword in found.lost]
    return _with_output(request, output, found, kept)


def _with_output(
    request: ChatRequest,
    output: JsonOutput,
    found: Fitted,
    strict: bool | None,
) -> tuple[ChatRequest, list[Amendment]]:
    assert output.schema is not None
    asked = msgspec.structs.replace(output, schema=found.schema, strict=strict)
    return msgspec.structs.replace(request, output=asked), restoring(output.schema, found)


def fit_tools(
    request: ChatRequest, schemas: Schemas, dropped: list[str]
) -> tuple[ChatRequest, list[Amendment]]:
    """The request with schemas of tools that are taken; raises Unsupported."""
    if not request.tools or (schemas.tools is OPEN and schemas.strict_tools is None):
        return request, []
    undo: dict[str, Rewrite] = {}
    tools = tuple([_tool(tool, schemas, undo, dropped, request.budget) for tool in request.tools])
    if all(map(is_, tools, request.tools)):
        return request, []
    amendments: list[Amendment] = [Restored(None, undo)] if undo else []
    return msgspec.structs.replace(request, tools=tools), amendments


def _tool(
    tool: Tool | NativeTool,
    schemas: Schemas,
    undo: dict[str, Rewrite],
    dropped: list[str],
    budget: Budget | None,
) -> Tool | NativeTool:
    if isinstance(tool, NativeTool) or tool.schema is None:
        return tool
    schema = _named(tool.schema)
    if schema is tool.schema and not tool.strict and is_taken(schema, schemas.tools):
        return tool
    if tool.strict and schemas.strict_tools is not None:
        try:
            found = fitted(schema, schemas.strict_tools, budget=budget)
        except Unfit:
            lose(dropped, Feature.TOOL_STRICT)
            tool = msgspec.structs.replace(tool, strict=None)
        else:
            return _with_schema(tool, found, undo, dropped)
    try:
        found = fitted(schema, schemas.tools, budget=budget)
    except Unfit as reason:
        message = f"tools: the schema of {tool.name[:80]!r} cannot be used here: {reason}"
        raise Unsupported(message, param="tools") from None
    return _with_schema(tool, found, undo, dropped)


def _named(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A function without arguments names none."""
    if schema.get("type") == "object" and len(schema) == 1:
        return {**schema, "properties": {}}
    return schema


def _with_schema(tool: Tool, found: Fitted, undo: dict[str, Rewrite], dropped: list[str]) -> Tool:
    for keyword in found.lost:
        if TOOLS + keyword not in dropped:
            dropped.append(TOOLS + keyword)
    if found.schema is tool.schema:
        return tool
    assert tool.schema is not None
    back = rewrite(tool.schema, found)
    if back is not None:
        undo[tool.name] = back
    return msgspec.structs.replace(tool, schema=found.schema)
