"""HTTP/1.1 requests out of bytes (RFC 9112): keep-alive, pipelining, lengths and chunks."""

from urllib.parse import parse_qsl, unquote

import msgspec

MAX_HEAD = 65536


class BadRequestError(Exception):
    """Bytes that are no HTTP request."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One whole request."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    """Names are lower-case."""
    body: bytes
    close: bool
    """True when the client wants no other answer on this connection."""

    @property
    def path(self) -> str:
        """The target without its query, as it came."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters, decoded."""
        text = self.target.partition("?")[2]
        return dict(parse_qsl(text, keep_blank_values=True)) if text else {}

    def header(self, name: str) -> str:
        """The first header of that name, or an empty string."""
        return next((value for key, value in self.headers if key == name), "")


class _Head(msgspec.Struct, frozen=True):
    method: str
    target: str
    headers: list[tuple[str, str]]
    close: bool
    length: int
    """-1 when the body is chunked."""
    expects: bool

    def request(self, body: bytes) -> Request:
        return Request(
            method=self.method,
            target=self.target,
            headers=self.headers,
            body=body,
            close=self.close,
        )


class RequestParser:
    """Bytes in, requests out; linear in the size of a body, whatever the cuts."""

    def __init__(self) -> None:
        self.expects = False
        """True once when the client waits for `100 Continue`; the reader sets it back."""
        self._buffer = bytearray()
        self._head: _Head | None = None
        self._parts: list[bytes] = []
        self._got = 0
        self._chunk = 0

    def feed(self, data: bytes) -> list[Request]:
        """The requests that `data` completes; raises BadRequestError."""
        if self._head and self._head.length > self._got + len(data):
            self._take(data)
            return []
        self._buffer += data
        done: list[Request] = []
        while request := self._next():
            done.append(request)
        return done

    def _take(self, data: bytes) -> None:
        self._parts.append(data)
        self._got += len(data)

    def _next(self) -> Request | None:
        if self._head is None and not self._read_head():
            return None
        head = self._head
        assert head is not None
        complete = self._read_chunks() if head.length < 0 else self._read_length(head.length)
        if not complete:
            return None
        body = b"".join(self._parts)
        self._head, self._parts, self._got = None, [], 0
        return head.request(body)

    def _read_head(self) -> bool:
        # An empty line before a request is to be ignored (RFC 9112, 2.2).
        while self._buffer.startswith(b"\r\n"):
            del self._buffer[:2]
        end = self._buffer.find(b"\r\n\r\n")
        if end > MAX_HEAD or (end < 0 and len(self._buffer) > MAX_HEAD):
            raise BadRequestError("the head is too long")
        if end < 0:
            return False
        self._head = _parse_head(bytes(self._buffer[:end]))
        del self._buffer[: end + 4]
        self.expects = self._head.expects
        return True

    def _read_length(self, length: int) -> bool:
        wanted = length - self._got
        if wanted and self._buffer:
            part = bytes(self._buffer[:wanted])
            del self._buffer[:wanted]
            self._take(part)
        return self._got == length

    def _read_chunks(self) -> bool:
        while True:
            if self._chunk:
                if len(self._buffer) < self._chunk:
                    return False
                self._take(bytes(self._buffer[: self._chunk - 2]))
                del self._buffer[: self._chunk]
                self._chunk = 0
            end = self._buffer.find(b"\r\n")
            if end < 0:
                return False
            size = _chunk_size(bytes(self._buffer[:end]))
            if size == 0:
                return self._read_trailers(end)
            del self._buffer[: end + 2]
            self._chunk = size + 2

    def _read_trailers(self, end: int) -> bool:
        """Leaves the last chunk's line in the buffer until the trailers are whole."""
        if self._buffer[end : end + 4] == b"\r\n\r\n":
            del self._buffer[: end + 4]
            return True
        last = self._buffer.find(b"\r\n\r\n", end)
        if last < 0:
            return False
        del self._buffer[: last + 4]
        return True


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    if digits.startswith((b"-", b"+")):
        raise BadRequestError(f"not a chunk size: {line[:32]!r}")
    try:
        return int(digits, 16)
    except ValueError:
        raise BadRequestError(f"not a chunk size: {line[:32]!r}") from None


def _parse_head(data: bytes) -> _Head:
    first, *lines = data.decode("latin-1").split("\r\n")
    try:
        method, target, version = first.split(" ")
        headers = [_header(line) for line in lines]
        named = dict(headers)
        chunked = named.get("transfer-encoding", "").lower().endswith("chunked")
        length = -1 if chunked else _length(named.get("content-length", "0"))
    except ValueError:
        raise BadRequestError(f"not an HTTP request: {first[:80]!r}") from None
    connection = named.get("connection", "").lower()
    close = connection == "close" or (version == "HTTP/1.0" and connection != "keep-alive")
    expects = named.get("expect", "").lower() == "100-continue"
    return _Head(method, target, headers, close, length, expects)


def _length(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(text)
    return int(text)


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise ValueError(line)
    return name.lower(), value.strip()


def decoded(text: str) -> str:
    """A path segment without its percent-encoding."""
    return unquote(text) if "%" in text else text
