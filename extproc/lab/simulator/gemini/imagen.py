"""Imagen by `predict`, on the Gemini API and on Vertex AI.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api
"""

import re

import msgspec
import orjson

from extproc.lab.simulator import pictures
from extproc.lab.simulator.dialect import Asked, Call, Json, Refusal, Turn
from extproc.lab.simulator.gemini import generate_content

PARAMETERS = frozenset(
    {"sampleCount", "aspectRatio", "sampleImageSize", "outputOptions", "personGeneration"}
    | {"addWatermark", "seed", "language", "safetySetting", "enhancePrompt", "storageUri"}
)
RATIOS = frozenset({"1:1", "3:4", "4:3", "9:16", "16:9"})
LARGER = re.compile(r"imagen-4\.0-(?:generate|ultra)")


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what Imagen would not take."""
    pictures.known(call.body, frozenset({"instances", "parameters", "labels"}), "unknown name")
    given = call.body.get("parameters") or {}
    pictures.known(given, PARAMETERS, "unknown name")
    instances = call.body.get("instances") or []
    if len(instances) != 1 or not instances[0].get("prompt"):
        raise Refusal("Text prompt not provided.")
    pictures.between("sampleCount", given.get("sampleCount", 1), 1, 4)
    if given.get("aspectRatio", "1:1") not in RATIOS:
        raise Refusal("aspectRatio must be one of the supported ones")
    size = given.get("sampleImageSize", "1K")
    if size not in ("1K", "2K") or (size == "2K" and not LARGER.search(call.params["model"])):
        raise Refusal("sampleImageSize is not supported by this model")
    options = given.get("outputOptions") or {}
    if options.get("mimeType", "image/png") not in ("image/png", "image/jpeg"):
        raise Refusal("mimeType must be image/png or image/jpeg")


def ask(call: Call) -> Asked:
    """What the body asks."""
    given = call.body.get("parameters") or {}
    prompt = str(call.body["instances"][0]["prompt"])
    return pictures.asked(call.params["model"], prompt, call.body, n=given.get("sampleCount") or 1)


def whole(turn: Turn) -> bytes:
    """A prediction for each sample, or why there is none."""
    options = (turn.asked.body.get("parameters") or {}).get("outputOptions") or {}
    one: Json = {
        "mimeType": options.get("mimeType", "image/png"),
        "bytesBase64Encoded": pictures.PNG,
    }
    if turn.directives.refusal:
        one = {"raiFilteredReason": "Support codes: 58061214"}
    return orjson.dumps({"predictions": [one] * turn.asked.n} | turn.directives.extra)


DIALECT = msgspec.structs.replace(
    generate_content.DIALECT,
    name="gemini.imagen",
    path=re.compile(r".*/models/(?P<model>imagen[^/]*):predict"),
    check=check,
    ask=ask,
    whole=whole,
    events=pictures.events,
)
