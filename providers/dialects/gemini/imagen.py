"""The gemini.imagen dialect: pictures by Imagen (predict), and clients who ask for some so.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api
https://ai.google.dev/gemini-api/docs/imagen
"""

from collections.abc import Mapping
from typing import Any

import msgspec
import orjson

from providers.bridging.dialect import Context, Endpoint, Place, Seen
from providers.bridging.members import shape
from providers.bridging.plain import PlainDialect
from providers.dialects.gemini.errors import parse_error, render_error
from providers.dialects.gemini.generate_content import endpoints
from providers.dialects.gemini.images import options, picture
from providers.errors import BadAnswer, InvalidRequest
from providers.neutral import images
from providers.neutral.asking import reader
from providers.neutral.images import (
    Delivery,
    ImageAnswer,
    ImageRequest,
    Picture,
    Size,
    blocked,
    is_text,
    used,
)
from providers.operations import Operation
from providers.wire import members
from providers.wire.members import Json

NAME = "gemini.imagen"
MOST = 4
"""Pictures at once."""

SIZES: Mapping[str, Size] = {
    "1:1": Size(1024, 1024),
    "3:4": Size(896, 1280),
    "4:3": Size(1280, 896),
    "9:16": Size(768, 1408),
    "16:9": Size(1408, 768),
}
"""Ratio → what that is in pixels."""
TIERS = {"1K": 1, "2K": 2}

READ = shape(
    parameters=shape(
        *("sampleCount", "aspectRatio", "sampleImageSize", "negativePrompt", "seed"),
        outputOptions=shape("mimeType", "compressionQuality"),
    )
)
GUESSED = frozenset({"mode", "storageUri", "editMode", "editConfig", "upscaleConfig"})
"""Parameters that ask for another thing than pictures in the answer."""


def parse_request(body: Json, path_model: str) -> ImageRequest:
    """One instance, and parameters; raises InvalidRequest for what is no text to be painted."""
    found = list(members.objects(body, "instances"))
    if len(found) != 1:
        raise members.wrong("instances", "an array of one object")
    instance, at = found[0]
    parameters = members.mapping(body, "parameters") or {}
    _only_painted(instance, at, parameters)
    output = members.mapping(parameters, "outputOptions", "parameters.") or {}
    format = members.text(output, "mimeType", "parameters.outputOptions.")
    return ImageRequest(
        prompt=members.required_text(instance, "prompt", at),
        n=_count(parameters),
        size=_size(parameters),
        format=format.removeprefix("image/") if format else None,
        compression=members.integer(output, "compressionQuality", "parameters.outputOptions."),
        delivery=Delivery.INLINE,
        negative=members.text(parameters, "negativePrompt", "parameters.") or None,
        seed=members.integer(parameters, "seed", "parameters."),
        extras=members.beyond(body, TOP),
    )


TOP = frozenset({"instances", "parameters"})


def _only_painted(instance: Json, at: str, parameters: Json) -> None:
    for place, owner, names in (
        (at, instance, instance.keys() - {"prompt"}),
        ("parameters.", parameters, GUESSED & parameters.keys()),
    ):
        for name in sorted(names):
            if owner[name] is not None:
                words = f"{place}{name}: only Imagen itself takes that"
                raise InvalidRequest(words, param=f"{place}{name}")


def _count(parameters: Json) -> int:
    count = members.integer(parameters, "sampleCount", "parameters.")
    if count is not None and count < 1:
        raise members.wrong("parameters.sampleCount", "a positive integer")
    return count or 1


def _size(parameters: Json) -> Size | None:
    ratio = members.text(parameters, "aspectRatio", "parameters.")
    tier = members.text(parameters, "sampleImageSize", "parameters.")
    if ratio is not None and ratio not in SIZES:
        raise members.wrong("parameters.aspectRatio", f"one of {', '.join(SIZES)}")
    if tier is not None and tier not in TIERS:
        raise members.wrong("parameters.sampleImageSize", f"one of {', '.join(TIERS)}")
    if ratio is None and tier is None:
        return None
    one, times = SIZES[ratio or "1:1"], TIERS[tier or "1K"]
    return Size(one.width * times, one.height * times)


LARGER = ("imagen-4.0-generate", "imagen-4.0-ultra")
"""Models that make squares of 2048 pixels, too."""


def render_imagen(request: ImageRequest, model: str, dropped: list[str]) -> Json:
    """One instance, whose samples are the pictures."""
    request.inline(model)
    request.at_most(MOST, model)
    frame: Json = {}
    if request.size is not None:
        tiers = (1, 2) if any(name in model for name in LARGER) else (1,)
        found = images.shape(request.size, SIZES, tiers)
        frame = {"aspectRatio": found.ratio, "sampleImageSize": "2K" if found.tier == 2 else None}
        if not found.exact:
            dropped.append("size")
    parameters = members.optional(
        sampleCount=request.n, **frame, outputOptions=options(request, model, dropped)
    )
    return {"instances": [{"prompt": request.prompt}], "parameters": parameters}


class Prediction(msgspec.Struct):
    """A picture, or why there is none."""

    bytesBase64Encoded: msgspec.Raw = msgspec.Raw()
    mimeType: Any = None
    prompt: Any = None
    """As Google has rewritten it."""
    raiFilteredReason: Any = None
    safetyAttributes: Any = None


class Predictions(msgspec.Struct):
    """What is read of an answer; where all was filtered without a reason, it is empty."""

    predictions: list[Prediction] = []


def _drawn(answer: Predictions) -> list[Prediction]:
    return [one for one in answer.predictions if is_text(one.bytesBase64Encoded)]


def leaves(answer: Predictions) -> list[str]:
    """Why some of the pictures are not shown, and how sure of that Google is."""
    names = ("raiFilteredReason", "safetyAttributes")
    said = [name for name in names if any(getattr(one, name) for one in answer.predictions)]
    return [f"predictions.{name}" for name in said]


def watch_imagen(answer: Predictions) -> Seen:
    """Imagen counts pictures alone."""
    return Seen(usage=used(len(_drawn(answer))))


def parse_predictions(answer: Predictions) -> ImageAnswer:
    """The pictures; raises FailedAnswer where all were filtered."""
    found = _drawn(answer)
    if not found:
        raise blocked(
            " ".join([members.string(one.raiFilteredReason) for one in answer.predictions])
        )
    return ImageAnswer(
        pictures=tuple(picture(one.bytesBase64Encoded, one.mimeType, one.prompt) for one in found),
        usage=used(len(found)),
    )


def render_response(answer: ImageAnswer, context: Context) -> Json:
    """The pictures; raises BadAnswer where a provider has given a URL instead of one."""
    return {"predictions": [_prediction(one) for one in answer.pictures]}


def _prediction(picture: Picture) -> Json:
    if not picture.base64:
        raise BadAnswer("the provider gives a URL, and not the picture")
    return members.optional(
        bytesBase64Encoded=orjson.Fragment(picture.base64),
        mimeType=picture.media_type or "image/png",
        prompt=picture.prompt or None,
    )


def told(body: Json) -> str:
    """Who wants pictures has a prompt; a text that is to be embedded is its content."""
    instances = body.get("instances")
    first = instances[0] if isinstance(instances, list) and instances else None
    return NAME if isinstance(first, dict) and "prompt" in first else ""


DIALECT = PlainDialect[ImageRequest, ImageAnswer](
    name=NAME,
    operation=Operation.IMAGES,
    client=(),
    upstream=(Endpoint(path="/models/{model}:predict"),),
    carries=frozenset({"n", "size", "format", "compression", "delivery"}),
    names={
        "n": "parameters.sampleCount",
        "size": "parameters.aspectRatio",
        "format": "parameters.outputOptions.mimeType",
        "compression": "parameters.outputOptions.compressionQuality",
        "negative": "parameters.negativePrompt",
        "seed": "parameters.seed",
    },
    nested=READ,
    parse_request=parse_request,
    render_request=render_imagen,
    parse_response=parse_predictions,
    render_response=render_response,
    parse_error=parse_error,
    render_error=render_error,
    read=reader(Predictions, "predictions"),
    leaves=leaves,
    watch=watch_imagen,
)
"""Its clients come in where those do who want vectors (`predict.py`)."""

DIALECTS = (DIALECT,)
SHARED_PLACES = tuple(
    Place(path=place.path, told=told, names=frozenset({NAME}))
    for place in endpoints("predict", stream=False)
)
