"""Bodies as they are stored: without secrets, and without what else nobody shall read."""

import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import orjson
from sqlalchemy import Engine, or_, select

from extproc.config.expressions import compiled
from extproc.config.redaction import SECRET
from extproc.config.telemetry import Raw
from extproc.credentials.redaction import begun, redacted
from extproc.exchange.raw import Bodies
from extproc.usage.store import raw

HIDDEN = "[redacted]"
NO_TEXT = ""
"""What is kept of a body that is no text, or that could not be read as the paths need it."""
DATA = re.compile(r"(?P<field>data:\s*)?(?P<said>[{\[].*)")
"""A line of a stream: of server-sent events, or of JSON alone."""
HARMLESS = re.compile(r"(?:event|id|retry): ?[\w.-]*|data: ?\[DONE\]|")
"""A line of one that says nothing by itself."""
ANY = "*"
MOST_READ = 64
"""Attempts of one request that are shown."""


class Body(msgspec.Struct, frozen=True):
    """As far as it is here."""

    data: bytes
    whole: bool


class Redaction:
    """The rules of one configuration."""

    def __init__(self, settings: Raw) -> None:
        self._most = settings.max_bytes
        self._paths = [path.split(".") for path in settings.redact]
        self._patterns = [compiled(pattern) for pattern in settings.patterns]

    def row(self, bodies: Bodies, secrets: tuple[str, ...]) -> dict[str, Any]:
        """What is stored of an attempt; `secrets` are those of its backend."""
        asked = Body(bodies.request, whole=bodies.request_bytes == len(bodies.request))
        answered = Body(bodies.response, whole=bodies.response_bytes == len(bodies.response))
        return {
            "id": bodies.id,
            "at": bodies.at,
            "exchange": bodies.request_id or bodies.id,
            "backend": bodies.backend,
            "request": self._shown(asked, secrets),
            "request_bytes": bodies.request_bytes,
            "response": self._shown(_unpacked(answered, bodies.encoding, self._most), secrets),
            "response_bytes": bodies.response_bytes,
        }

    def _shown(self, body: "Body", secrets: tuple[str, ...]) -> str:
        data = redacted(body.data, secrets)
        # The rest of a secret that begins where a body was cut is not here.
        text = _text(data if body.whole else data[: len(data) - begun(data, secrets)])
        if self._paths and text:
            text = self._without_members(text) if body.whole else NO_TEXT
        text = SECRET.sub(HIDDEN, text)
        for pattern in self._patterns:
            text = pattern.sub(HIDDEN, text)
        return text.replace("\0", "�")  # PostgreSQL takes none

    def _without_members(self, text: str) -> str:
        """A document, or a stream of them; of anything else nothing is kept."""
        try:
            return self._hidden(text)
        except orjson.JSONDecodeError:
            pass
        try:
            return "".join(map(self._line, text.splitlines(keepends=True)))
        except orjson.JSONDecodeError:
            return NO_TEXT

    def _line(self, line: str) -> str:
        said = line.rstrip("\r\n")
        if HARMLESS.fullmatch(said):
            return line
        found = DATA.fullmatch(said)
        if found is None:
            return "\n"
        return f"{found['field'] or ''}{self._hidden(found['said'])}{line[len(said) :]}"

    def _hidden(self, text: str) -> str:
        document = orjson.loads(text)
        for path in self._paths:
            _hide(document, path)
        return orjson.dumps(document).decode()


def _hide(value: Any, path: Sequence[str]) -> None:
    name, *rest = path
    keys: Iterable[Any] = ()
    if isinstance(value, dict):
        keys = [*value] if name == ANY else [name] if name in value else []
    elif isinstance(value, list):
        keys = range(len(value)) if name == ANY else ()
    for key in keys:
        if rest:
            _hide(value[key], rest)
        else:
            value[key] = HIDDEN


def _text(data: bytes) -> str:
    """A last character that was cut is left out."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        cut = error.reason == "unexpected end of data"
        return data[: error.start].decode() if cut else NO_TEXT


def _unpacked(body: Body, encoding: str, most: int) -> Body:
    if encoding not in ("gzip", "deflate"):
        return body
    packed = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        data = packed.decompress(body.data, most)
    except zlib.error:
        return Body(b"", whole=False)
    return Body(data, whole=body.whole and packed.eof)


def question(exchange: str) -> Any:
    """The attempts of a request, by its id or one of theirs, the first one first."""
    wanted = or_(raw.c.exchange == exchange, raw.c.id == exchange)
    return select(raw).where(wanted).order_by(raw.c.at, raw.c.id).limit(MOST_READ)


def found(engine: Engine, exchange: str) -> list[Mapping[str, Any]]:
    """What is kept of a request."""
    with engine.connect() as connection:
        rows = connection.execute(question(exchange)).mappings()
        # Names that SQL might take for words of its own are a kind of string that no JSON takes.
        return [{str(name): value for name, value in row.items()} for row in rows]
