"""OpenAI's films: by JSON or by a form, which says a picture's file or where it is.

https://platform.openai.com/docs/api-reference/videos/create
"""

import re
from typing import Any

import orjson

from extproc.lab.simulator import pictures, sse
from extproc.lab.simulator.dialect import Asked, Call, Dialect, Refusal, Turn
from extproc.lab.simulator.forms import File
from extproc.lab.simulator.openai import shared

PLACES = ("input_reference[image_url]", "input_reference[file_id]")
KNOWN = frozenset({"model", "prompt", "input_reference", "seconds", "size", *PLACES})
SECONDS = ("4", "8", "12")
SIZES = ("720x1280", "1280x720", "1024x1792", "1792x1024")
TYPES = ("image/png", "image/jpeg", "image/webp")


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for unknown names, and for what the models do not make."""
    body = call.body
    for name in body.keys() - KNOWN:
        raise Refusal(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
    if not isinstance(body.get("prompt"), str) or not body["prompt"]:
        raise Refusal("Missing required parameter: 'prompt'.", param="prompt")
    sizes = SIZES if "pro" in str(body.get("model")) else SIZES[:2]
    for name, offered in (("seconds", SECONDS), ("size", sizes)):
        if body.get(name, offered[0]) not in offered:
            raise Refusal(f"Invalid value: '{body[name]}'.", param=name, code="invalid_value")
    _check_reference(body.get("input_reference"))


def _check_reference(given: Any) -> None:
    if isinstance(given, File):
        if given["type"] not in TYPES:
            raise Refusal(f"unsupported mimetype ('{given['type']}')", param="input_reference")
    elif given is not None and (
        not isinstance(given, dict) or not given or given.keys() - {"image_url", "file_id"}
    ):
        raise Refusal("Invalid type for 'input_reference'.", param="input_reference")


def ask(call: Call) -> Asked:
    """What the body asks."""
    body = {name: value for name, value in call.body.items() if not isinstance(value, File)}
    return pictures.asked(str(body.get("model")), str(body.get("prompt")), body)


def whole(turn: Turn) -> bytes:
    """The job as it is when it is made."""
    body = turn.asked.body
    said = {
        "id": f"video_{turn.reply.id}",
        "object": "video",
        "created_at": turn.reply.created,
        "completed_at": None,
        "expires_at": None,
        "status": "queued",
        "model": turn.asked.model,
        "progress": 0,
        "prompt": turn.asked.text,
        "seconds": body.get("seconds") or "4",
        "size": body.get("size") or SIZES[0],
        "remixed_from_video_id": None,
        "error": None,
    }
    return orjson.dumps(said | turn.directives.extra)


DIALECT = Dialect(
    name="openai.video",
    path=re.compile(r"(?P<prefix>/.*?)??/videos"),
    sdk="openai",
    check=check,
    ask=ask,
    whole=whole,
    events=pictures.events,
    error=shared.error,
    stream_error=shared.stream_error,
    frame=sse.frame,
    key=shared.key,
)
