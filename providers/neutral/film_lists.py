"""Lists of films at providers of another format: what is asked for, and how pages follow.

Nothing is remembered between two pages: a page begins behind an id, and an id says when its film
was made. So a provider is asked for what was made before that moment, and a bit after it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from providers.errors import InvalidRequest, Unsupported
from providers.neutral.video import Film, Ticket, lies_in

SLACK = 5
"""Seconds by which a provider's clock may be ahead of the one that has made an id."""
USUAL, MOST = 20, 100
"""Films on a page. https://platform.openai.com/docs/api-reference/videos/list"""
SAID = frozenset({"limit", "after", "order"})


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A film as a provider's list tells of it."""

    film: Film
    model: str
    """As the provider knows it."""
    created: float
    """Seconds since the epoch."""
    seconds: int = 0
    """0: nobody says."""
    size: str = ""
    place: str = ""
    """Where it is put; empty: the provider keeps it itself."""

    def lies_in(self, bucket: str) -> bool:
        """Whether it is put where the backend says; anything else there is not of this gateway."""
        return not self.place or lies_in(self.place, bucket)


class Found(msgspec.Struct, frozen=True):
    """A page of a provider's."""

    films: Sequence[Listed]
    """The newest first."""
    oldest: float
    """When the last thing on it was made, whether that is a film or not; 0: there is none."""
    more: bool
    """Whether another page follows."""


class Listing(msgspec.Struct, frozen=True):
    """How a provider lists its jobs."""

    path: Callable[[str], str]
    """(a moment in ISO 8601, before which they were made; empty: now) → the path and its query."""
    parse: Callable[[Any], Found]
    """Raises BadAnswer."""


class Span(msgspec.Struct, frozen=True):
    """The part of a list that a client asks for."""

    limit: int = USUAL
    after: Ticket | None = None

    @property
    def before(self) -> str:
        """The moment before which everything on it was made; empty: now."""
        if self.after is None:
            return ""
        slack = SLACK if self.after.ref else 1
        return moment(self.after.created + slack)

    def of(
        self, page: Found, named: Callable[[str], str]
    ) -> tuple[list[tuple[Film, Ticket]], Ticket | None]:
        """(the films that are asked for, behind what the next page begins; None: it is the last).

        `named`: (the provider's name of a model) → the client's; empty: it is none of its, and
        the film is left out."""
        known = [(one, named(one.model)) for one in self._behind(page.films)]
        films = [(one.film, _ticket(one, name)) for one, name in known if name]
        shown = films[: self.limit]
        if len(films) > len(shown):
            return shown, shown[-1][1]
        if not page.more:
            return shown, None
        last = int(page.oldest)
        if self.after is not None and not self.after.ref:
            last = min(last, self.after.created - 1)
        return shown, Ticket(ref="", created=last)

    def _behind(self, films: Sequence[Listed]) -> Sequence[Listed]:
        after = self.after
        if after is None or not after.ref:
            return films
        refs = [one.film.ref for one in films]
        if after.ref in refs:
            return films[refs.index(after.ref) + 1 :]
        return [one for one in films if one.created < after.created + 1]


def span(query: Mapping[str, str], ticket: Callable[[str], Ticket]) -> Span:
    """What a client's query asks for; raises InvalidRequest, NotFound, Unsupported."""
    for name in sorted(query.keys() - SAID):
        raise Unsupported(f"this provider's list has no {name}", param=name)
    if query.get("order", "desc") != "desc":
        raise Unsupported("this provider lists the newest first", param="order")
    after = query.get("after")
    return Span(size(query), ticket(after) if after else None)


def size(query: Mapping[str, str]) -> int:
    """How much is to stand on a page; raises InvalidRequest."""
    limit = query.get("limit") or str(USUAL)
    if not limit.isdecimal() or len(limit) > 5 or not int(limit):
        raise InvalidRequest("limit must be a whole number", param="limit")
    return min(int(limit), MOST)


def moment(seconds: float) -> str:
    """Seconds since the epoch in ISO 8601."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        raise InvalidRequest("the list does not go on there", param="after") from None


def since_epoch(said: object) -> float:
    """A moment in ISO 8601, or a number, in seconds since the epoch; 0: it is none."""
    if isinstance(said, int | float):
        return float(said)
    try:
        return datetime.fromisoformat(str(said)).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def _ticket(one: Listed, model: str) -> Ticket:
    return Ticket(
        ref=one.film.ref,
        model=model,
        seconds=one.seconds,
        size=one.size,
        created=int(one.created),
    )
