"""Ids that lead back: what a provider calls a thing, its backend, and a proof that we said so.

`file-abc` of the backend `a` is shown as `file-abc0gw`, eight letters that stand for `a`, and
sixteen that nobody can make up who lacks the secret. They cover the client, too, where clients are
told apart. All of it is lower-case Base32, which every SDK takes for a part of an id; the model
finder in Envoy reads the eight letters, and nothing else believes them.
"""

import json
import re
from base64 import b32encode
from functools import lru_cache
from hashlib import blake2b
from hmac import compare_digest
from typing import Any
from urllib.parse import urlsplit

import msgspec
import orjson

from providers.bridging.dialect import Relay
from providers.bridging.kept_ids import HOLDERS, NOWHERE, Ids
from providers.errors import BadAnswer, InvalidRequest, NotFound
from providers.signing.sign import Secret
from providers.wire.budget import BOUNDS, PIECE, Bounds
from providers.wire.members import Json
from providers.wire.multipart import Form

MARK = "0gw"
CODE, PROOF = 8, 16
"""Letters; five bits each."""
TAIL = len(MARK) + CODE + PROOF
SIGNED = re.compile(r"(?:[A-Za-z]+/)?[A-Za-z0-9_.:~-]+0gw[a-z2-7]{24}")
ENDS = re.compile(rb'0gw[a-z2-7]{24}(?::\w+(?:\?[\w=&]*)?)?(?=")')
"""Of a signed id, and what may stand behind it in a URL."""
PLAIN = re.compile(r"(?:[A-Za-z]+/)?[A-Za-z0-9_.:~-]{1,400}")
"""What can be an id; who calls a thing otherwise cannot be asked for it again."""
LONGEST = 512
KEY = re.compile(rb'"[ \t\r\n]*+:')
"""The end of every member's name, and what looks like one within a text."""
STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
WORD = re.compile(r"\w+")
"""In a form's name, where objects and arrays are written with brackets."""
FEW = 32
"""Texts that are looked for by themselves; more of them are looked up."""


def _letters(*parts: str, size: int, key: bytes = b"") -> str:
    digest = blake2b("\0".join(parts).encode(), digest_size=size * 5 // 8, key=key)
    return b32encode(digest.digest()).decode().lower()


@lru_cache(maxsize=1024)
def code_of(backend: str) -> str:
    """The letters that stand for a backend."""
    return _letters(backend, size=CODE)


@lru_cache(maxsize=16)
def _key(secret: str) -> bytes:
    return blake2b(secret.encode(), digest_size=64, person=b"extproc ids").digest()


class Seal(msgspec.Struct, frozen=True):
    """How ids are signed and read for one client at one backend."""

    backend: str
    client: str
    """Empty where clients are not told apart."""
    secret: Secret
    """The part `key` signs; every part may have signed."""

    def closed(self, id: str) -> str:
        """The id as the client is shown it."""
        return f"{id}{MARK}{code_of(self.backend)}{self._proof(id, self.secret['key'])}"

    def _proof(self, id: str, secret: str) -> str:
        return _letters(self.backend, self.client, id, size=PROOF, key=_key(secret))

    def opened(self, id: str, longest: int = LONGEST) -> str | None:
        """The provider's id; None where this client was never shown it by this backend."""
        if len(id) > longest or SIGNED.fullmatch(id) is None:
            return None
        own, proof = id[:-TAIL], id[-PROOF:]
        if id[-TAIL + len(MARK) : -PROOF] != code_of(self.backend):
            return None
        known = any(compare_digest(self._proof(own, one), proof) for one in self.secret.values())
        return own if known else None

    def must_open(self, id: str) -> str:
        """The same; raises NotFound."""
        found = self.opened(id)
        if found is None:
            raise NotFound(f"there is nothing with the id {id[:200]!r}")
        return found


def opened(data: bytes, body: Any, ids: Ids, seal: Seal) -> bytes:
    """A client's JSON with the provider's ids; raises NotFound for one that is not the client's."""
    for text in ids.within(body):
        seal.must_open((ids.split(text) or ("", "", text))[1])
    pieces, at = [], 0
    for match in ENDS.finditer(data):
        start = data.rfind(b'"', max(at, match.start() - LONGEST), match.start()) + 1
        own = _opened(data[start : match.end()], ids, seal) if start else None
        if own is not None:
            pieces += [data[at:start], own]
            at = match.end()
    return b"".join((*pieces, data[at:])) if pieces else data


def opened_form(form: Form, members: Json, ids: Ids, seal: Seal) -> bytes:
    """A client's form with the provider's ids; raises NotFound, InvalidRequest."""
    signed = {
        name: _opened_value(name, value, seal)
        for name, value in members.items()
        if not ids.names.isdisjoint(WORD.findall(name))
    }
    return form.edited(signed) if signed else form.data


def _opened_value(name: str, value: Any, seal: Seal) -> Any:
    if isinstance(value, list):
        return [_opened_value(name, item, seal) for item in value]
    if isinstance(value, str):
        return seal.must_open(value)
    raise InvalidRequest(f"{name} must be text, not a file", param=name)


def _opened(text: bytes, ids: Ids, seal: Seal) -> bytes | None:
    """The text of a signed id as the provider says it; None where it is none."""
    # PHP writes "\\/".
    parts = ids.split(text.decode("latin-1").replace("\\/", "/"))
    own = None if parts is None else seal.opened(parts[1])
    if parts is None or own is None:
        return None
    return f"{parts[0]}{own}{parts[2]}".encode("latin-1")


def once(data: bytes, body: Any) -> None:
    """Raises InvalidRequest where a name stands twice in an object: of two values one is read
    here, and a provider may read the other."""
    names, waiting = 0, [body]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            names += len(item)
            waiting += [each for each in item.values() if isinstance(each, HOLDERS)]
        elif isinstance(item, list):
            waiting += [each for each in item if isinstance(each, HOLDERS)]
    if len(KEY.findall(data)) != names:
        json.loads(data, object_pairs_hook=_different)


def _different(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    if len({*names}) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidRequest(f"the body says {twice[:200]!r} twice")


class Showing(msgspec.Struct, frozen=True, kw_only=True):
    """What a client is shown of an answer otherwise than its provider says it."""

    ids: Ids
    seal: Seal | None = None
    urls: frozenset[str] = frozenset()
    """Members with URLs of the provider's."""
    base: str = ""
    """What stands before the path in URLs that lead here."""
    leads: Ids = NOWHERE
    """How ids stand in a path that a client is sent to."""
    bounds: Bounds = BOUNDS

    def whole(self, data: bytes) -> bytes:
        """JSON as the client is shown it; anything else stays as it is. Raises BadAnswer."""
        self.bounds.answer(data)
        try:
            body = orjson.loads(data)
        except orjson.JSONDecodeError:
            return data
        names = self._closed(body)
        for url in self._urls(body):
            names[url] = self._here(names.get(url, url), names)
        return replaced(data, names)

    def named(self, id: str) -> str:
        """An id that stands by itself, as the client is shown it."""
        if self.seal is None or not PLAIN.fullmatch(id):
            return id
        return self.seal.closed(id)

    def place(self, path: str) -> str:
        """A URL of this gateway's for the provider's path."""
        parts = self.leads.split(path)
        if parts is not None and self.seal is not None:
            path = f"{parts[0]}{self.seal.closed(parts[1])}{parts[2]}"
        return self.base + path

    def _closed(self, body: Any) -> dict[str, str]:
        if self.seal is None:
            return {}
        names = {}
        for text in self.ids.within(body):
            parts = self.ids.split(text)
            if parts is not None and PLAIN.fullmatch(parts[1]):
                names[text] = f"{parts[0]}{self.seal.closed(parts[1])}{parts[2]}"
        return names

    def _urls(self, body: Any) -> list[str]:
        owners = self.ids.objects(body) if self.urls else ()
        found = [one[name] for one in owners for name in self.urls & one.keys()]
        return [url for url in found if isinstance(url, str) and self._leads_there(url)]

    def _leads_there(self, url: str) -> bool:
        return "://" in url and self.ids.split(url) is not None

    def _here(self, url: str, names: dict[str, str]) -> str:
        try:
            parts = urlsplit(url)
        except ValueError:  # a host in brackets that is none
            return self.base
        path = "/".join(names.get(segment, segment) for segment in parts.path.split("/"))
        return self.base + path + (f"?{parts.query}" if parts.query else "")


def replaced(data: bytes, names: dict[str, str]) -> bytes:
    """`data` with other texts in the place of whole JSON strings."""
    names = {old: new for old, new in names.items() if old != new}
    if not names:
        return data
    spelt = {f'"{old}"'.encode(): f'"{new}"'.encode() for old, new in names.items()}
    if len(spelt) == 1:
        return data.replace(*next(iter(spelt.items())))
    if len(spelt) > FEW:  # they would be tried one after another, at every place
        return STRING.sub(lambda match: spelt.get(match[0], match[0]), data)
    pattern = re.compile(b"|".join(map(re.escape, spelt)))
    return pattern.sub(lambda match: spelt[match[0]], data)


class Closing:
    """A stream on its way to a client that is shown other ids."""

    def __init__(self, relay: Relay, showing: Showing) -> None:
        self.seen = relay.seen
        self._relay = relay
        self._showing = showing
        self._held: list[bytes] = []
        self._size = 0
        names = [*showing.ids.names, *showing.ids.kinds]
        self._marks = re.compile(b'"(?:' + "|".join(map(re.escape, names)).encode() + b')"')

    def feed(self, data: bytes) -> bytes | None:
        """Whole lines go on; what is cut waits for its rest."""
        shown = self._relay.feed(data)
        return self._lines(data if shown is None else shown)

    def flush(self) -> bytes:
        """What was cut, and what the relay adds."""
        rest = b"".join(self._held)
        self._held, self._size = [], 0
        return self._closed(rest) + self._relay.flush()

    def _lines(self, data: bytes) -> bytes:
        head, newline, rest = data.rpartition(b"\n")
        if not newline:
            self._hold(data)
            return b""
        whole = b"".join((*self._held, head, newline))
        self._held, self._size = [], 0
        self._hold(rest)
        return self._closed(whole)

    def _hold(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > PIECE:
            raise BadAnswer(f"the provider sent a line longer than {PIECE} bytes")
        if data:
            self._held.append(data)

    def _closed(self, data: bytes) -> bytes:
        if self._marks.search(data) is None:
            return data
        return b"\n".join(
            [self._line(line) if self._marks.search(line) else line for line in data.split(b"\n")]
        )

    def _line(self, line: bytes) -> bytes:
        field, colon, value = line.partition(b":")
        if field != b"data":
            return line
        return field + colon + self._showing.whole(value)
