"""What a provider says in a session, or why there is none.

An exchange of its own: Envoy 1.40 crashes where a filter of a cluster holds up the answer to a
request that has not ended, and one for a session never does. So a filter of the listener shows what
is answered.
"""

from collections.abc import Callable

import msgspec

from extproc.credentials import redaction
from extproc.exchange import metadata
from extproc.exchange.account import Account, Asked
from extproc.exchange.answer import Answer
from extproc.exchange.dues import Dues
from extproc.exchange.events import (
    GO_ON,
    Action,
    BodyMode,
    Change,
    Reject,
    ResponseBody,
    ResponseHeaders,
    Settle,
    Settled,
)
from extproc.exchange.passing import ANSWERS, COMPRESSION
from extproc.exchange.plan import Plan
from extproc.exchange.proof import BACKEND, Secrets, seen_in
from providers.bridging.dialect import Context
from providers.bridging.session import SessionDialect, Tally, farewell, refusals
from providers.errors import GatewayError, Spent
from providers.wire.websocket import BUG, LATER, POLICY, closing

SWITCHED = 101
STEP = 50
"""Estimated tokens by which a running count may lag behind."""
PARTING = 10.0
"""Seconds in which a client that was told that its session ends must have hung up."""


class Hearing:
    """The answer to one handshake, and all that follows."""

    __slots__ = (
        "_account",
        "_clock",
        "_dues",
        "_end",
        "_ended",
        "_paying",
        "_refusal",
        "_reported",
        "_secrets",
        "_session",
        "_settling",
        "_status",
        "_tally",
        "_usage",
    )

    def __init__(
        self,
        asked: Asked,
        clock: Callable[[], float],
        dues: Dues | None = None,
        *,
        settling: bool = False,
    ) -> None:
        """`dues`: what limits are owed, if any hold; `settling`: whether they may be charged
        before the end."""
        assert isinstance(asked.client, SessionDialect)
        self._session = asked.client
        self._clock = clock
        self._dues = dues
        self._settling = settling
        self._paying: tuple[ResponseBody, metadata.Record] | None = None
        """A piece that waits until what it tells of is charged, and all that was used by then."""
        self._ended = 0.0
        """Since when the client knows that a budget is used up."""
        self._account = Account(asked, clock)
        self._refusal = Answer(asked, clock)
        self._tally = Tally(asked.client)
        self._usage = self._tally.usage
        self._reported = 0
        self._status = 0
        self._end: bytes | None = None
        """What the client gets in the place of all that the provider still says."""
        self._secrets = redaction.texts(asked.secret, asked.signed)

    @property
    def status(self) -> int:
        """The provider's; 0 before it has begun to answer."""
        return self._status

    @property
    def begun(self) -> bool:
        """Whether the provider has begun to answer."""
        return self._status > 0

    def headers(self, event: ResponseHeaders) -> Action:
        """The provider's answer to the handshake."""
        self._status = int(event.headers.get(":status") or 0)
        if self._status != SWITCHED:
            return self._refusal.headers(event)
        return Change(
            remove_headers=(*ANSWERS, *COMPRESSION),
            metadata={"status": SWITCHED},
            mode=BodyMode.STREAMED,
        )

    def body(self, event: ResponseBody) -> Action | Settle:
        """A piece of what the provider says, or its refusal."""
        if self._status != SWITCHED:
            return self._refusal.body(event)
        if self._end is not None:
            return Change(body=self._end)
        if event.data:
            self._tally.feed(event.data)
        said = self._tally.usage is not self._usage
        record = self._news(last=event.end)
        if self._ended:
            return self._unheard(event, record)
        if record is not None and said and self._dues is not None and self._settling:
            charges = self._dues.charges(record)
            if charges:
                self._paying = event, record
                return Settle(charges, record)
        body = self._veiled(event.data) if self._tally.complains else None
        if record is None and body is None:
            return GO_ON
        return Change(body=body, metadata=self._owed(record))

    def _owed(self, record: metadata.Record | None) -> metadata.Record | None:
        if record is None or self._dues is None:
            return record
        return {**record, **self._dues.left(record)}

    def settled(self, event: Settled) -> Action:
        """The piece that told what was used, or the end of a session that may use no more."""
        assert self._paying is not None
        assert self._dues is not None
        (piece, record), self._paying = self._paying, None
        if event.taken:
            self._dues.pay(record)
        body = self._veiled(piece.data) if self._tally.complains else None
        # Nothing is said behind a farewell (RFC 6455, section 5.5.1).
        if event.error is None or self._tally.closed:
            return Change(body=body, metadata=self._owed(record))
        self._ended = self._clock()
        told = event.error.as_api_error()
        before = (body or piece.data)[: self._tally.boundary]
        code = POLICY if isinstance(event.error, Spent) else LATER
        return Change(
            body=before + farewell(self._session, told, code),
            metadata=self._owed({**record, "error_type": told.cause.value}),
        )

    def _unheard(self, event: ResponseBody, record: metadata.Record | None) -> Action:
        """What a provider still says is charged, and heard by nobody; whoever does not hang up is
        hung up on."""
        if not event.end and not self._tally.closed and self._clock() > self._ended + PARTING:
            return Reject(429, b"", metadata=self._owed(record))
        return Change(body=b"", metadata=self._owed(record))

    def _veiled(self, data: bytes) -> bytes | None:
        """A piece that tells of an error without the gateway's secrets; as long as it was."""
        veiled = data
        for secret in self._secrets:
            veiled = veiled.replace(secret.encode(), b"*" * len(secret.encode()))
        return None if veiled == data else veiled

    def _news(self, *, last: bool) -> metadata.Record | None:
        """What is to be told, if it is worth telling."""
        tally = self._tally
        grown = tally.growing - self._reported >= STEP
        if not (grown or last or tally.closed or tally.usage is not self._usage):
            return None
        self._usage, self._reported = tally.usage, tally.growing
        return self._record()

    def _record(self) -> metadata.Record:
        tally = self._tally
        used = tally.usage
        if tally.growing:
            output = used.output + tally.growing
            used = msgspec.structs.replace(used, output=output, estimated=True)
        return self._account.so_far(used, tally.model)

    def fail(self, error: GatewayError) -> Action:
        """The session cannot go on; its client learns that, and is charged for what it used."""
        if self._status != SWITCHED:
            return self._refusal.fail(error)
        last, self._end = closing(BUG, error.as_api_error().message), b""
        return Change(body=last, metadata=self._owed(self._record()))


def hearing(
    plan: Plan,
    secrets: Secrets,
    clock: Callable[[], float],
    event: ResponseHeaders,
    *,
    settling: bool = False,
) -> Hearing | None:
    """Who hears the answer that `event` begins; None where no backend gave it. `settling`: whether
    limits may be charged while it runs."""
    seen = seen_in(event.attributes)
    backend = event.attributes.get(BACKEND)
    if seen is None or not backend:
        return None
    dialect = plan.session_at(seen.path)
    target = plan.talking(dialect, seen.model, backend)
    secret = secrets.get(backend) if target.served.signer and target.served.has_secret else {}
    asked = Asked(
        client=dialect,
        target=target,
        bridge=refusals(dialect),
        context=Context(model=seen.model, id="", now=int(clock()), bounds=plan.bounds),
        stream=False,
        dropped=(),
        prompt=0,
        units=None,
        secret=secret,
        signed={},
        started=clock(),
    )
    dues = Dues(target.tolls, event.attributes, backend) if target.tolls else None
    return Hearing(asked, clock, dues, settling=settling)
