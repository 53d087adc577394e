"""Gemini's embeddings: of one content, of a batch, and Vertex AI's prediction.

https://ai.google.dev/api/embeddings
https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from providers.bridging.dialect import Context, Endpoint, Seen
from providers.bridging.plain import PlainDialect
from providers.dialects.gemini.errors import parse_error, render_error
from providers.dialects.gemini.generate_content import endpoints
from providers.errors import BadAnswer, InvalidRequest, Unsupported
from providers.neutral import embeddings
from providers.neutral.embeddings import (
    EmbeddingAnswer,
    EmbeddingRequest,
    Encoding,
    Piece,
    Purpose,
    Truncate,
    vector,
)
from providers.neutral.media import Data, Url, standard_base64
from providers.operations import Operation
from providers.usage import Usage, count, told
from providers.wire import members
from providers.wire.members import Json

ONE = "gemini.embed_content"
BATCH = "gemini.batch_embed_contents"
PREDICT = "gemini.predict"

PURPOSES = {
    "RETRIEVAL_QUERY": Purpose.QUERY,
    "RETRIEVAL_DOCUMENT": Purpose.DOCUMENT,
    "SEMANTIC_SIMILARITY": Purpose.SIMILARITY,
    "CLASSIFICATION": Purpose.CLASSIFICATION,
    "CLUSTERING": Purpose.CLUSTERING,
    "QUESTION_ANSWERING": Purpose.QUESTION,
    "FACT_VERIFICATION": Purpose.FACT,
    "CODE_RETRIEVAL_QUERY": Purpose.CODE,
}
TYPES = {purpose: name for name, purpose in PURPOSES.items()}
NONE = "TASK_TYPE_UNSPECIFIED"
MOST = 100
"""Contents in one batch."""
KNOWN = frozenset({"model", "content", "taskType", "title", "outputDimensionality"})
CAMEL = {"task_type": "taskType", "output_dimensionality": "outputDimensionality"}


def _purpose(value: Any, at: str) -> Purpose | None:
    if value in (None, NONE):
        return None
    if value not in PURPOSES:
        raise members.wrong(at, f"one of {', '.join(PURPOSES)}")
    return PURPOSES[value]


def _content(body: Json, at: str) -> tuple[Piece, ...]:
    content = body.get("content")
    if isinstance(content, str):
        return (content,)
    content = members.required_mapping(body, "content", at)
    pieces = tuple(_piece(part, place) for part, place in members.objects(content, "parts", at))
    if not pieces:
        raise InvalidRequest(f"{at}content must hold parts", param=f"{at}content")
    return pieces


def _piece(part: Json, at: str) -> Piece:
    if "text" in part:
        return members.required_text(part, "text", at)
    inline = part.get("inlineData") or part.get("inline_data")
    if isinstance(inline, dict):
        media_type = inline.get("mimeType") or inline.get("mime_type")
        data = members.required_text(inline, "data", f"{at}inlineData.")
        return Data(base64=standard_base64(data), media_type=members.string(media_type))
    file = part.get("fileData") or part.get("file_data")
    if isinstance(file, dict):
        uri = file.get("fileUri") or file.get("file_uri")
        return Url(url=members.string(uri))
    raise InvalidRequest(f"{at.removesuffix('.')} holds no text and no picture", param=at)


def _spelled(body: Json) -> Json:
    """A body with Google's own spelling of names, which protobuf's JSON takes in two."""
    return {CAMEL.get(name, name): value for name, value in body.items()}


def parse_one(body: Json, path_model: str) -> EmbeddingRequest:
    """One content."""
    said = _spelled(body)
    return EmbeddingRequest(
        inputs=(_content(said, ""),),
        dimensions=members.integer(said, "outputDimensionality"),
        purpose=_purpose(said.get("taskType"), "taskType"),
        title=members.text(said, "title"),
        extras=members.beyond(said, KNOWN),
    )


def parse_batch(body: Json, path_model: str) -> EmbeddingRequest:
    """Contents, of which all must want the same, or no single request says it."""
    found = [(_spelled(one), at) for one, at in members.objects(body, "requests")]
    if not found:
        raise members.wrong("requests", "an array of requests")
    first = parse_one(found[0][0], path_model)
    wishes = [{k: v for k, v in one.items() if k not in ("content", "model")} for one, _ in found]
    if any(other != wishes[0] for other in wishes):
        raise Unsupported("requests that want different vectors need a provider of Gemini's format")
    return msgspec.structs.replace(
        first,
        inputs=tuple(_content(one, at) for one, at in found),
        extras=first.extras | members.beyond(body, {"requests"}),
    )


def _rendered(request: EmbeddingRequest, pieces: tuple[Piece, ...]) -> Json:
    return members.optional(
        content={"parts": [_part(piece) for piece in pieces]},
        taskType=TYPES.get(request.purpose) if request.purpose else None,
        title=request.title,
        outputDimensionality=request.dimensions,
    )


def _part(piece: Piece) -> Json:
    if isinstance(piece, str):
        return {"text": piece}
    if isinstance(piece, Data):
        return {"inlineData": {"mimeType": piece.media_type, "data": piece.base64}}
    raise Unsupported("Gemini embeds texts and pictures that are sent along", param="inputs")


def _settled(request: EmbeddingRequest, dropped: list[str]) -> None:
    request.only()
    if request.purpose is not None and request.purpose not in TYPES:
        dropped.append("purpose")


def render_one(request: EmbeddingRequest, model: str, dropped: list[str]) -> Json:
    """Raises Unsupported for more than one content."""
    request.at_most(1, ONE)
    _settled(request, dropped)
    return _rendered(request, request.inputs[0])


def render_batch(request: EmbeddingRequest, model: str, dropped: list[str]) -> Json:
    """A request for each content."""
    request.at_most(MOST, BATCH)
    _settled(request, dropped)
    name = f"models/{model}"
    return {"requests": [{"model": name, **_rendered(request, one)} for one in request.inputs]}


def edits(body: Json, model: str, usage: bool) -> dict[str, Any]:
    """The model stands in the path, and in newer clients' bodies again."""
    name = f"models/{model}"
    return {"model": name} if body.get("model") not in (None, name) else {}


def edits_of_batch(body: Json, model: str, usage: bool) -> dict[str, Any]:
    """The same for each request of a batch."""
    name = f"models/{model}"
    given = body.get("requests")
    if not isinstance(given, list) or all(
        not isinstance(one, dict) or one.get("model") == name for one in given
    ):
        return {}
    return {"requests": [{**one, "model": name} for one in given if isinstance(one, dict)]}


class Values(msgspec.Struct):
    """One vector."""

    values: msgspec.Raw


class Counts(msgspec.Struct):
    """What newer models say was used."""

    promptTokenCount: Any = None


class Answer(msgspec.Struct):
    """What is read of an answer of either form."""

    embedding: Values | None = None
    embeddings: list[Values] | None = None
    usageMetadata: Counts | None = None


def _usage(answer: Answer) -> Usage | None:
    said = answer.usageMetadata
    number = None if said is None else count(said.promptTokenCount)
    return None if number is None else told(number, 0)


def watch(answer: Answer) -> Seen:
    """Usage, where the model says it."""
    return Seen(usage=_usage(answer))


def parse_response(answer: Answer) -> EmbeddingAnswer:
    """The vectors."""
    found = answer.embeddings
    if found is None:
        found = [answer.embedding] if answer.embedding is not None else []
    return EmbeddingAnswer(
        vectors=tuple((vector(one.values),) for one in found), usage=_usage(answer)
    )


def _said(answer: EmbeddingAnswer) -> Json:
    used = answer.usage.input if answer.usage else 0
    return {"usageMetadata": {"promptTokenCount": used, "totalTokenCount": used}} if used else {}


def render_one_response(answer: EmbeddingAnswer, context: Context) -> Json:
    """The only vector."""
    vectors = answer.of(Encoding.FLOAT)
    if not vectors:
        raise BadAnswer("the provider's answer has no vector")
    return {"embedding": {"values": vectors[0]}, **_said(answer)}


def render_batch_response(answer: EmbeddingAnswer, context: Context) -> Json:
    """All vectors."""
    vectors = [{"values": values} for values in answer.of(Encoding.FLOAT)]
    return {"embeddings": vectors, **_said(answer)}


CARRIED = frozenset({"dimensions", "encodings", "purpose", "title"})
NAMES = {
    "inputs": "content",
    "dimensions": "outputDimensionality",
    "purpose": "taskType",
    "truncate": "autoTruncate",
}

DIALECT = PlainDialect[EmbeddingRequest, EmbeddingAnswer](
    name=ONE,
    operation=Operation.EMBEDDINGS,
    client=endpoints("embedContent", stream=False),
    upstream=(Endpoint(path="/models/{model}:embedContent"),),
    carries=CARRIED,
    names=NAMES,
    parse_request=parse_one,
    render_request=render_one,
    parse_response=parse_response,
    render_response=render_one_response,
    parse_error=parse_error,
    render_error=render_error,
    read=embeddings.reader(Answer),
    watch=watch,
    edits=edits,
)

MANY = msgspec.structs.replace(
    DIALECT,
    name=BATCH,
    client=endpoints("batchEmbedContents", stream=False),
    upstream=(Endpoint(path="/models/{model}:batchEmbedContents"),),
    names={**NAMES, "inputs": "requests"},
    parse_request=parse_batch,
    render_request=render_batch,
    render_response=render_batch_response,
    edits=edits_of_batch,
)


PARAMETERS = frozenset({"autoTruncate", "outputDimensionality"})
INSTANCE = frozenset({"content", "task_type", "title"})


def parse_prediction(body: Json, path_model: str) -> EmbeddingRequest:
    """Instances, of which all must want the same, and parameters for all of them."""
    found = list(members.objects(body, "instances"))
    if not found:
        raise members.wrong("instances", "an array of objects")
    wishes = [{**one, "content": None} for one, _ in found]
    if any(other != wishes[0] for other in wishes):
        raise Unsupported(
            "instances that want different vectors need a provider of Vertex's format"
        )
    parameters = members.mapping(body, "parameters") or {}
    first = found[0][0]
    truncate = members.boolean(parameters, "autoTruncate", "parameters.")
    extras = members.beyond(first, INSTANCE) | members.beyond(parameters, PARAMETERS)
    return EmbeddingRequest(
        inputs=tuple((members.required_text(one, "content", at),) for one, at in found),
        dimensions=members.integer(parameters, "outputDimensionality", "parameters."),
        purpose=_purpose(first.get("task_type"), "instances[0].task_type"),
        title=members.text(first, "title", "instances[0]."),
        truncate=Truncate.NONE if truncate is False else None,
        extras=extras | members.beyond(body, {"instances", "parameters"}),
    )


def render_prediction(request: EmbeddingRequest, model: str, dropped: list[str]) -> Json:
    """Raises Unsupported for pictures, and for a batch to a model that takes one text."""
    _settled(request, dropped)
    request.at_most(1 if model.startswith("gemini-") else 250, f"{model} on Vertex AI")
    task = TYPES.get(request.purpose) if request.purpose else None
    if request.truncate is Truncate.START:
        dropped.append("truncate")
    parameters = members.optional(
        outputDimensionality=request.dimensions,
        autoTruncate=False if request.truncate is Truncate.NONE else None,
    )
    return members.optional(
        instances=[
            members.optional(content=text, task_type=task, title=request.title)
            for text in request.texts(PREDICT)
        ],
        parameters=parameters,
    )


class Statistics(msgspec.Struct, frozen=True):
    """What a prediction says of its text."""

    token_count: Any = None


class Predicted(msgspec.Struct):
    """A vector and what it took."""

    values: msgspec.Raw
    statistics: Statistics = Statistics()


class Prediction(msgspec.Struct):
    """One of an answer."""

    embeddings: Predicted


class Predictions(msgspec.Struct):
    """What is read of an answer."""

    predictions: list[Prediction]


def _spent(answer: Predictions) -> Usage | None:
    counts = [count(one.embeddings.statistics.token_count) for one in answer.predictions]
    known = [number for number in counts if number is not None]
    return told(sum(known), 0) if known and len(known) == len(counts) else None


def watch_prediction(answer: Predictions) -> Seen:
    """Usage: the tokens of all texts."""
    return Seen(usage=_spent(answer))


def parse_predictions(answer: Predictions) -> EmbeddingAnswer:
    """The vectors."""
    vectors = tuple((vector(one.embeddings.values),) for one in answer.predictions)
    return EmbeddingAnswer(vectors=vectors, usage=_spent(answer))


def render_predictions(answer: EmbeddingAnswer, context: Context) -> Json:
    """The vectors; the tokens of each text are known of one alone."""
    used = answer.usage.input if answer.usage and len(answer.vectors) == 1 else 0
    statistics: Mapping[str, Any] = {"truncated": False, "token_count": used}
    return {
        "predictions": [
            {"embeddings": {"values": values, "statistics": statistics}}
            for values in answer.of(Encoding.FLOAT)
        ]
    }


VERTEX = PlainDialect[EmbeddingRequest, EmbeddingAnswer](
    name=PREDICT,
    operation=Operation.EMBEDDINGS,
    client=endpoints("predict", stream=False),
    upstream=(Endpoint(path="/models/{model}:predict"),),
    carries=CARRIED | {"truncate"},
    names={**NAMES, "inputs": "instances", "purpose": "task_type"},
    parse_request=parse_prediction,
    render_request=render_prediction,
    parse_response=parse_predictions,
    render_response=render_predictions,
    parse_error=parse_error,
    render_error=render_error,
    read=embeddings.reader(Predictions),
    watch=watch_prediction,
)

DIALECTS = (DIALECT, MANY, VERTEX)
