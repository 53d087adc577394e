"""Media that a client gives by URL and a provider takes as bytes only: what to fetch, and for whom.

Whether it may be fetched is nothing that is known here; who knows it fetches, and asks again with
the bytes. An address that a provider reads itself is left to it.
"""

from collections.abc import Iterator, Mapping
from typing import Protocol

import msgspec

from providers.bridging.fidelity import Feature
from providers.errors import Unsupported
from providers.neutral.chat import (
    Audio,
    ChatRequest,
    Document,
    Image,
    Part,
    ToolResult,
    Video,
)
from providers.neutral.media import Data, Link, Url
from providers.wire.budget import Budget

Media = Image | Audio | Video | Document

FORMS = {
    kind: (Feature(f"{kind.__name__.lower()}.url"), Feature(f"{kind.__name__.lower()}.data"))
    for kind in (Image, Audio, Video, Document)
}
"""Kind of part → the features of its URL and of its bytes."""
URLS = frozenset(url for url, _ in FORMS.values())
FETCHABLE = ("https://", "http://")
LONGEST_SCHEME = 256
"""Characters of a URL that are looked at to see who can read it."""

STAND_IN = Data(base64="", media_type="application/octet-stream")


class Reader(Protocol):
    """The dialect of a provider, as far as it takes media."""

    @property
    def name(self) -> str: ...

    @property
    def carries(self) -> frozenset[Feature]: ...

    @property
    def fetches(self) -> tuple[str, ...]: ...


def links(request: ChatRequest, target: Reader, names: Mapping[Feature, str]) -> tuple[Link, ...]:
    """What must be fetched for `target`, each once; `names` are the client's for the features.

    Raises Unsupported for an address that neither the provider nor anybody else here can read.
    """
    found: dict[Link, None] = {}
    for message in request.messages:
        for part in _media(message.parts):
            if not isinstance(part.source, Url):
                continue
            link = _link(part, part.source, names)
            if _foreign(link.url, part, target):
                found[link] = None
            elif FORMS[type(part)][0] in target.carries and not _readable(link.url, target):
                raise Unsupported(_unreadable(link, target), param=link.name)
    return tuple(found)


def _unreadable(link: Link, target: Reader) -> str:
    scheme = link.url[:LONGEST_SCHEME].partition(":")[0]
    return f"{link.name}: {target.name} cannot read an address that begins with {scheme}:"


def _readable(url: str, target: Reader) -> bool:
    return url[:LONGEST_SCHEME].lower().startswith((*target.fetches, *FETCHABLE))


def _link(part: Media, source: Url, names: Mapping[Feature, str]) -> Link:
    feature = FORMS[type(part)][0]
    return Link(
        url=source.url,
        kind=type(part).__name__.lower(),
        name=names.get(feature, feature.value),
        media_type=source.media_type or "",
    )


def inlined(request: ChatRequest, target: Reader, files: Mapping[str, Data]) -> ChatRequest:
    """The request with bytes for its `links`, from URL → bytes; what is not there is empty.

    Raises TooLarge where the places that name a URL would have it more often than there is room.
    """
    inliner = Inliner(target, files, request.budget or Budget())
    messages = tuple(
        msgspec.structs.replace(message, parts=inliner.parts(message.parts))
        for message in request.messages
    )
    return msgspec.structs.replace(request, messages=messages)


class Inliner(msgspec.Struct, frozen=True):
    """Puts bytes in the place of URLs."""

    target: Reader
    files: Mapping[str, Data]
    budget: Budget

    def parts(self, parts: tuple[Part, ...]) -> tuple[Part, ...]:
        """The parts with bytes."""
        return tuple(self._part(part) for part in parts)

    def _part(self, part: Part) -> Part:
        if isinstance(part, ToolResult):
            return msgspec.structs.replace(part, parts=self.parts(part.parts))
        if isinstance(part, Media) and isinstance(part.source, Url):
            url = part.source.url
            if _foreign(url, part, self.target):
                source = self.files.get(url, STAND_IN)
                self.budget.grow(len(source.base64))
                return msgspec.structs.replace(part, source=source)
        return part


def _media(parts: tuple[Part, ...]) -> Iterator[Media]:
    for part in parts:
        if isinstance(part, ToolResult):
            yield from _media(part.parts)
        elif isinstance(part, Media):
            yield part


def _foreign(url: str, part: Media, target: Reader) -> bool:
    """Whether `target` takes such a part's bytes and cannot read its URL, but anybody could."""
    by_url, by_bytes = FORMS[type(part)]
    start = url[:LONGEST_SCHEME].lower()
    if by_bytes not in target.carries or not start.startswith(FETCHABLE):
        return False
    return by_url not in target.carries or not start.startswith(target.fetches)
