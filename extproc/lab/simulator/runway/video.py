"""Runway's films: out of words, or of a picture.

https://docs.dev.runwayml.com/api
"""

import re

import msgspec
import orjson

from extproc.lab.simulator import pictures
from extproc.lab.simulator.dialect import Asked, Call, Json, Refusal, Turn
from extproc.lab.simulator.openai import video

KNOWN = frozenset({"model", "promptText", "promptImage", "ratio", "duration", "seed"})
RATIOS = ("1280:720", "720:1280")
PICTURED = (*RATIOS, "1104:832", "960:960", "832:1104", "1584:672")
VEO = (*RATIOS, "1080:1920", "1920:1080")


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what Runway would not take."""
    body, pictured = call.body, call.params["task"] == "image_to_video"
    model = str(body.get("model"))
    for name in body.keys() - KNOWN - ({"negativePrompt"} if "veo" in model else set()):
        raise Refusal(f"Unrecognized key: {name}", param=name)
    if dict(call.headers).get("x-runway-version") != "2024-11-06":
        raise Refusal("X-Runway-Version is missing or unknown")
    if pictured != ("promptImage" in body) or (model == "gen4_turbo" and not pictured):
        raise Refusal("promptImage is required, or not allowed", param="promptImage")
    if not 0 < len(body.get("promptText") or "") <= 1000:
        raise Refusal("promptText must have 1 to 1000 characters", param="promptText")
    _check_frame(model, body, pictured=pictured)


def _check_frame(model: str, body: Json, *, pictured: bool) -> None:
    ratios = VEO if "veo" in model else PICTURED if pictured else RATIOS
    if body.get("ratio") not in ratios:
        raise Refusal("ratio is required, or is not one of those there are", param="ratio")
    lengths = (4, 6, 8) if "veo" in model else range(2, 11)
    if body.get("duration") not in lengths:
        raise Refusal("duration is required, or out of range", param="duration")


def ask(call: Call) -> Asked:
    """What the body asks."""
    return pictures.asked(str(call.body.get("model")), str(call.body.get("promptText")), call.body)


def whole(turn: Turn) -> bytes:
    """The task, whose id the shelf makes its own."""
    return orjson.dumps({"task": "", "prompt": turn.asked.text} | turn.directives.extra)


DIALECT = msgspec.structs.replace(
    video.DIALECT,
    name="runway.video",
    path=re.compile(r"/v1/(?P<task>text_to_video|image_to_video)"),
    check=check,
    ask=ask,
    whole=whole,
)
