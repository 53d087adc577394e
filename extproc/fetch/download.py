"""One URL to its bytes, across redirects, within bounds."""

import httpcore
import httpx
import msgspec

import extproc
from extproc.config.fetch import Fetch
from extproc.fetch.addresses import UNREACHABLE
from extproc.fetch.hosts import Hosts, Origin
from extproc.fetch.refusal import Refused
from extproc.fetch.ways import Way

# Nothing of the client's request goes along: no header, no cookie, no credential.
HEADERS = (
    (b"user-agent", f"extproc/{extproc.__version__} (media for a language model)".encode()),
    (b"accept", b"*/*"),
    # What is packed could unpack to anything.
    (b"accept-encoding", b"identity"),
    (b"connection", b"close"),
)
REDIRECTS = frozenset({301, 302, 303, 307, 308})
LONGEST_URL = 16_384
UNCONNECTED = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.ProxyError)
BROKEN = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError)


class Room:
    """The bytes that all files of one request may still have."""

    def __init__(self, left: int) -> None:
        self._left = left

    def take(self, count: int) -> None:
        """Raises Refused where there is no room for `count` more."""
        self._left -= count
        if self._left < 0:
            raise Refused(
                "the request's files are too large together (extproc.fetch.max_total_bytes)"
            )


class Downloaded(msgspec.Struct, frozen=True):
    """What a URL led to."""

    data: bytes
    said: str
    """The server's content type; empty where there is none."""


class Downloader:
    """Asks servers."""

    def __init__(self, settings: Fetch) -> None:
        self._settings = settings
        self._hosts = Hosts(settings.hosts, http=settings.http)

    def check(self, url: str) -> httpx.URL:
        """The URL, which may be asked; raises Refused."""
        parsed = _url(url)
        self._hosts.origin(parsed)
        return parsed

    async def get(self, url: httpx.URL, room: Room, way: Way) -> Downloaded:
        """What is at `url`, asked by `way`; raises Refused."""
        for _ in range(self._settings.redirects + 1):
            origin = self._hosts.origin(url)
            found = await self._ask(url, origin, room, way)
            if isinstance(found, Downloaded):
                return found
            url = found
        raise Refused("it redirects too often (extproc.fetch.redirects)")

    async def _ask(
        self, url: httpx.URL, origin: Origin, room: Room, way: Way
    ) -> Downloaded | httpx.URL:
        """The file, or where it is instead."""
        target = httpcore.URL(
            scheme=origin.scheme, host=origin.host, port=origin.port, target=url.raw_path
        )
        headers = [(b"host", url.netloc), *HEADERS]
        try:
            async with (
                way(origin) as connection,
                connection.stream("GET", target, headers=headers) as response,
            ):
                if response.status in REDIRECTS:
                    return _elsewhere(url, response)
                return await self._read(response, room)
        except UNCONNECTED as error:
            raise Refused(UNREACHABLE, str(error)) from None
        except BROKEN as error:
            raise Refused("its host's answer is broken", str(error)) from None

    async def _read(self, response: httpcore.Response, room: Room) -> Downloaded:
        if response.status != 200:
            raise Refused(f"its host answered with status {response.status}")
        if _header(response, b"content-encoding").lower() not in ("", "identity"):
            raise Refused("its host sends it compressed, though that was not asked for")
        length = _header(response, b"content-length")
        most = self._settings.max_bytes
        if length.isdecimal() and int(length) > most:
            raise _too_large(most)
        data = bytearray()
        async for piece in response.aiter_stream():
            if len(data) + len(piece) > most:
                raise _too_large(most)
            room.take(len(piece))
            data += piece
        if not data:
            raise Refused("it is empty")
        return Downloaded(bytes(data), _header(response, b"content-type"))


def _too_large(most: int) -> Refused:
    return Refused(f"it is larger than {most} bytes (extproc.fetch.max_bytes)")


def _url(url: str) -> httpx.URL:
    if len(url) > LONGEST_URL:
        raise Refused("its URL is too long")
    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise Refused("its URL is not valid") from None


def _elsewhere(url: httpx.URL, response: httpcore.Response) -> httpx.URL:
    location = _header(response, b"location")
    if not location:
        raise Refused("it redirects to nowhere")
    try:
        return url.join(location)
    except (httpx.InvalidURL, ValueError):
        raise Refused("it redirects to no valid URL") from None


def _header(response: httpcore.Response, name: bytes) -> str:
    found = (value for key, value in response.headers if key.lower() == name)
    return next(found, b"").decode("latin-1").strip()
