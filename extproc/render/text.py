"""Plain data as YAML with comments, and with anchors for what stands in several places."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec


class Notes(msgspec.Struct, frozen=True):
    """What the comments say."""

    things: Mapping[str, str]
    """Above the first item of a list that has this `name`."""
    fields: Mapping[str, str]
    """Above the first field of this name."""


PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*|[0-9]+(?:\.[0-9]+)?s")
# YAML 1.1 reads these as something else than text (https://yaml.org/type/bool.html).
WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})

# YAML 1.2, section 5.1, but for line breaks and the byte order mark, which are escaped, too.
UNPRINTABLE = re.compile(
    r"[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
LEADING = ("name", "@type")


class Writer:
    """Writes one document; `shared` are the objects that get an anchor, by their identity."""

    def __init__(self, notes: Notes, shared: Mapping[int, str]) -> None:
        self._notes = notes
        self._shared = shared
        self._noted: set[str] = set()
        self._anchored: set[int] = set()

    def write(self, document: Mapping[str, Any]) -> str:
        """The document as YAML."""
        lines: list[str] = []
        self._mapping(lines, document, "")
        return "\n".join(lines) + "\n"

    def _mapping(self, lines: list[str], value: Mapping[str, Any], indent: str) -> None:
        for key, item in sorted(value.items(), key=_is_not_leading):
            self._note(lines, self._notes.fields, key, indent)
            self._entry(lines, f"{indent}{scalar(key)}:", item, indent)

    def _entry(self, lines: list[str], start: str, item: Any, indent: str) -> None:
        anchor = self._shared.get(id(item))
        if anchor is not None and id(item) in self._anchored:
            lines.append(f"{start} *{anchor}")
            return
        if anchor is not None:
            self._anchored.add(id(item))
            start = f"{start} &{anchor}"
        if isinstance(item, Mapping) and item:
            lines.append(start)
            self._mapping(lines, item, indent + "  ")
        elif isinstance(item, list) and item:
            lines.append(start)
            self._list(lines, item, indent)
        elif isinstance(item, str) and _is_block(item):
            lines.append(f"{start} |")
            lines += (f"{indent}  {line}".rstrip() for line in item.splitlines())
        else:
            lines.append(f"{start} {scalar(item)}")

    def _list(self, lines: list[str], items: list[Any], indent: str) -> None:
        for item in items:
            if id(item) in self._shared:
                self._entry(lines, f"{indent}-", item, indent)
            elif isinstance(item, Mapping) and item:
                self._note(lines, self._notes.things, item.get("name"), indent)
                first = len(lines)
                self._mapping(lines, item, indent + "  ")
                _dash(lines, first, indent)
            else:
                lines.append(f"{indent}- {scalar(item)}")

    def _note(self, lines: list[str], notes: Mapping[str, str], name: object, indent: str) -> None:
        note = notes.get(name) if isinstance(name, str) else None
        if note is not None and note not in self._noted:
            self._noted.add(note)
            lines += comment(note, indent)


def _is_not_leading(entry: tuple[str, Any]) -> bool:
    """A thing begins with what it is."""
    return entry[0] not in LEADING


def comment(text: str, indent: str = "") -> Iterator[str]:
    """The text as comment lines."""
    for line in text.splitlines():
        yield f"{indent}# {line}".rstrip()


def scalar(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, str) and PLAIN.fullmatch(value) and value.lower() not in WORDS:
        return value
    if isinstance(value, float) and value.is_integer():
        # Envoy takes a number with a point for text, where its schema leaves the choice.
        value = int(value)
    return UNPRINTABLE.sub(_escaped, json.dumps(value, ensure_ascii=False))


def _escaped(found: re.Match[str]) -> str:
    return f"\\U{ord(found[0]):08x}"


def _is_block(text: str) -> bool:
    if "\n" not in text[:-1] or not text.endswith("\n") or text[0].isspace():
        return False
    return all(char.isprintable() or char == "\n" for char in text)


def _dash(lines: list[str], first: int, indent: str) -> None:
    """Puts the dash of a list's item before its first line that is no comment, from `first` on."""
    while lines[first].lstrip().startswith("#"):
        first += 1
    lines[first] = f"{indent}- {lines[first][len(indent) + 2 :]}"
