"""Things that are kept under an id, and rules for what is done with them, whatever the format."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import orjson

from extproc.lab.simulator import forms
from extproc.lab.simulator.dialect import Json, Refusal
from extproc.lab.simulator.http1 import Request, decoded
from extproc.lab.simulator.play import Answer

CREATED = 1_700_000_000


class Shelf:
    """All that one provider keeps."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.things: dict[str, Json] = {}
        self.contents: dict[str, bytes] = {}
        self._number = 0

    def new_id(self, prefix: str) -> str:
        """An id that no other provider gives."""
        self._number += 1
        return f"{prefix}{self.name}{self._number:06}"

    @property
    def now(self) -> int:
        """Seconds since the epoch: one later for each id that was given."""
        return CREATED + self._number

    def put(self, thing: Json, content: bytes | None = None) -> Json:
        """Keeps a thing under its id."""
        self.things[thing["id"]] = thing
        if content is not None:
            self.contents[thing["id"]] = content
        return thing

    def get(self, id: str, kind: str = "") -> Json:
        """The thing of that id; raises Refusal."""
        found = self.things.get(id)
        if found is None or (kind and found.get("object", found.get("type")) != kind):
            raise Refusal(f"No such {kind or 'object'}: {id}", status=404, param="id")
        return found

    def all(self, kind: str, **parent: str) -> list[Json]:
        """Everything of a kind, the newest first."""
        wanted = {"object": kind, **parent}
        return [thing for thing in self.things.values() if wanted.items() <= thing.items()][::-1]

    def drop(self, id: str, kind: str = "") -> None:
        """Forgets a thing; raises Refusal."""
        self.get(id, kind)
        del self.things[id]
        self.contents.pop(id, None)


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A request that a rule answers."""

    shelf: Shelf
    request: Request
    ids: Sequence[str]
    """What stands in the path, decoded."""
    run: Callable[[str, Json], tuple[int, bytes]]
    """(path, body) → how the same provider answers a model call."""

    @property
    def body(self) -> Json:
        """The body as an object; raises Refusal."""
        kind = self.request.header("content-type")
        if kind.startswith("multipart/"):
            return forms.members(kind, self.request.body)
        if not self.request.body:
            return {}
        try:
            value = orjson.loads(self.request.body)
        except orjson.JSONDecodeError as error:
            raise Refusal(f"We could not parse the JSON body of your request: {error}") from error
        if not isinstance(value, dict):
            raise Refusal("The JSON body of your request is not an object.")
        return value

    @property
    def query(self) -> Mapping[str, str]:
        """The query, decoded."""
        return self.request.query


Handler = Callable[[Ask], Answer]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What is answered to a method at a path, under any prefix."""

    method: str
    path: re.Pattern[str]
    handle: Handler


def rule(method: str, path: str, handle: Handler) -> Rule:
    """`*` in the path is one segment."""
    expression = "([^/]+)".join(map(re.escape, path.split("*")))
    return Rule(method=method, path=re.compile(f"(?:/.*?)??{expression}"), handle=handle)


def json(value: Any, status: int = 200) -> Answer:
    """An answer in JSON."""
    return Answer(status=status, body=orjson.dumps(value))


def ids_of(match: re.Match[str]) -> list[str]:
    """What stands in a path."""
    return [decoded(text) for text in match.groups()]
