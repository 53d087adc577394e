"""Pictures by InvokeModel as clients ask for them: in Amazon's format, and in Stability's."""

import msgspec
import orjson

from providers.bridging.dialect import Context
from providers.bridging.members import shape
from providers.errors import BadAnswer, InvalidRequest
from providers.neutral.images import Delivery, ImageAnswer, ImageRequest, Picture, Size
from providers.neutral.media import Data
from providers.wire import members
from providers.wire.members import Json

PAINTED = "TEXT_IMAGE"
CONFIG = "imageGenerationConfig."
BEGINNINGS = {"iVBOR": "image/png", "/9j/": "image/jpeg", "UklGR": "image/webp"}
"""How base64 of a picture begins."""
USUAL = 1024
"""Pixels of a side of which nothing is said.

https://docs.aws.amazon.com/nova/latest/userguide/image-gen-req-resp-structure.html
"""
READ = shape(
    imageGenerationConfig=shape("numberOfImages", "width", "height", "quality", "seed"),
    imageVariationParams=shape("text", "negativeText", "images"),
)
QUALITIES = {"standard": "standard", "premium": "hd"}
"""Amazon's word → OpenAI's."""

STABILITYS = frozenset({"prompt", "negative_prompt", "aspect_ratio", "output_format", "seed"})
MODES = frozenset({"mode", "image", "strength"})
# https://platform.stability.ai/docs/api-reference#tag/Generate: all of about a megapixel.
SIZES = {
    "16:9": Size(1344, 768),
    "1:1": Size(1024, 1024),
    "21:9": Size(1536, 640),
    "2:3": Size(832, 1216),
    "3:2": Size(1216, 832),
    "4:5": Size(896, 1088),
    "5:4": Size(1088, 896),
    "9:16": Size(768, 1344),
    "9:21": Size(640, 1536),
}


def parse_amazon(body: Json, path_model: str) -> ImageRequest:
    """A text to be painted; raises InvalidRequest for all other tasks, which Amazon alone does."""
    if body.get("taskType") != PAINTED:
        raise members.wrong("taskType", f"{PAINTED}, where another vendor's model is asked")
    return _asked(body, "textToImageParams", frozenset({"text", "negativeText"}))


def parse_variation(body: Json, path_model: str) -> ImageRequest:
    """Pictures like those that are given; how like, Amazon alone can be told."""
    known = frozenset({"text", "negativeText", "images", "similarityStrength"})
    request = _asked(body, "imageVariationParams", known)
    params = members.required_mapping(body, "imageVariationParams")
    pictures = [_picture(one) for one in members.texts(params, "images", "imageVariationParams.")]
    if not pictures:
        raise members.wrong("imageVariationParams.images", "an array of pictures")
    return msgspec.structs.replace(request, pictures=tuple(pictures))


def _picture(text: str) -> Data:
    kind = next((kind for start, kind in BEGINNINGS.items() if text.startswith(start)), "image/png")
    return Data(base64=text, media_type=kind)


def _asked(body: Json, place: str, known: frozenset[str]) -> ImageRequest:
    """What both tasks say; raises InvalidRequest for what would be another picture without it."""
    params = members.required_mapping(body, place)
    config = members.mapping(body, "imageGenerationConfig") or {}
    at, of = f"{place}.", CONFIG
    for name in members.beyond(params, known):
        raise InvalidRequest(f"{at}{name}: only Amazon's models take that", param=f"{at}{name}")
    quality = members.text(config, "quality", of)
    return ImageRequest(
        prompt=members.required_text(params, "text", at),
        negative=members.text(params, "negativeText", at) or None,
        n=members.integer(config, "numberOfImages", of) or 1,
        size=_sides(config),
        quality=QUALITIES.get(quality or "", quality),
        seed=members.integer(config, "seed", of),
        delivery=Delivery.INLINE,
        extras=members.beyond(body, {"taskType", place, "imageGenerationConfig"}),
    )


def _sides(config: Json) -> Size | None:
    sides = [members.integer(config, name, CONFIG) for name in ("width", "height")]
    if sides == [None, None]:
        return None
    width, height = (USUAL if side is None else side for side in sides)
    if width < 1 or height < 1:
        raise members.wrong("imageGenerationConfig.width", "a positive integer")
    return Size(width, height)


def parse_stability(body: Json, path_model: str) -> ImageRequest:
    """A text to be painted; raises InvalidRequest for what is to be made of a picture."""
    if body.get("image") is not None or body.get("mode") not in (None, "text-to-image"):
        raise InvalidRequest("image: only Stability's models take a picture so", param="image")
    ratio = members.text(body, "aspect_ratio")
    if ratio is not None and ratio not in SIZES:
        raise members.wrong("aspect_ratio", f"one of {', '.join(SIZES)}")
    return ImageRequest(
        prompt=members.required_text(body, "prompt"),
        negative=members.text(body, "negative_prompt") or None,
        size=SIZES[ratio] if ratio else None,
        format=members.text(body, "output_format"),
        seed=members.integer(body, "seed") or None,
        delivery=Delivery.INLINE,
        extras=members.beyond(body, STABILITYS | MODES),
    )


def render_amazon(answer: ImageAnswer, context: Context) -> Json:
    """The pictures."""
    return {"images": [_inline(one) for one in answer.pictures]}


def render_stability(answer: ImageAnswer, context: Context) -> Json:
    """The pictures, of which none was filtered."""
    images = [_inline(one) for one in answer.pictures]
    return {"seeds": [0] * len(images), "finish_reasons": [None] * len(images), "images": images}


def _inline(picture: Picture) -> orjson.Fragment:
    if not picture.base64:
        raise BadAnswer("the provider gives a URL, and not the picture")
    return orjson.Fragment(picture.base64)
