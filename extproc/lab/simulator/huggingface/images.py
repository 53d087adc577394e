"""Text to image by Hugging Face's Inference Providers: the answer is the picture's bytes.

https://huggingface.co/docs/inference-providers/tasks/text-to-image
"""

import re

import msgspec

from extproc.lab.simulator import pictures
from extproc.lab.simulator.dialect import Asked, Call, Refusal, Turn
from extproc.lab.simulator.huggingface import generate

PARAMETERS = frozenset(
    {"guidance_scale", "negative_prompt", "num_inference_steps", "width", "height"}
    | {"scheduler", "seed"}
)


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what the pipeline would not take, and for who cannot read a picture."""
    pictures.known(call.body, frozenset({"inputs", "parameters"}))
    pictures.known(call.body.get("parameters") or {}, PARAMETERS)
    if not isinstance(call.body.get("inputs"), str):
        raise Refusal("inputs must be a string", status=422)
    accepted = dict(call.headers).get("accept", "*/*")
    if not accepted.startswith(("image/", "*/*")):
        raise Refusal(f"Accept type {accepted!r} not supported")


def ask(call: Call) -> Asked:
    """What the body asks."""
    return pictures.asked(call.params["model"], str(call.body.get("inputs")), call.body)


def whole(turn: Turn) -> bytes:
    """The bytes."""
    return pictures.BYTES


DIALECT = msgspec.structs.replace(
    generate.DIALECT,
    name="huggingface.images",
    path=re.compile(r".*/hf-inference/models/(?P<model>[^/]+(?:/[^/]+)?)"),
    check=check,
    ask=ask,
    whole=whole,
    events=pictures.events,
    content_type="image/png",
)
