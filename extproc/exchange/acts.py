"""Which act on what is kept a method and a path mean, and where it is done at a backend."""

import re
from collections.abc import Callable, Iterable
from urllib.parse import parse_qsl, quote, unquote, urlencode

import msgspec

from providers.bridging.resource import Act, Kept
from providers.errors import InvalidRequest, NotFound

PLACE = re.compile(r"\{(\w+)\}|\*")
CURSORS = frozenset({"after", "before", "after_id", "before_id"})
"""What of a query is an id, where what is kept is listed."""
DROPPED = frozenset({"key", "api-version"})
"""Of a client's query: its key, and the version that is the backend's to say."""

Opened = Callable[[str], str]
"""A client's id → the provider's; raises NotFound."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A client's request for an act."""

    kept: Kept
    act: Act
    segments: tuple[tuple[str, bool], ...]
    """What stands in the places of its path, and whether that is an id that leads back."""
    query: tuple[tuple[str, str], ...]

    def path(self, opened: Opened | None) -> str:
        """The provider's path after the version, with its own ids; each is one segment."""
        values = iter([self._segment(*each, opened) for each in self.segments])
        return PLACE.sub(lambda place: next(values), self.act.path)

    def id(self, opened: Opened | None) -> str:
        """The provider's id of what it is about; empty where it is about none."""
        signed = (text for text, signed in self.segments if signed)
        text = next(signed, "")
        return opened(text) if text and opened else text

    def _segment(self, text: str, signed: bool, opened: Opened | None) -> str:
        if not text.strip("."):
            raise NotFound(f"there is nothing with the id {text[:200]!r}")
        return quote(opened(text) if signed and opened else text, safe="")

    def asks(self, opened: Opened | None) -> str:
        """The provider's query, without its question mark."""
        leads = self.act.listed or self.act.paged
        pairs = [
            (name, opened(value) if opened and leads and name in CURSORS else value)
            for name, value in self.query
            if name not in DROPPED
        ]
        return urlencode(pairs, quote_via=quote)

    @property
    def streams(self) -> bool:
        """Whether the query asks for a stream."""
        return self.act.streams and dict(self.query).get("stream", "").lower() == "true"


class Acts:
    """All acts, by what is kept."""

    def __init__(self, kinds: Iterable[Kept]) -> None:
        self._known: dict[str, tuple[Kept, list[tuple[re.Pattern[str], Act]]]] = {
            kept.name: (
                kept,
                # A word that stands where others have an id is no id.
                sorted(
                    ((_expression(kept, act), act) for act in kept.acts),
                    key=lambda entry: len(PLACE.findall(entry[1].path)),
                ),
            )
            for kept in kinds
        }

    def find(self, name: str, method: str, path: str) -> Asked:
        """What `method` at `path` asks of the kind `name`; raises NotFound, InvalidRequest."""
        kept, patterns = self._known[name]
        bare, _, query = path.partition("?")
        for pattern, act in patterns:
            match = pattern.fullmatch(bare) if act.method == method else None
            if match is not None:
                segments = _segments(act, match)
                return Asked(kept=kept, act=act, segments=segments, query=_query(query))
        raise NotFound(f"there is nothing at {method[:20]} {bare[:200]}")

    def kind(self, name: str) -> Kept | None:
        """What is kept under `name`."""
        found = self._known.get(name)
        return None if found is None else found[0]


def _expression(kept: Kept, act: Act) -> re.Pattern[str]:
    head = "|".join(map(re.escape, kept.prefixes))
    rest = "([^/]+)".join(re.escape(part) for part in PLACE.sub("\0", act.path).split("\0"))
    return re.compile(f"(?:{head}){rest}/?")


def _segments(act: Act, match: re.Match[str]) -> tuple[tuple[str, bool], ...]:
    signed = [place[0] != "*" for place in PLACE.finditer(act.path)]
    return tuple(zip(map(unquote, match.groups()), signed, strict=True))


def _query(text: str) -> tuple[tuple[str, str], ...]:
    try:
        return tuple(parse_qsl(text, keep_blank_values=True, max_num_fields=100))
    except ValueError:
        raise InvalidRequest("the query has more than 100 parts") from None


def renamed(value: object, way: tuple[str, ...], name: Callable[[str], str]) -> object:
    """`value` with the models that stand at the end of `way` named as the provider does."""
    if not way:
        return name(value) if isinstance(value, str) else value
    if way[0] == "*" and isinstance(value, list):
        return [renamed(item, way[1:], name) for item in value]
    if isinstance(value, dict) and way[0] in value:
        return {**value, way[0]: renamed(value[way[0]], way[1:], name)}
    return value
