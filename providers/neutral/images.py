"""Images: pictures that are made from a text, or out of other pictures.

Billed by pictures, whose price their size and quality say, and by tokens where models count them.
"""

import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from math import ceil, log, sqrt
from typing import ClassVar

import msgspec

from providers.errors import ApiError, Cause, FailedAnswer, Unsupported
from providers.neutral.asking import Asking
from providers.neutral.media import Data, Url
from providers.usage import Units, Usage, told
from providers.wire import members

SIZE = re.compile(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})")
DRAWN = frozenset({"gif", "svg"})
"""Formats in the place of which a still picture of pixels would be another thing."""
BLOCKED = "moderation_blocked"
"""OpenAI's code (https://platform.openai.com/docs/guides/image-generation#content-moderation)."""


class Delivery(StrEnum):
    """How a picture comes to the client."""

    INLINE = "b64_json"
    LINK = "url"


class Size(msgspec.Struct, frozen=True):
    """Of a picture, in pixels."""

    width: int
    height: int

    @property
    def ratio(self) -> float:
        """Of width to height."""
        return self.width / self.height

    @property
    def area(self) -> int:
        """All pixels."""
        return self.width * self.height

    def nearest(self, offered: "Iterable[Size]") -> "Size":
        """The one of the most similar form, and then of the most similar number of pixels."""
        return min(offered, key=lambda one: (_apart(one.ratio, self.ratio), self._away(one.area)))

    def _away(self, area: int) -> float:
        return _apart(area, self.area)


def _apart(one: float, other: float) -> float:
    """How different two magnitudes are, by whatever factor; rounded, for the same may be said in
    two ways."""
    return round(abs(log(one / other)), 9)


def size(text: str | None, param: str) -> Size | None:
    """`1024x1024`; None where the provider is to choose; raises InvalidRequest."""
    if text in (None, "auto"):
        return None
    match = SIZE.fullmatch(text or "")
    if match is None:
        raise members.wrong(param, "a width and a height such as 1024x1024, or auto")
    return Size(int(match[1]), int(match[2]))


class Canvas(msgspec.Struct, frozen=True, kw_only=True):
    """All sizes that a model makes which takes nearly any."""

    step: int
    """Of which each side is a multiple."""
    shortest: int
    longest: int
    steepest: int
    """How many times as long as the other a side may be."""
    fewest: int = 1
    """Pixels of a picture."""
    most: int

    def nearest(self, size: Size) -> Size:
        """The size of the same form, as far as may be, and of as many pixels."""
        larger = max(size.width, size.height)
        factor = max(1.0, sqrt(self.fewest / size.area))
        factor = min(factor, sqrt(self.most / size.area), self.longest / larger)
        found = self._stepped(size, factor, int)
        return found if found.area >= self.fewest else self._stepped(size, factor, ceil)

    def _stepped(self, size: Size, factor: float, rounded: Callable[[float], int]) -> Size:
        larger, smaller = max(size.width, size.height), min(size.width, size.height)
        long = self._side(rounded(larger * factor / self.step), self.shortest)
        least = max(self.shortest, long / self.steepest)
        short = self._side(rounded(smaller * factor / self.step), least)
        return Size(long, short) if size.width >= size.height else Size(short, long)

    def _side(self, steps: int, least: float) -> int:
        steps = max(steps, ceil(least / self.step))
        return self.step * min(steps, self.longest // self.step)


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """A size at providers that know ratios, and squares of so many pixels."""

    ratio: str
    tier: int
    """How many times 1024 pixels the side of a square has."""
    exact: bool


def shape(size: Size, ratios: Iterable[str], tiers: Iterable[int] = (1,)) -> Shape:
    """The nearest that a provider has; of which pixels all but squares are is theirs to know."""
    forms = {_form(ratio): ratio for ratio in ratios}
    form = size.nearest(forms)
    tier = min(tiers, key=lambda one: _apart((1024 * one) ** 2, size.area))
    side = 1024 * tier
    return Shape(ratio=forms[form], tier=tier, exact=size == Size(side, side))


def _form(ratio: str) -> Size:
    width, _, height = ratio.partition(":")
    return Size(int(width), int(height))


class ImageRequest(Asking, frozen=True, kw_only=True):
    """What is to be seen."""

    HINTS: ClassVar[frozenset[str]] = frozenset(
        {"quality", "style", "moderation", "compression", "partials", "seed", "user"}
    )

    prompt: str
    n: int = 1
    size: Size | None = None
    quality: str | None = None
    """OpenAI's word for it."""
    style: str | None = None
    transparent: bool = False
    """Whether there is to be nothing behind what is shown."""
    moderation: str | None = None
    format: str | None = None
    """The subtype of a media type, such as `png`."""
    compression: int | None = None
    """Percent of the best quality that a format has which loses some."""
    delivery: Delivery | None = None
    partials: int | None = None
    """How many unfinished pictures a stream shows."""
    negative: str | None = None
    """What is not to be seen."""
    seed: int | None = None
    user: str | None = None
    pictures: tuple[Data | Url, ...] = ()
    """Those that it is made out of."""
    mask: Data | None = None
    """Where the first of these may change."""
    variation: bool = False
    """Whether it is to be like the picture that is given, and no words say how else."""

    def inline(self, where: str) -> None:
        """Raises Unsupported where the client wants a URL, which this provider does not give."""
        if self.delivery is Delivery.LINK:
            raise Unsupported(f"{where} gives pictures as bytes, not by URL", param="delivery")

    def at_most(self, most: int, where: str) -> None:
        """Raises Unsupported for more pictures than there are at once."""
        if self.n > most:
            raise Unsupported(f"{where} makes at most {most} at once", param="n")

    def within(self, most: int, where: str) -> None:
        """Raises Unsupported for a longer text than may be."""
        for param in ("prompt", "negative"):
            if len(getattr(self, param) or "") > most:
                raise Unsupported(f"{where} reads at most {most} characters", param=param)

    def made_as(self, offered: tuple[str, ...], where: str, dropped: list[str]) -> str | None:
        """The format, where it is one of `offered`; raises Unsupported where a picture of another
        would not serve."""
        if self.format is None or self.format in offered:
            return self.format
        if self.format in DRAWN:
            raise Unsupported(f"{where} makes no {self.format}", param="format")
        dropped.append("format")
        return None

    def seeded(self, low: int, high: int, dropped: list[str]) -> int | None:
        """The seed, where it is within what the provider takes."""
        if self.seed is None or low <= self.seed <= high:
            return self.seed
        dropped.append("seed")
        return None


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """One that was made."""

    base64: bytes = b""
    """A JSON string; empty: there is a URL."""
    url: str = ""
    media_type: str = ""
    """Empty: nobody says."""
    prompt: str = ""
    """What it was made from, where that is not what the client has said."""


class ImageAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What was made, one or more."""

    pictures: tuple[Picture, ...]
    usage: Usage
    created: int = 0
    size: str = ""
    """In OpenAI's words, as are the next; empty: nobody says."""
    quality: str = ""
    background: str = ""
    seen: int = 0
    """Tokens of pictures among those of the input."""
    drawn: int | None = None
    """Tokens of pictures among those of the output; None: nobody says."""


def is_text(raw: msgspec.Raw) -> bool:
    """Whether it is a JSON string, which may be millions of bytes long."""
    return bytes(memoryview(raw)[:1]) == b'"'


def used(images: int, tokens: tuple[int | None, int | None] = (None, None), **parts: int) -> Usage:
    """Pictures, and input and output tokens where a provider has said them."""
    units = Units(images=images)
    return told(*tokens, units=units, **parts) or Usage(units=units)


def blocked(reason: str) -> FailedAnswer:
    """What a client is told whose picture the provider does not show."""
    return FailedAnswer(
        ApiError(
            status=400,
            cause=Cause.INVALID_REQUEST,
            code=BLOCKED,
            message=f"the provider made no picture: {reason or 'it says no reason'}"[:1000],
        )
    )
