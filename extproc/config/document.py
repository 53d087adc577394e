"""YAML text → data with the line of every key, under bounds that hostile text cannot lift.

The scalars are those of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema), not of 1.1, where
`on` is a boolean and `12:30` a number. Keys are always text.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml

from extproc.config import bounded
from extproc.config.problem import ConfigError, Flaw, Location, Problem
from extproc.config.redaction import masked, shown

MAX_BYTES = 16 * 1024 * 1024
MAX_NODES = 1_000_000
"""Counted after aliases are expanded."""
MAX_DEPTH = 64
PATIENCE = 10.0
"""Seconds that a pipe may take to give the whole text."""

INTEGER = re.compile(r"[-+]?[0-9]{1,30}")
FLOAT = re.compile(r"[-+]?(\.[0-9]{1,30}|[0-9]{1,30}(\.[0-9]{0,30})?)([eE][-+]?[0-9]{1,3})?")
WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
NUMERIC = frozenset("+-.0123456789")
"""With what a number begins."""
TEXT_TAGS = (None, "!", "tag:yaml.org,2002:str")

NONE: dict[str, int] = {}
"""The lines of the keys of what has none."""

Scalar = str | int | float | bool | None


class Node:
    """One value of the document."""

    __slots__ = ("height", "key_lines", "line", "size", "value")

    def __init__(self, line: int, value: "Scalar | dict[str, Node] | list[Node]") -> None:
        self.line = line
        self.value = value
        self.key_lines: dict[str, int] = {} if isinstance(value, dict) else NONE
        self.size = 1
        """Nodes in it, itself and expanded aliases included."""
        self.height = 1

    def add(self, child: "Node") -> None:
        """Counts `child` as a part of this node."""
        self.size += child.size
        if child.height >= self.height:
            self.height = child.height + 1

    def plain(self) -> Any:
        """The same as dicts, lists and scalars."""
        value = self.value
        if isinstance(value, dict):
            return {key: child.plain() for key, child in value.items()}
        if isinstance(value, list):
            return [child.plain() for child in value]
        return value


class Document(msgspec.Struct, frozen=True):
    """A file as it was read."""

    file: str
    root: Node

    def problems(self, flaws: Iterable[Flaw]) -> list[Problem]:
        """`flaws` with their lines; one for each place, for the others follow from the first."""
        found: dict[tuple[int, Location], Problem] = {}
        for flaw in flaws:
            line, location = locate(self.root, flaw.location)
            problem = Problem(
                file=self.file,
                line=line,
                key=dotted(location),
                message=flaw.message,
                allowed=flaw.allowed,
            )
            found.setdefault((line, location), problem)
        return list(found.values())


class Unreadable(Exception):
    """Text of which nothing can be used."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


def dotted(location: Location) -> str:
    """`routes[0].models[1]`; a key that looks like a secret is left out."""
    key = ""
    for part in location:
        if isinstance(part, int):
            key += f"[{part}]"
        else:
            key += f".{shown(part)}" if key else shown(part)
    return key


def locate(root: Node, location: Location) -> tuple[int, Location]:
    """The line of the deepest place in `location` that was written, and the location as written.

    A location may name parts that only the model knows: tags of a union (`<…>`), the `[key]` of a
    mapping, the index of a value that may also be a list. Those are left out.
    """
    node, line, found = root, root.line, list[str | int]()
    for index, part in enumerate(location):
        if isinstance(node.value, dict) and isinstance(part, str):
            if part in node.value:
                line, node = node.key_lines[part], node.value[part]
            elif part.startswith(("<", "[")):
                continue
            else:
                return line, (*found, *written(location[index:]))
        elif isinstance(node.value, list) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.line
        else:
            continue
        found.append(part)
    return line, tuple(found)


def written(location: Location) -> Location:
    """`location` without the parts that only the model knows."""
    return tuple(part for part in location if not str(part).startswith(("<", "[")))


def scalar(event: yaml.ScalarEvent) -> Scalar:
    """The value by the core schema; `.inf` and `.nan`, which JSON lacks, stay text."""
    text: str = event.value
    if event.style or event.tag in TEXT_TAGS[1:]:
        return text
    if text in WORDS:
        return WORDS[text]
    if text[0] not in NUMERIC:
        return text
    if INTEGER.fullmatch(text):
        return int(text)
    return float(text) if FLOAT.fullmatch(text) else text


class Frame:
    """A mapping or list that is still open."""

    __slots__ = ("key", "key_line", "merge", "node")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.key: str | None = None
        self.key_line = 0
        self.merge: list[Node] = []


class Builder:
    """Events of one YAML document in, its nodes out; what is wrong on the way is in `flaws`."""

    def __init__(self) -> None:
        self.flaws: list[tuple[int, Flaw]] = []
        """With the line, which a key that stands twice does not have by its location."""
        self.root: Node | None = None
        self._frames: list[Frame] = []
        self._anchors: dict[str, Node] = {}
        self._open: set[int] = set()
        self._nodes = 0

    def feed(self, event: yaml.Event) -> None:
        """Takes the next event."""
        line = event.start_mark.line + 1 if event.start_mark else 1
        match event:
            case yaml.ScalarEvent():
                if event.tag is not None:
                    self._check_tag(event, line)
                self._scalar(event, line)
            case yaml.MappingStartEvent():
                self._check_tag(event, line)
                self._enter(event.anchor, Node(line, {}))
            case yaml.SequenceStartEvent():
                self._check_tag(event, line)
                self._enter(event.anchor, Node(line, []))
            case yaml.AliasEvent():
                self._alias(event.anchor, line)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._leave()
            case yaml.DocumentStartEvent() if self.root is not None:
                raise Unreadable(line, "a second document; one file holds one")

    def _location(self) -> Location:
        parts: list[str | int] = []
        for frame in self._frames:
            if isinstance(frame.node.value, list):
                parts.append(len(frame.node.value))
            elif frame.key is not None:
                parts.append(frame.key)
        return tuple(parts)

    def _flaw(self, line: int, message: str, key: str | None = None) -> None:
        location = self._location() + (() if key is None else (key,))
        self.flaws.append((line, Flaw(location, message)))

    def _check_tag(self, event: Any, line: int) -> None:
        if event.tag not in TEXT_TAGS:
            self._flaw(line, "YAML tags are not allowed")

    def _count(self, nodes: int, line: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise Unreadable(line, f"more than {MAX_NODES} values, aliases expanded")

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        self._count(1, line)
        frame = self._frames[-1] if self._frames else None
        if frame and isinstance(frame.node.value, dict) and frame.key is None:
            self._key(frame, event.value, line)
            return
        node = Node(line, scalar(event))
        if event.anchor:
            self._anchors[event.anchor] = node
        self._attach(node)

    def _key(self, frame: Frame, key: str, line: int) -> None:
        if key in frame.node.key_lines:
            first = frame.node.key_lines[key]
            self._flaw(line, f"the key stands twice, first on line {first}", key)
        frame.key, frame.key_line = key, line

    def _enter(self, anchor: str | None, node: Node) -> None:
        self._count(1, node.line)
        if len(self._frames) >= MAX_DEPTH:
            raise Unreadable(node.line, f"nested deeper than {MAX_DEPTH} levels")
        frame = self._frames[-1] if self._frames else None
        if frame and isinstance(frame.node.value, dict) and frame.key is None:
            raise Unreadable(node.line, "a key must be plain text")
        if anchor:
            self._anchors[anchor] = node
        self._open.add(id(node))
        self._frames.append(Frame(node))

    def _leave(self) -> None:
        frame = self._frames.pop()
        self._open.discard(id(frame.node))
        for source in frame.merge:
            self._merge(frame.node, source)
        self._attach(frame.node)

    def _alias(self, anchor: str | None, line: int) -> None:
        node = self._anchors.get(anchor or "")
        if node is None:
            raise Unreadable(line, "an alias of an anchor that does not stand before it")
        if id(node) in self._open:
            raise Unreadable(line, "an alias inside its own anchor")
        if len(self._frames) + node.height > MAX_DEPTH:
            raise Unreadable(line, f"nested deeper than {MAX_DEPTH} levels")
        frame = self._frames[-1]
        if isinstance(frame.node.value, dict) and frame.key is None:
            raise Unreadable(line, "a key must be plain text")
        self._count(node.size, line)
        self._attach(node)

    def _attach(self, node: Node) -> None:
        if not self._frames:
            self.root = node
            return
        frame = self._frames[-1]
        if isinstance(frame.node.value, list):
            frame.node.value.append(node)
            frame.node.add(node)
        elif isinstance(frame.node.value, dict) and frame.key is not None:
            self._set(frame, frame.key, node)

    def _set(self, frame: Frame, key: str, node: Node) -> None:
        if key == "<<":
            self._collect_merge(frame, node)
        elif isinstance(frame.node.value, dict):
            frame.node.value[key] = node
            frame.node.key_lines[key] = frame.key_line
            frame.node.add(node)
        frame.key = None

    def _collect_merge(self, frame: Frame, node: Node) -> None:
        """`<<` takes a mapping or a list of them (https://yaml.org/type/merge.html)."""
        sources = node.value if isinstance(node.value, list) else [node]
        if not all(isinstance(source.value, dict) for source in sources):
            self._flaw(frame.key_line, "takes a mapping or a list of mappings")
            return
        frame.merge += sources

    def _merge(self, node: Node, source: Node) -> None:
        if not isinstance(source.value, dict) or not isinstance(node.value, dict):
            return
        for key, child in source.value.items():
            if key not in node.value:
                self._count(child.size, node.line)
                node.value[key] = child
                node.key_lines[key] = source.key_lines[key]
                node.add(child)


def _events(text: str) -> Iterator[yaml.Event]:
    """libyaml's events where it is there, ten times as fast."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        # What `yaml.parse` does asks twice for each event.
        yield from iter(loader.get_event, None)
    finally:
        loader.dispose()


def build(text: str) -> Builder:
    """The document in `text`; raises Unreadable, which never quotes the text."""
    builder = Builder()
    try:
        for event in _events(text):
            builder.feed(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Unreadable(mark.line + 1 if mark else 1, f"not YAML: {_said(error)}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Unreadable(line, "not YAML: a character that it does not allow") from None
    return builder


def _said(error: yaml.MarkedYAMLError) -> str:
    """The parser's words without what it quotes from the text."""
    return re.sub(r"'[^'<]{2,}'", "…", error.problem or "it cannot be read")


def read(path: Path) -> tuple[Document | None, list[Problem]]:
    """The file as `parse` gives it; one that cannot be read is a problem without a line."""
    try:
        data = given(path)
    except ConfigError as error:
        return None, [*error.problems]
    return parse(data, masked(str(path)))


def given(path: Path) -> bytes:
    """What is in the file; raises ConfigError."""
    try:
        return bounded.read(path, MAX_BYTES, PATIENCE)
    except OSError as error:
        message = f"cannot be read: {(error.strerror or 'unknown error').lower()}"
        problem = Problem(file=masked(str(path)), line=0, key="", message=message)
        raise ConfigError([problem]) from None


def parse(data: bytes, file: str) -> tuple[Document | None, list[Problem]]:
    """The document, or None where nothing of it can be used, and what is wrong with its YAML."""
    try:
        builder = build(_decoded(data))
        if builder.root is None or builder.root.value is None:
            raise Unreadable(1, "the file is empty")
        if not isinstance(builder.root.value, dict):
            raise Unreadable(builder.root.line, "must be a mapping")
    except Unreadable as error:
        return None, [Problem(file=file, line=error.line, key="", message=error.message)]
    problems = [
        Problem(file=file, line=line, key=dotted(flaw.location), message=flaw.message)
        for line, flaw in builder.flaws
    ]
    return Document(file, builder.root), problems


def _decoded(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise Unreadable(1, f"larger than {MAX_BYTES} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(data.count(b"\n", 0, error.start) + 1, "not UTF-8") from None
