"""What a request costs, as an expression of CEL (https://cel.dev) of what was used."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module
from math import isfinite

LONGEST = 1_000
"""Characters of an expression."""
BUNDLE = "pip install 'extproc[cel]'"
NEEDED = f"needs common-expression-language, not installed: {BUNDLE}"
LISTS = "[{"
"""With what values begin that hold others: over those an expression may take any time."""

Known = Mapping[str, str | int]
Formula = Callable[[Known], float]
"""(what was used, by name) → USD; raises ValueError where that is no cost."""

# The names of Envoy AI Gateway's llmRequestCosts, where it has such numbers.
TOKENS = {
    "input_tokens": "input",
    "cached_input_tokens": "cache_read",
    "cache_creation_input_tokens": "cache_write",
    "output_tokens": "output",
    "reasoning_tokens": "reasoning",
    "total_tokens": "total",
}
"""Name → the number of a Usage."""
NAMES = ("model", "backend")


@lru_cache(maxsize=1024)
def formula(text: str) -> Formula:
    """The expression, ready to be asked; raises ValueError with the reason why it cannot be."""
    if any(sign in text for sign in LISTS):
        raise ValueError("has lists or maps, which mean nothing here")
    try:
        program = import_module("cel").compile(text)
    except ModuleNotFoundError:
        raise ValueError(NEEDED) from None

    def usd(known: Known) -> float:
        try:
            found = program.execute(dict(known))
        except Exception as error:
            raise ValueError(_short(error)) from None
        if type(found) not in (int, float) or not isfinite(found) or found < 0:
            raise ValueError(f"is {found!r} where a number of USD is wanted")
        return float(found)

    return usd


def checked(text: str) -> str:
    """The expression itself, if it is one that tells a cost; raises ValueError."""
    if len(text) > LONGEST:
        raise ValueError(f"has more than {LONGEST} characters")
    try:
        usd = formula(text)
    except ValueError as error:
        raise ValueError(_short(error)) from None
    usd({**dict.fromkeys(TOKENS, 1), **dict.fromkeys(NAMES, "")})
    return text


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
