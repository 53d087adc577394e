"""What an exchange has reported of itself, as one record at its end.

Only made where somebody wants it. The keys are those of the metadata, and a few of who asked.
"""

from collections.abc import Callable
from typing import Protocol

import orjson

from extproc.config.shadow import SHADOW
from extproc.exchange.client_headers import KEY as CLIENT_HEADERS
from extproc.exchange.events import (
    Action,
    Event,
    Heard,
    MetadataValue,
    RequestHeaders,
    ResponseHeaders,
    Talk,
    Wish,
)
from extproc.exchange.proof import BACKEND, SIDE, seen_by, seen_in
from extproc.exchange.proof import CALL as FOUND
from extproc.exchange.session import PROTOCOL_KEY
from extproc.exchange.tried import KEY as TRIED_KEYS
from extproc.ratelimit.descriptors import DUE, PRICE
from providers.operations import Operation

CLIENT = "metadata.filter_metadata['ai.limits']['client']"
"""Attribute: who asks, by the name of its key."""
ID = "request.id"
"""Attribute: Envoy's id of the request, where its headers are not seen."""
ID_HEADER = "x-request-id"
TRACE = "request.headers['traceparent']"
"""Attribute: the trace that a session belongs to, where its first headers are not seen."""
TRACE_HEADER = "traceparent"
TRACE_LENGTH = 55
"""What is read of it, whatever may follow in versions to come
(https://www.w3.org/TR/trace-context/#versioning-of-traceparent)."""
LONGEST = 4_096
"""Bytes of a record (PIPE_BUF): what is written at once stays together."""
CUT = 100
"""Characters of a name in a record that would be longer."""
INNER = (CLIENT_HEADERS, TRIED_KEYS, PRICE, PROTOCOL_KEY, *DUE.values())
"""What attempts tell each other, and Envoy's limits, and nobody else."""

Write = Callable[[bytes], None]


class Machine(Protocol):
    """What answers events."""

    def handle(self, event: Event | Heard) -> Action | Wish: ...

    def give_up(self) -> Action: ...


class Recorded:
    """An exchange whose reports are kept until its end."""

    __slots__ = ("_exchange", "_record", "_reports", "_shadow", "_traced", "_write")

    def __init__(
        self,
        exchange: Machine,
        number: str,
        now: float,
        write: Write,
        *,
        traced: bool = False,
    ) -> None:
        """`number`: unique to it; `now`: seconds since the epoch; `write` gets a line of JSON;
        `traced`: whether that says to which trace the exchange belongs."""
        self._exchange = exchange
        self._record: dict[str, MetadataValue] = {"id": number, "at": now}
        self._reports = True
        self._shadow = ""
        """The backend, where a copy of a request goes to it."""
        self._traced = traced
        self._write = write

    def handle(self, event: Event | Heard) -> Action | Wish:
        """As the exchange itself."""
        if isinstance(event, (RequestHeaders, ResponseHeaders)):
            self._begun(event)
        action = self._exchange.handle(event)
        self._keep(action)
        return action

    def give_up(self) -> Action:
        """As the exchange itself."""
        action = self._exchange.give_up()
        self._keep(action)
        return action

    def _begun(self, event: RequestHeaders | ResponseHeaders) -> None:
        attributes, record = event.attributes, self._record
        if isinstance(event, RequestHeaders):
            backend = attributes.get(BACKEND) or ""
            if backend.endswith(SHADOW):
                self._shadow = backend
                record["request_model"] = seen_by(event).model
            record["client"] = attributes.get(CLIENT) or ""
            record["request_id"] = event.headers.get(ID_HEADER) or ""
            if self._traced:
                record["traceparent"] = (event.headers.get(TRACE_HEADER) or "")[:TRACE_LENGTH]
            if (attributes.get(FOUND) or "").startswith(SIDE):
                # Whoever sent it for a client says what all of them used.
                self._reports = False
        elif "client" not in record:
            self._session(attributes.get(BACKEND) or "", event)

    def _session(self, backend: str, event: RequestHeaders | ResponseHeaders) -> None:
        """What a session's first exchange has said, which is not this one."""
        seen = seen_in(event.attributes)
        self._record |= {
            "client": event.attributes.get(CLIENT) or "",
            "request_id": event.attributes.get(ID) or "",
            "operation": Operation.REALTIME.value,
            "request_model": seen.model if seen else "",
            "stream": True,
        }
        if seen is not None and backend:
            self._record["backend"] = backend
        if self._traced:
            self._record["traceparent"] = (event.attributes.get(TRACE) or "")[:TRACE_LENGTH]

    def _keep(self, action: Action | Wish) -> None:
        if isinstance(action, Talk):
            self._reports = False  # what is answered is heard elsewhere
        said = getattr(action, "metadata", None)
        if said is not None:
            self._record.update(said)
        more = getattr(action, "more", None)
        if more is not None:
            self._record.update(more)

    def end(self) -> None:
        """Writes the record, if there is anything to tell."""
        record = self._record
        if self._shadow:
            self._apart()
        if not self._reports or ("backend" not in record and not record.get("error_type")):
            return
        for key in INNER:
            record.pop(key, None)
        line = orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
        if len(line) > LONGEST:
            record = {k: v[:CUT] if isinstance(v, str) else v for k, v in record.items()}
            line = orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
        self._write(line)

    def _apart(self) -> None:
        """What a copy has used is added to nobody's sums, and no other request's."""
        record = self._record
        record["backend"] = self._shadow
        for name in ("request_id", "request_model"):
            record[name] = f"{record[name]}{SHADOW}"
