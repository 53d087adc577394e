"""Moderation: whether texts and pictures are harmful, and in which ways.

Billed by nobody: OpenAI's and Mistral's answers say no usage.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar

import msgspec

from providers.errors import BadAnswer
from providers.neutral.asking import Asking
from providers.neutral.media import Data, Url
from providers.wire import members
from providers.wire.members import Json

Piece = str | Data | Url
"""A text, or a picture."""


class ModerationRequest(Asking, frozen=True, kw_only=True):
    """What is to be judged."""

    HINTS: ClassVar[frozenset[str]] = frozenset({"metadata"})

    inputs: tuple[tuple[Piece, ...], ...]
    """Each is judged by itself, from all its pieces."""
    metadata: Mapping[str, object] | None = None

    @property
    def answers(self) -> int:
        """A verdict on each input."""
        return len(self.inputs)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What is found in one input; categories by OpenAI's names where it has one."""

    categories: Mapping[str, bool]
    scores: Mapping[str, float]
    """How sure, from 0 to 1."""

    @property
    def flagged(self) -> bool:
        """Whether anything is found."""
        return any(self.categories.values())


class ModerationAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict for each input, in order."""

    id: str
    model: str
    verdicts: tuple[Verdict, ...]

    @property
    def answers(self) -> int:
        """How many inputs it is about."""
        return len(self.verdicts)


def results(body: Json) -> list[Json]:
    """The results in an answer of OpenAI's shape, which Mistral's has, too; raises BadAnswer."""
    found = body.get("results")
    if not isinstance(found, list):
        raise BadAnswer("the provider's answer has no results")
    return members.dicts(found)


def verdict(result: Json, names_of: Callable[[str], tuple[str, ...]]) -> Verdict:
    """One result; `names_of`: the provider's name of a category → those by which it is told, none
    to leave it. Where several are told by one name, the worst counts."""
    categories: dict[str, bool] = {}
    scores: dict[str, float] = {}
    for name, value in members.inner(result.get("categories")).items():
        for known in names_of(name):
            categories[known] = categories.get(known, False) or bool(value)
    for name, value in members.inner(result.get("category_scores")).items():
        if isinstance(value, int | float):
            for known in names_of(name):
                scores[known] = max(scores.get(known, 0.0), float(value))
    return Verdict(categories=categories, scores=scores)
