"""What a worker hears of requests that Envoy has answered by itself, by Envoy's access log."""

import time
from collections.abc import Callable

from extproc.process.pen import Pen
from extproc.transport import Abort, Status
from extproc.usage import refused
from extproc.usage.logged import Reader, WireError
from extproc.usage.refused import Tally


class Refusals:
    """Counted here, and written down once a second."""

    def __init__(self, operation: Callable[[str], str], pen: Pen) -> None:
        """`operation`: a path → what it is for; empty: nothing."""
        self._reader = Reader(operation)
        self._pen = pen
        self._tally = Tally()

    def count(self, message: bytes) -> None:
        """What Envoy has logged; Abort."""
        try:
            for kind in self._reader.kinds(message, time.time()):
                self._tally.add(kind)
        except WireError as error:
            raise Abort(Status.INVALID_ARGUMENT, str(error)) from error

    def write(self) -> None:
        """What was counted since the last time."""
        for kind, many in self._tally.taken().items():
            self._pen.write(refused.line(kind, many) + b"\n")


class Logged:
    """A stream of Envoy's access log, which ends with its first message: Envoy begins another for
    the next one, and a worker that drains has none to wait for."""

    def __init__(self, refusals: Refusals) -> None:
        self._refusals = refusals

    def receive(self, message: bytes) -> bytes:
        """Never replies."""
        self._refusals.count(message)
        raise Abort(Status.OK, "")

    def end(self) -> None:
        """Nothing of it is kept."""
