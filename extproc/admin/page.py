"""The page: files that come with the package, read once, and what browsers are told beside them."""

from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import msgspec

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

ROOT = Path(__file__).with_name("web")
BELOW = "/web"
INDEX = "index.html"
TYPES = {
    ".css": b"text/css; charset=utf-8",
    ".html": b"text/html; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
}
"""End of a name → what the file is; others are not served."""

# https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Content-Security-Policy
POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    b"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURE = (
    (b"content-security-policy", POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
"""Headers of every answer that does not say otherwise."""


class File(msgspec.Struct, frozen=True):
    """A file of the page."""

    kind: bytes
    body: bytes

    async def send(self, send: Send, method: str) -> None:
        """The whole answer."""
        headers = [
            (b"content-type", self.kind),
            (b"content-length", str(len(self.body)).encode()),
            # Nothing of it is anybody's secret, and another version may have come.
            (b"cache-control", b"no-cache"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        body = b"" if method == "HEAD" else self.body
        await send({"type": "http.response.body", "body": body})


class Page:
    """All files, by the paths at which they are found."""

    def __init__(self, root: Path = ROOT) -> None:
        self._files = {
            f"{BELOW}/{path.relative_to(root).as_posix()}": File(
                TYPES[path.suffix], path.read_bytes()
            )
            for path in root.rglob("*")
            if path.suffix in TYPES
        }
        self._files["/"] = self._files.pop(f"{BELOW}/{INDEX}")

    def find(self, method: str, path: str) -> File | None:
        """What is at `path`; None: nothing that everybody may see."""
        return self._files.get(path) if method in ("GET", "HEAD") else None
