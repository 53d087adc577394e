"""Pictures by Qwen's and Wan's models.

https://www.alibabacloud.com/help/en/model-studio/qwen-image-api
https://www.alibabacloud.com/help/en/model-studio/qwen-image-edit
"""

import re

import msgspec
import orjson

from extproc.lab.simulator import pictures
from extproc.lab.simulator.dialect import Asked, Call, Json, Refusal, Turn
from extproc.lab.simulator.openai import embeddings

PARAMETERS = frozenset({"n", "size", "negative_prompt", "seed", "watermark", "prompt_extend"})
SIZES = frozenset({"1664*928", "1472*1104", "1328*1328", "1104*1472", "928*1664"})
LINK = "https://pictures.example.test/1.png"


def _parts(body: Json) -> list[Json]:
    (message,) = body["input"]["messages"]
    parts: list[Json] = message["content"]
    return parts


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what the model would not take."""
    body = call.body
    pictures.known(body, frozenset({"model", "input", "parameters"}))
    parameters, parts = body.get("parameters") or {}, _parts(body)
    pictures.known(parameters, PARAMETERS)
    (text,) = [part["text"] for part in parts if "text" in part]
    if body["model"].startswith("wan"):
        _check_wan(body["model"], parameters, text, len(parts))
        return
    pictures.between("text", len(text), 1, 800)
    shown = [part["image"] for part in parts if "image" in part]
    pictures.between("images", len(shown), 0, 3)
    if not all(one.startswith(("https://", "http://", "data:image/")) for one in shown):
        raise Refusal("InvalidParameter: image must be a URL or a data URL")
    newer = body["model"].startswith("qwen-image-2")
    pictures.between("n", parameters.get("n", 1), 1, 6 if newer or shown else 1)
    pictures.between("seed", parameters.get("seed", 0), 0, 2_147_483_647)
    _check_size(parameters.get("size"), free=newer or bool(shown))


def _check_wan(model: str, parameters: Json, text: str, parts: int) -> None:
    if model != "wan2.6-t2i":
        raise Refusal("InvalidParameter: url error, please check url!")
    pictures.between("text", len(text), 1, 2100)
    pictures.between("content", parts, 1, 1)
    pictures.between("negative_prompt", len(parameters.get("negative_prompt") or ""), 0, 500)
    pictures.between("n", parameters.get("n", 4), 1, 4)
    width, _, height = parameters.get("size", "1280*1280").partition("*")
    pictures.between("size", int(width) * int(height), 1280 * 1280, 1440 * 1440)
    if max(int(width), int(height)) > 4 * min(int(width), int(height)):
        raise Refusal("InvalidParameter: size must be between 1:4 and 4:1")


def _check_size(size: str | None, *, free: bool) -> None:
    if size is None:
        return
    width, _, height = size.partition("*")
    if free:
        pictures.between("size", int(width) * int(height), 512 * 512, 2048 * 2048)
    elif size not in SIZES:
        raise Refusal(f"InvalidParameter: size must be one of {', '.join(sorted(SIZES))}")


def ask(call: Call) -> Asked:
    """What the body asks."""
    text = next(part["text"] for part in _parts(call.body) if "text" in part)
    usual = 4 if call.body["model"].startswith("wan") else 1
    count = (call.body.get("parameters") or {}).get("n") or usual
    return pictures.asked(call.body["model"], text, call.body, n=count)


def whole(turn: Turn) -> bytes:
    """The pictures, by URL."""
    content = [{"image": LINK}] * turn.asked.n
    message = {"role": "assistant", "content": content}
    answer: Json = {
        "output": {"choices": [{"finish_reason": "stop", "message": message}]},
        "usage": {"image_count": turn.asked.n, "width": 1024, "height": 1024},
        "request_id": turn.reply.id,
    }
    return orjson.dumps(answer | turn.directives.extra)


DIALECT = msgspec.structs.replace(
    embeddings.DIALECT,
    name="dashscope.images",
    path=re.compile(r".*/services/aigc/multimodal-generation/generation"),
    check=check,
    ask=ask,
    whole=whole,
    events=pictures.events,
)
