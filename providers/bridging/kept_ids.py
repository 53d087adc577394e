"""Where ids of what a provider keeps stand in a family's JSON."""

import re
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
    shape: re.Pattern[str] | None = None
    """What a text around an id looks like, whose group `id` it is; None: the text is the id."""
    elsewhere: re.Pattern[str] | None = None
    """What stands in the place of an id and leads to nothing that is kept, such as a URL."""
    answers: bool = True
    """Whether they stand in answers, too."""

    def within(self, value: Any) -> set[str]:
        """The ids that stand anywhere in `value`, with what stands around them."""
        found: set[str] = set()
        for item in self.objects(value):
            if self._is_one(item) or not self.names.isdisjoint(item):
                found.update(self._own(item))
        return found

    def objects(self, value: Any) -> Iterator[Json]:
        """Every object that is not a client's own words."""
        waiting = [value]
        while waiting:
            item = waiting.pop()
            if isinstance(item, dict):
                yield item
                waiting += [
                    each
                    for name, each in item.items()
                    if isinstance(each, HOLDERS) and name not in self.apart
                ]
            elif isinstance(item, list):
                waiting += [each for each in item if isinstance(each, HOLDERS)]

    def split(self, text: str) -> tuple[str, str, str] | None:
        """What stands before an id, the id, and what stands behind it; None: it is none."""
        if self.shape is None:
            return "", text, ""
        match = self.shape.fullmatch(text)
        if match is None:
            return None
        return text[: match.start("id")], match["id"], text[match.end("id") :]

    def named(self, data: bytes) -> bool:
        """Whether JSON may hold one."""
        return any(f'"{name}"'.encode() in data for name in self.names)

    def _is_one(self, item: Json) -> bool:
        return item.get(self.kind) in self.kinds or (
            bool(self.types) and item.get("type") in self.types
        )

    def _own(self, item: Json) -> Iterator[str]:
        if self._is_one(item):
            yield from self._texts(item.get("id"))
        for name in self.names & item.keys():
            value = item[name]
            yield from self._texts(value.get("id") if isinstance(value, dict) else value)

    def _texts(self, value: Any) -> Iterator[str]:
        for item in value if isinstance(value, list) else (value,):
            if isinstance(item, str) and item and not self.leads_elsewhere(item):
                yield item

    def leads_elsewhere(self, text: str) -> bool:
        """Whether a text in the place of an id is none of anything that is kept."""
        return self.elsewhere is not None and self.elsewhere.fullmatch(text) is not None


NONE: frozenset[str] = frozenset()
NOWHERE = Ids(kind="", kinds=NONE, names=NONE)
"""Of a format whose ids clients never see."""
