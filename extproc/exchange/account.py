"""What one answer is charged with, and what else is reported of it."""

import re
from collections.abc import Callable

import msgspec

from extproc.exchange import metadata, tried
from extproc.exchange.events import Headers
from extproc.exchange.header_values import listed
from extproc.exchange.ids import Showing
from extproc.exchange.served import LONGEST_NAME, Target
from providers.bridging import estimate
from providers.bridging.dialect import Bridge, Context, Dialect, Seen
from providers.errors import CUT, ApiError
from providers.operations import WORDLESS
from providers.signing.sign import Secret
from providers.usage import Price, Units, Usage, count

FAILED = "error"
"""Why an answer ended that did not come to its end."""

UNREAD = re.compile(r"(?!text/)(?!.*(?:json|xml)).", re.IGNORECASE)
"""Types of content that is no text, in which nothing can be said of a failure."""

STEP = 4
"""Tokens, or a sixteenth of those told, by which a running count may lag behind."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer must know of its request."""

    client: Dialect
    target: Target
    bridge: Bridge
    context: Context
    stream: bool
    whole: bool = False
    """Whether a whole answer was asked for, which becomes the stream that the client wants."""
    gathered: bool = False
    """Whether a stream was asked for that the client does not want."""
    dropped: tuple[str, ...]
    prompt: int
    """Estimated tokens of the request, should no number be said."""
    secret: Secret
    """What the request was signed with."""
    signed: Secret
    """The headers that were made of it."""
    units: Units | None
    """What the request alone says of what is used."""
    started: float
    showing: Showing | None = None
    """What the client is shown otherwise; None: nothing."""
    unread: bool = False
    """Whether nothing of the answer need be read, whatever it is."""
    tried: str = ""
    """The backends so far, this one included; empty where there is no other."""
    aside: bool = False
    """Whether another exchange asks, which must learn what was used."""
    alone: bool = False
    """Whether nobody else is asked after it, whatever its route says."""
    left_out: tuple[str, ...] = ()
    """The backends that are not asked after it, for what they would lose."""
    price_of: Callable[[str], Price] | None = None
    """The answer's name of a model → its price, where the request names none."""

    def passes_unread(self, content_type: str) -> bool:
        """Whether an answer is for the client as it is, and says nothing of what was used."""
        if self.unread:
            return True
        both = self.client.binary and self.target.dialect.binary
        return both and UNREAD.match(content_type) is not None


class Account:
    """The records of one answer, from its first piece to its last."""

    __slots__ = (
        "_asked",
        "_clock",
        "_paid",
        "_price",
        "_prices",
        "_reported",
        "_ttft",
        "counted",
        "ours",
    )

    def __init__(self, asked: Asked, clock: Callable[[], float]) -> None:
        self.counted: Usage | None = None
        """What the headers say of a whole answer."""
        self.ours = False
        """True: what failed failed here, and the provider has served."""
        self._asked = asked
        self._price = asked.target.price
        self._prices: dict[str, Price] = {}
        self._paid: int | None = None
        """For many requests, each at its own model's price; None: there is one."""
        self._clock = clock
        self._reported = -1
        self._ttft = 0.0

    def opened(self, status: int) -> metadata.Record:
        """A stream begins, and has said nothing."""
        return {"status": status, **self._estimate(0)}

    def piece(self, seen: Seen) -> metadata.Record | None:
        """What is to be told after a piece of a stream, if there is news."""
        if self._asked.price_of is not None:
            self._find_price(self._asked.price_of, seen)
        if seen.usage is not None and not seen.usage.estimated:
            return self._settled(seen.usage, seen)
        return self._running(seen)

    def so_far(self, used: Usage, model: str) -> metadata.Record:
        """What a session has used, which may end with any piece."""
        now = self._since(self._clock())
        self._ttft = self._ttft or now
        return {
            **self._priced(used),
            "ttft_ms": self._ttft,
            "response_model": model[:LONGEST_NAME],
            "duration_ms": now,
        }

    def final(self, seen: Seen, data: bytes = b"", *, status: int = 0) -> metadata.Record:
        """At the end: `data` and `status` are those of a whole answer."""
        if self._asked.price_of is not None:
            self._find_price(self._asked.price_of, seen)
        record = self._used(seen, data)
        now = self._since(self._clock())
        if status:
            record["status"] = status
        if not self._ttft:
            record["ttft_ms"] = now
        record["response_model"] = seen.model[:LONGEST_NAME]
        record["finish_reason"] = seen.finish or ("" if seen.error is None else FAILED)
        record["error_type"] = "" if seen.error is None else seen.error.cause.value
        record["duration_ms"] = now
        if seen.lost:
            record[metadata.LOST] = listed(seen.lost)
        return record

    def refused(self, error: ApiError) -> metadata.Record:
        """The provider has answered with an error, which costs nothing."""
        record = {
            **metadata.UNUSED,
            "status": error.status,
            "error_type": error.cause.value,
            "duration_ms": self._since(self._clock()),
        }
        if self._asked.tried:
            record[tried.BACKENDS] = f"{self._asked.tried}:{error.cause.value}"
        return record

    def seconds(self) -> float:
        """Since the attempt began."""
        return self._clock() - self._asked.started

    def _since(self, moment: float) -> float:
        return round((moment - self._asked.started) * 1000, 3)

    def _used(self, seen: Seen, data: bytes) -> metadata.Record:
        asked, said = self._asked, seen.usage
        if not asked.client.charged:
            return dict(metadata.UNUSED)
        if said is not None and not said.estimated:
            return self._priced(said)
        if self.counted is not None:
            return self._priced(self.counted)
        if said is None and not seen.generated and self._failed(seen):
            return dict(metadata.UNUSED)
        told = said is not None and said.output > 0
        silent = told or not data or asked.client.operation in WORDLESS
        generated = seen.generated or (0 if silent else estimate.answer(data))
        return self._estimate(generated, said)

    def _failed(self, seen: Seen) -> bool:
        """Whether the provider has said that it failed; a stream that was cut says nothing."""
        return seen.error is not None and seen.error is not CUT and not self.ours

    def _estimate(self, generated: int, known: Usage | None = None) -> metadata.Record:
        """What was used so far; `known` is what the provider has said of it."""
        asked = self._asked
        known = known or Usage()
        if not known.input:
            known = msgspec.structs.replace(known, input=asked.prompt)
        output = max(known.output, generated)
        used = msgspec.structs.replace(known, output=output, estimated=True)
        return self._priced(used)

    def _priced(self, used: Usage) -> metadata.Record:
        """What was used, and what it costs."""
        asked = self._asked.units
        units = used.units or asked
        if units is not None:
            if asked is not None and not units.kind:
                units = msgspec.structs.replace(units, kind=asked.kind)
            used = msgspec.structs.replace(used, units=units)
        record = metadata.usage(used, self._price)
        return record if self._paid is None else {**record, **metadata.costs(self._paid)}

    def _find_price(self, price_of: Callable[[str], Price], seen: Seen) -> None:
        """Where the request names no model, the answer does, or each of its parts."""
        if seen.bills is None:
            self._price = self._priced_as(seen.model, price_of)
            return
        paid = [self._priced_as(model, price_of).nanousd(used) for model, used in seen.bills]
        self._paid = (self._paid or 0) + sum(paid)
        seen.bills = []

    def _priced_as(self, model: str, price_of: Callable[[str], Price]) -> Price:
        found = self._prices.get(model)
        if found is None:
            found = self._prices[model] = price_of(model)
        return found

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

    def _settled(self, usage: Usage, seen: Seen) -> metadata.Record | None:
        """The provider's own numbers, as soon as it has said them."""
        if usage.total == self._reported:
            return None
        self._reported = usage.total
        record = self._priced(usage)
        if not self._ttft:
            record.update(self._begun(seen))
        return record

    def _begun(self, seen: Seen) -> metadata.Record:
        """What is known for good with the first piece, should there be no last one."""
        self._ttft = self._since(self._clock())
        return {"ttft_ms": self._ttft, "response_model": seen.model[:LONGEST_NAME]}


def counted(headers: Headers, names: tuple[str, ...]) -> Usage | None:
    """What the headers of a whole answer say of its usage, by these names."""
    said = [headers.get(name) or "" for name in names]
    if not said or not all(len(number) < 16 and number.isdecimal() for number in said):
        return None
    prompt, *generated = (count(int(number)) for number in said)
    if prompt is None or None in generated:
        return None
    return Usage(input=prompt, output=sum(filter(None, generated)))
