"""gateway.yaml as a whole: read, tried, compared and put in another's place."""

import os
import re
from collections.abc import Mapping, Sequence
from difflib import unified_diff
from itertools import islice
from pathlib import Path

from extproc.admin import answers, models
from extproc.admin.editing import Editor, digest
from extproc.admin.providers import lacking
from extproc.admin.writing import Refusal
from extproc.config import ConfigError, Gateway, Problem, bounded, load_clients, problems
from extproc.config.document import MAX_BYTES
from extproc.config.redaction import masked
from extproc.exchange import compile

PATIENCE = 2.0
"""Seconds that the file may take to be read."""
FLAWS = 50
"""Problems that are told of one file."""
LINES = 1_000
"""Lines of a difference that are told."""
FAR = 40_000
"""Lines of Envoy's configuration that are compared."""
HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)")
NEAREST, SHORT = 4, 40
"""Keys that are told to lead to a place, and characters of each."""


class Configuring:
    """One gateway.yaml, for who looks at it and, with an editor, for who changes it."""

    def __init__(self, path: Path, editor: Editor | None) -> None:
        self._path = path
        self._editor = editor

    def read(self) -> answers.Configuration:
        """The file as it is."""
        try:
            data = bounded.read(self._path, MAX_BYTES, PATIENCE)
        except OSError as error:
            raise Refusal(409, f"gateway.yaml cannot be read: {error.strerror}") from None
        text = data.decode("utf-8", "replace")
        history = self._editor.audit() if self._editor else []
        return answers.Configuration(
            text=text if self._editor else _harmless(text),
            version=digest(data),
            write=self._editor is not None,
            flaws=_flaws(problems(self._path)),
            history=[models.Change(**one) for one in history],
        )

    def put(self, wanted: answers.Wanted, *, dry: bool) -> answers.Compared:
        """The file as it shall be; `dry`: what that would change."""
        assert self._editor is not None
        data, before = wanted.text.encode(), self._current()
        try:
            gateway = self._editor.replace(data, wanted.version, dry=dry)
        except ConfigError as error:
            return _refused(error.problems, wanted.version)
        diff = self._compared(before, gateway) if dry else []
        return answers.Compared(
            saved=not dry,
            flaws=[],
            lacking=[*lacks(gateway)],
            diff=diff[:LINES],
            cut=len(diff) > LINES,
            version=wanted.version if dry else digest(data),
        )

    def _current(self) -> Gateway | None:
        """What the file says; None where that is not sound."""
        assert self._editor is not None
        try:
            return self._editor.current()
        except ConfigError:
            return None

    def _compared(self, before: Gateway | None, after: Gateway) -> list[str]:
        if before == after:
            return []
        lines = [] if before is None else rendered(before, self._path)
        return compared(lines, rendered(after, self._path))


def _harmless(text: str) -> str:
    """The text without what may be a secret, word by word."""
    return "\n".join(" ".join(map(masked, line.split(" "))) for line in text.split("\n"))


def _flaws(found: Sequence[Problem]) -> list[answers.Flaw]:
    return [
        answers.Flaw(line=one.line, key=one.key, message=_message(one)) for one in found[:FLAWS]
    ]


def _message(problem: Problem) -> str:
    allowed = f"; allowed: {', '.join(problem.allowed)}" if problem.allowed else ""
    return f"{problem.message}{allowed}"


def _refused(found: Sequence[Problem], version: str) -> answers.Compared:
    return answers.Compared(
        saved=False, flaws=_flaws(found), lacking=[], diff=[], cut=False, version=version
    )


def lacks(gateway: Gateway, environment: Mapping[str, str] = os.environ) -> list[str]:
    """What its backends need and have not."""
    return [
        f"{name}: {message}"
        for name, backend in gateway.backends.items()
        for message in lacking(name, backend, environment)
    ]


def rendered(gateway: Gateway, path: Path) -> list[str]:
    """Envoy's configuration, line by line; for each client's key stands whose it is."""
    from extproc.render.envoy import render  # which takes a second to load

    clients = load_clients(gateway.clients, path)
    keys = {
        name: [f"(key {number} of {name})" for number, _ in enumerate(of_one, start=1)]
        for name, of_one in clients.items()
    }
    text = render(
        gateway,
        client_keys=keys if gateway.clients else None,
        limits=compile.limits(gateway),
        prefix=gateway.listen.prefix,
    )
    return text.splitlines()


def compared(before: list[str], after: list[str]) -> list[str]:
    """A unified diff; where there is too much to compare, how much there is."""
    if max(len(before), len(after)) > FAR:
        same = "the same" if before == after else "not the same, and too long to be compared"
        return [f"{len(before)} lines before, {len(after)} after: {same}"]
    lines = unified_diff(before, after, "before", "after", lineterm="", n=2)
    return [_placed(line, after) for line in islice(lines, LINES + 1)]


def _placed(line: str, after: list[str]) -> str:
    """The head of a piece with the keys that lead there; other lines as they are."""
    found = HUNK.match(line)
    return f"{line} {' > '.join(keys(after, int(found[1])))}" if found else line


def keys(lines: list[str], index: int) -> list[str]:
    """The nearest keys above a line of YAML, the outermost first."""
    found: list[str] = []
    depth = _depth(lines[index]) if index < len(lines) else 0
    while index and depth and len(found) < NEAREST:
        index -= 1
        here, text = _depth(lines[index]), lines[index].strip()
        if text and not text.startswith("#") and here < depth:
            depth = here
            found.append(text.removeprefix("- ").rstrip(":")[:SHORT])
    return found[::-1]


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
