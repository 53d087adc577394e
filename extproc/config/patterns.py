"""Patterns of client-visible model names: `exact`, `prefix*`, `/regular expression/`."""

import re
from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec

from extproc.config.base import flaw
from extproc.config.expressions import compiled
from extproc.config.redaction import shown
from extproc.config.values import Checked

MODEL_NAME = re.compile(r"[!-~](?:[ -~]{0,254}[!-~])?")
MAX_EXPRESSION = 256


PLACE = re.compile(r"\$([0-9])")
"""In a provider's name of a model: a part of the client's."""


class Pattern(msgspec.Struct, frozen=True):
    """A pattern taken apart."""

    kind: Literal["exact", "prefix", "regex"]
    text: str
    """The name, the prefix without its star, or the expression without its slashes."""


def split(pattern: str) -> Pattern:
    """Which kind `pattern` is; a name that begins with a slash is an expression."""
    if pattern.startswith("/"):
        return Pattern("regex", pattern[1:-1])
    if pattern.endswith("*"):
        return Pattern("prefix", pattern[:-1])
    return Pattern("exact", pattern)


def parts(pattern: str, name: str) -> tuple[str, ...] | None:
    """What `$0`, `$1` and so on stand for where `name` fits `pattern`; None where it does not."""
    found = split(pattern)
    if found.kind == "prefix":
        fits = name.startswith(found.text)
        return (name, name.removeprefix(found.text)) if fits else None
    if found.kind == "exact":
        return (name,) if name == found.text else None
    match = compiled(found.text).fullmatch(name)
    return None if match is None else (name, *(part or "" for part in match.groups()))


def count(pattern: str) -> int:
    """How many parts a pattern has, `$0` not counted."""
    found = split(pattern)
    if found.kind == "regex":
        return compiled(found.text).groups
    return int(found.kind == "prefix")


def unfilled(template: str | None, patterns: Iterable[str]) -> str:
    """What of `template` stands for nothing in some of `patterns`; empty: all of it does."""
    most = max(map(int, PLACE.findall(template or "")), default=0)
    return f"${most}" if most > min(map(count, patterns), default=0) else ""


def filled(template: str, patterns: Iterable[str], name: str) -> str:
    """`template` with the parts of `name` by the first, most exact pattern that it fits."""
    fitting = [found for found in (parts(pattern, name) for pattern in patterns) if found]
    if not fitting:
        return ""
    values = min(fitting, key=lambda found: len("".join(found[1:])))
    return PLACE.sub(lambda place: values[int(place[1])], template)


def check_pattern(pattern: str) -> str:
    """The pattern itself if it is one that Envoy and this server read alike."""
    if pattern.startswith("/"):
        _check_regex(pattern)
    elif "*" in pattern[:-1]:
        raise flaw("a star stands only at the end, as in gpt-4*; else write /regular expression/")
    elif pattern != "*":
        check_model(pattern.removesuffix("*"))
    return pattern


def check_model(name: str) -> str:
    """A model's name: up to 256 visible ASCII characters, spaces only inside."""
    if MODEL_NAME.fullmatch(name) is None:
        raise flaw("must be a model name: up to 256 visible ASCII characters")
    return name


def _check_regex(pattern: str) -> None:
    if len(pattern) < 3 or not pattern.endswith("/"):
        raise flaw("a regular expression stands between slashes, as in /^claude-.*/")
    if len(pattern) > MAX_EXPRESSION:
        raise flaw(f"a regular expression has at most {MAX_EXPRESSION} characters")
    try:
        compiled(check_model(pattern[1:-1]))
    except ValueError as error:
        reason = shown(str(error))
        raise flaw(f"not a regular expression for RE2, Envoy's engine: {reason}") from None


NAMED = r"(?!/)[!-)+-~](?:[ -)+-~]{0,254}[!-)+-~])?\*?|\*"
"""A name, or the beginning of some with a star."""
ModelPattern = Annotated[str, Checked(check_pattern, rf"/[ -~]+/|{NAMED}")]
ModelName = Annotated[str, Checked(check_model, MODEL_NAME.pattern)]
