"""Answers of backends that send back what the provider got and what it said, for who debugs.

A member `extra_fields` holds them, as Bifrost has it
(https://docs.getbifrost.ai/providers/request-options, checked 2026-11).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import orjson

from extproc.credentials import redaction
from extproc.exchange.account import Asked
from extproc.exchange.answer import Answer
from extproc.exchange.changes import REWRITTEN
from extproc.exchange.events import Action, Change, ResponseHeaders
from providers.bridging.dialect import Call, Relay, Sent
from providers.wire.splice import edit

MEMBER = "extra_fields"
REQUEST = "raw_request"
RESPONSE = "raw_response"
MOST = 256 * 1024
"""Bytes of a body, or of a piece of a stream, that are sent back."""

LINES = re.compile(rb"^\{", re.MULTILINE)
BEGINS = {
    "text/event-stream": re.compile(rb"^data: ?\{", re.MULTILINE),
    "application/x-ndjson": LINES,
    "application/stream+json": LINES,
    "application/json": re.compile(rb"^[\[,]?\{", re.MULTILINE),
}
"""Type of a client's stream → how an object in it begins; frames of bytes have no room for more."""
WHITE = re.compile(rb"\s*")
NEWLINES = bytes.maketrans(b"\r\n", b"  ")
"""In JSON they are white space, and in streams the end of a line."""


def answering(asked: Asked, clock: Callable[[], float], call: Call, sent: Sent) -> Answer:
    """The answer to what leaves, as its backend is configured."""
    names = asked.target.served.sends_back
    if not names or asked.aside:
        return Answer(asked, clock)
    return SentBack(asked, clock, call.data if sent.body is None else sent.body)


class SentBack(Answer):
    """One answer of such a backend."""

    __slots__ = ("_request",)

    def __init__(self, asked: Asked, clock: Callable[[], float], request: bytes) -> None:
        super().__init__(asked, clock)
        self._request = request

    def _open(self, event: ResponseHeaders) -> Action:
        action = super()._open(event)
        begins = BEGINS.get(self._asked.client.stream_type)
        if begins is not None and self._relay is not None:
            self._relay = SendingBack(self._relay, begins, self._fields(None), self._piece_of)
        return action

    def _whole(self, data: bytes) -> Action:
        action = super()._whole(data)
        if not isinstance(action, Change):
            return action
        said = data if self._data is None else self._data
        shown = said if action.body is None else action.body
        body = self._dressed(shown, self._fields(said))
        if body is shown:
            return action
        others = tuple(pair for pair in action.set_headers if pair[0] != "content-length")
        return msgspec.structs.replace(
            action,
            body=body,
            remove_headers=tuple(dict.fromkeys((*action.remove_headers, *REWRITTEN))),
            set_headers=(*others, ("content-length", str(len(body)))),
        )

    def _dressed(self, shown: bytes, fields: Mapping[str, Any]) -> bytes:
        """The same body, if it cannot hold any more."""
        try:
            body = orjson.loads(shown)
        except orjson.JSONDecodeError:
            begins = BEGINS.get(self._asked.client.stream_type)
            return dressed(shown, begins, fields) if self._asked.stream and begins else shown
        return edit(shown, body, {MEMBER: fields}) if isinstance(body, dict) else shown

    def _fields(self, said: bytes | None) -> dict[str, Any]:
        """What is sent back of both bodies; None: the answer's comes in pieces."""
        bodies = {REQUEST: self._request, RESPONSE: said}
        names = self._asked.target.served.sends_back
        return {
            name: self._shown(body)
            for name, body in bodies.items()
            if name in names and body is not None
        }

    def _shown(self, body: bytes) -> Any:
        return shown(body, self._secrets())

    def _piece_of(self, said: bytes) -> dict[str, Any]:
        """The same of a piece of a stream."""
        if RESPONSE not in self._asked.target.served.sends_back:
            return {}
        return {RESPONSE: text_of(said, self._secrets())}


class SendingBack:
    """A stream whose events say what came from the provider since the one before."""

    def __init__(
        self,
        relay: Relay,
        begins: re.Pattern[bytes],
        fields: Mapping[str, Any],
        piece: Callable[[bytes], Mapping[str, Any]],
    ) -> None:
        """`begins`: an object in it; `fields`: what the first one says; `piece`: what each does."""
        self.seen = relay.seen
        self._relay = relay
        self._begins = begins
        self._fields = fields
        self._piece = piece
        self._said = bytearray()
        self._over = False
        """More has come than is sent back."""
        self._fresh = True
        """What has gone on so far ends with a line."""

    def feed(self, data: bytes) -> bytes | None:
        """What goes to the client, with more in it."""
        self._keep(data)
        made = self._relay.feed(data)
        return self._with(data if made is None else made)

    def flush(self) -> bytes:
        """The same for the end."""
        self._keep(b"\n" if self._said else b"")
        return self._with(self._relay.flush())

    def _keep(self, data: bytes) -> None:
        if self._over:
            return
        self._said += data
        if len(self._said) > MOST:
            self._over = True
            self._said[:] = b"[left out: this, and all that follows]\n"

    def _with(self, out: bytes) -> bytes:
        found = self._begins.search(out, 0 if self._fresh else out.find(b"\n") + 1 or len(out))
        self._fresh = out.endswith(b"\n") if out else self._fresh
        if found is None:
            return out
        whole = self._said.rfind(b"\n") + 1  # a secret that is cut is not known
        said = bytes(self._said[:whole])
        del self._said[:whole]
        fields = {**self._fields, **(self._piece(said) if said else {})}
        self._fields = {}
        return inserted(out, found.end(), fields) if fields else out


def dressed(out: bytes, begins: re.Pattern[bytes], fields: Mapping[str, Any]) -> bytes:
    """`out` with more in the first object of it."""
    found = begins.search(out)
    return out if found is None else inserted(out, found.end(), fields)


def inserted(out: bytes, at: int, fields: Mapping[str, Any]) -> bytes:
    """`out` with one member more where an object has begun."""
    member = orjson.dumps({MEMBER: fields})[1:-1].translate(NEWLINES)
    white = WHITE.match(out, at)
    empty = white is not None and out[white.end() : white.end() + 1] == b"}"
    return b"".join((out[:at], member, b"" if empty else b",", out[at:]))


def shown(body: bytes, secrets: tuple[str, ...]) -> Any:
    """A body as JSON, or as text; what is neither, or too long, is not sent back."""
    if len(body) > MOST:
        return left_out(len(body))
    said = redaction.redacted(body, secrets)
    try:
        orjson.loads(said)
    except orjson.JSONDecodeError:
        return text_of(said, ())
    return orjson.Fragment(said)


def text_of(said: bytes, secrets: tuple[str, ...]) -> str:
    """Text, or how much there was that is none."""
    try:
        return redaction.redacted(said, secrets).decode()
    except UnicodeDecodeError:
        return left_out(len(said))


def left_out(size: int) -> str:
    """What stands for so many bytes."""
    return f"[left out: {size} bytes]"
