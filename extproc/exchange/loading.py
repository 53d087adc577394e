"""A file of requests on its way into the form of the provider that runs them, a few at a time."""

from collections.abc import Iterator

import msgspec
import orjson

from extproc.exchange import bodies
from extproc.exchange.changes import JSON_TYPE
from extproc.exchange.ids import Seal
from extproc.exchange.plan import Plan
from extproc.exchange.served import Target
from providers.bridging.commission import Commission, File
from providers.bridging.dialect import Call, Dialect, Parts, Sent, Wanted
from providers.catalog import DIALECTS
from providers.errors import GatewayError, InvalidRequest, TooLarge, Unsupported
from providers.wire.members import Json
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
        self._size = len(file.data)
        self._name = file.filename
        self._model = self._endpoint = ""
        self._lines: list[bytes] = []
        """In the provider's form."""
        self._needed: dict[str, str] = {}
        """Headers."""
        self.dropped: dict[str, None] = {}
        """What some of them have lost, by name."""

    def _numbered(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The lines that are not empty, by their numbers; raises TooLarge."""
        most = self._commission.most
        if data.strip().count(b"\n") >= most:
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
        line = self._commission.line(number, data)
        if line.id in self._ids:
            raise InvalidRequest(f"custom_id {line.id[:80]!r} is there twice", param="file")
        self._ids.add(line.id)
        target = self._agreed(line.endpoint, line.body.get("model"), self._commission.dialect(line))
        sent = self._sent(line.body, target)
        written = self._commission.written(line, sent)
        self._left -= len(written) + 1
        if self._left < 0:
            raise TooLarge(self._plan.bounds.outgrown)
        self._lines.append(written)
        self.dropped |= dict.fromkeys(sent.dropped)
        for name, value in sent.headers.items():
            self._needed[name] = _both(self._needed.get(name, ""), value)

    def _agreed(self, endpoint: str, model: object, dialect: str) -> Target:
        """How the file's requests go to the backend; they all name one model."""
        if not isinstance(model, str) or not model:
            raise InvalidRequest("body.model must be a string that names a model", param="file")
        if self._target is None:
            return self._begin(endpoint, model, DIALECTS[dialect])
        if (model, endpoint) != (self._model, self._endpoint):
            raise InvalidRequest("all lines must have one url and one model", param="file")
        return self._target

    def _begin(self, endpoint: str, model: str, dialect: Dialect) -> Target:
        target = self._plan.target(dialect, model, self._asker.backend)
        target.admit(self._asker.client, model)
        self._commission.takes(model, target.dialect)
        self._model, self._endpoint = model, endpoint
        self._dialect, self._target = dialect, target
        return target

    def _sent(self, body: Json, target: Target) -> Sent:
        """A request as a client's own would be sent; raises Unsupported for what needs more than
        one, or something that must be fetched."""
        seal, dialect = self._asker.seal, self._dialect
        assert dialect is not None
        data = orjson.dumps(body)
        if target.signs and seal is not None:
            data, body = bodies.opened(data, body, dialect, seal)
        sent, lowered = self._translated(data, body, target)
        if target.terms is not None and sent.dropped:
            target.terms.whole(sent.dropped)
        if target.opens is not None and sent.body is not None:
            sent = bodies.reaching(sent, sent.body, target.opens, seal)
        return msgspec.structs.replace(sent, dropped=(*lowered, *sent.dropped))

    def _translated(self, data: bytes, body: Json, target: Target) -> tuple[Sent, tuple[str, ...]]:
        """(the provider's request, what had to be lowered in it)."""
        model = target.model or self._model
        call = Call(data=data, body=body, model=model, stream=False, bounds=self._plan.bounds)
        lowered: tuple[str, ...] = ()
        if target.terms is not None:
            call, lowered = target.terms.kept(call, JSON_TYPE[1])
        assert target.bridge is not None
        sent = target.bridge.request(call)
        if isinstance(sent, Parts):
            raise sent.alone
        if isinstance(sent, Wanted):
            name = sent.links[0].name
            raise Unsupported(f"{name}: a batch needs the bytes there, not a URL", param=name)
        return sent, lowered

    def file(self, created: int) -> File:
        """All of it, once there are no more lines; raises InvalidRequest."""
        if not self._lines:
            raise InvalidRequest("the file holds no requests", param="file")
        return File(
            name=self._name,
            size=self._size,
            lines=self._lines,
            model=self._model,
            endpoint=self._endpoint,
            created=created,
            dropped=(*self.dropped,),
            headers=self._needed,
        )


def _both(known: str, value: str) -> str:
    """All flags of two headers that list some."""
    found = [flag.strip() for flag in f"{known},{value}".split(",")]
    return ",".join(dict.fromkeys(filter(None, found)))
