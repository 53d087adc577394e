"""Films by Veo, on the Gemini API and on Vertex AI: operations, looked at until they are done.

https://ai.google.dev/gemini-api/docs/video
"""

import re

import msgspec
import orjson

from extproc.lab.simulator import pictures
from extproc.lab.simulator.dialect import Asked, Call, Json, Refusal, Turn
from extproc.lab.simulator.gemini import generate_content

PARAMETERS = frozenset({"aspectRatio", "durationSeconds", "resolution", "negativePrompt"})
PARAMETERS |= {"personGeneration", "sampleCount", "seed"}
VERTEXS = frozenset({"compressionQuality", "enhancePrompt", "fps", "generateAudio"})
VERTEXS |= {"pubsubTopic", "resizeMode", "storageUri"}
"""https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/veo-video-generation"""
INSTANCE = frozenset({"prompt", "image", "lastFrame", "referenceImages", "video"})
SECONDS = {"veo-2": (5, 6, 7, 8)}
RESOLUTIONS = ("720p", "1080p", "4k")


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what Veo would not take."""
    pictures.known(call.body, frozenset({"instances", "parameters"}), "unknown name")
    given = call.body.get("parameters") or {}
    on_vertex = call.params["name"].startswith("projects/")
    pictures.known(given, PARAMETERS | VERTEXS if on_vertex else PARAMETERS, "unknown name")
    instances = call.body.get("instances") or []
    if len(instances) != 1:
        raise Refusal("Only one instance is supported.")
    pictures.known(instances[0], INSTANCE, "unknown name")
    image = instances[0].get("image")
    if not instances[0].get("prompt") and image is None:
        raise Refusal("Text prompt not provided.")
    if image is not None and image.keys() != {"bytesBase64Encoded", "mimeType"}:
        raise Refusal("`image` must have bytesBase64Encoded and mimeType")
    _check_frame(call.params["model"], given)


def _check_frame(model: str, given: Json) -> None:
    lengths = next((said for start, said in SECONDS.items() if model.startswith(start)), (4, 6, 8))
    seconds, resolution = given.get("durationSeconds", 8), given.get("resolution", "720p")
    if type(seconds) is not int or seconds not in lengths:
        raise Refusal("durationSeconds is out of bound", param="durationSeconds")
    if given.get("aspectRatio", "16:9") not in ("16:9", "9:16"):
        raise Refusal("aspectRatio must be 16:9 or 9:16", param="aspectRatio")
    if resolution not in RESOLUTIONS or ("resolution" in given and model.startswith("veo-2")):
        raise Refusal("resolution is not supported by this model", param="resolution")
    if resolution != "720p" and seconds != 8:
        raise Refusal("This resolution is for 8 seconds alone", param="resolution")


def ask(call: Call) -> Asked:
    """What the body asks."""
    return pictures.asked(call.params["name"], call.body["instances"][0]["prompt"], call.body)


def whole(turn: Turn) -> bytes:
    """The operation, by a name that the shelf makes its own."""
    name = f"{turn.asked.model}/operations/"
    return orjson.dumps({"name": name, "prompt": turn.asked.text} | turn.directives.extra)


DIALECT = msgspec.structs.replace(
    generate_content.DIALECT,
    name="gemini.video",
    path=re.compile(r".*?/(?P<name>(?:projects/.*/)?models/(?P<model>[^/]*)):predictLongRunning"),
    check=check,
    ask=ask,
    whole=whole,
    events=pictures.events,
)
