"""Bodies of several parts, as HTML forms send files: read, changed in place, written.

https://www.rfc-editor.org/rfc/rfc7578
"""

import logging
import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any
from urllib.parse import unquote

import msgspec
import orjson
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from providers.errors import InvalidRequest
from providers.wire.members import Json
from providers.wire.splice import REMOVED

logging.getLogger("python_multipart").setLevel(logging.ERROR)  # it warns of every bad body

TYPE = "multipart/form-data"
MOST = 256
"""Parts of a body."""


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A part that is a file."""

    data: bytes
    filename: str
    media_type: str
    """Empty where the client says none."""


class Part(msgspec.Struct, kw_only=True):
    """One part, by its place in the body."""

    begin: int
    """Where its delimiter begins."""
    headers: dict[str, bytes] = {}
    start: int = 0
    end: int = 0
    """Its content."""
    name: str = ""
    filename: str | None = None

    def settle(self) -> None:
        """Reads its name; raises InvalidRequest where it has none."""
        kind, options = parse_options_header(self.headers.get("content-disposition"))
        name = options.get(b"name")
        if kind != b"form-data" or name is None:
            raise InvalidRequest("a part of the body has no name")
        self.name = name.decode("utf-8", "replace")
        self.filename = _filename(options, self.headers.get("content-disposition", b""))


ENCODED = re.compile(rb""";\s*filename\*\s*=\s*"?[^'";]*'[^'";]*'([^'";\s]*)""", re.IGNORECASE)
"""A name that is no ASCII as mail has it (https://www.rfc-editor.org/rfc/rfc5987): forms should not
(RFC 7578), and the `requests` of older Pythons do."""


def _filename(options: Mapping[bytes, bytes], disposition: bytes) -> str | None:
    """What the client calls a file; None: it is none."""
    said = options.get(b"filename")
    if said is not None:
        return said.decode("utf-8", "replace")
    found = ENCODED.search(disposition)
    return None if found is None else unquote(found[1].decode("latin-1"), errors="replace")


class Form:
    """A body and what stands where in it."""

    def __init__(self, data: bytes, boundary: bytes) -> None:
        """Raises InvalidRequest."""
        self.data = data
        self._boundary = boundary
        self._parts = _parts(data, boundary)

    def members(self) -> Json:
        """Name → text, Upload, or a list where a name stands more than once or ends in `[]`."""
        found: Json = {}
        for part in self._parts:
            name = part.name.removesuffix("[]")
            value = self._value(part)
            if name in found or name != part.name:
                known = found.setdefault(name, [])
                found[name] = [*(known if isinstance(known, list) else [known]), value]
            else:
                found[name] = value
        return found

    def _value(self, part: Part) -> str | Upload:
        content = self.data[part.start : part.end]
        if part.filename is None:
            try:
                return content.decode()
            except UnicodeDecodeError:
                raise InvalidRequest(f"{part.name} is not UTF-8", param=part.name) from None
        media_type = part.headers.get("content-type", b"").decode("latin-1")
        return Upload(data=content, filename=part.filename, media_type=media_type)

    def edited(self, changes: Mapping[str, Any]) -> bytes:
        """The same bytes, but for the parts that are changed, removed or added."""
        waiting = dict(changes)
        # A file of any size is copied once, when all is put together.
        whole = memoryview(self.data)
        pieces: list[bytes | memoryview] = []
        at = 0
        ends = [*(part.begin for part in self._parts), self._tail()][1:]
        for part, end in zip(self._parts, ends, strict=True):
            name = part.name.removesuffix("[]")
            if name not in changes:
                continue
            pieces.append(whole[at : part.begin])
            at = end
            value = waiting.pop(name, REMOVED)
            if value is not REMOVED:
                pieces.append(self._written(name, value))
        pieces.append(whole[at : self._tail()])
        added = [item for item in waiting.items() if item[1] is not REMOVED]
        pieces += [self._written(name, value) for name, value in added]
        pieces.append(whole[self._tail() :])
        return b"".join(pieces)

    def with_file(self, name: str, content: bytes) -> bytes:
        """The same bytes, but for what the file `name` holds."""
        part = next(part for part in self._parts if part.name == name)
        whole = memoryview(self.data)
        return b"".join((whole[: part.start], content, whole[part.end :]))

    def _tail(self) -> int:
        """Where the closing delimiter begins."""
        end = self._parts[-1].end if self._parts else 0
        return self.data.index(b"--" + self._boundary + b"--", end)

    def _written(self, name: str, value: Any) -> bytes:
        return b"".join(
            piece for part in _member(name, value) for piece in _pieces(self._boundary, *part)
        )


def _parts(data: bytes, boundary: bytes) -> list[Part]:
    reader = _Reader(data, boundary)
    try:
        parser = MultipartParser(boundary, reader.callbacks())
        parser.write(data)
        parser.finalize()
    except (FormParserError, ValueError) as error:
        raise InvalidRequest(f"the body is not valid {TYPE}: {error}") from None
    if not reader.done:
        raise InvalidRequest(f"the body is not valid {TYPE}: it ends too early")
    for part in reader.parts:
        part.settle()
    return reader.parts


class _Reader:
    """What the parser tells of a body that it gets in one piece."""

    def __init__(self, data: bytes, boundary: bytes) -> None:
        self.parts: list[Part] = []
        self.done = False
        self._data = data
        self._delimiter = b"--" + boundary
        self._name = ""

    def callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._field,
            "on_header_value": self._value,
            "on_part_data": self._content,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        if len(self.parts) >= MOST:
            raise InvalidRequest(f"the body has more than {MOST} parts")
        last = self.parts[-1] if self.parts else None
        begin = self._data.index(self._delimiter, last.end if last else 0)
        after = self._data.find(b"\r\n\r\n", begin)
        start = len(self._data) if after < 0 else after + 4
        self.parts.append(Part(begin=begin, start=start, end=start, headers={}))

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._name = data[start:end].decode("latin-1").lower()

    def _value(self, data: bytes, start: int, end: int) -> None:
        self.parts[-1].headers[self._name] = data[start:end]

    def _content(self, data: bytes, start: int, end: int) -> None:
        self.parts[-1].end = end

    def _end(self) -> None:
        self.done = True


def is_form(content_type: str) -> bool:
    """Whether a header says that a body has several parts."""
    return content_type.partition(";")[0].strip().lower() == TYPE


def parse(data: bytes, content_type: str) -> Form:
    """A body with its header; raises InvalidRequest."""
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if kind != TYPE.encode() or not boundary:
        raise InvalidRequest(f"the body must be {TYPE}, with a boundary")
    return Form(data, boundary)


def render(members: Mapping[str, Any]) -> tuple[bytes, str]:
    """(body, content type) of texts, numbers, Uploads, lists of them, whose names get brackets, and
    tuples, whose names get none."""
    parts = [part for name, value in members.items() for part in _member(name, value)]
    boundary = _boundary(parts)
    pieces = [piece for head, content in parts for piece in _pieces(boundary, head, content)]
    body = b"".join([*pieces, b"--", boundary, b"--\r\n"])
    return body, f"{TYPE}; boundary={boundary.decode()}"


def _boundary(parts: list[tuple[str, bytes]]) -> bytes:
    """One that no part can hold: nobody can write down a digest of what he writes."""
    digest = blake2b(digest_size=20)
    for head, content in parts:
        digest.update(head.encode())
        digest.update(content)
    return b"extproc-" + digest.hexdigest().encode()


def _member(name: str, value: Any) -> list[tuple[str, bytes]]:
    """(head, content) of each part."""
    if isinstance(value, list):
        return [_one(f"{name}[]", each) for each in value]
    if isinstance(value, tuple):
        return [_one(name, each) for each in value]
    return [_one(name, value)]


def _one(name: str, value: Any) -> tuple[str, bytes]:
    if not isinstance(value, Upload):
        return _disposition(name), _text(value)
    said = f'{_disposition(name)}; filename="{_quoted(value.filename)}"'
    media_type = value.media_type or "application/octet-stream"
    return f"{said}\r\nContent-Type: {_clean(media_type)}", value.data


def _text(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else orjson.dumps(value)


def _pieces(boundary: bytes, head: str, content: bytes) -> tuple[bytes, bytes, bytes]:
    """A part, whose content is not copied."""
    return b"--%b\r\n%b\r\n\r\n" % (boundary, head.encode()), content, b"\r\n"


def _disposition(name: str) -> str:
    return f'Content-Disposition: form-data; name="{_quoted(name)}"'


def _quoted(text: str) -> str:
    """https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data"""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _clean(media_type: str) -> str:
    return media_type.replace("\r", "").replace("\n", "")
