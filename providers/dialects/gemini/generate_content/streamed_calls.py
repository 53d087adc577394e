"""A function call whose arguments come value by value, each at a JSON path.

Vertex AI streams so on demand (`streamFunctionCallArguments`); text is cut anywhere.
https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling
"""

import re
from typing import Any

import orjson

from providers.wire.members import Json

STEP = re.compile(
    r"""\.(?P<name>[^.\[\]]+)|\[(?P<index>[0-9]{1,6})\]|\[(?P<quoted>'[^']*'|"[^"]*")\]""", re.ASCII
)
"""One step of a path (RFC 9535), of the few kinds that name a single place."""
VALUES = ("stringValue", "numberValue", "boolValue")


class StreamedCall:
    """Collects the arguments of one call."""

    def __init__(self, part: int) -> None:
        self.part = part
        self._arguments: Json = {}
        self._path = ""
        """The path whose text goes on."""

    def add(self, partial: Json) -> None:
        """Takes one of `partialArgs`; raises ValueError where it says no place."""
        path = partial.get("jsonPath")
        if not isinstance(path, str):
            raise ValueError("a partial argument names no place")
        value = next((partial[name] for name in VALUES if name in partial), None)
        self._put(_steps(path), value, goes_on=path == self._path)
        self._path = path if partial.get("willContinue") else ""

    def _put(self, steps: list[str | int], value: Any, goes_on: bool) -> None:
        *way, last = steps
        here: Any = self._arguments
        for step, after in zip(way, steps[1:], strict=True):
            here = _into(here, step, [] if isinstance(after, int) else {})
        known = _into(here, last, None)
        here[last] = known + value if goes_on and isinstance(known, str) else value

    @property
    def arguments(self) -> str:
        """All that came so far, as JSON text."""
        return orjson.dumps(self._arguments).decode()


def _steps(path: str) -> list[str | int]:
    found: list[str | int] = []
    at = 1
    while path.startswith("$") and (match := STEP.match(path, at)):
        name, index, quoted = match.group("name", "index", "quoted")
        found.append(int(index) if index else name or quoted[1:-1])
        at = match.end()
    if not found or at != len(path):
        raise ValueError(f"a partial argument stands at {path[:200]!r}")
    return found


def _into(owner: Any, step: str | int, fresh: Any) -> Any:
    """What stands at one step; `fresh` is put there where nothing does."""
    if isinstance(owner, dict) and isinstance(step, str):
        return owner.setdefault(step, fresh)
    if isinstance(owner, list) and isinstance(step, int) and step <= len(owner):
        if step == len(owner):
            owner.append(fresh)
        return owner[step]
    raise ValueError("partial arguments contradict each other")
