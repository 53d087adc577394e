"""Server-sent events, well-formed or in the ways in which vendors write them.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import orjson

from extproc.lab.simulator.dialect import Event
from extproc.lab.simulator.directives import Directives

KEEP_ALIVE = "OPENROUTER PROCESSING"
"""https://openrouter.ai/docs/api-reference/streaming: comments keep the connection open."""
BOM = "\ufeff".encode()


def frame(event: Event, directives: Directives) -> bytes:
    """One event as bytes."""
    end = b"\r\n" if directives.crlf else b"\n"
    colon = b":" if directives.no_space else b": "
    lines = [b"event%s%s" % (colon, event.name.encode())] if event.name else []
    lines += [b"data%s%s" % (colon, line) for line in _lines(event.data, directives.multiline)]
    return _comment(directives, end) + end.join(lines) + end + end


def _lines(data: bytes, multiline: bool) -> list[bytes]:
    if not multiline or not data.startswith(b"{"):
        return [data]
    return orjson.dumps(orjson.loads(data), option=orjson.OPT_INDENT_2).split(b"\n")


def _comment(directives: Directives, end: bytes) -> bytes:
    if not directives.comments:
        return b""
    text = KEEP_ALIVE if directives.comments is True else directives.comments
    return b": %s" % text.encode() + end + end
