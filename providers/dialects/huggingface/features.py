"""The huggingface.features dialect: feature extraction, as Inference Providers serve it.

https://huggingface.co/docs/inference-providers/tasks/feature-extraction
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from providers.bridging.dialect import Context, Endpoint, Seen
from providers.bridging.plain import PlainDialect
from providers.dialects.huggingface.generate.errors import parse_error, render_error
from providers.errors import BadAnswer, InvalidRequest
from providers.neutral import embeddings
from providers.neutral.embeddings import (
    EmbeddingAnswer,
    EmbeddingRequest,
    Encoding,
    Purpose,
    Truncate,
    vector,
)
from providers.operations import Operation
from providers.wire import members
from providers.wire.members import Json

NAME = "huggingface.features"
KNOWN = frozenset({"inputs", "normalize", "prompt_name", "truncate", "truncation_direction"})
PROMPTS = {"query": Purpose.QUERY, "passage": Purpose.DOCUMENT, "document": Purpose.DOCUMENT}
"""Names of prompts that most models of Sentence Transformers have, which have others, too."""
SIDES = {"left": Truncate.START, "right": Truncate.END}


def parse_request(body: Json, path_model: str) -> EmbeddingRequest:
    """A text, or texts."""
    given = body.get("inputs")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not all(isinstance(one, str) for one in texts):
        raise members.wrong("inputs", "a string or an array of strings")
    prompt = members.text(body, "prompt_name")
    extras = members.beyond(body, KNOWN)
    if prompt is not None and prompt not in PROMPTS:
        extras["prompt_name"] = prompt
    return EmbeddingRequest(
        inputs=tuple((text,) for text in texts),
        purpose=PROMPTS.get(prompt or ""),
        truncate=_truncate(body),
        normalized=members.boolean(body, "normalize"),
        extras=extras,
    )


def _truncate(body: Json) -> Truncate | None:
    side = (members.text(body, "truncation_direction") or "right").lower()
    if side not in SIDES:
        raise InvalidRequest(
            "truncation_direction must be left or right", param="truncation_direction"
        )
    cut = members.boolean(body, "truncate")
    return None if cut is None else SIDES[side] if cut else Truncate.NONE


def render_request(request: EmbeddingRequest, model: str, dropped: list[str]) -> Json:
    """Always a list of texts, so that the answer is one of vectors; the path has the model."""
    request.only()
    side = "left" if request.truncate is Truncate.START else None
    return members.optional(
        inputs=request.texts(NAME),
        normalize=request.normalized,
        truncate=None if request.truncate is None else request.truncate is not Truncate.NONE,
        truncation_direction=side,
    )


def watch(answer: list[msgspec.Raw]) -> Seen:
    """An answer says nothing of itself."""
    return Seen()


def parse_response(answer: list[msgspec.Raw]) -> EmbeddingAnswer:
    """The vectors; raises BadAnswer where they are of tokens, not of texts."""
    if any(b"[" in bytes(raw)[1:] for raw in answer):
        raise BadAnswer("the provider's answer has vectors of tokens, not of texts")
    if any(bytes(raw)[:1] != b"[" for raw in answer):
        raise BadAnswer("the provider's answer is not a list of vectors")
    return EmbeddingAnswer(vectors=tuple((vector(raw),) for raw in answer))


def echo(body: Json) -> Mapping[str, Any]:
    """Whether there is one text by itself."""
    return {"alone": isinstance(body.get("inputs"), str)}


def render_response(answer: EmbeddingAnswer, context: Context) -> Any:
    """A list of vectors; of a text by itself its vector."""
    vectors = answer.of(Encoding.FLOAT)
    return vectors[0] if context.echo.get("alone") else vectors


DIALECT = PlainDialect[EmbeddingRequest, EmbeddingAnswer](
    name=NAME,
    operation=Operation.EMBEDDINGS,
    client=(
        Endpoint(path="/models/{org/model}/pipeline/feature-extraction"),
        Endpoint(path="/hf-inference/models/{org/model}/pipeline/feature-extraction"),
    ),
    upstream=(Endpoint(path="/models/{org/model}/pipeline/feature-extraction"),),
    carries=frozenset({"encodings", "truncate", "normalized"}),
    names={"purpose": "prompt_name", "normalized": "normalize"},
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    render_response=render_response,
    parse_error=parse_error,
    render_error=render_error,
    read=embeddings.reader(list[msgspec.Raw]),
    watch=watch,
    echo=echo,
)

DIALECTS = (DIALECT,)
