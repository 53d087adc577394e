"""What one generation of Claude refuses of a request that was written for another.

Agents write for the newest one, whichever their route leads to.
https://platform.claude.com/docs/en/about-claude/models/migration-guide
"""

from typing import Any

from providers.errors import Unsupported
from providers.models.claude.models import UNKNOWN, Family, family
from providers.models.claude.thinking import budget_for, nearest_effort
from providers.neutral.chat import Reasoning
from providers.wire.members import Json, dicts
from providers.wire.splice import REMOVED

SAMPLERS = ("temperature", "top_p", "top_k")
USUAL = ({"temperature": 1}, {"top_p": 1})
"""What is so without them."""


def fitted(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
    """The members that must change before this model takes the body; raises Unsupported."""
    known = family(model)
    if known is UNKNOWN:
        return {}
    changes = _thinking(body, known, dropped)
    told = changes.get("thinking") not in (None, REMOVED)
    changes |= _output(body, known, dropped, told)
    if not known.system_turns:
        changes |= _system(body)
    if not known.structured:
        changes |= _loose(body, dropped)
    if not known.sampling:
        changes |= _samplers(body, dropped)
    return changes


def _thinking(body: Json, known: Family, dropped: list[str]) -> dict[str, Any]:
    said = body.get("thinking")
    kind = said.get("type") if isinstance(said, dict) else None
    if kind in ("adaptive", "enabled"):
        if known.adaptive if kind == "adaptive" else known.manual:
            return {}
        thinking = _on(body, known, dropped)
    elif kind not in ("disabled", "between_tools") or kind == known.off:
        return {}
    else:
        thinking = {"type": known.off} if known.off else None
    if thinking is None and (known.thinks or kind in ("adaptive", "enabled")):
        dropped.append("thinking")
    return {"thinking": REMOVED if thinking is None else thinking}


def _on(body: Json, known: Family, dropped: list[str]) -> Json | None:
    """The same wish in the words of the model; None where it cannot think, or has no room."""
    rest = {name: value for name, value in body["thinking"].items() if name == "display"}
    if known.adaptive:
        dropped.append("thinking.budget_tokens")
        return {"type": "adaptive", **rest}
    limit = body.get("max_tokens")
    if not known.manual or not isinstance(limit, int):
        return None
    config = body.get("output_config")
    effort = config.get("effort") if isinstance(config, dict) else None
    wanted = Reasoning(enabled=True, effort=effort if isinstance(effort, str) else None)
    unknown: list[str] = []
    tokens = budget_for(wanted, limit, unknown)
    dropped += ["output_config.effort"] if unknown else []
    return None if tokens is None else {"type": "enabled", "budget_tokens": tokens, **rest}


def _output(body: Json, known: Family, dropped: list[str], told: bool) -> dict[str, Any]:
    """`told`: an effort that the model does not take is in its budget now."""
    config = body.get("output_config")
    if not isinstance(config, dict):
        return {}
    if config.get("format") is not None and not known.structured:
        name = "output_config.format"
        raise Unsupported(f"{name}: this model holds its answer to no schema", param=name)
    effort = config.get("effort")
    if not isinstance(effort, str) or effort in known.efforts:
        return {}
    rest = {name: value for name, value in config.items() if name != "effort"}
    if known.efforts:
        rest["effort"] = nearest_effort(effort, known)
    if known.efforts or not told:
        dropped.append("output_config.effort")
    return {"output_config": rest or REMOVED}


def _system(body: Json) -> dict[str, Any]:
    """What the system says between turns belongs to its prompt, where it keeps its authority."""
    messages = body.get("messages")
    said = [each for each in dicts(messages) if each.get("role") == "system"]
    if not isinstance(messages, list) or not said:
        return {}
    contents = [body.get("system"), *(each.get("content") for each in said)]
    spoken = [block for content in contents for block in _blocks(content)]
    return {"system": spoken, "messages": [each for each in messages if each not in said]}


def _blocks(content: Any) -> list[Any]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return content if isinstance(content, list) else []


def _loose(body: Json, dropped: list[str]) -> dict[str, Any]:
    tools = body.get("tools")
    if not any("strict" in tool for tool in dicts(tools)):
        return {}
    dropped.append("tools.strict")
    return {"tools": [_without_strict(tool) for tool in tools or ()]}


def _without_strict(tool: Any) -> Any:
    if not isinstance(tool, dict):
        return tool
    return {name: value for name, value in tool.items() if name != "strict"}


def _samplers(body: Json, dropped: list[str]) -> dict[str, Any]:
    """The models choose for themselves."""
    said = {name: body[name] for name in SAMPLERS if body.get(name) not in (None, REMOVED)}
    dropped += [name for name, value in said.items() if {name: value} not in USUAL]
    return dict.fromkeys(said, REMOVED)
