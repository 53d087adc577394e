"""Where clients come in: the place of each dialect, and of each list of models."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from urllib.parse import unquote

import msgspec

from extproc.exchange.events import Headers
from providers.bridging.dialect import Address, Dialect, Endpoint, Place, Uneventful
from providers.catalog import DIALECTS
from providers.errors import NotFound
from providers.neutral.listing import Listing, Model
from providers.wire.members import Json

BASES = frozenset({"v1", "v1beta", "v2", "api"})
"""What a base URL ends with that has one segment too many."""
ALIKE = 0.7
"""How much of two paths must be the same for one to mean the other."""
LONGEST = 48
"""Bytes of a wrong path for which the nearest is looked for."""


def near(path: str) -> Iterator[str]:
    """What a path without a place may mean: SDKs append to a base URL that people write with and
    without `/v1` and with a slash at its end."""
    place = "/" + "/".join(filter(None, path.split("/")))
    yield place
    yield f"/v1{place}"
    first, _, rest = place[1:].partition("/")
    if first in BASES and rest:
        yield f"/{rest}"


class Entrance(msgspec.Struct, frozen=True):
    """The place at which a request came in."""

    dialect: Dialect
    stream: bool | None
    """None: the body says."""
    path_model: str = ""
    stream_default: bool = False
    """What a body that does not say means."""
    told: Callable[[Json], str] | None = None
    """Which other dialect a body is of, by name; None: the path alone says it."""
    address: Address | None = None
    """What the path says beside the model."""

    def of(self, body: Json) -> "Entrance":
        """The place as the body says whose it is."""
        name = "" if self.told is None else self.told(body)
        return msgspec.structs.replace(self, dialect=DIALECTS.get(name, self.dialect), told=None)

    def streams(self, body: Json) -> bool:
        """Whether the client asks for a stream."""
        if self.stream is not None:
            return self.stream
        if self.dialect.relay is Uneventful:
            return False  # nobody streams it, whatever is asked
        if self.dialect.streams is not None:
            return self.dialect.streams(body)
        said = body.get("stream")
        if isinstance(said, str):
            return said.lower() == "true"  # forms have texts alone
        return self.stream_default if said is None else bool(said)


PLACES = {
    "*": "[^/]+",
    "{voice}": "[^/]+",
    "{model}": "([^/]+?)",
    "{org/model}": "([^/]+(?:/[^/]+)?)",
}
"""What may stand where in an endpoint's path."""


NO_PLACES: Mapping[str, Place] = {}


class Entrances:
    """Where clients find each dialect."""

    def __init__(
        self, dialects: Iterable[Dialect], shared: Mapping[str, Place] = NO_PLACES
    ) -> None:
        self._shared = shared
        self._exact: dict[str, Entrance] = {}
        self._patterns: list[tuple[re.Pattern[str], Dialect, Endpoint]] = []
        for dialect in dialects:
            for endpoint in dialect.client:
                self._add(dialect, endpoint)
        # A word that stands where others have the model is no model.
        self._patterns.sort(
            key=lambda entry: ("{voice}" in entry[2].path, "model}" in entry[2].path)
        )

    def _add(self, dialect: Dialect, endpoint: Endpoint) -> None:
        if not {"{", "*"} & {*endpoint.path}:
            self._exact[endpoint.path] = Entrance(
                dialect,
                endpoint.stream,
                stream_default=endpoint.stream_default,
                told=self._told(endpoint.path),
            )
            return
        path = re.escape(endpoint.path)
        for place, expression in PLACES.items():
            path = path.replace(re.escape(place), expression)
        self._patterns.append((re.compile(path), dialect, endpoint))

    def find(self, path: str) -> Entrance:
        """The entrance at `path`, whatever its query; raises NotFound."""
        bare, _, query = path.partition("?")
        entrance = self._at(bare, query)
        if entrance is None:
            meant = (self._at(place, query) for place in near(bare))
            entrance = next(filter(None, meant), None)
        if entrance is not None:
            return entrance
        raise NotFound(f"there is nothing at {bare[:200]}{self._hint(bare)}")

    def _at(self, bare: str, query: str) -> Entrance | None:
        entrance = self._exact.get(bare)
        if entrance is not None:
            return self._addressed(entrance, bare, query) if query else entrance
        for pattern, dialect, endpoint in self._patterns:
            match = pattern.fullmatch(bare)
            if match is not None:
                spoken = dialect.variant(query) if dialect.variant else dialect
                model = unquote(match[1]) if match.re.groups else ""
                told = self._told(endpoint.path)
                found = Entrance(spoken, endpoint.stream, model, told=told)
                return self._addressed(found, bare, query)
        return None

    def _addressed(self, entrance: Entrance, bare: str, query: str) -> Entrance:
        """The same, with what its path says."""
        addressed = entrance.dialect.addressed
        if addressed is None:
            return entrance
        return msgspec.structs.replace(entrance, address=addressed(bare, query))

    def operation(self, path: str) -> str:
        """What `path`, without its query, is for; empty: nothing that has a format here."""
        entrance = self._at(path, "")
        return "" if entrance is None else entrance.dialect.operation.value

    def _told(self, path: str) -> Callable[[Json], str] | None:
        shared = self._shared.get(path)
        return None if shared is None else shared.told

    def _hint(self, path: str) -> str:
        nearest = get_close_matches(path, self._exact, 1, ALIKE) if len(path) <= LONGEST else ()
        return "".join(f"; did you mean {place}?" for place in nearest)


class Listed(msgspec.Struct, frozen=True):
    """A request for models."""

    dialect: Dialect
    listing: Listing
    model: str | None
    """None: all of them."""
    page: Callable[[Sequence[Model]], Json] | None = None
    """What else is told of them."""


class Listings:
    """Where clients of each dialect find the list of models."""

    def __init__(self, dialects: Mapping[str, Dialect]) -> None:
        self._asked: dict[str, tuple[Dialect, Listing]] = {}
        self._pages: dict[str, Listed] = {}
        self._found: list[tuple[str, str, Dialect, Listing]] = []
        """(path, header that must be there, dialect, listing); the more it says, the earlier."""
        for dialect in dialects.values():
            listing = dialect.listing
            if listing is not None:
                self._found += [(path, header, dialect, listing) for path, header in listing.shared]
                self._found += [(path, "", dialect, listing) for path in listing.paths]
                if listing.asked:
                    self._asked[listing.asked] = dialect, listing
                for path, page in listing.pages.items():
                    self._pages[path] = Listed(dialect, listing, None, page)
        self._found.sort(key=lambda entry: (":" not in entry[1], not entry[1]))

    def paths(self) -> list[str]:
        """Every path at which there is a list."""
        return sorted({path for path, *_ in self._found} | self._pages.keys())

    def asking(self) -> list[str]:
        """Every path at which a POST asks for a model by itself."""
        return sorted(self._asked)

    def asked(self, path: str, model: str) -> Listed | None:
        """What a POST to `path` asks for, if it asks for a model by itself."""
        found = self._asked.get(path)
        return None if found is None else Listed(*found, model)

    def find(self, path: str, headers: Headers) -> Listed | None:
        """What a GET of `path` asks for."""
        found = self._at(path, headers)
        if found is None:
            meant = (self._at(place, headers) for place in near(path))
            found = next(filter(None, meant), None)
        return found

    def _at(self, path: str, headers: Headers) -> Listed | None:
        if path in self._pages:
            return self._pages[path]
        for at, header, dialect, listing in self._found:
            if not path.startswith(at) or not _says(headers, header):
                continue
            rest = path[len(at) :]
            if rest in ("", "/"):
                return Listed(dialect, listing, None)
            if rest.startswith("/"):
                return Listed(dialect, listing, unquote(rest[1:]))
        return None


def _says(headers: Headers, wanted: str) -> bool:
    """Whether a header is there, with the value that is wanted, if one is."""
    name, colon, value = wanted.partition(": ")
    said = headers.get(name) if name else ""
    return said is not None and (not colon or said == value)
