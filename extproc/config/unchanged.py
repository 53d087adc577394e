"""The routes that a file shares with the one before, which need not be read and checked again.

The text is cut where routes begin, and what is the same as before is taken out before YAML sees it:
lines of comments stand in its place, so that every other line keeps its number. Whether the cuts
are where YAML has them is seen by the lines of what it finds; wherever that is not certain, or
anything is wrong, the whole is read as if there had been nothing before.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from extproc.config.document import MAX_NODES, Document, Node, Unreadable, build
from extproc.config.route import Route

TOP = re.compile(r"^routes:[ ]*(?:#.*)?$", re.MULTILINE)
REFERENCES = re.compile(r"(?:^|[\s\[{,:])[&*][^\s]", re.MULTILINE)
"""What may be an anchor or an alias: a route with one is more than its own text."""
BREAKS = re.compile(r"[\r\x85\u2028\u2029]")
"""Line breaks of YAML that are not those by which the text is cut."""


class Seen(msgspec.Struct, frozen=True):
    """A route that was read."""

    route: Route
    nodes: int
    """Values in it."""


Known = Mapping[bytes, Seen]
"""Digest of a route's text → the route."""
NOTHING: Known = {}


class Piece(msgspec.Struct, frozen=True):
    """The text of one route."""

    line: int
    """Where it begins, from 1."""
    text: str
    key: bytes
    """The same for the same text."""


class Cut(msgspec.Struct, frozen=True):
    """A text, cut where routes begin."""

    text: str
    line: int
    """Of the key `routes`."""
    pieces: list[Piece]

    def without(self, known: Known) -> str:
        """The text with comments in the place of the routes that are known."""
        lines = self.text.split("\n")
        for piece in self.pieces:
            if piece.key in known:
                end = piece.line - 1 + piece.text.count("\n")
                lines[piece.line - 1 : end] = ["#"] * (end - piece.line + 1)
        return "\n".join(lines)

    def matches(self, document: Document, pieces: list[Piece]) -> bool:
        """Whether the routes of the document are `pieces`, each one."""
        root = document.root
        if root.key_lines.get("routes") != self.line:
            return False
        found = [node.line for node in listed(document)]
        return found == [piece.line for piece in pieces]


def listed(document: Document) -> list[Node]:
    """The routes of a document."""
    value = document.root.value
    routes = value.get("routes") if isinstance(value, dict) else None
    return routes.value if routes is not None and isinstance(routes.value, list) else []


def cut(data: bytes) -> Cut | None:
    """A file in pieces; None where it cannot be said where they end."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    tops = [*TOP.finditer(text)]
    if len(tops) != 1 or BREAKS.search(text) or REFERENCES.search(text):
        return None
    line = text.count("\n", 0, tops[0].start()) + 1
    return Cut(text, line, [*_pieces(text.split("\n")[line:], line + 1)])


def _pieces(lines: list[str], first: int) -> Iterator[Piece]:
    start: str | None = None
    begun = 0
    for number, line in enumerate([*lines, "end"]):
        bare = line.lstrip(" ")
        if not bare or bare.startswith("#"):
            continue
        depth = line[: len(line) - len(bare)]
        begins = bare.startswith("- ")
        if start is None:
            if not begins:
                return
            start, begun = depth, number
        elif depth <= start:
            text = "\n".join([*lines[begun:number], ""])
            yield Piece(first + begun, text, hashlib.sha256(text.encode()).digest())
            if depth != start or not begins:
                return
            begun = number


def alone(piece: Piece) -> bool:
    """Whether the text of a route ends nothing that began before it, and leaves nothing open."""
    try:
        return not build(f"routes:\n{piece.text}").flaws
    except Unreadable:
        return False


def joined(cut: Cut, document: Document, known: Known) -> dict[str, Any] | None:
    """The data of a document without the known routes, and these among the others in their places;
    None where none is known, or the cuts are not where the document has its routes."""
    kept = [known[piece.key] for piece in cut.pieces if piece.key in known]
    fresh = [piece for piece in cut.pieces if piece.key not in known]
    if not kept or not cut.matches(document, fresh) or not all(map(alone, fresh)):
        return None
    if document.root.size + sum(seen.nodes for seen in kept) > MAX_NODES:
        return None
    data: dict[str, Any] = document.root.plain()
    others = iter(data["routes"] or [])
    data["routes"] = [
        known[piece.key].route if piece.key in known else next(others) for piece in cut.pieces
    ]
    return data


def seen(
    cut: Cut,
    document: Document,
    checked: Mapping[int, Route],
    routes: Sequence[Route],
    known: Known,
) -> Known:
    """What can be known of the routes at the next time; of the document the `known` are left out.

    A route into which something was put from elsewhere (`routes` has another than `checked`) is
    read each time.
    """
    fresh = [piece for piece in cut.pieces if piece.key not in known]
    if not cut.matches(document, fresh):
        return NOTHING
    sizes = {piece.key: node.size for piece, node in zip(fresh, listed(document), strict=True)}
    found = {}
    for number, piece in enumerate(cut.pieces):
        if routes[number] is checked[number]:
            before = known.get(piece.key)
            found[piece.key] = before or Seen(routes[number], sizes[piece.key])
    return found
