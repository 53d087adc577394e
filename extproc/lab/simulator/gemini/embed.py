"""Google's embedContent, batchEmbedContents and Vertex AI's predict, under any prefix.

https://ai.google.dev/api/embeddings
https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api
"""

import re
from typing import Any

import msgspec
import orjson

from extproc.lab.simulator import vectors
from extproc.lab.simulator.dialect import Asked, Call, Dialect, Json, Refusal, Turn
from extproc.lab.simulator.gemini import generate_content
from extproc.lab.simulator.gemini.generate_content_names import canonical

PATH = re.compile(
    r"(?P<prefix>/.*?)??/models/(?P<model>(?!imagen)[^/]+):"
    r"(?P<verb>embedContent|batchEmbedContents|predict)"
)
WISHES = frozenset({"taskType", "title", "outputDimensionality"})
CONFIG = WISHES | {"autoTruncate", "documentOcr", "audioTrackExtraction"}
TASKS = frozenset(
    {"RETRIEVAL_QUERY", "RETRIEVAL_DOCUMENT", "SEMANTIC_SIMILARITY", "CLASSIFICATION"}
    | {"CLUSTERING", "QUESTION_ANSWERING", "FACT_VERIFICATION", "CODE_RETRIEVAL_QUERY"}
)
MOST, TEXTS = 100, 250


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what Google would not take."""
    body: Json = canonical(call.body)
    vertex = "/projects/" in call.path
    match call.params["verb"]:
        case "predict":
            _check_prediction(call.params["model"], body)
        case "embedContent":
            _check_one(body, call, vertex)
        case _:
            vectors.unknown(body, frozenset({"requests"}))
            vectors.at_most(MOST, len(body["requests"]), "requests")
            for one in body["requests"]:
                _check_one(one, call, vertex)
                if not vertex and "model" not in one:
                    raise Refusal("* BatchEmbedContentsRequest.requests[0].model: unspecified.")


def _check_one(one: Json, call: Call, vertex: bool) -> None:
    known = WISHES | {"content", "model"}
    vectors.unknown(one, known | {"embedContentConfig", "autoTruncate"} if vertex else known)
    config = one.get("embedContentConfig") or {}
    vectors.unknown(config, CONFIG)
    _check_wishes({**one, **config})
    if not one["content"]["parts"]:
        raise Refusal("content is empty.", param="content")
    name = one.get("model", f"models/{call.params['model']}")
    if name.startswith("projects/") != vertex and "model" in one:
        raise Refusal(f"The model {name} is not named as it must be here.", param="model")
    if not name.endswith(f"models/{call.params['model']}"):
        raise Refusal("The model in the body is not the one in the path.", param="model")


def _check_wishes(said: Json) -> None:
    task = said.get("taskType")
    if task is not None and task not in TASKS:
        raise Refusal(f"Invalid value at 'task_type': {task}", param="taskType")
    if said.get("title") and task != "RETRIEVAL_DOCUMENT":
        raise Refusal("A title is only for the task RETRIEVAL_DOCUMENT.", param="title")
    vectors.check_length(said.get("outputDimensionality"), "outputDimensionality")


def _check_prediction(model: str, body: Json) -> None:
    vectors.unknown(body, frozenset({"instances", "parameters"}))
    vectors.unknown(body.get("parameters") or {}, frozenset({"autoTruncate"} | WISHES))
    if model.startswith("gemini-embedding-2"):
        raise Refusal("Precondition check failed.", code="FAILED_PRECONDITION")
    most = 1 if model.startswith("gemini-") else TEXTS
    vectors.at_most(most, len(body["instances"]), "instances")
    for one in body["instances"]:
        vectors.unknown(one, frozenset({"content", "taskType", "title", "mimeType"}))
        _check_wishes(one)
    _check_wishes({**(body.get("parameters") or {}), "title": None})


def _pieces(body: Json) -> list[tuple[Any, int | None]]:
    """Each piece with the wished length of its vector."""
    if "instances" in body:
        length = (body.get("parameters") or {}).get("outputDimensionality")
        return [(one["content"], length) for one in body["instances"]]
    return [_piece(one) for one in body.get("requests") or [body]]


def _piece(one: Json) -> tuple[Any, int | None]:
    config = one.get("embedContentConfig") or one
    parts = one["content"]["parts"]
    alone = len(parts) == 1 and "text" in parts[0]
    return parts[0]["text"] if alone else {"parts": parts}, config.get("outputDimensionality")


def ask(call: Call) -> Asked:
    """What the body asks."""
    body: Json = canonical(call.body)
    pieces = [piece for piece, _ in _pieces(body)]
    return vectors.asked(call.params["model"], pieces, body | {"verb": call.params["verb"]})


def whole(turn: Turn) -> bytes:
    """A vector for each content."""
    body, used = turn.asked.body, turn.reply.usage.prompt
    found = [{"values": vectors.floats(*piece)} for piece in _pieces(body)]
    told = turn.directives.usage != "none"
    answer: Json
    if body["verb"] == "predict":
        answer = {"predictions": [{"embeddings": one} for one in found]}
        if told:
            for piece, one in zip(_pieces(body), answer["predictions"], strict=True):
                counted = float(vectors.asked("", [piece[0]], {}).prompt_tokens)
                one["embeddings"]["statistics"] = {"token_count": counted, "truncated": False}
        return orjson.dumps(answer | turn.directives.extra)
    answer = {"embedding": found[0]} if body["verb"] == "embedContent" else {"embeddings": found}
    if told:
        answer["usageMetadata"] = {"promptTokenCount": used}
    return orjson.dumps(answer | turn.directives.extra)


DIALECT: Dialect = msgspec.structs.replace(
    generate_content.DIALECT,
    name="gemini.embed",
    path=PATH,
    check=check,
    ask=ask,
    whole=whole,
    events=vectors.events,
)
