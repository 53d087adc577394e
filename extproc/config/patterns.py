"""Patterns of client-visible model names: `exact`, `prefix*`, `/regular expression/`."""

import re
import warnings
from typing import Annotated, Any, Literal

import msgspec
from pydantic import AfterValidator

from extproc.config.base import flaw

MODEL_NAME = re.compile(r"[!-~](?:[ -~]{0,254}[!-~])?")
MAX_EXPRESSION = 256
MAX_REPEAT = 1_000
"""RE2 refuses more, nested repeats multiplied (https://github.com/google/re2/wiki/Syntax)."""

# What Python's `re` reads and RE2 does not, or reads as something else.
PYTHON_ONLY = re.compile(
    r"\\[ZuUN]|\(\?#|\(\?[a-z]*[xauL][a-z]*[:)-]|\(\?-?[a-z]*-[a-z]*[xauL]|\{,|\[[^]]*\\b"
)
NOT_IN_RE2 = {
    "GROUPREF": "a backreference",
    "GROUPREF_EXISTS": "a conditional",
    "ASSERT": "a lookaround",
    "ASSERT_NOT": "a lookaround",
    "ATOMIC_GROUP": "an atomic group",
    "POSSESSIVE_REPEAT": "a possessive quantifier",
}


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
    expression = check_model(pattern[1:-1])
    _check_tree(_parsed(expression), repeat=1, unbounded=False)


def _parsed(expression: str) -> Any:
    if PYTHON_ONLY.search(re.sub(r"\\\\", "", expression)):
        raise flaw("holds syntax that RE2, which Envoy uses, does not know")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(expression)
            # The stubs do not know the parser, of which the standard library has no public form.
            return re._parser.parse(expression)  # type: ignore[attr-defined]
    except re.error as error:
        said = re.sub(r"'[^']+'", "…", error.msg)
        raise flaw(f"not a regular expression: {said}") from None
    except (Warning, OverflowError, RecursionError):
        raise flaw("not a regular expression that RE2 and Python read alike") from None


def _check_tree(tree: Any, repeat: int, unbounded: bool) -> None:
    """`repeat` is the product of the bounded repeats around, `unbounded` true inside `*` or `+`."""
    for operator, argument in tree:
        name = str(operator)
        if name in NOT_IN_RE2:
            raise flaw(f"holds {NOT_IN_RE2[name]}, which RE2, Envoy's engine, does not know")
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            _check_repeat(argument, repeat, unbounded)
        elif name == "BRANCH":
            for branch in argument[1]:
                _check_tree(branch, repeat, unbounded)
        elif name == "SUBPATTERN":
            _check_tree(argument[3], repeat, unbounded)


def _check_repeat(argument: Any, repeat: int, unbounded: bool) -> None:
    low, high, inner = argument
    endless = str(high) == "MAXREPEAT"
    if unbounded and endless:
        # Linear in RE2; in Python's engine a client could make it run for ever.
        raise flaw("holds an endless repeat inside another one")
    repeat *= max(1, low if endless else high)
    if repeat > MAX_REPEAT:
        raise flaw(f"repeats more than {MAX_REPEAT} times, which RE2 refuses")
    _check_tree(inner, repeat, unbounded or endless)


ModelPattern = Annotated[str, AfterValidator(check_pattern)]
ModelName = Annotated[str, AfterValidator(check_model)]
