"""Pictures in OpenAI's format: by OpenAI, and by those who take it with differences.

Whose rules hold, the model's name says.

https://platform.openai.com/docs/api-reference/images/create
https://docs.x.ai/docs/api-reference#image-generations
https://docs.together.ai/reference/post-images-generations
"""

import re
from collections.abc import Iterator
from functools import cache

import orjson

from extproc.lab.simulator import pictures, sse
from extproc.lab.simulator.dialect import Asked, Call, Dialect, Event, Json, Refusal, Turn
from extproc.lab.simulator.openai import shared
from extproc.lab.simulator.typed import Judge

COMMON = frozenset({"model", "prompt", "n", "response_format"})
STEPS = frozenset({"width", "height", "seed", "negative_prompt"})
HOSTS = {
    "grok-": COMMON | {"aspect_ratio", "resolution", "quality", "user"},
    "black-forest-labs/FLUX": COMMON | STEPS | {"steps", "output_format", "guidance_scale"},
    "black-forest-labs/flux": COMMON | STEPS | {"num_inference_steps", "response_extension"},
    "stabilityai/": COMMON | {"size", "seed", "negative_prompt"},
}
"""Beginning of a model's name → what its host takes: xAI, Together, Nebius, DeepInfra."""
FORMATS = {"black-forest-labs/FLUX": ("base64", "url"), "stabilityai/": ("b64_json",)}
THREE = frozenset({"auto", "1024x1024", "1536x1024", "1024x1536"})
LEAST, MOST = 655_360, 8_294_400
AREA = "Requested resolution is outside of the supported range of pixels."


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what the model's host would not take."""
    body = call.body
    host = host_of(str(body.get("model")))
    if host:
        _check_host(host, body)
        return
    _judge(bool(body.get("stream")), strict).check(body)
    for name in ("response_format", "style"):
        if name in body:
            raise Refusal(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
    if body.get("quality") in ("standard", "hd"):
        raise Refusal("Invalid value: 'hd'. Supported values are: 'low', 'medium', 'high'.")
    if body.get("output_format", "png") == "png" and body.get("output_compression", 100) < 100:
        raise Refusal("Compression less than 100 is not supported for PNG output format")
    pictures.between("n", body.get("n", 1), 1, 10)
    _check_size(str(body.get("model")), body.get("size", "auto"))


@cache
def _judge(stream: bool, strict: bool) -> Judge:
    from openai.types import image_generate_params as params

    if stream:
        return Judge(params.ImageGenerateParamsStreaming, strict=strict)
    return Judge(params.ImageGenerateParamsNonStreaming, strict=strict)


def host_of(model: str) -> str:
    """The beginning of the name that says whose it is; empty: OpenAI's."""
    return next((start for start in HOSTS if model.startswith(start)), "")


def _check_host(host: str, body: Json) -> None:
    for name in body.keys() - HOSTS[host]:
        raise Refusal(f"Argument not supported: {name}", param=name)
    if not isinstance(body.get("prompt"), str):
        raise Refusal("prompt: missing field", status=422)
    if body.get("response_format", "url") not in (*FORMATS.get(host, ("b64_json", "url")), "url"):
        raise Refusal("response_format: unknown variant", status=422)


def _check_size(model: str, size: str) -> None:
    if "gpt-image-1" in model and size not in THREE:
        raise Refusal(f"Invalid value: '{size}'.", param="size", code="invalid_value")
    if size == "auto" or "gpt-image-1" in model:
        return
    width, height = (int(side) for side in size.split("x"))
    if width % 16 or height % 16 or max(width, height) > 3 * min(width, height):
        raise Refusal("Width and height must both be divisible by 16.", param="size")
    if not LEAST <= width * height <= MOST or max(width, height) > 3840:
        raise Refusal(AREA, param="size")


def ask(call: Call) -> Asked:
    """What the body asks."""
    body = call.body
    return pictures.asked(
        str(body.get("model")),
        str(body.get("prompt")),
        body,
        stream=bool(body.get("stream")),
        n=body.get("n") or 1,
    )


def _shown(body: Json) -> Json:
    given = {name: body.get(name) or "auto" for name in ("size", "quality", "background")}
    usual = {"size": "1024x1024", "quality": "medium", "background": "opaque"}
    found = {name: usual[name] if given[name] == "auto" else given[name] for name in usual}
    return {**found, "output_format": body.get("output_format") or "png"}


def _usage(turn: Turn) -> Json:
    usage = turn.reply.usage
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {"text_tokens": usage.prompt, "image_tokens": 0},
        "output_tokens": usage.completion,
        "total_tokens": usage.prompt + usage.completion,
    }


def whole(turn: Turn) -> bytes:
    """The pictures; xAI and Together give URLs where nobody asks for bytes."""
    body, host = turn.asked.body, host_of(turn.asked.model)
    linked = host and host != "stabilityai/" and body.get("response_format", "url") == "url"
    one = {"url": "https://pictures.example.test/1.png"} if linked else {"b64_json": pictures.PNG}
    answer: Json = {"created": turn.reply.created, "data": [one] * turn.asked.n}
    if not host:
        answer |= _shown(body)
        if turn.directives.usage != "none":
            answer["usage"] = _usage(turn)
    return orjson.dumps(answer | turn.directives.extra)


def events(turn: Turn) -> Iterator[Event]:
    """Unfinished pictures, and those that are complete."""
    body = turn.asked.body
    head = {"b64_json": pictures.PNG, "created_at": turn.reply.created, **_shown(body)}
    for index in range(body.get("partial_images") or 0):
        kind = "image_generation.partial_image"
        said = {"type": kind, **head, "partial_image_index": index}
        yield Event(orjson.dumps(said), kind)
    for _ in range(turn.asked.n):
        kind = "image_generation.completed"
        yield Event(orjson.dumps({"type": kind, **head, "usage": _usage(turn)}), kind)


DIALECT = Dialect(
    name="openai.images",
    path=re.compile(r"(?P<prefix>/.*?)??/images/generations"),
    sdk="openai",
    check=check,
    ask=ask,
    whole=whole,
    events=events,
    error=shared.error,
    stream_error=shared.stream_error,
    frame=sse.frame,
    key=shared.key,
)
