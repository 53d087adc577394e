"""Gemini's embeddings: of one content, and of a batch.

https://ai.google.dev/api/embeddings
https://docs.cloud.google.com/python/docs/reference/aiplatform/latest/google.cloud.aiplatform_v1beta1.types.EmbedContentRequest
"""

from collections.abc import Callable
from typing import Any

import msgspec

from providers.bridging.dialect import Context, Endpoint, Seen
from providers.bridging.members import Shape, shape
from providers.bridging.plain import PlainDialect
from providers.bridging.provider_members import unread
from providers.dialects.gemini.errors import parse_error, render_error
from providers.dialects.gemini.generate_content import endpoints
from providers.dialects.gemini.kept_ids import ASKED
from providers.errors import InvalidRequest, Unsupported
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
from providers.wire.splice import REMOVED

ONE = "gemini.embed_content"
BATCH = "gemini.batch_embed_contents"

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
KNOWN = frozenset({"model", "content", "taskType", "title", "outputDimensionality", "autoTruncate"})
CONFIG = "embedContentConfig"
"""Where Vertex AI's SDK says everything but the content."""
CAMEL = {
    "task_type": "taskType",
    "output_dimensionality": "outputDimensionality",
    "auto_truncate": "autoTruncate",
    "embed_content_config": CONFIG,
}
TOP = KNOWN.union(CAMEL, {CONFIG})
DATA = shape("mimeType", "mime_type", "data")
FILE = shape("mimeType", "mime_type", "fileUri", "file_uri")
PART = shape("text", inlineData=DATA, inline_data=DATA, fileData=FILE, file_data=FILE)
CONTENT = shape("role", parts=PART)
WISHES = shape(*(TOP - {"model", "content"}))
ONES = shape(content=CONTENT, embedContentConfig=WISHES, embed_content_config=WISHES)
EVERYWHERE = ("taskType", "title", "outputDimensionality")
"""What of it the Gemini API knows, too."""


def purpose(value: Any, at: str) -> Purpose | None:
    if value in (None, NONE):
        return None
    if not isinstance(value, str) or value not in PURPOSES:
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
        picture = Data(base64=standard_base64(data), media_type=members.string(media_type))
        if not picture.media_type.startswith("image/"):
            raise Unsupported("Google alone embeds what is no text and no picture", param=at)
        return picture
    file = part.get("fileData") or part.get("file_data")
    if isinstance(file, dict):
        uri = file.get("fileUri") or file.get("file_uri")
        return Url(url=members.string(uri))
    raise InvalidRequest(f"{at.removesuffix('.')} holds no text and no picture", param=at)


def _spelled(body: Json) -> Json:
    """A body with Google's own spelling of names, which protobuf's JSON takes in two."""
    return {CAMEL.get(name, name): value for name, value in body.items()}


def _flat(body: Json) -> Json:
    """A body that says everything in one place."""
    said = _spelled(body)
    config = members.mapping(said, CONFIG) or {}
    said.pop(CONFIG, None)
    return {**said, **_spelled(config)}


def parse_one(body: Json, path_model: str) -> EmbeddingRequest:
    """One content."""
    said = _flat(body)
    return EmbeddingRequest(
        inputs=(_content(said, ""),),
        dimensions=members.integer(said, "outputDimensionality"),
        purpose=purpose(said.get("taskType"), "taskType"),
        title=members.text(said, "title"),
        truncate=truncation(members.boolean(said, "autoTruncate")),
        extras=members.beyond(body, TOP),
    )


def truncation(cuts: bool | None) -> Truncate | None:
    """Google cuts the end of a text that is too long, unless it is told not to."""
    return Truncate.NONE if cuts is False else None


def parse_batch(body: Json, path_model: str) -> EmbeddingRequest:
    """Contents, of which all must want the same, or no single request says it."""
    found = [(_flat(one), at) for one, at in members.objects(body, "requests")]
    if not found:
        raise members.wrong("requests", "an array of requests")
    first = parse_one(found[0][0], path_model)
    agreed([{**one, "content": None, "model": None} for one, _ in found])
    return msgspec.structs.replace(
        first,
        inputs=tuple(_content(one, at) for one, at in found),
        extras=members.beyond(body, {"requests"}),
    )


def agreed(wishes: list[Json]) -> None:
    """Raises Unsupported where the vectors of a batch are not all to be made alike."""
    if any(other != wishes[0] for other in wishes):
        raise Unsupported("inputs that want different vectors need a provider of Google's format")


def _rendered(request: EmbeddingRequest, pieces: tuple[Piece, ...]) -> Json:
    return {"content": {"parts": [_part(piece) for piece in pieces]}, **_wishes(request)}


def _configured(request: EmbeddingRequest, pieces: tuple[Piece, ...]) -> Json:
    config = _wishes(request)
    if request.truncate is not None:
        config["autoTruncate"] = request.truncate is not Truncate.NONE
    content = {"parts": [_part(piece) for piece in pieces]}
    return members.optional(content=content, embedContentConfig=config)


def _wishes(request: EmbeddingRequest) -> Json:
    return members.optional(
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


def settled(request: EmbeddingRequest, dropped: list[str]) -> None:
    """Names what no format of Google can say; raises Unsupported for vectors of no floats."""
    request.only()
    if request.purpose is not None and request.purpose not in TYPES:
        dropped.append("purpose")
    if request.truncate is Truncate.START:
        dropped.append("truncate")


def render_one(request: EmbeddingRequest, model: str, dropped: list[str]) -> Json:
    """The only content."""
    settled(request, dropped)
    return _rendered(request, request.inputs[0])


def render_batch(request: EmbeddingRequest, model: str, dropped: list[str]) -> Json:
    """A request for each content."""
    settled(request, dropped)
    name = f"models/{model}"
    return {"requests": [{"model": name, **_rendered(request, one)} for one in request.inputs]}


def render_one_on_vertex(request: EmbeddingRequest, model: str, dropped: list[str]) -> Json:
    """The same in the form of Vertex AI."""
    settled(request, dropped)
    return _configured(request, request.inputs[0])


def render_batch_on_vertex(request: EmbeddingRequest, model: str, dropped: list[str]) -> Json:
    """The same in the form of Vertex AI, where the path alone says the model."""
    settled(request, dropped)
    return {"requests": [_configured(request, one) for one in request.inputs]}


def edits(body: Json, model: str, usage: bool) -> dict[str, Any]:
    """The model stands in the path, and in newer clients' bodies again."""
    name = f"models/{model}"
    return {"model": name} if body.get("model") not in (None, name) else {}


def edits_on_vertex(body: Json, model: str, usage: bool) -> dict[str, Any]:
    """A model in the body would need the names of project and region."""
    return {"model": REMOVED} if "model" in body else {}


def tune(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
    """What stands in Vertex AI's config alone, where the Gemini API wants it."""
    name = CONFIG if CONFIG in body else "embed_content_config"
    config = body.get(name)
    if not isinstance(config, dict):
        return {}
    said = _spelled(config)
    dropped += [wish for wish in said if wish not in EVERYWHERE]
    return {name: REMOVED, **{wish: said[wish] for wish in EVERYWHERE if wish in said}}


def tune_batch(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
    """The same for each request of a batch, which says its model, too."""
    name = f"models/{model}"

    def tuned(one: Json) -> Json:
        return _changed(one, {"model": name, **tune(one, model, dropped)})

    return _each(body, tuned)


def tune_batch_on_vertex(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
    """A batch without the names of its model."""
    return _each(body, lambda one: _changed(one, edits_on_vertex(one, model, False)))


def _each(body: Json, change: Callable[[Json], Json]) -> dict[str, Any]:
    """What is no request is left to Google, which says so."""
    given = body.get("requests")
    if not isinstance(given, list):
        return {}
    changed = [change(one) if isinstance(one, dict) else one for one in given]
    return {"requests": changed} if changed != given else {}


def _changed(one: Json, changes: Json) -> Json:
    return {name: value for name, value in {**one, **changes}.items() if value is not REMOVED}


class Values(msgspec.Struct):
    """One vector."""

    values: msgspec.Raw
    statistics: Any = None
    """Of its text, which Vertex AI says."""


class Answer(msgspec.Struct):
    """What is read of an answer of either form."""

    embedding: Values | None = None
    embeddings: list[Values] | None = None
    usageMetadata: Any = None
    metadata: Any = None
    truncated: Any = None


BESIDE = shape(
    statistics=shape("tokenCount"),
    usageMetadata=shape(
        *("promptTokenCount", "totalTokenCount", "promptTokensDetails", "trafficType")
    ),
)
"""What is read of it, or follows from that."""


def leaves(answer: Answer) -> list[str]:
    """That a text was cut off, and whatever else stands beside the vectors."""
    beside = {name: getattr(answer, name) for name in ("usageMetadata", "metadata", "truncated")}
    place = "embedding" if answer.embeddings is None else "embeddings"
    lost = dict.fromkeys(unread(beside, BESIDE))
    for one in _found(answer):
        if one.statistics:
            lost.update(dict.fromkeys(unread({"statistics": one.statistics}, BESIDE, f"{place}.")))
    return list(lost)


def _found(answer: Answer) -> list[Values]:
    if answer.embeddings is not None:
        return answer.embeddings
    return [] if answer.embedding is None else [answer.embedding]


def _usage(answer: Answer) -> Usage | None:
    number = count(members.inner(answer.usageMetadata).get("promptTokenCount"))
    if number is None:
        counts = [count(members.inner(one.statistics).get("tokenCount")) for one in _found(answer)]
        known = [each for each in counts if each is not None]
        number = sum(known) if known and len(known) == len(counts) else None
    return None if number is None else told(number, 0)


def watch(answer: Answer) -> Seen:
    """Usage, where the model says it."""
    return Seen(usage=_usage(answer))


def parse_response(answer: Answer) -> EmbeddingAnswer:
    """The vectors."""
    vectors = tuple((vector(one.values),) for one in _found(answer))
    return EmbeddingAnswer(vectors=vectors, usage=_usage(answer))


def _said(answer: EmbeddingAnswer) -> Json:
    used = answer.usage.input if answer.usage else 0
    return {"usageMetadata": {"promptTokenCount": used, "totalTokenCount": used}} if used else {}


def render_one_response(answer: EmbeddingAnswer, context: Context) -> Json:
    """The only vector."""
    return {"embedding": {"values": answer.single(Encoding.FLOAT)}, **_said(answer)}


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
    nested=ONES,
    parse_request=parse_one,
    render_request=render_one,
    parse_response=parse_response,
    render_response=render_one_response,
    parse_error=parse_error,
    render_error=render_error,
    read=embeddings.reader(Answer),
    leaves=leaves,
    watch=watch,
    edits=edits,
    tune=tune,
    most=embeddings.one_at_a_time,
    ids=lambda body: ASKED,
)

MANY = msgspec.structs.replace(
    DIALECT,
    name=BATCH,
    client=endpoints("batchEmbedContents", stream=False),
    upstream=(Endpoint(path="/models/{model}:batchEmbedContents"),),
    names={**NAMES, "inputs": "requests"},
    nested=shape(requests=Shape(TOP, ONES.inner)),
    parse_request=parse_batch,
    render_request=render_batch,
    render_response=render_batch_response,
    edits=lambda body, model, usage: {},
    tune=tune_batch,
    lists=("requests",),
    most=embeddings.up_to(MOST),
    join=embeddings.joined,
)

VERTEX = msgspec.structs.replace(
    DIALECT,
    host="vertex",
    client=(),
    carries=CARRIED | {"truncate"},
    render_request=render_one_on_vertex,
    edits=edits_on_vertex,
    tune=None,
)
VERTEX_MANY = msgspec.structs.replace(
    MANY,
    host="vertex",
    client=(),
    carries=CARRIED | {"truncate"},
    render_request=render_batch_on_vertex,
    tune=tune_batch_on_vertex,
)
"""https://github.com/googleapis/python-genai calls both for all models of Gemini (since 3.0)."""

DIALECTS = (DIALECT, MANY)
