"""Cohere's embeddings, versions 1 and 2, under any prefix; on Bedrock the same in InvokeModel.

https://docs.cohere.com/v2/reference/embed
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec
import orjson

from extproc.lab.simulator import vectors
from extproc.lab.simulator.cohere import chat
from extproc.lab.simulator.dialect import Asked, Call, Dialect, Json, Refusal, Turn

KNOWN = frozenset({"model", "texts", "images", "input_type", "embedding_types", "truncate"})
NEWER = frozenset({"inputs", "max_tokens", "output_dimension", "priority"})
TYPES = frozenset({"search_document", "search_query", "classification", "clustering", "image"})
SIDES = frozenset({"NONE", "START", "END"})
OLD = re.compile(r"embed-.*v[23]\b")
LENGTHS = frozenset({256, 512, 1024, 1536})
MOST = 96
PACKED: dict[str, Callable[[list[float]], Any]] = {
    "float": lambda numbers: numbers,
    "base64": vectors.base64,
    "int8": lambda numbers: [round(number * 127) for number in numbers],
    "uint8": lambda numbers: [round(number * 127) + 128 for number in numbers],
    "binary": lambda numbers: [_bits(numbers) - 128],
    "ubinary": lambda numbers: [_bits(numbers)],
}
"""Encoding → a vector in it."""


def _bits(numbers: list[float]) -> int:
    return int("".join("1" if number > 0 else "0" for number in numbers[:8]), 2)


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what Cohere would not take."""
    older = call.params["version"] == "1"
    check_body(call.body, str(call.body.get("model")), KNOWN if older else KNOWN | NEWER, SIDES)


def check_body(body: Json, model: str, known: frozenset[str], sides: frozenset[str]) -> None:
    """The same for a body, wherever it came."""
    for name in sorted(body.keys() - known):
        raise Refusal(f"invalid request: unknown field '{name}'.")
    if sum(name in body for name in ("texts", "images", "inputs")) != 1:
        raise Refusal("invalid request: exactly one of texts, images and inputs must be given.")
    if body.get("input_type") not in TYPES:
        raise Refusal("invalid request: valid input_type must be provided with the provided model")
    if body.get("truncate", "NONE") not in sides:
        raise Refusal(f"invalid request: truncate must be one of {', '.join(sorted(sides))}.")
    for name in body.get("embedding_types") or ():
        if name not in PACKED:
            raise Refusal(f"invalid request: unknown embedding type {name!r}.")
    vectors.at_most(MOST, len(_pieces(body)), "texts")
    for uri in body.get("images") or ():
        _check_picture(uri)
    _check_old(body, model)


def _check_old(body: Json, model: str) -> None:
    length = body.get("output_dimension")
    if OLD.search(model):
        if length is not None or "inputs" in body:
            raise Refusal(f"invalid request: {model} takes no inputs and no output_dimension.")
        if len(body.get("images") or ()) > 1:
            raise Refusal("invalid request: at most one image can be provided.")
        if "images" in body and body["input_type"] != "image":
            raise Refusal("invalid request: images need the input_type image.")
    elif length is not None and length not in LENGTHS:
        raise Refusal(f"invalid request: output_dimension must be one of {sorted(LENGTHS)}.")


def _check_picture(uri: str) -> None:
    if not uri.startswith("data:image/"):
        raise Refusal("invalid request: images must be data URIs.")


def _pieces(body: Json) -> list[Any]:
    pictures = [{"url": uri} for uri in body.get("images") or ()]
    mixed = [_joined(one["content"]) for one in body.get("inputs") or ()]
    return [*(body.get("texts") or ()), *pictures, *mixed]


def _joined(blocks: list[Json]) -> Any:
    """An input; one of a text alone is the same as that text."""
    for block in blocks:
        if block["type"] == "image_url":
            _check_picture(block["image_url"]["url"])
    return blocks[0]["text"] if len(blocks) == 1 and "text" in blocks[0] else {"blocks": blocks}


def ask(call: Call) -> Asked:
    """What the body asks."""
    body = call.body | {"version": call.params["version"]}
    return vectors.asked(str(body.get("model") or ""), _pieces(call.body), body)


def whole(turn: Turn) -> bytes:
    """A vector for each input, in each encoding."""
    body = turn.asked.body
    answer = written(turn)
    if turn.directives.usage != "none":
        billed = {"input_tokens": turn.reply.usage.prompt}
        version = {"version": body["version"]}
        answer["meta"] = {"api_version": version, "billed_units": billed}
    return orjson.dumps(answer | turn.directives.extra)


def written(turn: Turn) -> Json:
    """An answer without its counts."""
    body = turn.asked.body
    found = [vectors.floats(piece, body.get("output_dimension")) for piece in _pieces(body)]
    names = body.get("embedding_types") or []
    by_type = {name: [PACKED[name](numbers) for numbers in found] for name in names or ["float"]}
    bare = not names and body.get("version") != "2"
    return {
        "id": turn.reply.id,
        "texts": body.get("texts") or [],
        "embeddings": found if bare else by_type,
        "response_type": "embeddings_floats" if bare else "embeddings_by_type",
    }


DIALECT: Dialect = msgspec.structs.replace(
    chat.DIALECT,
    name="cohere.embed",
    path=re.compile(r"(?P<prefix>/.*?)??/v(?P<version>[12])/embed"),
    check=check,
    ask=ask,
    whole=whole,
    events=vectors.events,
)
