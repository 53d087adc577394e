"""The most that single hosts take of a number in OpenAI's chat format."""

from collections.abc import Callable
from typing import Any

from providers.wire.members import Json

Tune = Callable[[Json, str, list[str]], dict[str, Any]]


def at_most(**limits: float) -> Tune:
    """Asks for the most that there is where more is wished, and names it."""

    def tune(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        for name, limit in limits.items():
            value = body.get(name)
            if isinstance(value, int | float) and value > limit:
                changes[name] = limit
        dropped.extend(changes)
        return changes

    return tune
