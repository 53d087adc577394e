"""What the bytes of an HTTP/2 connection meant."""

import msgspec

from extproc.transport.fields import Head
from extproc.transport.frames import Code


class Opened(msgspec.Struct, gc=False):
    """A request's header block."""

    stream: int
    head: Head
    end: bool


class Data(msgspec.Struct, gc=False):
    """A piece of a request's body."""

    stream: int
    data: bytes
    end: bool
    """No more will come; true once per stream that was not reset."""


class Sent(msgspec.Struct, gc=False):
    """What waited for a window has left; more may be sent."""

    stream: int


class Reset(msgspec.Struct, gc=False):
    """The stream is gone: the peer reset it, or broke a rule and was told so; comes also where it
    was over for us by then."""

    stream: int


class Acknowledged(msgspec.Struct, gc=False):
    """The peer answered our PING."""


class Closed(msgspec.Struct, gc=False):
    """The connection is over once the bytes of `take` are written."""

    code: Code
    text: str


Event = Opened | Data | Sent | Reset | Acknowledged | Closed
