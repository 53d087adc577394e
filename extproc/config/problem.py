"""What is wrong with a configuration, and where."""

import difflib
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from extproc.config.redaction import masked

Location = tuple[str | int, ...]
"""Keys and list indices from the root of the document."""


class Flaw(msgspec.Struct, frozen=True):
    """Something wrong at a place in the data; no value of the data stands in it."""

    location: Location
    message: str
    allowed: tuple[str, ...] = ()


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """A flaw with the line of the file where a person finds it."""

    file: str
    """Empty where the data came from elsewhere."""
    line: int
    """From 1; 0 where there are no lines."""
    key: str
    """Dotted, `routes[0].models[1]`; empty for the document itself."""
    message: str
    allowed: tuple[str, ...] = ()

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        key = f"{self.key}: " if self.key else ""
        allowed = f"{self._joint} allowed: {', '.join(self.allowed)}" if self.allowed else ""
        return f"{place}{key}{self.message}{allowed}"

    @property
    def _joint(self) -> str:
        return "" if self.message.endswith("?") else ";"


class ConfigError(Exception):
    """A configuration that cannot be used; `problems` says everything that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(report(self.problems))


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Whatever is raised inside is a ConfigError: the content of a file must not end anybody."""
    try:
        yield
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError([_fault(path, error)]) from error


def _fault(path: Path, error: Exception) -> Problem:
    """A bug of ours in words; the exception's own may hold a value of the file."""
    at = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{type(error).__name__} in {Path(at.filename).name}, line {at.lineno}"
    message = f"cannot be examined: {where}; a fault of extproc's, please report it"
    return Problem(file=masked(str(path)), line=0, key="", message=message)


def report(problems: Iterable[Problem]) -> str:
    """One line for each problem, as `extproc check` prints them."""
    return "\n".join(str(problem) for problem in problems)


def by_line(problems: Iterable[Problem]) -> list[Problem]:
    """In the order of the file."""
    return sorted(problems, key=lambda problem: problem.line)


def guess(message: str, written: object, allowed: Iterable[str]) -> str:
    """`message`, with the allowed word that `written` comes close to."""
    if written is None:
        return message
    close = difflib.get_close_matches(str(written)[:100], list(allowed), n=1)
    return f"{message}; did you mean '{close[0]}'?" if close else message
