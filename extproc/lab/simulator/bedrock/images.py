"""Pictures by InvokeModel on Amazon Bedrock: Titan's, Nova Canvas's and Stability's.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-image.html
https://docs.aws.amazon.com/nova/latest/userguide/image-gen-req-resp-structure.html
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-stability-diffusion.html
"""

import re
from base64 import b64decode

import msgspec
import orjson

from extproc.lab.simulator import pictures
from extproc.lab.simulator.bedrock import converse
from extproc.lab.simulator.dialect import Asked, Call, Json, Refusal, Turn

CONFIG = frozenset({"numberOfImages", "width", "height", "quality", "cfgScale", "seed"})
PARAMS = frozenset({"text", "negativeText", "images", "similarityStrength"})
STABILITYS = frozenset(
    {"prompt", "negative_prompt", "aspect_ratio", "mode", "output_format", "seed"}
    | {"image", "strength"}
)
INPAINTED = frozenset(
    {"prompt", "image", "mask", "negative_prompt", "seed", "output_format", "grow_mask"}
    | {"style_preset"}
)
RATIOS = frozenset(["16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21"])
TITANS = frozenset(
    {(512, 512), (768, 768), (1024, 1024), (768, 1152), (1152, 768), (768, 1280), (1280, 768)}
    | {(896, 1152), (1152, 896), (768, 1408), (1408, 768), (640, 1408), (1408, 640), (1152, 640)}
    | {(384, 576), (576, 384), (384, 640), (640, 384), (448, 576), (576, 448), (384, 704)}
    | {(704, 384), (320, 704), (704, 320), (1173, 640)}
)


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what the model would not take."""
    model, body = call.params["model"], call.body
    if "stability" in model:
        (_check_inpainted if "inpaint" in model else _check_stabilitys)(body)
        return
    params, config = _params(body), body.get("imageGenerationConfig") or {}
    titan = "titan" in model
    own = set() if titan else {"style"}
    if body["taskType"] == "INPAINTING":
        pictures.known(params, frozenset({"image", "maskImage", "text", "negativeText"}))
        pictures.known(config, CONFIG - {"width", "height"})
        _check_mask(params.get("maskImage"))
    else:
        pictures.known(
            params, frozenset({"text", "negativeText", "images", "similarityStrength"} | own)
        )
        pictures.known(config, CONFIG)
    for name in params.keys() & {"text", "negativeText"}:
        pictures.between(name, len(params[name]), 1, 512 if titan else 1024)
    pictures.between("numberOfImages", config.get("numberOfImages", 1), 1, 5)
    pictures.between("seed", config.get("seed", 0), 0, 2_147_483_646 if titan else 858_993_459)
    if config.get("quality", "standard") not in ("standard", "premium"):
        raise Refusal("Malformed input request: quality is not a valid enum value")
    _check_size(config.get("width", 1024), config.get("height", 1024), titan)


TASKS = {
    "TEXT_IMAGE": "textToImageParams",
    "IMAGE_VARIATION": "imageVariationParams",
    "INPAINTING": "inPaintingParams",
}


def _check_mask(mask: str | None) -> None:
    """Raises Refusal for a mask of anything but black and white."""
    data = b64decode(mask or "")
    if data[:8] != b"\x89PNG\r\n\x1a\n" or data[25:26] not in (b"\0", b"\2"):
        raise Refusal("The mask image must be black and white, without an alpha channel")


def _params(body: Json) -> Json:
    """What the task is told; raises Refusal."""
    name = TASKS.get(body.get("taskType", ""))
    if name is None:
        raise Refusal("Malformed input request: taskType is not a valid enum value")
    pictures.known(body, frozenset({"taskType", name, "imageGenerationConfig"}))
    params: Json = body[name]
    if body["taskType"] == "IMAGE_VARIATION":
        pictures.between("images", len(params.get("images") or ()), 1, 5)
    elif "images" in params:
        raise Refusal("Malformed input request: extraneous key [images] is not permitted")
    return params


def _check_size(width: int, height: int, titan: bool) -> None:
    longer, shorter = max(width, height), min(width, height)
    stepped = not (width % 16 or height % 16) and longer <= 4 * shorter
    within = shorter >= 320 and longer <= 4096 and width * height <= 4_194_304
    if (width, height) not in TITANS if titan else not (stepped and within):
        raise Refusal("Unsupported image size: the width and height are not supported")


def _check_stabilitys(body: Json) -> None:
    pictures.known(body, STABILITYS)
    pictures.between("prompt", len(str(body.get("prompt") or "")), 1, 10_000)
    pictures.between("seed", body.get("seed", 0), 0, 4_294_967_294)
    if body.get("aspect_ratio", "1:1") not in RATIOS:
        raise Refusal("aspect_ratio: must be one of the supported ones")
    if body.get("output_format", "png") not in ("png", "jpeg"):
        raise Refusal("output_format: must be png or jpeg")


def _check_inpainted(body: Json) -> None:
    pictures.known(body, INPAINTED)
    pictures.between("prompt", len(str(body.get("prompt") or "")), 1, 10_000)
    if not body.get("image"):
        raise Refusal("image: is required")
    if body.get("mask"):
        _check_mask(body["mask"])
    if body.get("output_format", "png") not in ("png", "jpeg", "webp"):
        raise Refusal("output_format: must be png, jpeg or webp")


def ask(call: Call) -> Asked:
    """What the body asks."""
    body = call.body
    told = [body[name] for name in TASKS.values() if name in body]
    prompt = body.get("prompt") or (told[0] if told else {}).get("text")
    count = (body.get("imageGenerationConfig") or {}).get("numberOfImages") or 1
    return pictures.asked(call.params["model"], str(prompt or ""), body, n=count)


def whole(turn: Turn) -> bytes:
    """The pictures, or why there are none."""
    withheld = bool(turn.directives.refusal)
    answer: Json = {"images": [] if withheld else [pictures.PNG] * turn.asked.n}
    if "stability" in turn.asked.model:
        reasons = ["Filter reason: prompt" if withheld else None]
        answer |= {"seeds": [1], "finish_reasons": reasons}
    elif withheld:
        answer["error"] = "All of the generated images have been blocked by our content filters."
    return orjson.dumps(answer | turn.directives.extra)


DIALECT = msgspec.structs.replace(
    converse.DIALECT,
    name="bedrock.images",
    path=re.compile(r".*/model/(?P<model>[^/]*(?:image|canvas|stability)[^/]*)/invoke"),
    check=check,
    ask=ask,
    whole=whole,
    events=pictures.events,
)
