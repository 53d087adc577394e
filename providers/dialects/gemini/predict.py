"""The gemini.predict dialect: embeddings by the older models on Vertex AI.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from providers.bridging.dialect import Context, Endpoint, Seen
from providers.bridging.members import shape
from providers.bridging.plain import PlainDialect
from providers.dialects.gemini.embed import (
    CARRIED,
    TYPES,
    agreed,
    purpose,
    settled,
    truncation,
)
from providers.dialects.gemini.errors import parse_error, render_error
from providers.dialects.gemini.generate_content import endpoints
from providers.neutral import embeddings, listing
from providers.neutral.embeddings import (
    EmbeddingAnswer,
    EmbeddingRequest,
    Encoding,
    Truncate,
    vector,
)
from providers.operations import Operation
from providers.usage import Usage, count, told
from providers.wire import members
from providers.wire.members import Json

NAME = "gemini.predict"
MOST = 250
"""Texts at once; Gemini's own models take one."""

READ = shape(
    instances=shape("content", "task_type", "title"),
    parameters=shape("autoTruncate", "outputDimensionality"),
)


def parse_request(body: Json, path_model: str) -> EmbeddingRequest:
    """Instances, of which all must want the same, and parameters for all of them."""
    found = list(members.objects(body, "instances"))
    if not found:
        raise members.wrong("instances", "an array of objects")
    agreed([{**one, "content": None} for one, _ in found])
    parameters = members.mapping(body, "parameters") or {}
    first = found[0][0]
    cuts = members.boolean(parameters, "autoTruncate", "parameters.")
    return EmbeddingRequest(
        inputs=tuple((members.required_text(one, "content", at),) for one, at in found),
        dimensions=members.integer(parameters, "outputDimensionality", "parameters."),
        purpose=purpose(first.get("task_type"), "instances[0].task_type"),
        title=members.text(first, "title", "instances[0]."),
        truncate=truncation(cuts),
        extras=members.beyond(body, {"instances", "parameters"}),
    )


def render_request(request: EmbeddingRequest, model: str, dropped: list[str]) -> Json:
    """Raises Unsupported for pictures."""
    settled(request, dropped)
    task = TYPES.get(request.purpose) if request.purpose else None
    parameters = members.optional(
        outputDimensionality=request.dimensions,
        autoTruncate=False if request.truncate is Truncate.NONE else None,
    )
    return members.optional(
        instances=[
            members.optional(content=text, task_type=task, title=request.title)
            for text in request.texts(NAME)
        ],
        parameters=parameters,
    )


def most(request: EmbeddingRequest, model: str) -> int:
    """Gemini's own models take one text."""
    return 1 if model.startswith("gemini-") else MOST


class Statistics(msgspec.Struct, frozen=True):
    """What a prediction says of its text."""

    token_count: Any = None
    truncated: Any = None


class Predicted(msgspec.Struct):
    """A vector and what it took."""

    values: msgspec.Raw
    statistics: Statistics = Statistics()


class Prediction(msgspec.Struct):
    """One of an answer."""

    embeddings: Predicted


class Answer(msgspec.Struct):
    """What is read of an answer."""

    predictions: list[Prediction]


def _usage(answer: Answer) -> Usage | None:
    counts = [count(one.embeddings.statistics.token_count) for one in answer.predictions]
    known = [number for number in counts if number is not None]
    return told(sum(known), 0) if known and len(known) == len(counts) else None


def leaves(answer: Answer) -> list[str]:
    """That a text was cut off."""
    cut = any(one.embeddings.statistics.truncated is True for one in answer.predictions)
    return ["predictions.embeddings.statistics.truncated"] if cut else []


def watch(answer: Answer) -> Seen:
    """Usage: the tokens of all texts."""
    return Seen(usage=_usage(answer))


def parse_response(answer: Answer) -> EmbeddingAnswer:
    """The vectors."""
    vectors = tuple((vector(one.embeddings.values),) for one in answer.predictions)
    return EmbeddingAnswer(vectors=vectors, usage=_usage(answer))


def render_response(answer: EmbeddingAnswer, context: Context) -> Json:
    """The vectors; the tokens of each text are known of one alone."""
    used = answer.usage.input if answer.usage and len(answer.vectors) == 1 else 0
    statistics: Mapping[str, Any] = {"truncated": False, "token_count": used}
    return {
        "predictions": [
            {"embeddings": {"values": values, "statistics": statistics}}
            for values in answer.of(Encoding.FLOAT)
        ]
    }


DIALECT = PlainDialect[EmbeddingRequest, EmbeddingAnswer](
    name=NAME,
    operation=Operation.EMBEDDINGS,
    client=endpoints("predict", stream=False),
    upstream=(Endpoint(path="/models/{model}:predict"),),
    carries=CARRIED | {"truncate"},
    names={
        "inputs": "instances",
        "purpose": "instances.task_type",
        "title": "instances.title",
        "dimensions": "parameters.outputDimensionality",
        "truncate": "parameters.autoTruncate",
    },
    nested=READ,
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    render_response=render_response,
    parse_error=parse_error,
    render_error=render_error,
    read=embeddings.reader(Answer),
    leaves=leaves,
    watch=watch,
    listing=listing.VERTEX,
    lists=("instances",),
    most=most,
    join=embeddings.joined,
)

DIALECTS = (DIALECT,)
