"""All media of one request: each URL once, side by side, before one deadline."""

import asyncio
import base64
import mimetypes
import ssl
from collections.abc import Mapping

import httpx
import structlog

from extproc.config.fetch import Fetch
from extproc.config.proxy import Proxy
from extproc.fetch.addresses import Resolve, resolve
from extproc.fetch.download import Downloaded, Downloader, Room
from extproc.fetch.media_types import media_type
from extproc.fetch.refusal import Refused
from extproc.fetch.ways import ByProxy, Directly, Way
from providers.errors import InvalidRequest
from providers.neutral.media import Data, Link

AT_ONCE = 32
"""Files that one process fetches at a time; more wait, and their time runs."""
EACH = 4
"""Of them, files of one request."""

NONE: Mapping[str, Proxy] = {}

log = structlog.get_logger()


class Fetcher:
    """What a process fetches with, under one configuration."""

    def __init__(
        self,
        settings: Fetch,
        proxies: Mapping[str, Proxy] = NONE,
        *,
        resolve: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`proxies`: backend → by which proxy its media are fetched; `tls`: default, the
        authorities that httpx trusts (`SSL_CERT_FILE` names others)."""
        trust = tls or httpx.create_ssl_context()
        self._settings = settings
        self._downloader = Downloader(settings)
        self._directly = Directly(resolve, trust)
        self._ways = {name: ByProxy(proxy, resolve, trust) for name, proxy in proxies.items()}
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, links: tuple[Link, ...], backend: str = "") -> Mapping[str, Data]:
        """URL → what is there, asked for on behalf of `backend`; raises InvalidRequest, which names
        the field and the reason."""
        way = self._ways.get(backend, self._directly)
        by_url: dict[str, list[Link]] = {}
        for link in links:
            by_url.setdefault(link.url, []).append(link)
        self._check(by_url)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._settings.timeout
        room, turns = Room(self._settings.max_total_bytes), asyncio.Semaphore(EACH)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = {
                    url: group.create_task(self._one(asked, room, turns, deadline, way))
                    for url, asked in by_url.items()
                }
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return {url: task.result() for url, task in tasks.items()}

    def _check(self, by_url: Mapping[str, list[Link]]) -> None:
        """Raises InvalidRequest for what can be refused before anybody is asked."""
        first = next(iter(by_url.values()))[0]
        if len(by_url) > self._settings.max_files:
            most = self._settings.max_files
            raise _invalid(first, Refused(f"more than {most} URLs (extproc.fetch.max_files)"))
        for asked in by_url.values():
            try:
                self._downloader.check(asked[0].url)
            except Refused as refused:
                raise _invalid(asked[0], refused) from None

    async def _one(
        self, asked: list[Link], room: Room, turns: asyncio.Semaphore, deadline: float, way: Way
    ) -> Data:
        """The file for `asked`, which all have the same URL."""
        link = asked[0]
        try:
            async with asyncio.timeout_at(deadline), turns, self._slots:
                url = self._downloader.check(link.url)
                found = await self._downloader.get(url, room, way)
        except Refused as refused:
            raise _invalid(link, refused) from None
        except TimeoutError:
            seconds = f"{self._settings.timeout:g} s"
            slow = Refused(f"it took longer than {seconds} (extproc.fetch.timeout)")
            raise _invalid(link, slow) from None
        kinds = [_kind(each, found, url) for each in asked]
        return Data(base64=base64.b64encode(found.data).decode(), media_type=kinds[0])


def _kind(link: Link, found: Downloaded, url: httpx.URL) -> str:
    """The media type of what was found; raises InvalidRequest where it is of another kind."""
    hint = link.media_type or mimetypes.guess_type(url.path)[0] or ""
    kind = media_type(link.kind, found.said, hint, found.data)
    if not kind:
        raise _invalid(link, Refused(f"what its host sends is no {link.kind}"))
    return kind


def _invalid(link: Link, refused: Refused) -> InvalidRequest:
    host = link.url.partition("://")[2].partition("/")[0].rpartition("@")[2][:100]
    log.info("media not fetched", host=host, reason=refused.reason, detail=refused.detail)
    return InvalidRequest(f"{link.name} cannot be fetched: {refused.reason}", param=link.name)
