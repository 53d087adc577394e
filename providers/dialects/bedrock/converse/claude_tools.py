"""What Claude knows and Converse does not: tools that a client runs (a shell, an editor, a memory),
flags of features in beta, the edits of its context.

Converse has no place for them but additionalModelRequestFields
(https://docs.aws.amazon.com/bedrock/latest/userguide/computer-use.html).
"""

from collections.abc import Iterable, Mapping, Set
from typing import Any

from providers.bridging.dialect import FitHeaders
from providers.models.bedrock import family_of
from providers.models.claude.betas import BEDROCK, HEADER, for_bedrock, lost
from providers.neutral.chat import NativeTool, Tool
from providers.wire import members
from providers.wire.members import Json

MESSAGES = "anthropic.messages"
"""The dialect whose clients name these tools."""

BETAS = {
    "bash_": (),
    "text_editor_": (),
    "memory_": ("context-management-2025-06-27",),
    "computer_20241022": ("computer-use-2024-10-22",),
    "computer_20250124": ("computer-use-2025-01-24",),
    "computer_20251124": ("computer-use-2025-11-24",),
}
"""How the type of a tool begins → the flags without which Bedrock refuses it."""


CONTEXT = ("context_management",)
"""Members of a Messages body that Bedrock's Claude takes and Converse has no word for."""


def take(additional: Json) -> list[Tool | NativeTool]:
    """The tools that a client offers there, taken out of it; those without a type of their own are
    functions."""
    said = additional.get("tools")
    if not isinstance(said, list) or not all(isinstance(each, dict) for each in said):
        return []
    at = "additionalModelRequestFields."
    tools = [_tool(tool, place) for tool, place in members.objects(additional, "tools", at)]
    del additional["tools"]
    return tools


def _tool(tool: Json, at: str) -> Tool | NativeTool:
    if tool.get("type", "custom") != "custom":
        return NativeTool(dialect=MESSAGES, value=tool)
    return Tool(
        name=members.required_text(tool, "name", at),
        description=members.text(tool, "description", at),
        schema=members.mapping(tool, "input_schema", at),
        strict=members.boolean(tool, "strict", at),
    )


def take_betas(additional: Json) -> Mapping[str, str]:
    """The flags that a client names there, as the header of the Messages API, taken out of it."""
    flags = additional.get("anthropic_beta")
    if not isinstance(flags, list) or not all(isinstance(flag, str) for flag in flags):
        return {}
    del additional["anthropic_beta"]
    return {HEADER: ",".join(flags)} if flags else {}


def take_members(additional: Json) -> Json:
    """What else of Claude's own a client says there, taken out of it."""
    return {name: additional.pop(name) for name in CONTEXT if name in additional}


def is_known(tool: Tool | NativeTool) -> bool:
    """Whether a tool is one of those."""
    return (
        isinstance(tool, NativeTool)
        and tool.dialect == MESSAGES
        and str(tool.value.get("type")).startswith(tuple(BETAS))
    )


def knows(tool: NativeTool, model: str) -> bool:
    """Whether a model takes a tool."""
    return is_known(tool) and family_of(model).claude is not None


def render(tools: Iterable[Tool | NativeTool]) -> Json:
    """The members of additionalModelRequestFields that offer the tools."""
    values = [dict(tool.value) for tool in tools if isinstance(tool, NativeTool)]
    if not values:
        return {}
    flags = [
        flag
        for value in values
        for kind, needed in BETAS.items()
        if str(value["type"]).startswith(kind)
        for flag in needed
    ]
    additional: dict[str, Any] = {"tools": values}
    if flags:
        additional["anthropic_beta"] = list(dict.fromkeys(flags))
    return additional


def unknown_betas(body: Json, headers: Mapping[str, str], gone: Set[str]) -> FitHeaders:
    """The flags that Bedrock is not told, of a header that goes there in the body."""
    return {}, lost(headers.get(HEADER, ""), BEDROCK)


def betas(body: Json, headers: Mapping[str, str], model: str) -> dict[str, Any]:
    """The flags of a Messages client's header, which Bedrock reads in the body."""
    named = for_bedrock(headers.get(HEADER, ""))
    if not named or family_of(model).claude is None:
        return {}
    additional = body.get("additionalModelRequestFields") or {}
    said = additional.get("anthropic_beta") or [] if isinstance(additional, dict) else None
    if not isinstance(said, list):
        return {}  # the provider says what is wrong with it
    flags = [*said, *(flag for flag in named if flag not in said)]
    return {"additionalModelRequestFields": {**additional, "anthropic_beta": flags}}
