"""Embeddings by InvokeModel on Amazon Bedrock: Titan's, Nova's and Cohere's.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html
https://docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed-v4.html
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec
import orjson

from extproc.lab.simulator import vectors
from extproc.lab.simulator.bedrock import converse
from extproc.lab.simulator.cohere import embed as cohere
from extproc.lab.simulator.dialect import Asked, Call, Dialect, Json, Refusal, Turn

PURPOSES = frozenset(
    {"GENERIC_INDEX", "GENERIC_RETRIEVAL", "TEXT_RETRIEVAL", "IMAGE_RETRIEVAL", "VIDEO_RETRIEVAL"}
    | {"DOCUMENT_RETRIEVAL", "AUDIO_RETRIEVAL", "CLASSIFICATION", "CLUSTERING"}
)
LENGTHS = {"titan": (256, 512, 1024), "image": (256, 384, 1024), "nova": (256, 384, 1024, 3072)}
COHERES = cohere.KNOWN - {"model"}
COUNT = "x-amzn-bedrock-input-token-count"


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what the model would not take."""
    model, body = call.params["model"], call.body
    if "cohere" in model:
        _check_coheres(model, body)
    elif "nova" in model:
        _check_novas(body)
    elif "embed-image" in model:
        _extraneous(body, {"inputText", "inputImage", "embeddingConfig"})
        _length((body.get("embeddingConfig") or {}).get("outputEmbeddingLength"), "image")
    else:
        first = "embed-text-v1" in model
        known = set() if first else {"dimensions", "normalize", "embeddingTypes"}
        _extraneous(body, {"inputText"} | known)
        if not {"float", "binary"}.issuperset(body.get("embeddingTypes") or ()):
            raise _malformed("#/embeddingTypes: not a valid enum value")
        _length(body.get("dimensions"), "titan")
        if not isinstance(body.get("inputText"), str) or not body["inputText"]:
            raise _malformed("required key [inputText] not found")


def _check_coheres(model: str, body: Json) -> None:
    if "base64" in (body.get("embedding_types") or ()):
        raise _malformed("#/embedding_types: base64 is not a valid enum value")
    if cohere.OLD.search(model):
        cohere.check_body(body, model, COHERES, cohere.SIDES)
        return
    if body.get("input_type") == "image":
        raise _malformed("#/input_type: image is not a valid enum value")
    known = COHERES | cohere.NEWER - {"priority"}
    cohere.check_body(body, model, known, frozenset({"NONE", "LEFT", "RIGHT"}))


def _check_novas(body: Json) -> None:
    _extraneous(body, {"schemaVersion", "taskType", "singleEmbeddingParams"})
    if body.get("taskType") != "SINGLE_EMBEDDING":
        raise _malformed("#/taskType: must be SINGLE_EMBEDDING")
    params = body["singleEmbeddingParams"]
    _extraneous(params, {"embeddingPurpose", "embeddingDimension", "text", "image"})
    if params["embeddingPurpose"] not in PURPOSES:
        raise _malformed("#/singleEmbeddingParams/embeddingPurpose: not a valid enum value")
    _length(params.get("embeddingDimension"), "nova")
    if ("text" in params) == ("image" in params):
        raise _malformed("#/singleEmbeddingParams: exactly one of text, image is required")
    if "text" in params and params["text"].get("truncationMode") not in ("START", "END", "NONE"):
        raise _malformed("#/singleEmbeddingParams/text/truncationMode is required")


def _extraneous(body: Json, known: set[str]) -> None:
    for name in sorted(body.keys() - known):
        raise _malformed(f"extraneous key [{name}] is not permitted")


def _length(length: Any, kind: str) -> None:
    if length is not None and length not in LENGTHS[kind]:
        raise _malformed(f"{length} is not a valid enum value")


def _malformed(what: str) -> Refusal:
    return Refusal(f"Malformed input request: {what}, please reformat your input and try again.")


def _piece(body: Json) -> Any:
    params = body.get("singleEmbeddingParams")
    if params is not None:
        return params["text"]["value"] if "text" in params else params["image"]
    picture = body.get("inputImage")
    return {"image": picture, "text": body.get("inputText")} if picture else body.get("inputText")


def ask(call: Call) -> Asked:
    """What the body asks; the model stands in the path."""
    model = call.params["model"]
    if "cohere" in model:
        inner = cohere.ask(msgspec.structs.replace(call, params={"version": ""}))
        return msgspec.structs.replace(inner, model=model)
    return vectors.asked(model, [_piece(call.body)], call.body)


def whole(turn: Turn) -> bytes:
    """A vector, or Cohere's; where the count stands in a header, the body has none."""
    body, used = turn.asked.body, turn.reply.usage.prompt
    if "cohere" in turn.asked.model:
        return orjson.dumps(cohere.written(turn) | turn.directives.extra)
    params = body.get("singleEmbeddingParams")
    config = params or body.get("embeddingConfig") or body
    names = ("embeddingDimension", "outputEmbeddingLength", "dimensions")
    length = next((config[name] for name in names if name in config), None)
    numbers = vectors.floats(_piece(body), length)
    if params is None:
        types = body.get("embeddingTypes") or ()
        written = {"float": numbers, "binary": [int(number > 0) for number in numbers]}
        typed = {"embeddingsByType": {name: written[name] for name in types}} if types else {}
        return orjson.dumps({"embedding": numbers, **typed, "inputTextTokenCount": used})
    told = {"embeddings": [{"embeddingType": "TEXT", "embedding": numbers}]}
    return orjson.dumps({**told, "inputTokenCount": used})


def counts(turn: Turn) -> Sequence[tuple[str, str]]:
    """What was read; nothing is written, and no header says so."""
    if turn.directives.usage == "none":
        return ()
    return ((COUNT, str(turn.reply.usage.prompt)),)


DIALECT: Dialect = msgspec.structs.replace(
    converse.DIALECT,
    name="bedrock.embeddings",
    path=re.compile(r".*/model/(?P<model>[^/]*embed[^/]*)/invoke"),
    check=check,
    ask=ask,
    whole=whole,
    events=vectors.events,
    counts=counts,
)
