"""The least and the most that single hosts take of a number in OpenAI's chat format."""

from collections.abc import Callable
from typing import Any

from providers.wire.members import Json

Tune = Callable[[Json, str, list[str]], dict[str, Any]]


def between(**limits: tuple[float, float]) -> Tune:
    """Asks for the least or the most that there is where that is not enough, and names it."""

    def tune(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        for name, (least, most) in limits.items():
            value = body.get(name)
            if isinstance(value, int | float) and not least <= value <= most:
                changes[name] = least if value < least else most
        dropped.extend(changes)
        return changes

    return tune
