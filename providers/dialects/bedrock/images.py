"""Pictures by models on Bedrock: Amazon's Titan and Nova Canvas, and Stability's.

Titan: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-image.html
Nova: https://docs.aws.amazon.com/nova/latest/userguide/image-gen-req-resp-structure.html
Stability: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-stability-diffusion.html
"""

from typing import Any

import msgspec

from providers.bridging.dialect import Endpoint, Seen
from providers.bridging.plain import PlainDialect, unspoken
from providers.dialects.bedrock import invoke_images, masks
from providers.dialects.bedrock.errors import parse_error, render_error
from providers.errors import Unsupported
from providers.neutral.asking import reader
from providers.neutral.images import (
    Canvas,
    ImageAnswer,
    ImageRequest,
    Picture,
    Size,
    blocked,
    is_text,
    shape,
    used,
)
from providers.neutral.media import Data, Url
from providers.operations import Operation
from providers.wire import members
from providers.wire.members import Json

AMAZON = "bedrock.images"
AMAZONS_EDITS = "bedrock.image_edits"
STABILITY = "bedrock.stability"
STABILITYS_EDITS = "bedrock.stability_edits"
PATH = "/model/{model}/invoke"

AMAZONS_MOST = 5
"""Pictures at once."""
TITANS_SIZES = tuple(
    Size(width, height)
    for width, height in (
        *((1024, 1024), (768, 768), (512, 512), (768, 1152), (384, 576), (1152, 768), (576, 384)),
        *((768, 1280), (384, 640), (1280, 768), (640, 384), (896, 1152), (448, 576), (1152, 896)),
        *((576, 448), (768, 1408), (384, 704), (1408, 768), (704, 384), (640, 1408), (320, 704)),
        *((1408, 640), (704, 320), (1152, 640), (1173, 640)),
    )
)
TITANS_TEXT, NOVAS_TEXT = 512, 1024
"""Characters."""
SEEDS = 858_993_459
"""The largest; Titan knows larger ones."""
NOVAS_SIZES = Canvas(step=16, shortest=320, longest=4096, steepest=4, most=4_194_304)
QUALITIES = {"standard": "standard", "hd": "premium"}
"""Those that mean the same; of the others the nearest is sent."""
FINE = frozenset({"high", "xhigh", "max"})


def render_amazon(request: ImageRequest, model: str, dropped: list[str]) -> Json:
    """Text to image, as both generations take it."""
    params = members.optional(text=request.prompt, negativeText=request.negative)
    task = {"taskType": "TEXT_IMAGE", "textToImageParams": params}
    return {**task, "imageGenerationConfig": _config(request, model, dropped)}


def render_variation(request: ImageRequest, model: str, dropped: list[str]) -> Json:
    """Pictures like those that are given, as words say; or the one that is given, with another part
    where there is a mask."""
    if request.mask is not None:
        return _inpainted(request, request.mask, model, dropped)
    if len(request.pictures) > AMAZONS_MOST:
        raise Unsupported(f"{model} reads at most {AMAZONS_MOST} pictures", param="pictures")
    params = members.optional(
        images=list(map(_inline, request.pictures)),
        text=request.prompt or None,
        negativeText=request.negative,
    )
    task = {"taskType": "IMAGE_VARIATION", "imageVariationParams": params}
    return {**task, "imageGenerationConfig": _config(request, model, dropped)}


def _inpainted(request: ImageRequest, mask: Data, model: str, dropped: list[str]) -> Json:
    """All that is made is as large as what is given."""
    _alone(request, model)
    black, size = masks.drawn(mask, masks.AMAZONS)
    config = _config(request.without(("size",)), model, dropped)
    if request.size not in (None, size):
        dropped.append("size")
    params = members.optional(
        image=_inline(request.pictures[0]),
        maskImage=black,
        text=request.prompt or None,
        negativeText=request.negative,
    )
    task = {"taskType": "INPAINTING", "inPaintingParams": params}
    return {**task, "imageGenerationConfig": config}


def _alone(request: ImageRequest, model: str) -> None:
    """Raises Unsupported for more than one picture."""
    if len(request.pictures) != 1:
        raise Unsupported(f"{model} changes a part of one picture", param="pictures")


def _inline(picture: Data | Url) -> str:
    if isinstance(picture, Url):
        raise Unsupported("Bedrock reads pictures that are sent along", param="pictures")
    return picture.base64


def _config(request: ImageRequest, model: str, dropped: list[str]) -> Json:
    """What both tasks have; raises Unsupported."""
    titan = "titan" in model
    request.inline(model)
    request.at_most(AMAZONS_MOST, model)
    request.within(TITANS_TEXT if titan else NOVAS_TEXT, model)
    request.made_as(("png",), model, dropped)
    size = _fitting(request.size, titan, dropped)
    return members.optional(
        numberOfImages=request.n,
        width=size and size.width,
        height=size and size.height,
        quality=_quality(request.quality, dropped),
        seed=request.seeded(0, SEEDS, dropped),
    )


def _fitting(asked: Size | None, titan: bool, dropped: list[str]) -> Size | None:
    if asked is None:
        return None
    found = asked.nearest(TITANS_SIZES) if titan else NOVAS_SIZES.nearest(asked)
    if found != asked:
        dropped.append("size")
    return found


def _quality(asked: str | None, dropped: list[str]) -> str | None:
    if asked is None or asked in QUALITIES:
        return QUALITIES.get(asked or "")
    dropped.append("quality")
    return "premium" if asked in FINE else "standard"


class AmazonsAnswer(msgspec.Struct):
    """What is read of an answer."""

    images: list[msgspec.Raw] | None = None
    error: Any = None
    """Why some or all are missing."""


def _drawn(images: list[msgspec.Raw] | None) -> list[msgspec.Raw]:
    return [one for one in images or () if is_text(one)]


def _answer(found: list[msgspec.Raw], reason: str) -> ImageAnswer:
    if not found:
        raise blocked(reason)
    inline = [bytes(one) for one in found]
    pictures = tuple(Picture(base64=one, media_type=_media_type(one)) for one in inline)
    return ImageAnswer(pictures=pictures, usage=used(len(found)))


SIGNATURES = {b'"iVBOR': "image/png", b'"/9j/': "image/jpeg", b'"UklGR': "image/webp"}
"""How base64 of a picture begins."""


def _media_type(base64: bytes) -> str:
    return next((kind for start, kind in SIGNATURES.items() if base64.startswith(start)), "")


def watch_amazon(answer: AmazonsAnswer) -> Seen:
    """Nothing but pictures is counted."""
    return Seen(usage=used(len(_drawn(answer.images))))


def parse_amazon(answer: AmazonsAnswer) -> ImageAnswer:
    """The pictures; raises FailedAnswer where all were withheld."""
    return _answer(_drawn(answer.images), members.string(answer.error))


RATIOS = ("16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21")
STABILITYS_TEXT = 10_000
STABILITYS_SEEDS = 4_294_967_294


def render_stability(request: ImageRequest, model: str, dropped: list[str]) -> Json:
    """One picture, of a ratio."""
    request.inline(model)
    request.at_most(1, model)
    request.within(STABILITYS_TEXT, model)
    ratio = None
    if request.size is not None:
        found = shape(request.size, RATIOS)
        ratio = found.ratio
        # Of how many pixels a square is, each of the models decides.
        if not found.exact or "core" in model:
            dropped.append("size")
    return members.optional(
        prompt=request.prompt,
        negative_prompt=request.negative,
        aspect_ratio=ratio,
        output_format=request.made_as(("png", "jpeg"), model, dropped),
        seed=request.seeded(0, STABILITYS_SEEDS, dropped),
    )


def render_inpainted(request: ImageRequest, model: str, dropped: list[str]) -> Json:
    """One picture, of which a part is another; it is as large as what is given."""
    request.inline(model)
    request.at_most(1, model)
    request.within(STABILITYS_TEXT, model)
    _alone(request, model)
    image = request.pictures[0]
    inline = _inline(image)
    mask = masks.drawn(request.mask, masks.STABILITYS) if request.mask is not None else None
    if mask is None and isinstance(image, Data) and not masks.shows_through(image):
        raise Unsupported(f"{model} wants a mask", param="mask")
    if request.size is not None and (mask is None or request.size != mask[1]):
        dropped.append("size")
    return members.optional(
        image=inline,
        mask=mask[0] if mask else None,
        prompt=request.prompt,
        negative_prompt=request.negative,
        output_format=request.made_as(("png", "jpeg", "webp"), model, dropped),
        seed=request.seeded(0, STABILITYS_SEEDS, dropped),
    )


class StabilitysAnswer(msgspec.Struct):
    """What is read of an answer."""

    images: list[msgspec.Raw] | None = None
    finish_reasons: list[Any] | None = None
    """Null for each picture that is shown."""


def _shown(answer: StabilitysAnswer) -> list[msgspec.Raw]:
    """A filtered picture may be there, blurred."""
    reasons = answer.finish_reasons or []
    images = _drawn(answer.images)
    return [one for at, one in enumerate(images) if at >= len(reasons) or reasons[at] is None]


def watch_stability(answer: StabilitysAnswer) -> Seen:
    """Nothing but pictures is counted."""
    return Seen(usage=used(len(_shown(answer))))


def parse_stability(answer: StabilitysAnswer) -> ImageAnswer:
    """The pictures; raises FailedAnswer where all were filtered."""
    reasons = [members.string(one) for one in answer.finish_reasons or ()]
    return _answer(_shown(answer), " ".join(filter(None, reasons)))


AMAZONS = PlainDialect[ImageRequest, ImageAnswer](
    name=AMAZON,
    operation=Operation.IMAGES,
    client=(),
    upstream=(Endpoint(path=PATH),),
    carries=frozenset({"n", "size", "quality", "format", "delivery", "negative", "seed"}),
    names={
        "n": "imageGenerationConfig.numberOfImages",
        "size": "imageGenerationConfig.width",
        "quality": "imageGenerationConfig.quality",
        "negative": "textToImageParams.negativeText",
        "seed": "imageGenerationConfig.seed",
    },
    nested=invoke_images.READ,
    parse_request=invoke_images.parse_amazon,
    render_request=render_amazon,
    parse_response=parse_amazon,
    render_response=invoke_images.render_amazon,
    parse_error=parse_error,
    render_error=render_error,
    read=reader(AmazonsAnswer, "images"),
    watch=watch_amazon,
)

STABILITYS = PlainDialect[ImageRequest, ImageAnswer](
    name=STABILITY,
    operation=Operation.IMAGES,
    client=(),
    upstream=(Endpoint(path=PATH),),
    carries=frozenset({"n", "size", "format", "delivery", "negative", "seed"}),
    names={"size": "aspect_ratio", "format": "output_format", "negative": "negative_prompt"},
    parse_request=invoke_images.parse_stability,
    render_request=render_stability,
    parse_response=parse_stability,
    render_response=invoke_images.render_stability,
    parse_error=parse_error,
    render_error=render_error,
    read=reader(StabilitysAnswer, "images"),
    watch=watch_stability,
)

EDITS = msgspec.structs.replace(
    AMAZONS,
    name=AMAZONS_EDITS,
    operation=Operation.IMAGE_EDITS,
    carries=AMAZONS.carries | {"pictures", "mask", "variation"},
    names={
        **AMAZONS.names,
        "negative": "imageVariationParams.negativeText",
        "pictures": "imageVariationParams.images",
    },
    parse_request=invoke_images.parse_variation,
    render_request=render_variation,
)

INPAINTED = msgspec.structs.replace(
    STABILITYS,
    name=STABILITYS_EDITS,
    operation=Operation.IMAGE_EDITS,
    carries=STABILITYS.carries | {"pictures", "mask"},
    names={},
    parse_request=unspoken,
    render_request=render_inpainted,
    render_response=unspoken,
)

DIALECTS = (AMAZONS, STABILITYS, EDITS, INPAINTED)
