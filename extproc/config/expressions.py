"""Regular expressions for models, read as Envoy reads them: by RE2, which never goes back.

Its time is linear in the name, whatever the expression (https://github.com/google/re2/wiki/Syntax).
"""

from typing import Protocol

import re2

OPTIONS = re2.Options()
OPTIONS.log_errors = False


class Match(Protocol):
    """Where an expression fits."""

    def groups(self) -> tuple[str | None, ...]: ...


class Expression(Protocol):
    """A compiled expression."""

    groups: int
    """How many it has."""

    def fullmatch(self, text: str) -> Match | None: ...

    def sub(self, repl: str, text: str) -> str: ...


def compiled(expression: str) -> Expression:
    """The expression, ready to match; raises ValueError with RE2's reason."""
    try:
        found: Expression = re2.compile(expression, OPTIONS)
    except re2.error as error:
        raise ValueError(error.args[0].decode(errors="replace")) from None
    return found
