"""Lists of batches at providers of another format: what is asked for, and how pages follow.

Nothing is remembered between two pages: one begins behind an id. Some providers' pages begin behind
an id, too; others' by a token, which then stands behind the ids of their further pages.
"""

import re
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Self

import msgspec

from providers.errors import InvalidRequest, NotFound, Unsupported
from providers.neutral.batches import Part, Run, Slip
from providers.neutral.film_lists import size
from providers.wire.members import Json

SAID = frozenset({"limit", "after"})
BETWEEN = "."
"""An id, and the page that it is on; no id of ours has one."""
TOKEN = re.compile(r"[\w=-]+", re.ASCII)
"""What tokens are usually made of; an id has no equals sign."""
SPELT = re.compile(r"[\w~-]+", re.ASCII)
OTHER = ":"
"""How one of anything else begins."""
LONGEST = 380
"""Characters of an id, of which a signed one has a few more."""
BEYOND = "the list does not go on there: begin it anew, or ask for fewer of them"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where in a list a batch stands."""

    slip: Slip
    page: str = ""
    """The token by which its page began, or the next one does; empty: that needs none."""

    def text(self) -> str:
        """What an id says; on a first page it is the one that the batch was made under."""
        return self.slip.text() + (BETWEEN + _spelt(self.page) if self.page else "")

    @classmethod
    def of(cls, text: str) -> Self:
        """The same again; raises NotFound."""
        said, _, token = text.partition(BETWEEN)
        try:
            return cls(slip=Slip.of(said), page=_read(token))
        except ValueError:
            raise NotFound(f"there is nothing with the id {text[:200]!r}") from None

    def fits(self) -> bool:
        """Whether it does not become too long for an id."""
        return len(self.text()) <= LONGEST


def _spelt(token: str) -> str:
    if TOKEN.fullmatch(token):
        return token.replace("=", "~")
    return OTHER + urlsafe_b64encode(token.encode()).rstrip(b"=").decode()


def _read(token: str) -> str:
    """Raises ValueError for what nobody has spelt so."""
    if not token or SPELT.fullmatch(token):
        return token.replace("~", "=")
    if not token.startswith(OTHER):
        raise ValueError(token)
    said = token.removeprefix(OTHER)
    return b64decode(said + "=" * (-len(said) % 4), b"-_", validate=True).decode()


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A batch as a provider's list tells of it."""

    run: Run
    slip: Slip
    """What is known for its id."""
    model: str = ""
    """As the provider knows it; empty: nobody says."""


class Leaf(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a provider's."""

    entries: Sequence[Entry]
    next: str = ""
    """The token by which the next one begins."""
    more: bool = False
    """Whether there is one."""


class Shown(msgspec.Struct, frozen=True):
    """A page for a client."""

    batches: Sequence[tuple[Standing, Run]]
    last: Standing | None
    """Behind what the next page begins; None: there is none."""


class Span(msgspec.Struct, frozen=True):
    """The part of a list that a client asks for."""

    limit: int
    after: Standing | None = None

    @property
    def page(self) -> str:
        """The token of the page that is read."""
        return "" if self.after is None else self.after.page

    @property
    def ref(self) -> str:
        """Behind what it begins, as the provider calls it."""
        return "" if self.after is None else self.after.slip.ref

    def of(self, leaf: Leaf, called: Callable[[str, str], str], *, by_token: bool) -> Shown:
        """What is asked for of a page; raises InvalidRequest.

        `called`: (the provider's name of a model, the client's when the batch was made) → the
        client's; empty: it is none of its, and the batch is left out."""
        entries = self._behind(leaf.entries) if by_token else leaf.entries
        found = [(_named(one, called), one.run) for one in entries]
        known = [(slip, run) for slip, run in found if slip is not None]
        shown = [(_standing(slip, self.page), run) for slip, run in known[: self.limit]]
        if len(known) > self.limit:
            return Shown(shown, shown[-1][0])
        if not leaf.more:
            return Shown(shown, None)
        end = Standing(slip=shown[-1][0].slip if shown else NOTHING, page=leaf.next)
        if not end.fits():
            raise InvalidRequest(BEYOND, param="after")
        return Shown([*shown[:-1], (end, shown[-1][1])] if shown else [], end)

    def _behind(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """A page that began by a token holds what an id stands behind, or follows it."""
        refs = [one.run.ref for one in entries]
        if self.ref in refs:
            return entries[refs.index(self.ref) + 1 :]
        if self.ref and not self.page:
            raise InvalidRequest(BEYOND, param="after")
        return entries


NOTHING = Slip(part=Part.BATCH, ref="", model="", endpoint="", lines=0, size=0, created=0)
"""Behind which nothing stands but a page."""


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """How a provider lists its batches."""

    path: Callable[[Span], str]
    """→ the path and its query."""
    parse: Callable[[Json], Leaf]
    """Raises BadAnswer."""
    by_token: bool = False
    """Whether a page begins by a token, and not behind a batch."""


def span(query: Mapping[str, str], standing: Callable[[str], Standing]) -> Span:
    """What a client's query asks for; raises InvalidRequest, NotFound, Unsupported."""
    for name in sorted(query.keys() - SAID):
        raise Unsupported(f"this provider's list has no {name}", param=name)
    after = query.get("after")
    return Span(size(query), standing(after) if after else None)


def _standing(slip: Slip, page: str) -> Standing:
    """Where a batch stands on a page; no list goes on behind one whose id has no room for that."""
    found = Standing(slip=slip, page=page)
    return found if found.fits() else Standing(slip=slip)


def _named(one: Entry, called: Callable[[str, str], str]) -> Slip | None:
    """What its id says; None: it is of a model that is none of the client's."""
    if not one.model:
        return one.slip
    name = called(one.model, one.slip.model)
    return msgspec.structs.replace(one.slip, model=name) if name else None
