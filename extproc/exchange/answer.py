"""The provider's answer on its way to the client: whole, streamed, or an error.

Sans-I/O, like the exchange that owns it: an event in, an action out.
"""

from collections.abc import Callable

import msgspec

from extproc.credentials import redaction
from extproc.exchange import metadata
from extproc.exchange.account import Account, Asked, counted
from extproc.exchange.changes import (
    JSON_TYPE,
    REWRITTEN,
    marked,
    naming,
    redirect,
    rewritten,
    spent,
    telling,
)
from extproc.exchange.events import (
    GO_ON,
    Action,
    BodyMode,
    Change,
    Headers,
    Reject,
    Replace,
    ResponseBody,
    ResponseHeaders,
)
from extproc.exchange.header_values import listed, quoted, quoted_all
from extproc.exchange.ids import Closing
from extproc.exchange.passing import ANSWERS, TRANSLATED_ANSWERS
from extproc.exchange.policy import Pairs
from providers.bridging.bridge import loads
from providers.bridging.dialect import Context, Relay, Seen
from providers.errors import ApiError, BadAnswer, GatewayError
from providers.operations import WORDLESS
from providers.usage import Usage
from providers.wire.budget import crowded
from providers.wire.encoding import Decoder, decoder

DROPPED = "x-ai-dropped-params"
BACKENDS = "x-ai-backends"
"""Which were asked, where it was not one alone."""

EXCERPT = 8 * 1024
"""Bytes that are read of a provider's refusal which holds more values than may be read."""

NEWLINE = ord("\n")


class Answer:
    """One answer of one backend."""

    __slots__ = (
        "_account",
        "_asked",
        "_broken",
        "_data",
        "_decoder",
        "_headers",
        "_held",
        "_kind",
        "_plain",
        "_read",
        "_relay",
        "_status",
        "_streamed",
    )

    def __init__(self, asked: Asked, clock: Callable[[], float]) -> None:
        self._asked = asked
        self._account = Account(asked, clock)
        self._status = 0
        self._headers: dict[str, str] = {}
        """Of a refusal."""
        self._read = False
        """The headers were answered, and wait for the body no longer."""
        self._kind = ""
        """What a limit is about that has refused the request, before any provider."""
        self._streamed = False
        """It comes in a stream that the client does not want."""
        self._decoder: Decoder | None = None
        self._data: bytes | None = None
        """The plain bytes of a whole answer."""
        self._relay: Relay | None = None
        self._broken = False
        self._plain = True
        """Pieces come as they are, and nothing of the one before is held."""
        self._held = b""
        """The end of a piece that may be the beginning of a secret."""

    @property
    def status(self) -> int:
        """The provider's; 0 before it has begun to answer."""
        return self._status

    @property
    def begun(self) -> bool:
        """Whether the provider has begun to answer."""
        return self._status > 0

    def headers(self, event: ResponseHeaders) -> Action:
        """Decides how the body comes: streams as they are, everything else in one piece."""
        headers = event.headers
        self._status = int(headers.get(":status") or 0)
        if event.end:
            hollow = self._asked.client.hollow and not self._asked.target.translated
            fine = hollow and 200 <= self._status < 300
            return self._through(event) if fine else self._empty(event)
        content_type = headers.get("content-type") or ""
        asked = self._asked
        if (
            asked.stream
            and not asked.whole
            and 200 <= self._status < 300
            and content_type.startswith(asked.target.dialect.stream_type)
        ):
            return self._open(event)
        if 200 <= self._status < 300 and asked.passes_unread(content_type):
            return self._through(event)
        self._streamed = asked.gathered and content_type.startswith(
            asked.target.dialect.stream_type
        )
        self._keep(event)
        change = Change(
            remove_headers=self._foreign(headers),
            set_headers=(*self._redacted_headers(), *self._named(headers)),
            mode=BodyMode.BUFFERED,
        )
        self._read = True
        return change

    def limited(self, event: ResponseHeaders, kind: str) -> Action:
        """The refusal of a limit: its words become an error in the client's dialect, its headers
        stay. `kind`: what it is about."""
        self._kind = kind
        return self.headers(event)

    def _through(self, event: ResponseHeaders) -> Action:
        """An answer of which nothing is read: all that is known of it is known now."""
        self._read = True
        return Change(
            remove_headers=self._foreign(event.headers),
            set_headers=self._named(event.headers),
            metadata=self._account.final(Seen(usage=Usage()), status=self._status),
            mode=BodyMode.NONE,
        )

    def _keep(self, event: ResponseHeaders) -> None:
        encoding = event.headers.get("content-encoding")
        if encoding is not None:
            self._decoder = decoder(encoding, self._asked.context.bounds)
        if not 200 <= self._status < 300:
            self._headers = dict(event.headers.items())
        else:
            target = self._asked.target
            wordless = target.dialect.operation in WORDLESS
            names = target.served.provider.counts[: 1 if wordless else None]
            self._account.counted = counted(event.headers, names)

    def _foreign(self, headers: Headers) -> tuple[str, ...]:
        """Headers that are about the provider's host, or mean nothing in the client's dialect."""
        if self._kind:
            return ()
        target = self._asked.target
        foreign = TRANSLATED_ANSWERS.removed(headers.names()) if target.translated else ANSWERS
        return (*foreign, *target.hides) if target.hides else foreign

    def _named(self, headers: Headers) -> tuple[tuple[str, str], ...]:
        """What was dropped, and the answer's id where the client's SDK looks for it."""
        asked = self._asked
        named = asked.target.shows
        if asked.dropped:
            named = (*named, (DROPPED, listed(asked.dropped)))
        if " " in asked.tried:
            named = (*named, (BACKENDS, asked.tried))
        if asked.target.pace is not None:
            named = (*named, asked.target.pace.told(self._account.seconds(), self._status))
        theirs, ours = asked.target.dialect.request_id, asked.client.request_id
        if not (theirs and ours) or theirs == ours or ours in asked.target.hides:
            return named
        request_id = headers.get(theirs)
        return (*named, (ours, quoted(request_id))) if request_id else named

    def _redacted_headers(self) -> tuple[tuple[str, str], ...]:
        """The headers of a refusal in which the provider says a secret again."""
        found = []
        for name, value in self._headers.items():
            shown = self._redacted(value.encode("latin-1")).decode("latin-1")
            if shown != value:
                self._headers[name] = shown
                found.append((name, shown))
        return tuple(found)

    def _empty(self, event: ResponseHeaders) -> Action:
        """An answer without a body gets one, or the client would not learn what happened."""
        self._keep(event)
        shown = self._redacted_headers()
        status, headers, body, error = self._error(b"")
        return Replace(
            body=body,
            set_headers=(
                (":status", str(status)),
                ("content-length", str(len(body))),
                *shown,
                *self._asked.target.shows,
                *headers,
                *self._marked(error),
            ),
            remove_headers=(*self._foreign(event.headers), *REWRITTEN),
            metadata=self._account.refused(error),
        )

    def _open(self, event: ResponseHeaders) -> Action:
        asked = self._asked
        self._decoder = decoder(event.headers.get("content-encoding"), asked.context.bounds)
        self._plain = self._decoder is None
        self._relay = asked.bridge.stream(asked.context)
        set_headers = self._named(event.headers)
        if asked.showing is not None:
            name = asked.client.id_header
            if id := event.headers.get(name) if name else None:
                set_headers = (*set_headers, (name, quoted(asked.showing.named(id))))
            elif not name:
                self._relay = Closing(self._relay, asked.showing)
        if asked.client is not asked.target.dialect:
            set_headers = (*set_headers, ("content-type", asked.client.stream_type))
        self._read = True
        return Change(
            remove_headers=(*self._foreign(event.headers), *REWRITTEN),
            set_headers=set_headers,
            metadata=self._account.opened(self._status),
            mode=BodyMode.STREAMED,
        )

    def body(self, event: ResponseBody) -> Action:
        """A piece of a stream, or the whole answer."""
        if self._relay is not None:
            return self._piece(self._relay, event)
        action = self._whole(event.data)
        return telling(action) if self._asked.aside else action

    def _piece(self, relay: Relay, event: ResponseBody) -> Action:
        body = self._relayed(relay, event)
        if event.end:
            return Change(body=body, metadata=self._account.final(relay.seen))
        record = self._account.piece(relay.seen)
        if body is None and record is None:
            return GO_ON
        return Change(body=body, metadata=record)

    def _relayed(self, relay: Relay, event: ResponseBody) -> bytes | None:
        """What goes to the client; None: the piece as it is."""
        data = event.data
        if not self._plain or event.end or not data:
            return self._unpacked(relay, event)
        try:
            body = relay.feed(data)
        except GatewayError as error:
            return self._break(relay, error)
        if relay.seen.error is not None or data[-1] != NEWLINE:
            return self._veiled(data if body is None else body, last=False)
        return body

    def _unpacked(self, relay: Relay, event: ResponseBody) -> bytes | None:
        """The same for the last piece, and for those that are packed or cut."""
        if self._broken:
            return b""
        data = event.data
        try:
            if self._decoder is not None:
                data = self._decoder.feed(data)
            body = relay.feed(data) if data else None
        except GatewayError as error:
            return self._break(relay, error)
        if body is None and self._decoder is not None:
            body = data
        if event.end:
            tail = relay.flush()
            if tail:
                body = (event.data if body is None else body) + tail
        if relay.seen.error is None and not self._held and data.endswith(b"\n"):
            return body
        return self._veiled(event.data if body is None else body, last=event.end)

    def _veiled(self, body: bytes, *, last: bool) -> bytes:
        """A piece that tells of an error, or is cut, without the secrets that were sent."""
        secrets = self._secrets()
        body = redaction.redacted(self._held + body, secrets)
        held = 0 if last else redaction.begun(body, secrets)
        self._held = body[len(body) - held :]
        self._plain = not held and self._decoder is None
        return body[: len(body) - held]

    def _break(self, relay: Relay, error: GatewayError) -> bytes:
        """The end of a stream that cannot go on."""
        self._broken = self._account.ours = True
        self._plain = False
        relay.seen.error = error.as_api_error()
        return relay.flush()

    def _whole(self, data: bytes) -> Action:
        """The one piece of a BUFFERED body; its headers have not left yet."""
        try:
            if self._decoder is not None:
                data = self._decoder.feed(data)
            self._data = data
            if not 200 <= self._status < 300:
                return self._refused(data)
            return self._answered(data)
        except GatewayError as error:
            return self.fail(error)

    def _answered(self, data: bytes) -> Action:
        asked = self._asked
        if self._streamed:
            return self._gathered(data)
        if asked.stream:
            body, seen = asked.bridge.replay(data, asked.context)
            record = self._account.final(seen, data, status=self._status)
            return naming(rewritten(body, record, asked.client.stream_type), seen.lost)
        changed, seen = asked.bridge.whole(data, self._context())
        final = self._account.final(seen, data, status=self._status)
        # What an attempt begins with need not be said again.
        record = {key: said for key, said in final.items() if said or key in metadata.ASKED}
        if seen.error is not None:
            changed = redaction.redacted(data if changed is None else changed, self._secrets())
        if seen.location:
            return redirect(seen.location, asked.showing, record)
        if asked.showing is not None:
            changed = asked.showing.whole(data if changed is None else changed)
        if changed is None and self._decoder is None:
            return Change(metadata=record)
        content_type = seen.content_type or JSON_TYPE[1]
        answer = rewritten(data if changed is None else changed, record, content_type)
        return naming(answer, seen.lost) if seen.lost else answer

    def _gathered(self, data: bytes) -> Action:
        """A stream for a client that asked for none: nothing of it has reached the client, so what
        fails in its midst is a failure of the whole."""
        asked = self._asked
        body, seen = asked.client.gathered(data, asked.target.dialect, asked.context)
        record = self._account.final(seen, status=self._status)
        if seen.error is not None:
            return self._failed(seen.error, record)
        shown = body if asked.showing is None else asked.showing.whole(body)
        return naming(rewritten(shown, record), seen.lost)

    def _context(self) -> Context:
        context, counted = self._asked.context, self._account.counted
        return context if counted is None else msgspec.structs.replace(context, counted=counted)

    def _refused(self, data: bytes) -> Action:
        status, headers, body, error = self._error(data)
        return Change(
            body=body,
            remove_headers=REWRITTEN,
            set_headers=(
                (":status", str(status)),
                ("content-length", str(len(body))),
                *headers,
                *self._marked(error),
            ),
            metadata=self._account.refused(error),
        )

    def _marked(self, error: ApiError) -> Pairs:
        return marked(self._asked, error, self._status)

    def fail(self, error: GatewayError) -> Action:
        """The answer cannot be used: the client gets an error instead, and is charged all the
        same for what the provider has served."""
        api_error = error.as_api_error()
        if self._relay is not None:
            return self._failed_stream(self._relay, error)
        return self._failed(api_error, self._charged(error, api_error))

    def _failed(self, error: ApiError, used: metadata.Record) -> Action:
        """The error in place of an answer."""
        status, headers, body = self._asked.client.render_error(error)
        body = redaction.redacted(body, self._secrets())
        record, said = {**used, "status": error.status}, (JSON_TYPE, *quoted_all(headers))
        if not self._read:
            return Reject(status, body, said, record)
        if self._asked.target.again.alone:
            said += self._marked(error)
        return Change(
            body=body,
            remove_headers=REWRITTEN,
            set_headers=((":status", str(status)), ("content-length", str(len(body))), *said),
            metadata=record,
        )

    def _failed_stream(self, relay: Relay, error: GatewayError) -> Action:
        """After a bug, the relay itself may be what fails."""
        try:
            body = b"" if self._broken else self._break(relay, error)
        except Exception:
            body = b""
        return Change(body=body, metadata=self._account.final(relay.seen))

    def _charged(self, error: GatewayError, api_error: ApiError) -> metadata.Record:
        """What an answer costs that does not reach the client: what it says of itself, or what a
        failure of ours has cut off."""
        refused = not 200 <= self._status < 300
        seen = Seen() if refused else self._watched()
        self._account.ours = self._data is None or not isinstance(error, BadAnswer)
        if refused or (seen.usage is None and not self._account.ours):
            return self._account.refused(api_error)
        seen.error = seen.error or api_error
        return self._account.final(seen, self._data or b"")

    def _watched(self) -> Seen:
        """What can still be read of an answer that could not be used."""
        dialect = self._asked.target.dialect
        try:
            bounds = self._asked.context.bounds
            return dialect.watch(loads(self._data or b"", dialect, bounds))
        except Exception:
            return Seen()

    def _error(self, data: bytes) -> tuple[int, tuple[tuple[str, str], ...], bytes, ApiError]:
        """(status, headers, body, error) of a provider's refusal."""
        asked = self._asked
        if self._kind:
            error = spent(data.decode("utf-8", "replace"), self._kind)
            status, headers, body = asked.client.render_error(error)
        elif self._status < 400:
            problem = BadAnswer(f"the provider answered {self._status} without an answer")
            error = problem.as_api_error()
            status, headers, body = asked.client.render_error(error)
        else:
            if crowded(data, asked.context.bounds.values):
                data = data[:EXCERPT]
            data = self._redacted(data)
            error, status, headers, body = asked.bridge.error(self._status, self._headers, data)
        return status, (JSON_TYPE, *quoted_all(headers)), body, error

    def _redacted(self, data: bytes) -> bytes:
        return redaction.redacted(data, self._secrets())

    def _secrets(self) -> tuple[str, ...]:
        return redaction.texts(self._asked.secret, self._asked.signed)
