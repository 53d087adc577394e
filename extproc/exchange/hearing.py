"""What a provider says in a session, or why there is none.

An exchange of its own: Envoy 1.40 crashes where a filter of a cluster holds up the answer to a
request that has not ended, and one for a session never does. So a filter of the listener shows what
is answered. Where an interpreter stands between two formats, it shows what the client says, too:
what is said to the one side depends on what was said to the other.
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
    Interpret,
    Reject,
    RequestBody,
    ResponseBody,
    ResponseHeaders,
    Settle,
    Settled,
)
from extproc.exchange.passing import ANSWERS, COMPRESSION, PROTOCOLS
from extproc.exchange.plan import Plan
from extproc.exchange.proof import BACKEND, Secrets, seen_in
from extproc.exchange.served import Target
from extproc.exchange.session import BY_HEADER, PROTOCOL, UNMASKED, called_there
from providers.bridging.dialect import Context
from providers.bridging.interpreting import Interpreter, Opened
from providers.bridging.session import SessionDialect, Tally, farewell, refusals
from providers.errors import GatewayError, Spent
from providers.wire.budget import Bounds
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
        "_asking",
        "_clock",
        "_dues",
        "_end",
        "_ended",
        "_interpreter",
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
        interpreter: Interpreter | None = None,
    ) -> None:
        """`dues`: what limits are owed, if any hold; `settling`: whether they may be charged
        before the end; `interpreter`: where the two sides speak different formats."""
        assert isinstance(asked.client, SessionDialect)
        assert isinstance(asked.target.dialect, SessionDialect)
        self._session = asked.client
        self._interpreter = interpreter
        self._asking = False
        """Whether a piece of the client's is being looked at."""
        self._clock = clock
        self._dues = dues
        self._settling = settling
        self._paying: tuple[bytes | None, bytes, metadata.Record] | None = None
        """What takes the place of a piece that waits until what it tells of is charged, what of it
        comes before a farewell, and all that was used by then."""
        self._ended = 0.0
        """Since when the client knows that a budget is used up."""
        self._account = Account(asked, clock)
        self._refusal = Answer(asked, clock)
        self._tally = Tally(asked.target.dialect)
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
        removed, status = (*ANSWERS, *COMPRESSION), {"status": SWITCHED}
        if self._interpreter is not None:
            chosen = event.attributes.get(PROTOCOL)
            agreed = ((PROTOCOLS, chosen),) if chosen else ()
            return Interpret(
                set_headers=agreed, remove_headers=(*removed, PROTOCOLS), metadata=status
            )
        return Change(remove_headers=removed, metadata=status, mode=BodyMode.STREAMED)

    def said(self, event: RequestBody) -> Action:
        """A piece of what the client says, where it is interpreted."""
        assert self._interpreter is not None
        if self._end is not None:
            return Change(body=b"")
        self._asking = True
        body = self._interpreter.asked(event.data)
        self._asking = False
        return Change(body=body)

    def body(self, event: ResponseBody) -> Action | Settle:
        """A piece of what the provider says, or its refusal."""
        if self._status != SWITCHED:
            return self._refusal.body(event)
        if self._end is not None:
            last, self._end = self._end, b""
            return Change(body=last)
        if event.data:
            self._tally.feed(event.data)
        ended = self._ended
        told = self._interpreted(event)
        said = self._tally.usage is not self._usage
        record = self._news(last=event.end)
        if ended:
            return self._unheard(event, record)
        if self._ended:
            return Change(body=told, metadata=self._owed(self._faulty()))
        if record is not None and said and self._dues is not None and self._settling:
            charges = self._dues.charges(record)
            if charges:
                before = (told or event.data)[: self._tally.boundary]
                if self._interpreter is not None:
                    before = told or b""
                self._paying = told, before, record
                return Settle(charges, record)
        if record is None and told is None:
            return GO_ON
        return Change(body=told, metadata=self._owed(record))

    def _interpreted(self, event: ResponseBody) -> bytes | None:
        """What takes the place of a piece; None: it stays as it is."""
        if self._interpreter is None:
            return self._veiled(event.data) if self._tally.complains else None
        told = self._interpreter.told(event.data)
        error = self._interpreter.error
        if error is not None and not self._ended:
            self._ended = self._clock()
        return self._veiled(told) or told

    def _owed(self, record: metadata.Record | None) -> metadata.Record | None:
        if record is None or self._dues is None:
            return record
        return {**record, **self._dues.left(record)}

    def settled(self, event: Settled) -> Action:
        """The piece that told what was used, or the end of a session that may use no more."""
        assert self._paying is not None
        assert self._dues is not None
        (body, before, record), self._paying = self._paying, None
        if event.taken:
            self._dues.pay(record)
        # Nothing is said behind a farewell (RFC 6455, section 5.5.1).
        if event.error is None or self._tally.closed:
            return Change(body=body, metadata=self._owed(record))
        self._ended = self._clock()
        told = event.error.as_api_error()
        if self._interpreter is not None:
            self._interpreter.stop(told)
        code = POLICY if isinstance(event.error, Spent) else LATER
        return Change(
            body=before + farewell(self._session, told, code),
            metadata=self._owed({**record, "error_type": told.cause.value}),
        )

    def _faulty(self) -> metadata.Record:
        """What is told of a session that the interpreter ends."""
        assert self._interpreter is not None
        assert self._interpreter.error is not None
        return {**self._record(), "error_type": self._interpreter.error.cause.value}

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
        if self._asking:
            # The provider is asked to hang up, and its client hears of it in the place of that.
            last, self._end = closing(BUG, "", UNMASKED), last
        return Change(body=last, metadata=self._owed(self._record()))


def interpreting(
    client: SessionDialect, target: Target, opened: Opened, bounds: Bounds
) -> Interpreter:
    """Who stands between a client and a provider that speak different formats."""
    provider = target.dialect
    assert isinstance(provider, SessionDialect)
    assert client.client_side is not None
    assert provider.provider_side is not None
    return Interpreter(client.client_side(opened), provider.provider_side(opened), bounds)


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
        bridge=refusals(dialect, target.dialect),
        context=Context(model=seen.model, id="", now=int(clock()), bounds=plan.bounds),
        stream=False,
        dropped=(),
        prompt=0,
        units=None,
        secret=secret,
        signed={},
        started=clock(),
    )
    interpreter = None
    if target.translated:
        opened = Opened(
            model=seen.model,
            named=called_there(target, seen.model),
            by_header=seen.source == BY_HEADER,
            id=plan.new_id(),
            now=int(clock()),
        )
        interpreter = interpreting(dialect, target, opened, plan.bounds)
    dues = Dues(target.tolls, event.attributes, backend) if target.tolls else None
    return Hearing(asked, clock, dues, settling=settling, interpreter=interpreter)
