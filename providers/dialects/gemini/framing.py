"""How `streamGenerateContent` puts its chunks on the wire: server-sent events, or a JSON array."""

from providers.wire import json_array, sse

DATA = b"data: "


class Chunks:
    """Cuts a provider's stream into the JSON texts of its chunks, in whichever form it comes."""

    def __init__(self) -> None:
        self._events = sse.Splitter()
        self._array: json_array.Splitter | None = None
        self._begun = False
        self._fresh = True
        """True where an event ended with the last data."""

    def feed(self, data: bytes) -> list[bytes]:
        """The chunks that `data` completes; raises BadAnswer."""
        if not self._begun:
            data = self._begin(data)
        if self._array is not None:
            return self._array.feed(data)
        # Google ends lines with CR LF; one whole event in one piece is by far the usual case.
        if (
            self._fresh
            and data.startswith(DATA)
            and data.endswith(b"\r\n\r\n")
            and data.find(b"\n", 0, -3) < 0
        ):
            return [data[6:-4]]
        found = [chunk for event in self._events.feed(data) if (chunk := content(event))]
        self._fresh = not self._events.pending
        return found

    def _begin(self, data: bytes) -> bytes:
        """Tells the form by the first byte that is no white space."""
        data = data.lstrip()
        self._begun = bool(data)
        if data.startswith(b"["):
            self._array = json_array.Splitter()
        return data

    @property
    def pending(self) -> bool:
        """True while a chunk, or the array, is incomplete."""
        if self._array is not None:
            return not self._array.closed
        return self._events.pending

    def flush(self) -> list[bytes]:
        """An event whose blank line never came."""
        if self._array is not None:
            return []
        self._fresh = True
        return [chunk for chunk in (content(self._events.flush()),) if chunk]


def content(event: bytes) -> bytes:
    """The JSON text of a raw event; Google writes errors without `data:`, over several lines."""
    _, data = sse.parse(event)
    if data:
        return data
    bare = event.strip()
    return bare if bare.startswith((b"{", b"[")) else b""
