"""A file of requests on its way into the form of the provider that runs them, a few at a time."""

from collections.abc import Iterator, Sequence

import msgspec
import orjson

from extproc.exchange import bodies
from extproc.exchange.answer import JSON_TYPE
from extproc.exchange.ids import Seal
from extproc.exchange.plan import Plan
from extproc.exchange.served import Target
from providers.bridging import batching
from providers.bridging.batching import Commission
from providers.bridging.dialect import Call, Dialect, Parts, Sent, Wanted
from providers.catalog import DIALECTS
from providers.errors import GatewayError, InvalidRequest, TooLarge, Unsupported
from providers.neutral.batches import MODEL, Line
from providers.wire.multipart import Upload

LINES_AT_ONCE = 32
BYTES_AT_ONCE = 128 * 1024
"""What is translated before others have their turn: some 10 ms of work."""
LONGEST = 45.0
"""Seconds that all of it may take; Envoy waits for a little longer."""


class Asker(msgspec.Struct, frozen=True):
    """Who sends a file, and to whom."""

    backend: str
    client: str
    seal: Seal | None


class Loading:
    """The lines of one file."""

    def __init__(self, plan: Plan, commission: Commission, asker: Asker, file: Upload) -> None:
        """Raises TooLarge."""
        self._plan = plan
        self._commission = commission
        self._asker = asker
        self._waiting = self._numbered(file.data)
        self._ids: set[str] = set()
        self._left = plan.bounds.size
        self._target: Target | None = None
        self._dialect: Dialect | None = None
        self.size = len(file.data)
        self.name = file.filename
        self.model = self.endpoint = ""
        self.lines: list[bytes] = []
        """In the provider's form."""
        self.dropped: dict[str, None] = {}
        """What some of them have lost."""
        self.headers: dict[str, str] = {}
        """What all of them need."""

    def _numbered(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        most = self._commission.running.most
        if data.count(b"\n") > most:
            raise TooLarge(f"the file holds more than {most} lines", param="file")
        return ((n, line) for n, line in enumerate(data.split(b"\n"), 1) if line.strip())

    def step(self) -> bool:
        """Translates some lines; whether there are more. Raises GatewayError, by the number of the
        line that is at fault."""
        size = 0
        for _ in range(LINES_AT_ONCE):
            number, data = next(self._waiting, (0, b""))
            if not number:
                return False
            try:
                self._add(data, number)
            except GatewayError as error:
                error.message = f"line {number}: {error.message}"
                raise
            size += len(data)
            if size > BYTES_AT_ONCE:
                break
        return True

    def _add(self, data: bytes, number: int) -> None:
        self._plan.bounds.request(data)
        line = self._commission.asking.line(number, data)
        target = self._agreed(line)
        if line.id in self._ids:
            raise InvalidRequest(f"custom_id {line.id[:80]!r} is there twice", param="file")
        self._ids.add(line.id)
        sent = self._sent(line, target)
        written = batching.written(self._commission.running, line, sent)
        self._left -= len(written) + 1
        if self._left < 0:
            raise TooLarge(self._plan.bounds.outgrown)
        self.lines.append(written)
        self.dropped |= dict.fromkeys(sent.dropped)
        for name, value in sent.headers.items():
            self.headers[name] = _both(self.headers.get(name, ""), value)

    def _agreed(self, line: Line) -> Target:
        """How the file's requests go to the backend; they all name one model."""
        model = line.body.get("model")
        if not isinstance(model, str) or not model:
            raise InvalidRequest("body.model must be a string that names a model", param="file")
        if self._target is None:
            return self._begin(line.endpoint, model)
        if (model, line.endpoint) != (self.model, self.endpoint):
            raise InvalidRequest("all lines must have one url and one model", param="file")
        return self._target

    def _begin(self, endpoint: str, model: str) -> Target:
        if len(model.encode()) > MODEL:
            raise Unsupported(f"a model's name may have {MODEL} bytes in a batch", param="model")
        commission = self._commission
        self._dialect = dialect = DIALECTS[commission.asking.dialects[endpoint]]
        target = self._plan.target(dialect, model, self._asker.backend)
        target.admit(self._asker.client, model)
        batching.asked(commission.running, target.dialect)
        self.model, self.endpoint, self._target = model, endpoint, target
        return target

    def _sent(self, line: Line, target: Target) -> Sent:
        """A request as a client's own would be sent; raises Unsupported for what needs more than
        one, or something that must be fetched."""
        seal, dialect, bounds = self._asker.seal, self._dialect, self._plan.bounds
        assert dialect is not None
        data, body = orjson.dumps(line.body), line.body
        if target.signs and seal is not None:
            data, body = bodies.opened(data, body, dialect, seal)
        model = target.model or self.model
        call = Call(data=data, body=body, model=model, stream=False, bounds=bounds)
        lowered: Sequence[str] = ()
        if target.terms is not None:
            call, lowered = target.terms.kept(call, JSON_TYPE[1])
        assert target.bridge is not None
        sent = target.bridge.request(call)
        if isinstance(sent, Parts):
            raise sent.alone
        if isinstance(sent, Wanted):
            name = sent.links[0].name
            raise Unsupported(f"{name}: a batch needs the bytes there, not a URL", param=name)
        if target.terms is not None and sent.dropped:
            target.terms.whole(sent.dropped)
        if target.opens is not None and sent.body is not None:
            sent = bodies.reaching(sent, sent.body, target.opens, seal)
        return msgspec.structs.replace(sent, dropped=(*lowered, *sent.dropped))


def _both(known: str, value: str) -> str:
    """All flags of two headers that list some."""
    found = [flag.strip() for flag in f"{known},{value}".split(",")]
    return ",".join(dict.fromkeys(filter(None, found)))
