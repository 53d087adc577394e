"""Pictures made out of others, in OpenAI's format.

https://platform.openai.com/docs/api-reference/images/createEdit
"""

import re
from collections.abc import Iterator

import msgspec

from extproc.lab.simulator import pictures
from extproc.lab.simulator.dialect import Asked, Call, Event, Refusal, Turn
from extproc.lab.simulator.forms import File
from extproc.lab.simulator.openai import images

KNOWN = {"model", "prompt", "image", "mask", "n", "size", "quality", "background", "user"}
KNOWN |= {"output_format", "output_compression", "input_fidelity", "stream", "partial_images"}
KNOWN |= {"complexity", "frame_count", "frame_duration_ms", "markup", "safety_identifier"}
KNOWN |= {"svg[model]", "svg[reasoning][effort]"}
NUMBERS = {"n": (1, 10), "output_compression": (0, 100), "partial_images": (0, 3)}
NUMBER = re.compile("[0-9]{1,4}")
VARIED = {"model", "image", "n", "response_format", "size", "user"}
"""https://platform.openai.com/docs/api-reference/images/createVariation"""
MOST = 16
"""Pictures in a request."""
TYPES = ("image/png", "image/jpeg", "image/webp")


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for unknown names, and for what is no picture."""
    varied = call.params["verb"] == "variations"
    for name in call.body.keys() - (VARIED if varied else KNOWN):
        raise Refusal(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
    files = call.body.get("image")
    files = files if isinstance(files, list) else [files]
    if not 1 <= len(files) <= MOST or not all(isinstance(one, File) for one in files):
        raise Refusal("image is required", param="image")
    for file in files:
        if file["type"] not in TYPES:
            raise Refusal(f"unsupported mimetype ('{file['type']}')", param="image")
    for name in NUMBERS.keys() & call.body.keys():
        _check_number(name, call.body[name])
    if varied:
        _check_varied(str(call.body.get("model")), files)
    elif not call.body.get("prompt"):
        raise Refusal("prompt is required", param="prompt")


def _check_number(name: str, said: object) -> None:
    """Raises Refusal; in a form all numbers are texts."""
    low, high = NUMBERS[name]
    if not isinstance(said, str) or not NUMBER.fullmatch(said):
        raise Refusal(f"{name} must be an integer", param=name)
    pictures.between(name, int(said), low, high)


def _check_varied(model: str, files: list[File]) -> None:
    """Raises Refusal for what only edits take."""
    if model.startswith("gpt-image"):
        raise Refusal(f"Invalid model {model}: variations are made by dall-e-2", param="model")
    if len(files) > 1 or files[0]["type"] != "image/png":
        raise Refusal("image must be one PNG", param="image")


def ask(call: Call) -> Asked:
    """What the form asks."""
    body = call.body
    said = {name: value for name, value in body.items() if name not in ("image", "mask")}
    partials = {"partial_images": int(body.get("partial_images") or 0)}
    return pictures.asked(
        str(body.get("model")),
        str(body.get("prompt") or ""),
        said | partials,
        stream=body.get("stream") == "true",
        n=int(body.get("n") or 1),
    )


def events(turn: Turn) -> Iterator[Event]:
    """The same events by another name."""
    for event in images.events(turn):
        data = event.data.replace(b"image_generation.", b"image_edit.")
        yield Event(data, event.name.replace("image_generation.", "image_edit."))


DIALECT = msgspec.structs.replace(
    images.DIALECT,
    name="openai.image_edits",
    path=re.compile(r"(?P<prefix>/.*?)??/images/(?P<verb>edits|variations)"),
    check=check,
    ask=ask,
    events=events,
)
