"""Fetchers and what they are asked, for tests."""

import pytest

from extproc.config.fetch import Fetch
from extproc.fetch.fetcher import Fetcher
from providers.errors import InvalidRequest
from providers.neutral.media import Link

FIELD = "messages.image_url"


def made(server, *hosts, resolve=None, tls=None, **settings):
    """A fetcher that may ask the server by its address, and `hosts`."""
    listed = (f"127.0.0.1:{server.port}", *hosts)
    options = {} if resolve is None else {"resolve": resolve}
    return Fetcher(Fetch(hosts=listed, **{"http": True, **settings}), tls=tls, **options)


def link(url, kind="image"):
    return Link(url=url, kind=kind, name=FIELD)


async def refused(fetch, *urls, kind="image") -> str:
    """The words in which a fetch is refused, which name the field."""
    with pytest.raises(InvalidRequest) as caught:
        await fetch(tuple(link(url, kind) for url in urls))
    assert caught.value.status == 400
    assert caught.value.param == FIELD
    assert caught.value.message.startswith(f"{FIELD} cannot be fetched: ")
    return caught.value.message


def resolving(*turns):
    """A resolver that gives the next of `turns` each time it is asked, and how often it was."""
    asked = []

    async def resolve(host, port):
        asked.append(host)
        return list(turns[min(len(asked), len(turns)) - 1])

    return resolve, asked
