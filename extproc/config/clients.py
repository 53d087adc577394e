"""The files that say who may call: client name → where its keys are."""

import os
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from pydantic import Field, RootModel, ValidationError

from extproc.config import document, references
from extproc.config.document import Document
from extproc.config.draft import Draft
from extproc.config.problem import (
    ConfigError,
    Flaw,
    Location,
    Problem,
    by_line,
    guess,
    refusing,
)
from extproc.config.process import Clients
from extproc.config.references import ClientKeys, Environment
from extproc.config.scan import forbidden
from extproc.config.translate import flaws
from extproc.config.values import GROUP, ClientName, SecretRef, one_or_more

KeyRefs = Annotated[
    tuple[SecretRef, ...],
    Field(min_length=1, max_length=64),
    one_or_more(SecretRef, 64),
]


ENDINGS = (".yaml", ".yml", ".json")
MOST = 1_000
"""Files of a directory."""


class ClientFile(RootModel[dict[ClientName, KeyRefs]]):
    """Client name → where its key is, or several keys while one replaces the other."""


class Part(msgspec.Struct, frozen=True):
    """One file of clients."""

    file: Document
    keys: ClientKeys


def load_clients(clients: Clients | None, path: Path) -> ClientKeys:
    """Who may call, by what the configuration in `path` names; raises ConfigError."""
    if clients is None:
        return {}
    with refusing(path):
        parts, found = _load(clients, path)
        if found:
            raise ConfigError(by_line(found))
        return _joined(parts)


def problems(clients: Clients, path: Path, environment: Environment) -> list[Problem]:
    """Everything that is wrong with the clients' files and the secrets that they name."""
    parts, found = _load(clients, path)
    twice = list(references.shared(_joined(parts), environment))
    for part in parts:
        found += part.file.problems(references.unresolved(part.keys, environment))
        found += part.file.problems(flaw for flaw in twice if flaw.location[0] in part.keys)
    return by_line(found)


def files_of(clients: Clients, path: Path) -> list[Path]:
    """The files of clients, of a directory in the order of their names."""
    if clients.api_keys is None:
        return []
    place = path.parent / clients.api_keys.file
    if not place.is_dir():
        return [place]
    names = sorted(os.listdir(place))  # noqa: PTH208  (names, of which some are left out)
    return [place / name for name in names if name.endswith(ENDINGS) and name[0] != "."]


def strangers(draft: Draft, path: Path) -> Iterator[Flaw]:
    """A flaw for each client that gateway.yaml names and that has no key."""
    keys = {} if draft.clients is None else _joined(_load(draft.clients, path)[0])
    for at, name in _named(draft) if keys else ():
        if not name.startswith(GROUP) and name not in keys:
            known = tuple(sorted(keys))
            yield Flaw(at, guess("no client of this name has a key", name, known))


def _named(draft: Draft) -> Iterator[tuple[Location, str]]:
    for number, route in draft.routes.items():
        for index, name in enumerate(route.clients or ()):
            yield ("routes", number, "clients", index), name
    groups = draft.clients.groups if draft.clients else {}
    for group, names in groups.items():
        for index, name in enumerate(names):
            yield ("clients", "groups", group, index), name


def _load(clients: Clients, path: Path) -> tuple[list[Part], list[Problem]]:
    parts: list[Part] = []
    problems: list[Problem] = []
    known: set[str] = set()
    try:
        paths = files_of(clients, path)
    except OSError as error:
        return [], [_unusable(clients, f"cannot be read: {error.strerror}")]
    if len(paths) > MOST:
        return [], [_unusable(clients, f"holds more than {MOST} files")]
    for each in paths:
        part, found = _read(each, known)
        problems += found
        if part is not None:
            parts.append(part)
            known |= part.keys.keys()
    return parts, problems


def _unusable(clients: Clients, why: str) -> Problem:
    assert clients.api_keys is not None
    return Problem(file=clients.api_keys.file, line=0, key="", message=why)


def _joined(parts: Iterable[Part]) -> ClientKeys:
    return {name: keys for part in parts for name, keys in part.keys.items()}


def _read(path: Path, known: Container[str]) -> tuple[Part | None, list[Problem]]:
    """One file; `known`: the clients of those before it."""
    file, found = document.read(path)
    if file is None:
        return None, found
    data = file.root.plain()
    keys: ClientKeys = {}
    wrong: list[Flaw] = []
    try:
        keys = ClientFile.model_validate(data).root
    except ValidationError as error:
        wrong = flaws(error, ClientFile, data)
        bad = {flaw.location[0] for flaw in wrong}
        sound = {name: value for name, value in data.items() if name not in bad}
        keys = ClientFile.model_validate(sound).root
    wrong += [Flaw((name,), "is in another file, too") for name in keys if name in known]
    return Part(file, keys), [*found, *file.problems([*wrong, *forbidden(data)])]
