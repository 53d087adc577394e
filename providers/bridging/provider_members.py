"""Members of a provider's answer that nobody reads, and that say something."""

from collections.abc import Mapping
from typing import Any

from providers.bridging.members import Shape
from providers.bridging.unknown_members import MAX_NAMED

Names = dict[str, None]
"""In the order in which they were found."""

USUAL: Mapping[str, frozenset[str]] = {
    "finishReason": frozenset({"STOP"}),
    "inference_geo": frozenset({"global", "not_available"}),
    "latency": frozenset({"standard"}),
    "phase": frozenset({"final_answer"}),
    "probability": frozenset({"NEGLIGIBLE"}),
    "serviceTier": frozenset({"default", "standard"}),
    "severity": frozenset({"safe", "HARM_SEVERITY_NEGLIGIBLE"}),
    "speed": frozenset({"standard"}),
    "type": frozenset({"direct"}),  # who calls a tool: the model itself
}
"""Member → what it says in every ordinary answer of a provider, and so to nobody."""
DEEPEST = 8
"""Levels below a member that is not known at which its values are looked at."""


def unread(said: Mapping[str, Any], shape: Shape, at: str = "") -> list[str]:
    """The names of what an object says that is not known, each once; nothing is said by null, 0,
    false, what is empty or `USUAL`, or holds nothing else. `at` is what stands before a name."""
    found: Names = {}
    _object(said, shape, at, found)
    return list(found)


def _object(said: Mapping[str, Any], shape: Shape, at: str, found: Names) -> None:
    if shape.kinds:
        own = shape.of(said)
        if own is None:
            return
        shape = own
    if not said.keys() <= shape.known:
        for name, value in said.items():
            if len(found) == MAX_NAMED:
                break
            if value and name not in shape.known and _says(name, value, DEEPEST):
                found[f"{at}{name}"] = None
    for name, inner in shape.inner.items():
        value = said.get(name)
        if value and type(value) is not str:
            for each in value if type(value) is list else (value,):
                if type(each) is dict:
                    _object(each, inner, f"{at}{name}.", found)


def _says(name: str, value: Any, levels: int) -> bool:
    """Whether a value says anything, other than as always."""
    if not value or (type(value) is str and value in USUAL.get(name, ())):
        return False
    if levels and type(value) is dict:
        return any(_says(member, inner, levels - 1) for member, inner in value.items())
    if levels and type(value) is list:
        return any(_says(name, inner, levels - 1) for inner in value)
    return True
