"""Where ids of what a provider keeps stand in a family's JSON."""

from collections.abc import Iterator
from typing import Any

import msgspec

from providers.wire.members import Json

HOLDERS = (dict, list)
"""JSON values that hold others."""


class Ids(msgspec.Struct, frozen=True, kw_only=True):
    """Where a family's JSON holds ids of what is kept."""

    kind: str
    """The member that says what an object is."""
    kinds: frozenset[str]
    """What an object is whose own `id` is one."""
    names: frozenset[str]
    """Members that hold one, several, or an object that has it as `id`."""
    types: frozenset[str] = frozenset()
    """What the `type` of an object says whose own `id` is one."""
    apart: frozenset[str] = frozenset()
    """Members that hold a client's own words, into which nobody looks."""
    paths: frozenset[str] = frozenset()
    """Members that hold a path, or a URL, at whose end one stands."""

    def within(self, value: Any) -> set[str]:
        """The ids that stand anywhere in `value`."""
        found: set[str] = set()
        waiting = [value]
        while waiting:
            item = waiting.pop()
            if isinstance(item, dict):
                if self._is_one(item) or not self.names.isdisjoint(item):
                    found.update(self._own(item))
                waiting += [
                    each
                    for name, each in item.items()
                    if isinstance(each, HOLDERS) and name not in self.apart
                ]
            elif isinstance(item, list):
                waiting += [each for each in item if isinstance(each, HOLDERS)]
        return found

    def paths_within(self, value: Any) -> set[str]:
        """The paths that stand anywhere in `value`."""
        found: set[str] = set()
        waiting = [value] if self.paths else []
        while waiting:
            item = waiting.pop()
            if isinstance(item, dict):
                found.update(
                    text for name in self.paths & item.keys() for text in _texts(item[name])
                )
            inner = item.values() if isinstance(item, dict) else item
            waiting += [each for each in inner if isinstance(each, HOLDERS)]
        return found

    def _is_one(self, item: Json) -> bool:
        return item.get(self.kind) in self.kinds or (
            bool(self.types) and item.get("type") in self.types
        )

    def _own(self, item: Json) -> Iterator[str]:
        if self._is_one(item):
            yield from _texts(item.get("id"))
        for name in self.names & item.keys():
            value = item[name]
            yield from _texts(value.get("id") if isinstance(value, dict) else value)


NONE: frozenset[str] = frozenset()
NOWHERE = Ids(kind="", kinds=NONE, names=NONE)
"""Of a format whose ids clients never see."""


def _texts(value: Any) -> Iterator[str]:
    for item in value if isinstance(value, list) else (value,):
        if isinstance(item, str) and item:
            yield item
