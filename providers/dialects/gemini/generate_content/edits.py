"""What must change in a client's body before Google takes it as it is.

Its `Schema` knows `anyOf` alone, and "Unknown name "oneOf"" is the answer to a choice in JSON
Schema's other word, which the AI SDK writes (https://github.com/vercel/ai/issues/4972).
"""

from typing import Any

from providers.dialects.gemini.generate_content import fields
from providers.dialects.gemini.generate_content.doubled import told_once
from providers.dialects.gemini.generate_content.foreign import own_signatures
from providers.wire.members import Json, dicts

ONE_OF = ("oneOf", "one_of")
MAX_DEPTH = 64


def edits(body: Json, model: str, usage: bool) -> dict[str, Any]:
    """Schemas with `anyOf` for `oneOf`, and contents without signatures of others and with each
    result once."""
    changes = own_signatures(body, model, usage)
    contents = changes.get("contents", body.get("contents"))
    if isinstance(contents, list) and (told := told_once(contents)) is not contents:
        changes["contents"] = told
    for name in fields.spellings(("generationConfig",)):
        config = body.get(name)
        if isinstance(config, dict):
            changed = _inside(config, "responseSchema")
            if changed is not config:
                changes[name] = changed
    tools = body.get("tools")
    if isinstance(tools, list) and any(map(_declares_choices, dicts(tools))):
        changes["tools"] = [_tool(tool) if isinstance(tool, dict) else tool for tool in tools]
    return changes


def _declares_choices(tool: Json) -> bool:
    found = dicts(fields.find(tool, "functionDeclarations"))
    return any(_has(declaration.get("parameters"), 0) for declaration in found)


def _tool(tool: Json) -> Json:
    return {name: _declarations(inner) for name, inner in tool.items()}


def _declarations(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [_inside(each, "parameters") if isinstance(each, dict) else each for each in value]


def _inside(owner: Json, name: str) -> Json:
    """The owner, the same object where nothing changes."""
    for spelled in fields.spellings((name,)):
        if _has(owner.get(spelled), 0):
            owner = {**owner, spelled: _any_of(owner[spelled])}
    return owner


def _has(value: Any, depth: int) -> bool:
    if type(value) is dict:
        if "oneOf" in value or "one_of" in value:
            return True
        return depth < MAX_DEPTH and any(_has(inner, depth + 1) for inner in value.values())
    return type(value) is list and any(_has(inner, depth + 1) for inner in value)


def _any_of(value: Any) -> Any:
    if isinstance(value, list):
        return list(map(_any_of, value))
    if not isinstance(value, dict):
        return value
    found = {name: _any_of(inner) for name, inner in value.items() if name not in ONE_OF}
    choices = [each for name in ONE_OF for each in dicts(value.get(name))]
    if choices:
        found["anyOf"] = [*found.get("anyOf", ()), *map(_any_of, choices)]
    elif set(ONE_OF) & value.keys():
        found |= {name: _any_of(value[name]) for name in ONE_OF if name in value}
    return found
