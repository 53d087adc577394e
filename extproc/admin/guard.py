"""Who may call the management API, and how often: before anything of a request is looked at."""

from collections.abc import Awaitable, Callable, MutableMapping
from hmac import compare_digest
from typing import Any

import orjson

from extproc.admin.page import SECURE, Page

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

RATE, BURST = 20.0, 40.0
"""Requests a second, and at once."""
GUESSES, FEW = 1.0, 10.0
"""The same, of requests without the key."""
VISITS, FILES = 20.0, 100.0
"""The same, for the files of the page, which need none."""
LONGEST_PATH = 1_024
LONGEST_BODY = 64 * 1024
LONGEST_FILE = 1024 * 1024
"""Bytes of a body in which gateway.yaml stands as a whole."""
WHOLE = "/api/configuration"
CHANGING = frozenset({"PATCH", "POST", "PUT"})
"""Methods whose requests have a body."""

UNKNOWN = "needs the header Authorization: Bearer KEY, with the key of the setting admin.key"
FOREIGN = f"{UNKNOWN}; x-api-key, clients' keys and tokens of sessions are not taken here"
TOO_OFTEN = "too many requests; try again after the seconds of retry-after"


class Bucket:
    """How much may still be done: `rate` more each second, up to `burst`."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._left = burst
        self._seen = clock()

    def take(self) -> bool:
        """Whether it may be done once more, now."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._seen) * self._rate)
        self._seen = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Guard:
    """An ASGI application before another one."""

    def __init__(
        self, application: Application, key: Callable[[], str | None], clock: Callable[[], float]
    ) -> None:
        """`key`: the one that is taken now; None: none is."""
        self._application = application
        self._key = key
        self._page = Page()
        self._visits = Bucket(VISITS, FILES, clock)
        self._known = Bucket(RATE, BURST, clock)
        self._unknown = Bucket(GUESSES, FEW, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        secured = _secured(send)
        file = self._page.find(scope["method"], scope["path"])
        if file is not None and self._visits.take():
            await file.send(secured, scope["method"])
            return
        refusal = (429, TOO_OFTEN) if file is not None else self._refusal(scope)
        if refusal is None:
            await self._application(scope, receive, secured)
        else:
            await _refuse(secured, *refusal)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = scope["headers"]
        if not self._proven(headers):
            if not self._unknown.take():
                return 429, TOO_OFTEN
            return 401, FOREIGN if _has(headers, b"x-api-key") else UNKNOWN
        if not self._known.take():
            return 429, TOO_OFTEN
        if len(scope["raw_path"]) + len(scope["query_string"]) > LONGEST_PATH:
            return 414, "the path is too long"
        return _body(scope["method"], scope["path"], headers)

    def _proven(self, headers: Headers) -> bool:
        said = [value for name, value in headers if name == b"authorization"]
        key = self._key()
        scheme, _, token = said[0].partition(b" ") if len(said) == 1 else (b"", b"", b"")
        wanted = (key or "").encode()
        # In either case, as long as it takes.
        same = compare_digest(token.strip(), wanted)
        return same and bool(wanted) and scheme.lower() == b"bearer"


def _has(headers: Headers, wanted: bytes) -> bool:
    return any(name == wanted for name, _ in headers)


def _body(method: str, path: str, headers: Headers) -> tuple[int, str] | None:
    if _has(headers, b"transfer-encoding"):
        return 411, "a body needs its content-length"
    lengths = [value.strip() for name, value in headers if name == b"content-length"]
    longest = LONGEST_FILE if path == WHOLE else LONGEST_BODY
    most = longest if method in CHANGING else 0
    if any(not value.isdigit() or len(value) > 9 or int(value) > most for value in lengths):
        return 413, f"a body of at most {most} bytes is read"
    return None


def _secured(send: Send) -> Send:
    """Sends with what a browser must know of every answer."""

    async def sent(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = [*message["headers"]]
            named = {name for name, _ in headers}
            headers += [header for header in SECURE if header[0] not in named]
            message = {**message, "headers": headers}
        await send(message)

    return sent


def failure(status: int, message: str) -> dict[str, Any]:
    """The body of an error (`Failure`)."""
    return {"is_bifrost_error": False, "status_code": status, "error": {"message": message}}


async def _refuse(send: Send, status: int, message: str) -> None:
    body = orjson.dumps(failure(status, message))
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        # A body that nobody has read is still on its way.
        (b"connection", b"close"),
    ]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if status == 429:
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
