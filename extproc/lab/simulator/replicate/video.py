"""Predictions of films on Replicate: each model takes inputs of its own.

https://replicate.com/docs/reference/http
"""

import re
from collections.abc import Mapping, Sequence

import msgspec
import orjson

from extproc.lab.simulator import pictures
from extproc.lab.simulator.dialect import Asked, Call, Json, Refusal, Turn
from extproc.lab.simulator.openai import video

SEEDANCES = frozenset(
    {"prompt", "image", "last_frame_image", "duration", "resolution", "aspect_ratio", "fps"}
    | {"camera_fixed", "seed"}
)
VEOS = frozenset(
    {"prompt", "image", "last_frame", "reference_images", "duration", "resolution", "aspect_ratio"}
    | {"negative_prompt", "generate_audio", "seed"}
)
KLINGS = frozenset(
    {"prompt", "start_image", "end_image", "duration", "aspect_ratio", "negative_prompt"}
    | {"guidance_scale"}
)
HAILUOS = frozenset({"prompt", "first_frame_image", "duration", "resolution", "prompt_optimizer"})
MODELS: Mapping[str, tuple[frozenset[str], Sequence[int], Sequence[str]]] = {
    "bytedance/seedance-1-pro": (SEEDANCES, range(2, 13), ("480p", "720p", "1080p")),
    "google/veo-3.1": (VEOS, (4, 6, 8), ("720p", "1080p")),
    "kwaivgi/kling-v2.5-turbo-pro": (KLINGS, (5, 10), ()),
    "minimax/hailuo-2.3": (HAILUOS, (6, 10), ("768p", "1080p")),
}
LONG = {"google/veo-3.1": 8, "minimax/hailuo-2.3": 6}
"""Model → the only length at its highest resolution."""


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what the model would not take."""
    body, model = call.body, call.params["model"]
    pictures.known(body, frozenset({"input", "webhook", "webhook_events_filter"}))
    given = body.get("input")
    if not isinstance(given, dict) or not given.get("prompt"):
        raise Refusal("- input: prompt is required\n", status=422)
    if model in MODELS:
        names, lengths, resolutions = MODELS[model]
        pictures.known(given, names)
        _check_frame(model, given, (lengths, resolutions))


def _check_frame(model: str, given: Json, offered: tuple[Sequence[int], Sequence[str]]) -> None:
    lengths, resolutions = offered
    seconds, resolution = given.get("duration"), given.get("resolution")
    if seconds is not None and seconds not in lengths:
        raise Refusal("- input.duration: does not match\n", status=422)
    if resolution is not None and resolution not in resolutions:
        raise Refusal("- input.resolution: does not match\n", status=422)
    if resolution == "1080p" and seconds != LONG.get(model, seconds):
        raise Refusal("- input.resolution: not at this duration\n", status=422)


def ask(call: Call) -> Asked:
    """What the body asks."""
    return pictures.asked(call.params["model"], str(call.body["input"]["prompt"]), call.body)


def whole(turn: Turn) -> bytes:
    """The prediction, whose id the shelf makes its own."""
    said: Json = {"prediction": "", "prompt": turn.asked.text, "model": turn.asked.model}
    return orjson.dumps(said | turn.directives.extra)


DIALECT = msgspec.structs.replace(
    video.DIALECT,
    name="replicate.video",
    path=re.compile(r"/v1/models/(?P<model>[^/]+/[^/]+)/predictions"),
    check=check,
    ask=ask,
    whole=whole,
)
