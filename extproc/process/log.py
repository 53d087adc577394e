"""Structured logs: JSON for machines, lines for people; never on the hot path, never a secret.

Nothing that becomes of standard error (a closed pipe, a full disk, a reader that has stopped) ends
or holds up who logs: a line that cannot be written now is lost, and how many were is said later.
"""

import errno
import logging
import os
import select
import socket
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
STDERR = 2
UNSUPPORTED = {errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS}
LONGEST = 200
"""Characters of an event that are told."""
SURE = ("event", "level", "timestamp", "worker")
"""Values that are ours, and text."""


def configure(style: str = "console", level: str = "info") -> None:
    """Sets up logging for this process: `style` is `json` or `console`, on standard error."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr is not None and sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            _told,
            Last(renderer),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=lambda *_: OUTPUT,
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[Foreign()], level=logging.WARNING)


_note: Callable[[str], None] | None = None


def tell(note: Callable[[str], None] | None) -> None:
    """`note` hears of each line that is written, by its event; None: nobody does."""
    global _note  # noqa: PLW0603  (the log itself is one for the process)
    _note = note


def _told(logger: Any, name: str, event: Any) -> Any:
    if _note is not None:
        with suppress(Exception):
            _note(event["event"][:LONGEST])
    return event


class Last:
    """The processors that write down values of any kind, and so may fail."""

    def __init__(self, renderer: structlog.typing.Processor) -> None:
        self._render = renderer

    def __call__(self, logger: Any, name: str, event: Any) -> Any:
        sure = {key: event[key] for key in SURE if key in event}
        try:
            return self._render(
                logger, name, structlog.processors.format_exc_info(logger, name, event)
            )
        except Exception as error:
            return self._render(logger, name, {**sure, "unwritable": type(error).__name__})


class Foreign(logging.Handler):
    """Lines of libraries, and of transports, which know no structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except Exception:
            message = str(record.msg)
        logger = structlog.get_logger()
        logger.log(record.levelno, message, library=record.name, exc_info=record.exc_info)


class Output:
    """Where structlog puts its lines."""

    def __init__(self) -> None:
        self.lost = 0

    def msg(self, line: str) -> None:
        """Writes the line, or counts it as lost."""
        if not write(line):
            self.lost += 1
        elif self.lost:
            lost, self.lost = self.lost, 0
            structlog.get_logger().warning("log lines lost", count=lost)

    log = debug = info = warning = error = critical = exception = msg


OUTPUT = Output()


def write(line: str) -> bool:
    """Puts a line on standard error without waiting; False if it is lost or cut."""
    data = line.encode(errors="backslashreplace") + b"\n"
    try:
        mode = os.fstat(STDERR).st_mode
        if stat.S_ISFIFO(mode):
            return _pipe(data) == len(data)
        return (_socket if stat.S_ISSOCK(mode) else _patient)(data) == len(data)
    except OSError:
        return False


def _pipe(data: bytes) -> int:
    # O_NONBLOCK would hold for everybody who has the pipe; RWF_NOWAIT is for this one write.
    try:
        return os.pwritev(STDERR, [data], -1, os.RWF_NOWAIT)
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise
    return _patient(data)


def _socket(data: bytes) -> int:
    with socket.socket(fileno=os.dup(STDERR)) as journal:
        return journal.send(data, socket.MSG_DONTWAIT)


def _patient(data: bytes) -> int:
    """A terminal that is halted by Ctrl-S is never ready; a file is always."""
    poll = select.poll()
    poll.register(STDERR, select.POLLOUT)
    return os.write(STDERR, data) if poll.poll(0) else 0


def hold_standard_files() -> None:
    """Opens what the caller has closed, or the next socket would be what the log writes to."""
    for number in (0, 1, STDERR):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is given.
            os.open(os.devnull, os.O_RDWR)
