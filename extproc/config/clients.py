"""The file that says who may call: client name → where its keys are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

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


class ClientFile(RootModel[dict[ClientName, KeyRefs]]):
    """Client name → where its key is, or several keys while one replaces the other."""


def load_clients(clients: Clients | None, path: Path) -> ClientKeys:
    """Who may call, by the file that the configuration in `path` names; raises ConfigError."""
    if clients is None:
        return {}
    with refusing(path):
        _, keys, found = _load(clients, path)
        if found:
            raise ConfigError(by_line(found))
        return keys


def problems(clients: Clients, path: Path, environment: Environment) -> list[Problem]:
    """Everything that is wrong with the clients' file and the secrets that it names."""
    file, keys, found = _load(clients, path)
    if file is not None:
        found += file.problems(references.unresolved(keys, environment))
        found += file.problems(references.shared(keys, environment))
    return by_line(found)


def strangers(draft: Draft, path: Path) -> Iterator[Flaw]:
    """A flaw for each client that gateway.yaml names and that has no key."""
    keys = {} if draft.clients is None else _load(draft.clients, path)[1]
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


def _load(clients: Clients, path: Path) -> tuple[Document | None, ClientKeys, list[Problem]]:
    if clients.api_keys is None:
        return None, {}, []
    file, found = document.read(path.parent / clients.api_keys.file)
    if file is None:
        return None, {}, found
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
    return file, keys, [*found, *file.problems([*wrong, *forbidden(data)])]
