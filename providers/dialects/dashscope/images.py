"""Pictures by Qwen's and Wan's models at DashScope, for providers alone: made from words, or out of
others.

https://www.alibabacloud.com/help/en/model-studio/qwen-image-api
https://www.alibabacloud.com/help/en/model-studio/qwen-image-edit
https://docs.qwencloud.com/api-reference/image-generation/wan-text-to-image-v2/synchronous
"""

from typing import Any

import msgspec

from providers.bridging.dialect import Endpoint, Seen
from providers.bridging.plain import PlainDialect
from providers.errors import BadAnswer, Unsupported
from providers.neutral.images import (
    Canvas,
    Delivery,
    ImageAnswer,
    ImageRequest,
    Picture,
    Size,
    blocked,
    used,
)
from providers.neutral.media import Data, Url
from providers.operations import Operation
from providers.wire import members
from providers.wire.compatible_errors import parse_error, render_error
from providers.wire.members import Json

PATH = "/services/aigc/multimodal-generation/generation"
NEWER = "qwen-image-2"
"""Models of nearly any size, of which several pictures can be asked for."""
SIZES = tuple(Size(*one) for one in ((1664, 928), (1472, 1104), (1328, 1328), (1104, 1472)))
SIZES += (Size(928, 1664),)
ANY = Canvas(step=16, shortest=256, longest=4096, steepest=8, fewest=262_144, most=4_194_304)
SEEDS = 2_147_483_647
MOST, MOST_PICTURES = 6, 3
TEXT = 800
"""Characters."""
WAN = "wan2.6-t2i"
"""The first of Wan's models that answers at once; older ones make jobs alone. Who says no number
gets, and pays, four pictures of it."""
WANS_MOST, WANS_TEXT, WANS_NEGATIVE = 4, 2100, 500
WANS = Canvas(step=16, shortest=640, longest=2880, steepest=4, fewest=1280**2, most=1440**2)
UNSIZED = "qwen-image-edit"
"""The one that makes all as large as what it is given."""


def render_request(request: ImageRequest, model: str, dropped: list[str]) -> Json:
    """Raises Unsupported for bytes: the provider gives URLs."""
    if request.delivery is Delivery.INLINE:
        raise Unsupported(f"{model} gives pictures by URL, not as bytes", param="delivery")
    if len(request.pictures) > MOST_PICTURES:
        raise Unsupported(f"{model} reads at most {MOST_PICTURES} pictures", param="pictures")
    _check(request, model)
    request.made_as(("png",), model, dropped)
    content: list[Json] = [*map(_part, request.pictures), {"text": request.prompt}]
    size = _fitting(request, model, dropped)
    parameters = members.optional(
        n=request.n if request.n > 1 or model.startswith(WAN) else None,
        size=f"{size.width}*{size.height}" if size else None,
        negative_prompt=request.negative,
        seed=request.seeded(0, SEEDS, dropped),
    )
    asked = {"model": model, "input": {"messages": [{"role": "user", "content": content}]}}
    return {**asked, "parameters": {**parameters, "watermark": False}}


def _check(request: ImageRequest, model: str) -> None:
    """Raises Unsupported for more than the model makes, or reads."""
    if model.startswith(WAN):
        request.at_most(WANS_MOST, model)
        request.within(WANS_TEXT, model)
        if len(request.negative or "") > WANS_NEGATIVE:
            words = f"{model} reads at most {WANS_NEGATIVE} characters"
            raise Unsupported(words, param="negative")
        if request.pictures:
            raise Unsupported(f"{model} makes pictures from words alone", param="pictures")
        return
    several = model.startswith(NEWER) or (request.pictures and model != UNSIZED)
    request.at_most(MOST if several else 1, model)
    request.within(TEXT, model)


def _part(picture: Data | Url) -> Json:
    if isinstance(picture, Url):
        return {"image": picture.url}
    return {"image": f"data:{picture.media_type};base64,{picture.base64}"}


def _fitting(request: ImageRequest, model: str, dropped: list[str]) -> Size | None:
    asked = request.size
    if asked is None:
        return None
    if model == UNSIZED:
        dropped.append("size")
        return None
    free = request.pictures or model.startswith((NEWER, WAN))
    canvas = WANS if model.startswith(WAN) else ANY
    found = canvas.nearest(asked) if free else asked.nearest(SIZES)
    if found != asked:
        dropped.append("size")
    return found


def _urls(body: Json) -> list[str]:
    output: Any = body.get("output")
    if not isinstance(output, dict):
        raise BadAnswer("the provider's answer has no output")
    messages = [one.get("message") for one in members.dicts(output.get("choices"))]
    contents = [one.get("content") for one in messages if isinstance(one, dict)]
    parts = [part for content in contents for part in members.dicts(content)]
    return [url for part in parts if isinstance(url := part.get("image"), str)]


def watch(body: Json) -> Seen:
    """How many pictures there are."""
    return Seen(usage=used(len(_urls(body))))


def parse_response(body: Json) -> ImageAnswer:
    """The pictures; raises FailedAnswer where there are none."""
    found = _urls(body)
    if not found:
        raise blocked(members.string(body.get("message")))
    pictures = tuple(Picture(url=url, media_type="image/png") for url in found)
    return ImageAnswer(pictures=pictures, usage=used(len(found)))


DIALECT = PlainDialect[ImageRequest, ImageAnswer](
    name="dashscope.images",
    operation=Operation.IMAGES,
    client=(),
    upstream=(Endpoint(path=PATH),),
    carries=frozenset({"n", "size", "format", "delivery", "negative", "seed"}),
    render_request=render_request,
    parse_response=parse_response,
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
)

EDITS = msgspec.structs.replace(
    DIALECT,
    name="dashscope.image_edits",
    operation=Operation.IMAGE_EDITS,
    carries=DIALECT.carries | {"pictures"},
)

DIALECTS = (DIALECT, EDITS)
