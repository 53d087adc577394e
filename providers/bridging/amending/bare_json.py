"""A JSON object alone, of models that were only asked for one: no code fence, no other words."""

import re

from providers.bridging.amending.texts import Filtered

START = re.compile(r'\{\s*["}]')
MARK = re.compile(r'["\\{}\[\]]')
LONGEST_GAP = 256
"""White space between the first two characters of an object."""


class BareJson(Filtered):
    """Takes what surrounds the first JSON object out of every text."""

    def __init__(self) -> None:
        super().__init__(Bare)


class Bare:
    """The first JSON object of a text; a text that has none stays."""

    def __init__(self) -> None:
        self._before: list[str] = []
        """What came before the object, as long as there may be none."""
        self._edge = ""
        """The end of it, where that may be the object's beginning."""
        self._depth = 0
        self._begun = self._over = self._quoted = self._escaped = False

    def feed(self, text: str) -> str:
        """What of `text` belongs to the object."""
        if self._over:
            return ""
        return self._inside(text) if self._begun else self._outside(text)

    def _outside(self, text: str) -> str:
        self._before.append(text)
        text = self._edge + text
        found = START.search(text)
        if found is not None:
            self._begun = True
            return self._inside(text[found.start() :])
        brace = text.rfind("{")
        gap = len(text) - brace
        self._edge = text[brace:] if brace >= 0 and gap <= LONGEST_GAP else ""
        return ""

    def _inside(self, text: str) -> str:
        after = 0
        for mark in MARK.finditer(text):
            if self._escaped and mark.start() == after:
                self._escaped = False
                continue
            self._escaped = False
            if self._ends(mark[0]):
                self._over = True
                return text[: mark.end()]
            after = mark.end()
        self._escaped = self._escaped and after == len(text)
        return text

    def _ends(self, mark: str) -> bool:
        """Whether the object ends with it."""
        if mark == '"':
            self._quoted = not self._quoted
        elif self._quoted:
            self._escaped = mark == "\\"
        elif mark in "{[":
            self._depth += 1
        elif mark in "}]":
            self._depth -= 1
        return self._depth == 0

    def flush(self) -> str:
        """All of a text that holds no object."""
        return "" if self._begun else "".join(self._before)
