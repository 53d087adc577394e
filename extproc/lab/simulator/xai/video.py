"""xAI's films, asked for in its own format.

https://docs.x.ai/docs/guides/video-generation
"""

import re

import msgspec
import orjson

from extproc.lab.simulator import pictures
from extproc.lab.simulator.dialect import Asked, Call, Refusal, Turn
from extproc.lab.simulator.openai import video

KNOWN = frozenset({"model", "prompt", "duration", "aspect_ratio", "resolution", "image", "user"})
RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3")


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what xAI would not take."""
    body = call.body
    for name in body.keys() - KNOWN:
        raise Refusal(f"Argument not supported: {name}", param=name)
    if not isinstance(body.get("prompt"), str):
        raise Refusal("prompt: missing field", status=422)
    pictures.between("duration", body.get("duration", 8), 1, 15)
    for name, offered in (("aspect_ratio", RATIOS), ("resolution", ("480p", "720p"))):
        if body.get(name, offered[0]) not in offered:
            raise Refusal(f"{name}: unknown variant", status=422)
    image = body.get("image")
    if image is not None and image.keys() != {"url"}:
        raise Refusal("image: missing field `url`", status=422)


def ask(call: Call) -> Asked:
    """What the body asks."""
    return pictures.asked(str(call.body.get("model")), str(call.body.get("prompt")), call.body)


def whole(turn: Turn) -> bytes:
    """The job, whose id the shelf makes its own."""
    return orjson.dumps({"request_id": "", "prompt": turn.asked.text} | turn.directives.extra)


DIALECT = msgspec.structs.replace(
    video.DIALECT,
    name="xai.video",
    path=re.compile(r"(?P<prefix>/.*?)??/videos/generations"),
    check=check,
    ask=ask,
    whole=whole,
)
