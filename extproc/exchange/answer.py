"""The provider's answer on its way to the client: whole, streamed, or an error.

Sans-I/O, like the exchange that owns it: an event in, an action out.
"""

from collections.abc import Callable

import msgspec

from extproc.exchange import metadata
from extproc.exchange.events import (
    GO_ON,
    Action,
    BodyMode,
    Change,
    Headers,
    Replace,
    ResponseBody,
    ResponseHeaders,
)
from extproc.exchange.plan import LONGEST_NAME, Target
from providers.bridging import estimate
from providers.bridging.dialect import Bridge, Context, Dialect, Relay, Seen
from providers.errors import ApiError, BadAnswer, GatewayError
from providers.usage import Usage
from providers.wire.budget import crowded
from providers.wire.encoding import Decoder, decoder

# A provider's cookies, alternative services and transport security are about its host, not ours.
FOREIGN = ("set-cookie", "alt-svc", "strict-transport-security")
REWRITTEN = (*FOREIGN, "content-encoding", "content-length")


JSON_TYPE = ("content-type", "application/json")
DROPPED = "x-ai-dropped-params"

FAILED = "error"
"""Why an answer ended that did not come to its end."""

EXCERPT = 8 * 1024
"""Bytes that are read of a provider's refusal which holds more values than may be read."""

STEP = 4
"""Tokens, or a sixteenth of those told, by which a running count may lag behind."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer must know of its request."""

    client: Dialect
    target: Target
    bridge: Bridge
    context: Context
    stream: bool
    dropped: tuple[str, ...]
    prompt: int
    """Characters of the request's texts, for an estimate, should no number be said."""
    started: float


class Answer:
    """One answer of one backend."""

    def __init__(self, asked: Asked, clock: Callable[[], float]) -> None:
        self._asked = asked
        self._clock = clock
        self._status = 0
        self._headers: dict[str, str] = {}
        """Of a refusal."""
        self._counted: Usage | None = None
        """What the headers say of a whole answer."""
        self._decoder: Decoder | None = None
        self._relay: Relay | None = None
        self._broken = False
        self._reported = -1
        self._ttft = 0.0

    def headers(self, event: ResponseHeaders) -> Action:
        """Decides how the body comes: streams as they are, everything else in one piece."""
        headers = event.headers
        self._status = int(headers.get(":status") or 0)
        if event.end:
            return self._empty(event)
        content_type = headers.get("content-type") or ""
        asked = self._asked
        if (
            asked.stream
            and 200 <= self._status < 300
            and content_type.startswith(asked.target.dialect.stream_type)
        ):
            return self._open(event)
        self._keep(event)
        named = self._named(event.headers)
        return Change(remove_headers=FOREIGN, set_headers=named, mode=BodyMode.BUFFERED)

    def _keep(self, event: ResponseHeaders) -> None:
        encoding = event.headers.get("content-encoding")
        if encoding is not None:
            self._decoder = decoder(encoding, self._asked.context.bounds)
        if not 200 <= self._status < 300:
            self._headers = dict(event.headers.items())
        else:
            self._counted = _counted(event.headers, self._asked.target.served.provider.counts)

    def _named(self, headers: Headers) -> tuple[tuple[str, str], ...]:
        """What was dropped, and the answer's id where the client's SDK looks for it."""
        asked = self._asked
        named = ((DROPPED, ", ".join(asked.dropped)),) if asked.dropped else ()
        theirs, ours = asked.target.dialect.request_id, asked.client.request_id
        if not (theirs and ours) or theirs == ours:
            return named
        request_id = headers.get(theirs)
        return (*named, (ours, request_id)) if request_id else named

    def _empty(self, event: ResponseHeaders) -> Action:
        """An answer without a body gets one, or the client would not learn what happened."""
        self._keep(event)
        status, headers, body, error = self._error(b"")
        return Replace(
            body=body,
            set_headers=(
                (":status", str(status)),
                ("content-length", str(len(body))),
                *headers,
            ),
            remove_headers=(*FOREIGN, "content-encoding"),
            metadata=self._failed(error),
        )

    def _open(self, event: ResponseHeaders) -> Action:
        asked = self._asked
        bounds = asked.context.bounds
        self._decoder = decoder(event.headers.get("content-encoding"), bounds)
        self._relay = asked.bridge.stream(asked.context)
        set_headers = self._named(event.headers)
        if asked.client is not asked.target.dialect:
            set_headers = (*set_headers, ("content-type", asked.client.stream_type))
        return Change(
            remove_headers=REWRITTEN,
            set_headers=set_headers,
            metadata={"status": self._status, **self._estimate(0)},
            mode=BodyMode.STREAMED,
        )

    def body(self, event: ResponseBody) -> Action:
        """A piece of a stream, or the whole answer."""
        if self._relay is not None:
            return self._piece(self._relay, event)
        return self._whole(event.data)

    def _piece(self, relay: Relay, event: ResponseBody) -> Action:
        body = self._relayed(relay, event)
        if event.end:
            return Change(body=body, metadata=self._final(relay.seen))
        seen = relay.seen
        if seen.usage is not None and not seen.usage.estimated:
            record: metadata.Record | None = self._settled(seen)
        else:
            record = self._running(seen)
        if body is None and record is None:
            return GO_ON
        return Change(body=body, metadata=record)

    def _relayed(self, relay: Relay, event: ResponseBody) -> bytes | None:
        """What goes to the client; None: the piece as it is."""
        if self._broken:
            return b""
        data = event.data
        try:
            if self._decoder is not None:
                data = self._decoder.feed(data)
            body = relay.feed(data) if data else None
        except GatewayError as error:
            self._broken = True
            relay.seen.error = error.as_api_error()
            return relay.flush()
        if body is None and self._decoder is not None:
            body = data
        if event.end:
            tail = relay.flush()
            if tail:
                body = (event.data if body is None else body) + tail
        return body

    def _whole(self, data: bytes) -> Action:
        """The one piece of a BUFFERED body; its headers have not left yet."""
        try:
            if self._decoder is not None:
                data = self._decoder.feed(data)
            if not 200 <= self._status < 300:
                return self._refused(data)
            return self._answered(data)
        except GatewayError as error:
            return self.fail(error)

    def _answered(self, data: bytes) -> Action:
        asked = self._asked
        if asked.stream:
            body, seen = asked.bridge.replay(data, asked.context)
            return self._rewrite(body, self._final(seen), asked.client.stream_type)
        changed, seen = asked.bridge.whole(data, asked.context)
        # What an attempt begins with need not be said again.
        record = {key: value for key, value in self._final(seen, data).items() if value}
        if changed is None and self._decoder is None:
            return Change(metadata=record)
        return self._rewrite(data if changed is None else changed, record, JSON_TYPE[1])

    def _rewrite(self, body: bytes, record: metadata.Record, content_type: str) -> Change:
        return Change(
            body=body,
            remove_headers=("content-encoding",),
            set_headers=(("content-length", str(len(body))), ("content-type", content_type)),
            metadata=record,
        )

    def _refused(self, data: bytes) -> Action:
        status, headers, body, error = self._error(data)
        return Change(
            body=body,
            remove_headers=("content-encoding",),
            set_headers=((":status", str(status)), ("content-length", str(len(body))), *headers),
            metadata=self._failed(error),
        )

    def fail(self, error: GatewayError) -> Action:
        """The answer cannot be used: the client gets an error instead."""
        api_error = error.as_api_error()
        if self._relay is not None:
            self._broken = True
            self._relay.seen.error = api_error
            return Change(body=self._relay.flush(), metadata={"error_type": api_error.cause})
        status, headers, body = self._asked.client.render_error(api_error)
        return Change(
            body=body,
            remove_headers=("content-encoding",),
            set_headers=(
                (":status", str(status)),
                ("content-length", str(len(body))),
                JSON_TYPE,
                *headers.items(),
            ),
            metadata=self._failed(api_error),
        )

    def _error(self, data: bytes) -> tuple[int, tuple[tuple[str, str], ...], bytes, ApiError]:
        """(status, headers, body, error) of a provider's refusal."""
        asked = self._asked
        if self._status < 400:
            problem = BadAnswer(f"the provider answered {self._status} without an answer")
            error = problem.as_api_error()
            status, headers, body = asked.client.render_error(error)
        else:
            if crowded(data, asked.context.bounds.values):
                data = data[:EXCERPT]
            error, status, headers, body = asked.bridge.error(self._status, self._headers, data)
        return status, (JSON_TYPE, *headers.items()), body, error

    def _since(self, moment: float) -> float:
        return round((moment - self._asked.started) * 1000, 3)

    def _estimate(self, generated: int, known: Usage | None = None) -> metadata.Record:
        """What was used so far; `known` is what the provider has said of it."""
        asked = self._asked
        known = known or Usage()
        if not known.input:
            input = estimate.tokens(self._asked.prompt)
            known = msgspec.structs.replace(known, input=input)
        output = max(known.output, generated)
        used = msgspec.structs.replace(known, output=output, estimated=True)
        return metadata.usage(used, asked.target.price)

    def _running(self, seen: Seen) -> metadata.Record | None:
        """The running count, when it has grown by enough to be worth telling."""
        generated, reported = seen.generated, self._reported
        if reported >= 0 and generated - reported < max(STEP, reported >> 4):
            return None
        record = self._estimate(generated, seen.usage)
        if self._reported < 0:
            record.update(self._begun(seen))
        else:
            record = {key: record[key] for key in metadata.GROWING}
        self._reported = generated
        return record

    def _settled(self, seen: Seen) -> metadata.Record | None:
        """The provider's own numbers, as soon as it has said them."""
        assert seen.usage is not None
        mark = seen.usage.total
        if mark == self._reported:
            return None
        self._reported = mark
        record = metadata.usage(seen.usage, self._asked.target.price)
        if not self._ttft:
            record.update(self._begun(seen))
        return record

    def _begun(self, seen: Seen) -> metadata.Record:
        """What is known for good with the first piece, should there be no last one."""
        self._ttft = self._since(self._clock())
        return {"ttft_ms": self._ttft, "response_model": seen.model[:LONGEST_NAME]}

    def _final(self, seen: Seen, data: bytes = b"") -> metadata.Record:
        if not self._asked.client.charged:
            record = dict(metadata.UNUSED)
        elif seen.usage is not None and not seen.usage.estimated:
            record = metadata.usage(seen.usage, self._asked.target.price)
        elif self._counted is not None:
            record = metadata.usage(self._counted, self._asked.target.price)
        else:
            told = seen.usage is not None and seen.usage.output > 0
            generated = seen.generated or (0 if told else estimate.tokens(len(data)))
            record = self._estimate(generated, seen.usage)
        now = self._since(self._clock())
        if self._relay is None:
            record["status"] = self._status
        if not self._ttft:
            record["ttft_ms"] = now
        record["response_model"] = seen.model[:LONGEST_NAME]
        record["finish_reason"] = seen.finish or ("" if seen.error is None else FAILED)
        record["error_type"] = "" if seen.error is None else seen.error.cause.value
        record["duration_ms"] = now
        return record

    def _failed(self, error: ApiError) -> metadata.Record:
        return {
            **metadata.UNUSED,
            "status": error.status,
            "error_type": error.cause.value,
            "duration_ms": self._since(self._clock()),
        }


def _counted(headers: Headers, names: tuple[str, ...]) -> Usage | None:
    said = [headers.get(name) or "" for name in names]
    if not said or not all(map(str.isdecimal, said)):
        return None
    prompt, generated = map(int, said)
    return Usage(input=prompt, output=generated)
