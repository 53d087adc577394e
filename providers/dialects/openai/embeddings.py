"""The openai.embeddings dialect, which most vendors and servers of open models speak, too.

https://platform.openai.com/docs/api-reference/embeddings/create
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from providers.bridging.dialect import Context, Endpoint, Seen
from providers.bridging.plain import PlainDialect
from providers.bridging.unsaid import USUAL_TIERS
from providers.errors import Unsupported
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
from providers.operations import Operation
from providers.usage import Usage, count, told
from providers.wire import members
from providers.wire.compatible_errors import parse_error, render_error
from providers.wire.members import Json
from providers.wire.splice import REMOVED, model_edit

NAME = "openai.embeddings"
KNOWN = frozenset({"model", "input", "encoding_format", "dimensions", "user"})
MISTRALS = frozenset({"output_dimension", "output_dtype"})
"""What Mistral's clients say at the same place.

https://docs.mistral.ai/api/#tag/embeddings
"""
PURPOSES = {
    "query": Purpose.QUERY,
    "search_query": Purpose.QUERY,
    "document": Purpose.DOCUMENT,
    "passage": Purpose.DOCUMENT,
    "search_document": Purpose.DOCUMENT,
    "classification": Purpose.CLASSIFICATION,
    "clustering": Purpose.CLUSTERING,
}
"""`input_type`, which OpenAI has not: in the words of NVIDIA, Voyage and Cohere."""
TRUNCATES = {one.value.upper(): one for one in Truncate}
"""`truncate`, as NVIDIA and Cohere have it."""
ENCODINGS = {"float": Encoding.FLOAT, "base64": Encoding.BASE64}
NUMBERS = {encoding.value: encoding for encoding in Encoding if encoding is not Encoding.BASE64}
Said = TypeVar("Said")
EXPECTED = "a string, an array of strings, an array of integers, or an array of such arrays"
MOST = 2048
"""Inputs in one request."""


def parse_request(body: Json, path_model: str) -> EmbeddingRequest:
    """What `input` holds: a text, texts, the tokens of one, or those of several."""
    dimensions = members.integer(body, "dimensions")
    if dimensions is None:
        dimensions = members.integer(body, "output_dimension")
    purpose = _word(body, "input_type", PURPOSES)
    truncate = _word(body, "truncate", TRUNCATES)
    hosts = {name for name, read in (("input_type", purpose), ("truncate", truncate)) if read}
    return EmbeddingRequest(
        inputs=tuple((piece,) for piece in _pieces(body.get("input"))),
        purpose=purpose,
        truncate=truncate,
        dimensions=dimensions,
        encodings=_encodings(body),
        user=members.text(body, "user"),
        extras=members.beyond(body, KNOWN | MISTRALS | hosts),
    )


def _word(body: Json, name: str, words: Mapping[str, Said]) -> Said | None:
    """What a host's own member says, where it is said in a known word."""
    value = body.get(name)
    return words.get(value) if isinstance(value, str) else None


def _encodings(body: Json) -> tuple[Encoding, ...]:
    numbers = members.text(body, "output_dtype")
    if numbers not in (None, "float"):
        return embeddings.encodings([numbers], NUMBERS, "output_dtype")
    format = members.text(body, "encoding_format")
    return embeddings.encodings([format] if format else [], ENCODINGS, "encoding_format")


def _pieces(given: Any) -> list[Piece]:
    if isinstance(given, str):
        return [given]
    if not isinstance(given, list) or not given:
        raise members.wrong("input", EXPECTED)
    if type(given[0]) is int:
        return [_tokens(given)]
    return [one if isinstance(one, str) else _tokens(one) for one in given]


def _tokens(given: Any) -> tuple[int, ...]:
    if not isinstance(given, list) or not given or any(type(one) is not int for one in given):
        raise members.wrong("input", EXPECTED)
    return tuple(given)


def render_request(request: EmbeddingRequest, model: str, dropped: list[str]) -> Json:
    """Raises Unsupported for pictures, inputs of several pieces, and more than anybody takes."""
    if len(request.inputs) > MOST:
        raise Unsupported(f"{NAME} embeds at most {MOST} inputs at once", param="inputs")
    request.only()
    if all(len(each) == 1 and isinstance(each[0], tuple) for each in request.inputs):
        pieces: list[Any] = [each[0] for each in request.inputs]
    else:
        pieces = request.texts(NAME)
    one = request.encodings[0] if len(request.encodings) == 1 else Encoding.FLOAT
    return members.optional(
        model=model,
        input=pieces[0] if len(pieces) == 1 else pieces,
        encoding_format=one.value if one in ENCODINGS.values() else None,
        dimensions=request.dimensions,
        user=request.user,
    )


class Item(msgspec.Struct):
    """One vector of an answer."""

    embedding: msgspec.Raw
    index: int | None = None


class Numbers(msgspec.Struct):
    """What an answer says was used; some say nothing, or null."""

    prompt_tokens: Any = None
    total_tokens: Any = None
    service_tier: Any = None


class Answer(msgspec.Struct):
    """What is read of an answer."""

    data: list[Item]
    model: Any = None
    id: Any = None
    usage: Numbers | None = None


def _usage(answer: Answer) -> Usage | None:
    said = answer.usage
    if said is None:
        return None
    number = said.total_tokens if said.prompt_tokens is None else said.prompt_tokens
    return told(count(number), 0)


def leaves(answer: Answer) -> list[str]:
    """Of which tier the service was, where it was of another than the usual."""
    tier = None if answer.usage is None else answer.usage.service_tier
    return ["usage.service_tier"] if tier not in (None, *USUAL_TIERS) else []


def watch(answer: Answer) -> Seen:
    """Usage and model."""
    return Seen(usage=_usage(answer), model=members.string(answer.model))


def parse_response(answer: Answer) -> EmbeddingAnswer:
    """The vectors, in order of their numbers."""
    found = answer.data
    if all(item.index is not None for item in found):
        found = sorted(found, key=lambda item: item.index or 0)
    return EmbeddingAnswer(
        id=members.string(answer.id),
        vectors=tuple((vector(item.embedding),) for item in found),
        usage=_usage(answer),
    )


def echo(body: Json) -> Mapping[str, Any]:
    """How the client wants its vectors to be written."""
    return {name: body.get(name) for name in ("encoding_format", "output_dtype")}


def render_response(answer: EmbeddingAnswer, context: Context) -> Json:
    """The form in which all of OpenAI's clients expect it; Mistral's want an id."""
    encoding = _encodings({**context.echo})[0]
    used = answer.usage.input if answer.usage else 0
    return {
        "id": answer.id or context.id,
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": written}
            for index, written in enumerate(answer.of(encoding))
        ],
        "model": context.model,
        "usage": {"prompt_tokens": used, "total_tokens": used},
    }


def edits_by(name: str, other: str) -> Callable[[Json, str, bool], dict[str, Any]]:
    """The edits for a provider that knows the length of vectors as `name` alone."""

    def edits(body: Json, model: str, usage: bool) -> dict[str, Any]:
        changes = model_edit(body, model, usage)
        if other in body:
            changes[other] = REMOVED
            changes[name] = body.get(name) or body[other]
        return changes

    return edits


DIALECT = PlainDialect[EmbeddingRequest, EmbeddingAnswer](
    name=NAME,
    operation=Operation.EMBEDDINGS,
    client=(
        Endpoint(path="/v1/embeddings", stream=False),
        Endpoint(path="/openai/v1/embeddings", stream=False),
        Endpoint(path="/openai/deployments/{model}/embeddings", stream=False),
    ),
    upstream=(Endpoint(path="/embeddings"),),
    request_id="x-request-id",
    carries=frozenset({"dimensions", "encodings", "user"}),
    names={"inputs": "input", "encodings": "encoding_format", "purpose": "input_type"},
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    render_response=render_response,
    parse_error=parse_error,
    render_error=render_error,
    read=embeddings.reader(Answer),
    leaves=leaves,
    watch=watch,
    edits=model_edit,
    echo=echo,
    lists=("input",),
    join=embeddings.joined,
)


def strict(host: str) -> PlainDialect[EmbeddingRequest, EmbeddingAnswer]:
    """The format as OpenAI's own models are served, which know no other vendor's members."""
    return msgspec.structs.replace(
        DIALECT,
        host=host,
        client=(),
        edits=edits_by("dimensions", "output_dimension"),
        drops=frozenset({"metadata"}),
        refuses=frozenset({"output_dtype"}),
    )


MISTRAL = msgspec.structs.replace(
    DIALECT, host="mistral", client=(), edits=edits_by("output_dimension", "dimensions")
)
"""https://docs.mistral.ai/api/#tag/embeddings"""

DIALECTS = (DIALECT,)
