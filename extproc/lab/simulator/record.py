"""What the simulator remembers of the requests that it received."""

from typing import Any, Literal

import msgspec
import orjson

from extproc.lab.simulator.dialect import Usage

Outcome = Literal["open", "sent", "dropped", "hung", "client_gone"]


class Recorded(msgspec.Struct, kw_only=True):
    """One request, and what became of its answer."""

    method: str
    target: str
    """Path and query, as they came."""
    headers: list[tuple[str, str]]
    """Names are lower-case."""
    body: bytes
    """At most `keep_body` bytes of it."""
    size: int
    """Bytes of the whole body."""
    connection: int
    """The same number for requests on the same connection."""
    dialect: str = ""
    """Empty where no dialect has the path."""
    status: int = 0
    usage: Usage | None = None
    """What the answer costs, whether or not it was told or sent to its end."""
    pieces: int = 0
    """Events of a streamed answer that were handed to the connection."""
    outcome: Outcome = "open"

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def json(self) -> Any:
        """The body, decoded; fails when it was too long to keep."""
        return orjson.loads(self.body)

    def header(self, name: str) -> str:
        """The first header of that name, or an empty string."""
        return next((value for key, value in self.headers if key == name), "")

    def as_json(self) -> dict[str, Any]:
        """For `GET /__sim/requests`; the body as text."""
        fields: dict[str, Any] = msgspec.to_builtins(self, builtin_types=(bytes,))
        return fields | {"body": self.body.decode("utf-8", "replace")}
