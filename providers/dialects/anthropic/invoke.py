"""Claude's Messages API as clients speak it that were made for Amazon Bedrock's InvokeModel.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html
"""

import msgspec
import orjson

from providers.bridging.dialect import Context
from providers.dialects.anthropic.errors import CAUSES
from providers.dialects.anthropic.messages.hosted import BEDROCK, Chunks
from providers.dialects.anthropic.messages.relay import MessagesRelay
from providers.dialects.anthropic.messages.renderer import PING, MessagesRenderer
from providers.errors import ApiError, Cause
from providers.neutral.deltas import AnyDelta
from providers.wire import aws_event_stream as frames
from providers.wire.aws_errors import exception_event, render_error

DATA = b"\ndata: "
ERROR = b"event: error\n"


def framed(events: bytes) -> bytes:
    """Whole server-sent events as messages of an event stream, which has no pings."""
    return b"".join(
        _failure(event) if event.startswith(ERROR) else frames.wrap(event.partition(DATA)[2])
        for event in events.replace(PING, b"").split(b"\n\n")
        if event
    )


def _failure(event: bytes) -> bytes:
    inner = orjson.loads(event.partition(DATA)[2])["error"]
    cause = CAUSES.get(inner["type"], Cause.SERVER)
    return exception_event(ApiError(status=500, cause=cause, message=inner["message"]))


class InvokeRenderer:
    """A client's stream, from deltas to bytes."""

    def __init__(self, context: Context) -> None:
        self._renderer = MessagesRenderer(context)

    def feed(self, deltas: list[AnyDelta]) -> bytes:
        """The messages that say `deltas`."""
        return framed(self._renderer.feed(deltas))

    def flush(self) -> bytes:
        """What closes the stream."""
        return framed(self._renderer.flush())


class InvokeRelay(MessagesRelay):
    """Watches Bedrock's own stream pass by."""

    def __init__(self, stream_usage: bool) -> None:
        super().__init__(stream_usage)
        self._chunks = Chunks()

    def feed(self, data: bytes) -> bytes | None:
        """Nothing is changed."""
        events = self._chunks.feed(data)
        if events:
            super().feed(events)
        return None

    def flush(self) -> bytes:
        """A stream that lacks its end ends with an exception."""
        return framed(super().flush())


DIALECT = msgspec.structs.replace(
    BEDROCK,
    client=BEDROCK.upstream,
    renderer=InvokeRenderer,
    relay=InvokeRelay,
    render_error=render_error,
    request_id="x-amzn-requestid",
)

ENTRANCES = (DIALECT,)
