"""What the texts of a form mean, in which everything is one."""

from math import isfinite, nan

from providers.wire import members
from providers.wire.members import Json


def several(body: Json, name: str) -> list[str]:
    """A text, or texts."""
    value = body.get(name, [])
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def number(body: Json, name: str) -> float | None:
    """None: not said; raises InvalidRequest."""
    value = body.get(name)
    if value is None:
        return None
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = nan
    if not isfinite(found):
        raise members.wrong(name, "a number")
    return found


def yes(body: Json, name: str) -> bool:
    """Whether a text says so; raises InvalidRequest."""
    said = members.text(body, name)
    return said is not None and said.lower() == "true"
