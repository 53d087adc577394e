"""Tokens: a text as the numbers that a model reads, and back. Free of charge everywhere."""

from typing import Any, ClassVar

import msgspec

from providers.errors import BadAnswer
from providers.neutral.asking import Asking
from providers.wire.members import Json, wrong


class TokenizeRequest(Asking, frozen=True, kw_only=True):
    """A text."""

    HINTS: ClassVar[frozenset[str]] = frozenset({"special", "strings"})

    text: str
    special: bool | None = None
    """Whether a model's own tokens, such as that of the beginning, are added."""
    strings: bool | None = None
    """Whether the pieces of the text come back, too."""


class TokenizeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Its tokens, in order."""

    tokens: tuple[int, ...]
    strings: tuple[str, ...] = ()
    """Empty: nobody says."""


class DetokenizeRequest(Asking, frozen=True, kw_only=True):
    """Tokens."""

    tokens: tuple[int, ...]


class DetokenizeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Their text."""

    text: str


def numbers(body: Json) -> tuple[int, ...]:
    """The tokens of a request; raises InvalidRequest."""
    given: Any = body.get("tokens")
    if not isinstance(given, list) or not all(type(one) is int for one in given):
        raise wrong("tokens", "an array of integers")
    return tuple(given)


def tokenized(body: Json, strings: str) -> TokenizeAnswer:
    """An answer whose pieces are called `strings`; raises BadAnswer."""
    tokens, pieces = body.get("tokens"), body.get(strings) or []
    if not isinstance(tokens, list) or not all(type(one) is int for one in tokens):
        raise BadAnswer("the provider's answer has no tokens")
    said = pieces if isinstance(pieces, list) else []
    return TokenizeAnswer(tokens=tuple(tokens), strings=tuple(map(str, said)))


def detokenized(body: Json, name: str) -> DetokenizeAnswer:
    """An answer whose text is called `name`; raises BadAnswer."""
    text = body.get(name)
    if not isinstance(text, str):
        raise BadAnswer(f"the provider's answer has no {name}")
    return DetokenizeAnswer(text=text)
