"""A request for pictures made out of others: a form, whose texts mean what the members of JSON do.

https://platform.openai.com/docs/api-reference/images/createEdit
"""

import base64
import re
from typing import Any

import msgspec

from providers.dialects.openai.images.request import parse_request, render_request
from providers.errors import InvalidRequest, Unsupported
from providers.neutral.images import ImageRequest
from providers.neutral.media import Data, Url
from providers.wire import members
from providers.wire.members import Json
from providers.wire.multipart import Upload

NUMBERS = ("n", "output_compression", "partial_images", "seed")
WHOLE = re.compile(r"-?[0-9]{1,18}")
KNOWN = frozenset({"image", "mask", "input_fidelity"})
WORDED = ("prompt", "mask")
"""What no variation has."""
TYPES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp"}
"""By the ending of a file's name, where nothing says the type."""


def parse_edit(body: Json, path_model: str) -> ImageRequest:
    """A text, one picture or several, and perhaps where the first may change; raises Unsupported
    for what is drawn over it."""
    given = body.get("image")
    files = given if isinstance(given, list) else [given]
    pictures = [uploaded(one) for one in files if isinstance(one, Upload)]
    if not pictures or len(pictures) < len(files):
        raise members.wrong("image", "a file, or files")
    mask = body.get("mask")
    if mask is not None and not isinstance(mask, Upload):
        raise members.wrong("mask", "a file")
    if body.get("markup") is not None:
        raise Unsupported("markup: only OpenAI's own models are guided by one", param="markup")
    rest = {name: value for name, value in body.items() if name not in KNOWN}
    request = parse_request(rest | _numbers(body) | _stream(body), path_model)
    extras = {name: body[name] for name in ("input_fidelity",) if name in body}
    return msgspec.structs.replace(
        request,
        pictures=tuple(pictures),
        mask=None if mask is None else uploaded(mask),
        extras=request.extras | extras,
    )


def parse_variation(body: Json, path_model: str) -> ImageRequest:
    """A picture to which others are to be alike, without any words.

    https://platform.openai.com/docs/api-reference/images/createVariation
    """
    if not isinstance(body.get("image"), Upload):
        raise members.wrong("image", "a file")
    unknown = {name: body[name] for name in WORDED if name in body}
    rest = {name: value for name, value in body.items() if name not in WORDED}
    request = parse_edit({**rest, "prompt": "a variation"}, path_model)
    extras = request.extras | unknown
    return msgspec.structs.replace(request, prompt="", variation=True, extras=extras)


def render_edit(request: ImageRequest, model: str, dropped: list[str]) -> Json:
    """The same, as servers of this format take it; raises Unsupported for a picture by URL."""
    files = [_file(one, number) for number, one in enumerate(request.pictures, 1)]
    mask = {} if request.mask is None else {"mask": _file(request.mask, 0)}
    image = files[0] if len(files) == 1 else files
    return {**render_request(request, model, dropped), "image": image, **mask}


def render_variation(request: ImageRequest, model: str, dropped: list[str]) -> Json:
    """The same; raises Unsupported for what words ask."""
    if not request.variation:
        raise Unsupported(f"{model} makes variations, and reads no words", param="prompt")
    asked = render_request(request, model, dropped)
    del asked["prompt"]
    return {**asked, "image": _file(request.pictures[0], 1)}


def _file(picture: Data | Url, number: int) -> Upload:
    if isinstance(picture, Url):
        raise Unsupported("a form holds pictures, and no URLs of them", param="pictures")
    name = f"{number or 'mask'}.{picture.media_type.partition('/')[2] or 'png'}"
    try:
        data = base64.b64decode(picture.base64)
    except ValueError:
        raise InvalidRequest("a picture is no Base64", param="pictures") from None
    return Upload(data=data, filename=name, media_type=picture.media_type)


def _numbers(body: Json) -> dict[str, Any]:
    """Those that a form spells."""
    found = {}
    for name in NUMBERS:
        if name in body:
            said = body[name]
            if not isinstance(said, str) or not WHOLE.fullmatch(said):
                raise members.wrong(name, "an integer")
            found[name] = int(said)
    return found


def _stream(body: Json) -> dict[str, Any]:
    said = members.text(body, "stream")
    return {} if said is None else {"stream": said.lower() == "true"}


def uploaded(file: Upload) -> Data:
    """A picture in a form, of the type that it says, or that its name tells."""
    said = file.media_type.partition(";")[0].strip().lower()
    if not said.startswith("image/"):
        said = TYPES.get(file.filename.rpartition(".")[2].lower(), "image/png")
    return Data(base64=base64.b64encode(file.data).decode(), media_type=said)
