"""What the models of films take that Replicate hosts, each by names of its own.

https://replicate.com/google/veo-3.1, /kwaivgi/kling-v2.5-turbo-pro, /bytedance/seedance-1-pro,
/minimax/hailuo-2.3 (checked 2026-11)
"""

import re
from collections.abc import Mapping

import msgspec

from providers.neutral.images import Size


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """What some models take."""

    lengths: tuple[int, ...] = ()
    """Empty: they cannot be told."""
    sizes: Mapping[Size, Mapping[str, str]] = {}
    """Size → the inputs that say it; the first is the usual one. Empty: they cannot be told."""
    short: frozenset[str] = frozenset()
    """Resolutions of films that have one length alone, the first."""
    picture: str = ""
    """The input for the picture with which a film begins."""
    negative: bool = False
    """Whether they can be told what is not to be seen."""
    seed: bool = False


def _sized(words: Mapping[str, int], ratios: tuple[str, ...]) -> dict[Size, dict[str, str]]:
    """All sizes, of words for the shorter side and of ratios."""
    return {
        _size(side, ratio): {"resolution": word, "aspect_ratio": ratio}
        for word, side in words.items()
        for ratio in ratios
    }


def _size(shorter: int, ratio: str) -> Size:
    width, height = map(int, ratio.split(":"))
    longer = round(shorter * max(width, height) / min(width, height))
    return Size(longer, shorter) if width >= height else Size(shorter, longer)


BOTH = ("16:9", "9:16")
MANY = (*BOTH, "1:1", "4:3", "3:4", "21:9")
KLINGS = {_size(720, ratio): {"aspect_ratio": ratio} for ratio in (*BOTH, "1:1")}
HAILUOS = {Size(1366, 768): {"resolution": "768p"}, Size(1920, 1080): {"resolution": "1080p"}}

MODELS: tuple[tuple[re.Pattern[str], Model], ...] = (
    (
        re.compile(r"google/veo-3"),
        Model(
            lengths=(8, 4, 6),
            sizes=_sized({"720p": 720, "1080p": 1080}, BOTH),
            short=frozenset({"1080p"}),
            picture="image",
            negative=True,
            seed=True,
        ),
    ),
    (
        re.compile(r"kwaivgi/kling-v2"),
        Model(lengths=(5, 10), sizes=KLINGS, picture="start_image", negative=True),
    ),
    (
        re.compile(r"bytedance/seedance-1(?!\.5)"),
        Model(
            lengths=tuple(range(2, 13)),
            sizes=_sized({"720p": 720, "480p": 480, "1080p": 1080}, MANY),
            picture="image",
            seed=True,
        ),
    ),
    (
        re.compile(r"minimax/hailuo-(?:02|2\.3)$"),
        Model(
            lengths=(6, 10),
            sizes=HAILUOS,
            short=frozenset({"1080p"}),
            picture="first_frame_image",
        ),
    ),
)
"""Those that are known; others are told the words alone."""


def known(model: str) -> Model:
    """What a model takes."""
    return next((one for start, one in MODELS if start.match(model)), Model())
