"""Newline-delimited JSON, as the simulated providers write it."""

from extproc.lab.simulator.dialect import Event
from extproc.lab.simulator.directives import Directives


def frame(event: Event, directives: Directives) -> bytes:
    """One event as a line."""
    return event.data + (b"\r\n" if directives.crlf else b"\n")
