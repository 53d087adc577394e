"""Which act on what is kept a method and a path mean, and where it is done at a backend."""

import re
from collections.abc import Callable, Iterable
from urllib.parse import parse_qsl, quote, unquote, urlencode

import msgspec

from extproc.exchange.ids import Seal
from providers.bridging.resource import Act, Kept
from providers.errors import InvalidRequest, NotFound

PLACE = re.compile(r"\{(\w+)\}|\*")
CURSORS = frozenset({"after", "before", "after_id", "before_id", "ids", "ids[]"})
"""What of a query is an id, where what is kept is listed."""
DROPPED = frozenset({"key", "api-version"})
"""Of a client's query: its key, and the version that is the backend's to say."""

PASSES = "what a provider has beside it may pass as it is (the gateway's setting passthrough)"
MODEL = "model"
HOLDER = "client"
"""In the query of a URL that leads back; ids are signed for one."""

Opened = Callable[[str], str]
"""A client's id → the provider's; raises NotFound."""
Named = Callable[[str], str]
"""A client's name of a model → the provider's; raises NotFound."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A client's request for an act."""

    kept: Kept
    act: Act
    segments: tuple[tuple[str, str], ...]
    """What stands in the places of its path, and what that is, as the act names it."""
    query: tuple[tuple[str, str], ...]

    def path(self, opened: Opened | None, named: Named) -> str:
        """The provider's path after the version, with its own ids; each is one segment."""
        values = iter([self._segment(*each, opened, named) for each in self.segments])
        return PLACE.sub(lambda place: next(values), self.act.path)

    def id(self, opened: Opened | None) -> str:
        """The provider's id of what it is about; empty where it is about none."""
        text = next((text for text, place in self.segments if place), "")
        return opened(text) if text and opened else text

    def _segment(self, text: str, place: str, opened: Opened | None, named: Named) -> str:
        if not text.strip("."):
            raise NotFound(f"there is nothing with the id {text[:200]!r}")
        if place == MODEL:
            text = named(text)
        elif place and opened:
            text = self._opened(text, opened)
        return quote(text, safe="")

    def _opened(self, text: str, opened: Opened) -> str:
        before, ids = self.kept.collection, self.kept.ids({})
        if not before and ids.leads_elsewhere(text):
            return text
        head, id, tail = ids.split(before + text) or ("", text, "")
        return f"{head}{opened(id)}{tail}".removeprefix(before)

    def asks(self, opened: Opened | None) -> str:
        """The provider's query, without its question mark."""
        return urlencode(self._query(opened), quote_via=quote)

    def said(self, opened: Opened | None) -> dict[str, str]:
        """What the query says, with the provider's ids."""
        return dict(self._query(opened))

    def _query(self, opened: Opened | None) -> list[tuple[str, str]]:
        act, goes = self.act, self.kept.queries
        leads = act.leads | CURSORS if act.listed or act.paged else act.leads
        return [
            (name, opened(value) if opened and name in leads else value)
            for name, value in self.query
            if name not in DROPPED and (goes is None or name in goes)
        ]

    def link(self, url: str, seal: Seal | None) -> str:
        """The query of a URL of the provider's as a client is shown it, what leads back first."""
        leads = self.act.leads
        said = [pair for pair in _query(url.partition("?")[2]) if pair[0] not in DROPPED]
        pairs = [
            (name, seal.closed(value) if seal else value) for name, value in said if name in leads
        ]
        if seal is not None and seal.client:
            pairs.append((HOLDER, seal.client))
        pairs += [pair for pair in said if pair[0] not in leads]
        return urlencode(pairs, quote_via=quote)

    @property
    def proven(self) -> bool:
        """Whether the URL that is asked for proves by itself who asks."""
        return any(name in self.act.leads for name, _ in self.query)

    @property
    def holder(self) -> str:
        """The client who was given the URL that is asked for, as the URL says it."""
        return dict(self.query).get(HOLDER, "") if self.act.leads else ""

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
                # A word that stands where others have an id is no id, nor is a verb behind one.
                sorted(
                    ((_expression(kept, act), act) for act in kept.acts),
                    key=lambda entry: (len(PLACE.findall(entry[1].path)), -len(entry[1].path)),
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
        raise NotFound(f"there is nothing at {method[:20]} {bare[:200]}; {PASSES}")

    def lists(self, name: str, path: str) -> bool:
        """Whether `path` is that of a list, which those of several backends can become one of."""
        bare = path.partition("?")[0]
        patterns = self._known[name][1]
        return any(act.pages and pattern.fullmatch(bare) for pattern, act in patterns)

    def kind(self, name: str) -> Kept | None:
        """What is kept under `name`."""
        found = self._known.get(name)
        return None if found is None else found[0]


def _expression(kept: Kept, act: Act) -> re.Pattern[str]:
    head = "|".join(re.escape(prefix).replace(r"\*", "[^/]+") for prefix in kept.prefixes)
    rest = "([^/]+)".join(re.escape(part) for part in PLACE.sub("\0", act.path).split("\0"))
    return re.compile(f"(?:{head}){rest}/?")


def _segments(act: Act, match: re.Match[str]) -> tuple[tuple[str, str], ...]:
    places = [place[1] or "" for place in PLACE.finditer(act.path)]
    return tuple(zip(map(unquote, match.groups()), places, strict=True))


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
