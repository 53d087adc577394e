"""A request for a film by Veo, which knows two shapes and a few lengths.

https://ai.google.dev/gemini-api/docs/video (checked 2026-11)
"""

import re
from typing import Any

import msgspec

from providers.neutral.images import Size
from providers.neutral.media import Data
from providers.neutral.video import VideoRequest
from providers.usage import Units
from providers.wire import members
from providers.wire.members import Json

SIZES = {
    "720p": (Size(1280, 720), Size(720, 1280)),
    "1080p": (Size(1920, 1080), Size(1080, 1920)),
    "4k": (Size(3840, 2160), Size(2160, 3840)),
}
"""Word for a resolution → both shapes of it."""
RATIOS = {True: "16:9", False: "9:16"}
"""Whether a film is wide → the word for that."""
USUAL = 8
"""Seconds of a film of which nobody says how long it is to be."""
LENGTHS = {"veo-2": (5, 6, 7, 8)}
LENGTHS_NOW = (4, 6, 8)
LONGEST = 8
"""Seconds of films that have more pixels than the smallest."""
FILE = re.compile(r"^https?://[^/]+/v1beta/files/([A-Za-z0-9_-]+)(?::download)?(?:[?].*)?$")
GOOGLES = "https://generativelanguage.googleapis.com/v1beta/files/{}:download?alt=media"
SEEDS = (0, 2**32 - 1)


def settle(request: VideoRequest, model: str, lost: list[str]) -> VideoRequest:
    """With a length and a size that the model makes; raises Unsupported for another length."""
    lengths = next((said for start, said in LENGTHS.items() if model.startswith(start)), None)
    seconds = request.lasting(lengths or LENGTHS_NOW, model)
    size = request.size
    if size is not None:
        size = size.nearest(_sizes(model, seconds))
        if size != request.size:
            lost.append("size")
    return msgspec.structs.replace(request, seconds=seconds, size=size)


def _sizes(model: str, seconds: int) -> list[Size]:
    if seconds < LONGEST or model.startswith("veo-2"):
        return [*SIZES["720p"]]
    if model.startswith("veo-3.0"):
        return [*SIZES["720p"], SIZES["1080p"][0]]
    words = [word for word in SIZES if word != "4k" or _has_4k(model)]
    return [size for word in words for size in SIZES[word]]


def _has_4k(model: str) -> bool:
    return "lite" not in model


def render_request(request: VideoRequest, model: str, dropped: list[str]) -> Json:
    """One instance, and what the film is to be like."""
    seed = request.seed
    if seed is not None and not SEEDS[0] <= seed <= SEEDS[1]:
        dropped.append("seed")
        seed = None
    instance = members.optional(prompt=request.prompt, image=_image(request.picture))
    parameters = members.optional(
        durationSeconds=request.seconds,
        **_frame(request.size, model),
        negativePrompt=request.negative,
        seed=seed,
    )
    return {"instances": [instance], "parameters": parameters}


def _frame(size: Size | None, model: str) -> Json:
    if size is None:
        return {}
    word = next(word for word, sizes in SIZES.items() if size in sizes)
    # Veo 2 has no word for the only resolution that it makes.
    resolution = None if model.startswith("veo-2") else word
    return {"aspectRatio": RATIOS[size.width > size.height], "resolution": resolution}


def _image(picture: Any) -> Json | None:
    if picture is None:
        return None
    assert isinstance(picture, Data)
    return {"bytesBase64Encoded": picture.base64, "mimeType": picture.media_type}


def edits(body: Json, model: str, usage: bool) -> dict[str, Any]:
    """A film that is to be made longer is named as Google names it, wherever it was fetched."""
    given = body.get("instances")
    instances = given if isinstance(given, list) else []
    renamed = [_elsewhere(one) if isinstance(one, dict) else one for one in instances]
    return {"instances": renamed} if renamed != instances else {}


def _elsewhere(instance: Json) -> Json:
    video = instance.get("video")
    uri = members.string(video.get("uri")) if isinstance(video, dict) else ""
    match = FILE.search(uri)
    if match is None or not isinstance(video, dict):
        return instance
    return {**instance, "video": {**video, "uri": GOOGLES.format(match[1])}}


def uses(body: Json) -> Units:
    """The seconds of all films that a client of the same format asks for."""
    parameters = body.get("parameters")
    said = parameters if isinstance(parameters, dict) else {}
    seconds, count = (said.get(name) for name in ("durationSeconds", "sampleCount"))
    return Units(seconds=_positive(seconds, USUAL) * _positive(count, 1))


def _positive(value: Any, usual: int) -> int:
    if isinstance(value, str) and value.isdecimal() and len(value) < 6:
        value = int(value)
    return value if type(value) is int and 0 < value < 10_000 else usual
