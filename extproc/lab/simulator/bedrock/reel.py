"""Films by Nova Reel: what it takes.

https://docs.aws.amazon.com/nova/latest/userguide/video-gen-access.html
"""

from base64 import b64decode

from extproc.lab.simulator import pictures
from extproc.lab.simulator.dialect import Json, Refusal

TASKS = {"TEXT_VIDEO": "textToVideoParams", "MULTI_SHOT_AUTOMATED": "multiShotAutomatedParams"}
CONFIG = frozenset({"durationSeconds", "fps", "dimension", "seed"})
LENGTHS = {"TEXT_VIDEO": range(6, 7), "MULTI_SHOT_AUTOMATED": range(12, 121, 6)}
SIGNATURES = {"png": b"\x89PNG", "jpeg": b"\xff\xd8"}


def check(body: Json) -> str:
    """The words that it is told; raises Refusal for what it would not take."""
    task = body.get("taskType", "")
    name = TASKS.get(task)
    if name is None or not isinstance(body.get(name), dict):
        raise Refusal("Invalid input request: taskType is not a valid enum value")
    pictures.known(body, frozenset({"taskType", name, "videoGenerationConfig"}))
    params, config = body[name], body.get("videoGenerationConfig") or {}
    short = task == "TEXT_VIDEO"
    pictures.known(params, frozenset({"text", "images"} if short else {"text"}))
    pictures.known(config, CONFIG)
    pictures.between("text", len(params.get("text") or ""), 1, 512 if short else 4000)
    if (config.get("fps"), config.get("dimension")) != (24, "1280x720"):
        raise Refusal("Invalid input request: fps must be 24 and dimension must be 1280x720")
    if config.get("durationSeconds") not in LENGTHS[task]:
        raise Refusal("Invalid input request: durationSeconds is out of range")
    pictures.between("seed", config.get("seed", 0), 0, 2_147_483_646)
    for image in params.get("images") or ():
        data = b64decode(image["source"]["bytes"])
        if not data.startswith(SIGNATURES.get(image["format"], b"?")):
            raise Refusal("Invalid input request: image is of another format")
    return str(params["text"])
