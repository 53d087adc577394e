"""The most that clients may ask for: numbers in a request, by its dialect's names for them.

They are looked at before anything is translated, and so hold for every provider alike.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from providers.bridging.chat import ChatDialect
from providers.bridging.client_names import plain
from providers.bridging.dialect import Dialect
from providers.bridging.fidelity import FEATURES, Feature
from providers.errors import Unsupported
from providers.wire.members import Json
from providers.wire.splice import REMOVED

ENDLESS = frozenset({Feature.MAX_TOKENS.value, Feature.REASONING_BUDGET.value})
"""Of them, a number below 0 means as many as it likes, to Ollama and to Gemini."""
# https://platform.claude.com/docs/en/build-with-claude/extended-thinking
LEAST_BUDGET, CLAUDES = 1_024, "budget_tokens"

Steps = tuple[str, ...]


class Cap(msgspec.Struct, frozen=True):
    """The largest number that may be asked for."""

    most: int | float
    refuse: bool = False
    """Whether more is a 400; else it is lowered, and named."""


class Place(msgspec.Struct, frozen=True):
    """Where clients of one dialect say a number that has a cap."""

    word: str
    cap: Cap
    paths: tuple[Steps, ...]
    added: Steps = ()
    """Where it is put for who says none; empty: nowhere."""


class Caps:
    """All caps, as clients of one dialect come upon them."""

    def __init__(self, dialect: Dialect, caps: Mapping[str, Cap]) -> None:
        """`caps`: a feature's neutral name, or a dotted member of the body → its cap."""
        self._places = [_place(dialect, word, cap) for word, cap in caps.items()]
        self._budget = _paths(dialect, Feature.REASONING_BUDGET.value)

    def changes(self, body: Json) -> tuple[dict[str, Any], list[str]]:
        """(top-level members to change, the client's names of what is lowered); raises
        Unsupported."""
        changes: dict[str, Any] = {}
        lowered: list[str] = []
        for place in self._places:
            changed = _keep(place, body, changes, lowered)
            if changed and place.word == Feature.MAX_TOKENS:
                self._make_room(int(place.cap.most), {**body, **changes}, changes, lowered)
        return changes, lowered

    def _make_room(
        self, limit: int, body: Json, changes: dict[str, Any], lowered: list[str]
    ) -> None:
        """Thoughts count as output: they leave half of it to the answer, or there are none."""
        for steps, budget in _said(body, self._budget):
            if not isinstance(budget, int | float) or budget < limit:
                continue
            least = LEAST_BUDGET if steps[-1] == CLAUDES else 1
            if limit > least:
                _put(body, changes, steps, max(least, limit // 2))
            else:
                changes[steps[0]] = _without(body[steps[0]], steps[1:-1])
            lowered.append(".".join(steps))


def _place(dialect: Dialect, word: str, cap: Cap) -> Place:
    paths = _paths(dialect, word)
    tokens = word == Feature.MAX_TOKENS and isinstance(dialect, ChatDialect) and not dialect.ends
    return Place(word, cap, paths, paths[-1] if tokens else ())


def _paths(dialect: Dialect, word: str) -> tuple[Steps, ...]:
    """Where it stands, and last where it stood before, which more providers understand."""
    names = [word]
    if isinstance(dialect, ChatDialect) and word in FEATURES:
        name = dialect.names.get(Feature(word), word)
        names = [name, dialect.older.get(name, name)]
    return tuple(tuple(name.split(".")) for name in dict.fromkeys(names))


def _keep(place: Place, body: Json, changes: dict[str, Any], lowered: list[str]) -> bool:
    """Whether anything had to change."""
    cap, said, before = place.cap, False, len(lowered)
    for steps, value in _said({**body, **changes}, place.paths):
        said = said or value is not None
        if not _above(value, place):
            continue
        name = ".".join(steps)
        if cap.refuse:
            raise Unsupported(f"{name} may be at most {cap.most:g} here", param=name)
        _put(body, changes, steps, cap.most)
        lowered.append(name)
    if place.added and not said:
        _put(body, changes, _spelled({**body, **changes}, place.added), cap.most)
        return True
    return len(lowered) > before


def _said(body: Json, paths: tuple[Steps, ...]) -> list[tuple[Steps, Any]]:
    """Every place where a body says it, in whatever spelling, and what it says."""
    return [found for steps in paths for found in _found(body, steps)]


def _found(value: Any, steps: Steps) -> Iterator[tuple[Steps, Any]]:
    if not isinstance(value, dict):
        return
    wanted = plain(steps[0])
    for key in [key for key in value if plain(key) == wanted]:
        if len(steps) == 1:
            yield (key,), value[key]
        else:
            yield from (((key, *rest), last) for rest, last in _found(value[key], steps[1:]))


def _spelled(value: Any, steps: Steps) -> Steps:
    """The same place, with the objects that are there already by the names that they have."""
    if len(steps) == 1 or not isinstance(value, dict):
        return steps
    key = next((key for key in value if plain(key) == plain(steps[0])), steps[0])
    return (key, *_spelled(value.get(key), steps[1:]))


def _above(value: Any, place: Place) -> bool:
    """Some servers read numbers that are texts, and forms have nothing else."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return False
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return not value <= place.cap.most or (place.word in ENDLESS and value < 0)


def _put(body: Json, changes: dict[str, Any], steps: Steps, value: float) -> None:
    top, *rest = steps
    changes[top] = _with(changes.get(top, body.get(top)), rest, value)


def _with(value: Any, steps: list[str], new: float) -> Any:
    if not steps:
        return new
    if value is not None and not isinstance(value, dict):
        return value  # the provider says what is wrong with it
    name, *rest = steps
    inner = value or {}
    return {**inner, name: _with(inner.get(name), rest, new)}


def _without(value: Any, steps: Steps) -> Any:
    """`value` without what is at `steps`; REMOVED where that is all of it."""
    if not steps:
        return REMOVED
    name, *rest = steps
    inner = _without(value[name], tuple(rest))
    left = {key: item for key, item in value.items() if key != name}
    return left if inner is REMOVED else {**value, name: inner}
