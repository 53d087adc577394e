"""Embeddings in OpenAI's format and, for models named `mistral-…`, in Mistral's, under any prefix.

https://platform.openai.com/docs/api-reference/embeddings/create
https://docs.mistral.ai/api/#tag/embeddings
"""

import re
from functools import cache
from typing import Any

import orjson

from extproc.lab.simulator import sse, vectors
from extproc.lab.simulator.dialect import Asked, Call, Dialect, Json, Refusal, Turn
from extproc.lab.simulator.openai import shared
from extproc.lab.simulator.typed import Judge

# Under `/api` it is Ollama's older one.
PATH = re.compile(r"(?P<prefix>/.*?)??(?<!/api)/embeddings")
MISTRAL = "mistral-"
MISTRALS = frozenset({"model", "input", "encoding_format", "output_dimension", "output_dtype"})
MISTRALS |= {"metadata"}
MOST = 2048
FEWER = {"text-embedding-v1": 25, "text-embedding-v2": 25, "text-embedding-v3": 10}
FEWER |= {"text-embedding-v4": 10}
"""https://www.alibabacloud.com/help/en/model-studio/text-embedding-synchronous-api"""
TOKENS = 300_000
"""Of all inputs together."""


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what the model's vendor would not take."""
    body = call.body
    if str(body.get("model")).startswith(MISTRAL):
        _check_mistrals(body)
        return
    _judge(strict).check(body)
    pieces = _pieces(body)
    most = FEWER.get(str(body.get("model")), MOST)
    vectors.at_most(most, len(pieces), "input")
    vectors.check_length(body.get("dimensions"), "dimensions")
    if not all(pieces):
        raise Refusal("'$.input' is invalid: input cannot be an empty string.", param="input")
    if ask(call).prompt_tokens > TOKENS:
        raise Refusal(f"Requested more than {TOKENS} tokens in one request.", param="input")
    shared.check_lengths(body)


@cache
def _judge(strict: bool) -> Judge:
    from openai.types.embedding_create_params import EmbeddingCreateParams

    return Judge(EmbeddingCreateParams, strict=strict)


def _check_mistrals(body: Json) -> None:
    if not all(isinstance(piece, str) for piece in _pieces(body)):
        raise Refusal("Input should be a valid string", status=422, param="input")
    for name in body.keys() - MISTRALS:
        raise Refusal("Extra inputs are not permitted", status=422, param=name)
    vectors.check_length(body.get("output_dimension"), "output_dimension")


def _pieces(body: Json) -> list[Any]:
    given = body.get("input")
    if isinstance(given, str) or (given and isinstance(given[0], int)):
        return [given]
    return list(given or ())


def ask(call: Call) -> Asked:
    """What the body asks."""
    return vectors.asked(str(call.body.get("model") or ""), _pieces(call.body), call.body)


def whole(turn: Turn) -> bytes:
    """A vector for each input."""
    body, used = turn.asked.body, turn.reply.usage.prompt
    length = body.get("dimensions") or body.get("output_dimension")
    found: list[Any] = [vectors.floats(piece, length) for piece in _pieces(body)]
    if body.get("encoding_format") == "base64":
        found = [vectors.base64(numbers) for numbers in found]
    answer: Json = {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": one}
            for index, one in enumerate(found)
        ],
        "model": turn.reply.model,
    }
    if str(turn.asked.model).startswith(MISTRAL):
        answer["id"] = f"embd-{turn.reply.id}"
    if turn.directives.usage != "none":
        answer["usage"] = {"prompt_tokens": used, "total_tokens": used}
    return orjson.dumps(answer | turn.directives.extra)


DIALECT = Dialect(
    name="openai.embeddings",
    path=PATH,
    sdk="openai",
    check=check,
    ask=ask,
    whole=whole,
    events=vectors.events,
    error=shared.error,
    stream_error=shared.stream_error,
    frame=sse.frame,
    key=shared.key,
)
