"""Which other paths of a backend clients may use: `METHOD /path`, or `METHOD /path/*`."""

from typing import Annotated

import msgspec
from pydantic import Field

from extproc.config.base import flaw
from extproc.config.values import Checked
from extproc.config.web import safe_path

METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
ALL_BELOW = "/*"


class Allowed(msgspec.Struct, frozen=True):
    """One of them, taken apart."""

    method: str
    path: str
    """The path, or what all that are meant begin with."""
    below: bool

    def allows(self, method: str, path: str) -> bool:
        """Whether `path`, which has no query, may be asked for so."""
        fits = path.startswith(self.path) if self.below else path == self.path
        return fits and method == self.method


def allowed(rule: str) -> Allowed:
    """What a sound rule says."""
    method, _, path = rule.partition(" ")
    below = path.endswith(ALL_BELOW)
    return Allowed(method, path[:-1] if below else path, below)


def _rule(rule: str) -> str:
    method, _, path = rule.partition(" ")
    if method not in METHODS:
        raise flaw(f"must begin with a method, one of {', '.join(METHODS)}, and a space")
    safe_path(path)
    if "{" in path or "*" in path.removesuffix(ALL_BELOW):
        raise flaw("may have one *, for all that is below a path, at its end: /path/*")
    return rule


PassRule = Annotated[
    str,
    Checked(_rule, rf"(?:{'|'.join(METHODS)}) /[^?#\s]*"),
    Field(max_length=1024),
]
