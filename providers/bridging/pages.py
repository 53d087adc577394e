"""Lists that several backends keep, as one: which pages are asked for, and what is made of them.

Nothing is remembered between two pages. Where a page begins behind an id, every backend is read up
to the moment that the id's thing was made; where a format has cursors of its own, one backend comes
after the other, and a cursor says which.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from providers.errors import InvalidRequest, Unsupported
from providers.neutral.film_lists import since_epoch
from providers.wire.members import Json, dicts

ROUNDS = 24
"""Pages that are read of each backend before a page of all is found."""
STRIDE = 1_000
"""Things on such a page, where a page can have so many."""
FURTHER = (
    "this list of several backends is too long to be read from here: name one in the header "
    "x-ai-backend"
)
ALONE = "a list of several backends has no {name}: name one in the header x-ai-backend"


class Pages(msgspec.Struct, frozen=True, kw_only=True):
    """How a format's lists are read, a page at a time."""

    items: str
    """Member of a page with what is listed."""
    sizes: tuple[str, ...]
    """What of a query says how long a page is; the first is the format's own word."""
    begins: tuple[str, ...]
    """The same for where it begins."""
    alone: frozenset[str] = frozenset()
    """What of a query only one backend can answer."""


class ByTime(Pages, frozen=True, kw_only=True):
    """Lists in the order in which things were made; a page begins behind an id."""

    at: str = "created_at"
    """Member of a thing: when it was made."""
    pointer: tuple[str, str] | None = None
    """(what else of a query says where a page begins, the member of a page that says it), where
    that is no id."""
    usual: int = 20
    """Things on a page whose size nobody says."""
    most: int = 100
    """Things that a page can have."""
    ascending: bool = False
    """Whether the oldest comes first where a query does not say it."""


class ByCursor(Pages, frozen=True, kw_only=True):
    """Lists in an order that nobody promises; a page says where the next one begins."""

    more: str
    """Member of a page that says it."""


Pairs = Sequence[tuple[str, str]]
"""A query, in which a name may stand twice."""


class Want(msgspec.Struct, frozen=True, kw_only=True):
    """A page of one backend, or a thing."""

    backend: str
    query: Pairs = ()
    id: str = ""
    """The thing; empty: a page."""


class Merged(Protocol):
    """A page of all."""

    missing: dict[str, None]
    """The backends of whose part something is not there."""

    def wanted(self) -> list[Want]:
        """What must still be asked, all at once; none: it is done. Raises InvalidRequest."""

    def take(self, want: Want, body: Json | None) -> None:
        """What was answered; None: nothing that can be used."""

    def page(self) -> Json | None:
        """None: nobody has answered."""


def _one(query: Mapping[str, str], names: Sequence[str]) -> str:
    return next((query[name] for name in names if query.get(name)), "")


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and 0 < len(text) < 6 else 0


def _but(query: Pairs, *names: str) -> list[tuple[str, str]]:
    """All of a query but what has one of these names."""
    return [pair for pair in query if pair[0] not in names]


def _sole(pages: Pages, query: Mapping[str, str]) -> None:
    """Raises Unsupported for what one backend alone can answer."""
    for name in sorted(pages.alone & query.keys()):
        if query[name] != "0":  # the first page, as Mistral's SDK always says
            raise Unsupported(ALONE.format(name=name), param=name)


class _Part:
    """What is known of one backend's list."""

    def __init__(self) -> None:
        self.items: list[Json] = []
        """Those that may come on the page, in order."""
        self.more = True
        self.next: tuple[tuple[str, str], ...] = ()
        """What of a query leads to its next page."""


class Ordered:
    """A page of lists in the order of time."""

    def __init__(
        self,
        pages: ByTime,
        backends: Sequence[str],
        query: Pairs,
        owner: Callable[[str], str],
    ) -> None:
        """`owner`: (an id) → the backend whose it is; raises NotFound. Raises Unsupported."""
        said = dict(query)
        _sole(pages, said)
        self.missing: dict[str, None] = {}
        self._pages = pages
        self._parts = {backend: _Part() for backend in backends}
        self._ranks = {backend: number for number, backend in enumerate(backends)}
        self._query = query
        self._begins = (*pages.begins, *(pages.pointer or ())[:1])
        self._after = _one(said, self._begins)
        self._owner = owner(self._after) if self._after else ""
        self._size = min(_whole(_one(said, pages.sizes)) or pages.usual, pages.most)
        self._sign = 1 if said.get("order", self._usually) == "asc" else -1
        self._edge: tuple[float, int] | None = None
        """The place of the thing behind which the page begins."""
        self._base: Json | None = None
        self._rounds = 0

    @property
    def _usually(self) -> str:
        return "asc" if self._pages.ascending else "desc"

    def _place(self, item: Json, backend: str) -> tuple[float, int]:
        """Where a thing stands among all."""
        return self._sign * since_epoch(item.get(self._pages.at)), self._ranks[backend]

    def wanted(self) -> list[Want]:
        """Raises InvalidRequest where too much would have to be read."""
        short = [
            (backend, part)
            for backend, part in self._parts.items()
            if part.more and len(part.items) < self._size
        ]
        if self._rounds >= ROUNDS and short:
            raise InvalidRequest(FURTHER, param=self._pages.begins[0])
        self._rounds += 1
        wants = [Want(backend=name, query=self._asked(name, part)) for name, part in short]
        if self._after and self._edge is None:
            wants.insert(0, Want(backend=self._owner, id=self._after))
        return wants

    def _asked(self, backend: str, part: _Part) -> Pairs:
        pages = self._pages
        if not self._after and not part.next:
            return self._query
        begins, size = part.next, min(pages.most, STRIDE)
        if backend == self._owner and pages.pointer is None:
            begins = begins or ((pages.begins[0], self._after),)
            size = self._size
        rest = _but(self._query, *self._begins, *pages.sizes)
        return (*rest, (pages.sizes[0], str(size)), *begins)

    def take(self, want: Want, body: Json | None) -> None:
        """A thing comes before the pages that it is needed for."""
        part = self._parts[want.backend]
        if body is None:
            self.missing[want.backend] = None
            part.more = False
        elif want.id:
            self._edge = self._place(body, want.backend)
        else:
            self._base = self._base or body
            self._add(part, want.backend, body)

    def _add(self, part: _Part, backend: str, body: Json) -> None:
        items = list(dicts(body.get(self._pages.items)))
        total = body.get("total")
        following = self._next(body, items)
        part.more = bool(following) and following != part.next
        if following and not part.more:
            self.missing[backend] = None  # the same page again, whatever is asked for
            return
        part.next = following
        if "has_more" not in body and isinstance(total, int) and total > len(items):
            self.missing[backend] = None  # its further pages have numbers
        items.sort(key=lambda item: self._place(item, backend))
        part.items += self._behind(items, backend)
        part.items.sort(key=lambda item: self._place(item, backend))

    def _next(self, body: Json, items: list[Json]) -> tuple[tuple[str, str], ...]:
        """What of a query leads to the page after this one; nothing where it is the last."""
        pointer = self._pages.pointer
        if pointer is not None and isinstance(body.get(pointer[1]), str):
            return ((pointer[0], body[pointer[1]]),)
        if body.get("has_more") is not True:
            return ()
        # A page may hold none of what it was read for, and still say where the next one begins.
        last = items[-1].get("id") if items else body.get("last_id")
        return ((self._pages.begins[0], last),) if isinstance(last, str) else ()

    def _behind(self, items: list[Json], backend: str) -> list[Json]:
        """Those behind the cursor; who does not know it has begun at the beginning."""
        edge = self._edge
        if edge is None:
            return items
        if backend != self._owner:
            return [item for item in items if self._place(item, backend) > edge]
        ids = [item.get("id") for item in items]
        if self._after in ids:
            return items[ids.index(self._after) + 1 :]
        return [item for item in items if self._place(item, backend) >= edge]

    def page(self) -> Json | None:
        """With the format's own cursors."""
        if self._base is None:
            return None
        shown = list(self._merged())
        more = any(part.items or part.more for part in self._parts.values())
        ends = {"first_id": shown[0], "last_id": shown[-1]} if shown else {}
        told: Json = {name: item.get("id") for name, item in ends.items()}
        pointer = self._pages.pointer
        if pointer is not None and pointer[1] in self._base:
            told[pointer[1]] = told.get("last_id") if more else None
        return {**self._base, self._pages.items: shown, **told, "has_more": more}

    def _merged(self) -> Iterator[Json]:
        for _ in range(self._size):
            heads = [
                (self._place(part.items[0], name), part)
                for name, part in self._parts.items()
                if part.items
            ]
            if not heads:
                return
            yield min(heads, key=lambda head: head[0])[1].items.pop(0)


class Chained:
    """A page of lists of which one comes after the other."""

    def __init__(
        self,
        pages: ByCursor,
        backends: Sequence[str],
        query: Pairs,
        *,
        opened: Callable[[str], tuple[str, str]],
        closed: Callable[[str, str], str],
    ) -> None:
        """`opened`: (a cursor) → (a backend, its own cursor), raises NotFound; `closed`: back.
        Raises Unsupported."""
        said = dict(query)
        _sole(pages, said)
        self.missing: dict[str, None] = {}
        self._pages = pages
        self._query = query
        self._closed = closed
        self._size = _whole(_one(said, pages.sizes))
        cursor = _one(said, pages.begins)
        first, self._inner = opened(cursor) if cursor else (backends[0], "")
        self._left = list(backends[backends.index(first) :])
        self._items: list[Any] = []
        self._base: Json | None = None

    def wanted(self) -> list[Want]:
        """One page of one backend, until there is something to show."""
        full = len(self._items) >= self._size if self._size else bool(self._items)
        if not self._left or self._inner_follows or full:
            return []
        pages = self._pages
        query = _but(self._query, *pages.begins, *pages.sizes)
        if self._size:
            query.append((pages.sizes[0], str(self._size - len(self._items))))
        if self._inner:
            query.append((pages.begins[0], self._inner))
        return [Want(backend=self._left[0], query=query)]

    @property
    def _inner_follows(self) -> bool:
        """Whether the backend that was asked has more."""
        return self._base is not None and bool(self._inner)

    def take(self, want: Want, body: Json | None) -> None:
        """The next one follows where this one has no more."""
        self._inner = ""
        if body is None:
            self.missing[want.backend] = None
        else:
            self._base = self._base or body
            found = body.get(self._pages.items)
            self._items += found if isinstance(found, list) else ()
            said = body.get(self._pages.more)
            self._inner = said if isinstance(said, str) else ""
        if not self._inner:
            del self._left[0]

    def page(self) -> Json | None:
        """With a cursor that says whose turn it is."""
        if self._base is None:
            return None
        pages = self._pages
        page = {name: value for name, value in self._base.items() if name != pages.more}
        if self._items:
            page[pages.items] = self._items
        if self._left:
            page[pages.more] = self._closed(self._left[0], self._inner)
        return page
