"""Cohere's embeddings: cohere.embed (v2), and the older cohere.embed_v1, which clients still speak.

https://docs.cohere.com/v2/reference/embed, https://docs.cohere.com/v1/reference/embed
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from providers.bridging.dialect import Context, Endpoint, Seen
from providers.bridging.members import shape
from providers.bridging.plain import PlainDialect
from providers.bridging.provider_members import unread
from providers.dialects.cohere.chat.answers import parse_usage
from providers.dialects.cohere.chat.errors import parse_error, render_error
from providers.dialects.cohere.meta import SAID
from providers.errors import BadAnswer, InvalidRequest, Unsupported
from providers.neutral import embeddings
from providers.neutral.embeddings import (
    EmbeddingAnswer,
    EmbeddingRequest,
    Encoding,
    Piece,
    Purpose,
    Truncate,
    Vector,
)
from providers.neutral.media import Data, Url, parse_data_uri, render_data_uri
from providers.operations import Operation
from providers.usage import Usage
from providers.wire import aws_errors, members
from providers.wire.members import Json
from providers.wire.splice import model_edit

NAME = "cohere.embed"
OLDER = "cohere.embed_v1"

KNOWN = frozenset(
    {"model", "texts", "images", "inputs", "input_type", "embedding_types", "output_dimension"}
    | {"truncate", "priority"}
)
IMAGE = shape("url", "detail")
READ = shape(inputs=shape(content=shape("type", "text", image_url=IMAGE)))
DETAIL = "inputs.content.image_url.detail"
ENCODINGS = {encoding.value: encoding for encoding in Encoding}
PURPOSES = {
    "search_query": Purpose.QUERY,
    "search_document": Purpose.DOCUMENT,
    "classification": Purpose.CLASSIFICATION,
    "clustering": Purpose.CLUSTERING,
    "image": Purpose.IMAGE,
}
TYPES = {
    **{purpose: name for name, purpose in PURPOSES.items()},
    Purpose.QUESTION: "search_query",
    Purpose.FACT: "search_query",
    Purpose.CODE: "search_query",
}
"""The nearest that Cohere knows."""
USUAL = "search_document"
"""What is said where the client does not say what for: newer models refuse to be told nothing."""
SIDES = {"START": "LEFT", "END": "RIGHT"}
"""What newer models on Bedrock call them."""
ON_BEDROCK = {theirs: ours for ours, theirs in SIDES.items()}
MOST = 96
"""Inputs in one request."""
OLD = re.compile(r"embed-.*v[23]\b")
"""Models of one length, with texts or one picture; https://docs.cohere.com/docs/cohere-embed."""


def parse_request(body: Json, path_model: str) -> EmbeddingRequest:
    """Texts, pictures, or inputs of both."""
    types = members.strings(body, "embedding_types")
    return EmbeddingRequest(
        inputs=tuple(_inputs(body)),
        dimensions=members.integer(body, "output_dimension"),
        encodings=embeddings.encodings(types, ENCODINGS, "embedding_types"),
        purpose=_purpose(body),
        truncate=_truncate(body),
        priority=members.integer(body, "priority"),
        extras=members.beyond(body, KNOWN) | _detail(body),
    )


def _detail(body: Json) -> Json:
    """How closely pictures among texts are looked at, which nobody else is told."""
    contents = [one.get("content") for one in members.dicts(body.get("inputs"))]
    images = [block.get("image_url") for each in contents for block in members.dicts(each)]
    details = [one["detail"] for one in images if isinstance(one, dict) and one.get("detail")]
    return next(({DETAIL: one} for one in details if one != "auto"), {})


def _purpose(body: Json) -> Purpose | None:
    said = members.text(body, "input_type")
    if said is None:
        return None
    if said not in PURPOSES:
        raise members.wrong("input_type", f"one of {', '.join(PURPOSES)}")
    return PURPOSES[said]


def _truncate(body: Json) -> Truncate | None:
    said = members.text(body, "truncate")
    try:
        return None if said is None else Truncate(ON_BEDROCK.get(said, said).lower())
    except ValueError:
        raise members.wrong("truncate", "one of NONE, START, END") from None


def _inputs(body: Json) -> Iterator[tuple[Piece, ...]]:
    found = False
    for text in members.texts(body, "texts"):
        found = True
        yield (text,)
    for uri in members.texts(body, "images"):
        found = True
        yield (_picture(uri),)
    for one, at in members.objects(body, "inputs"):
        found = True
        pieces = tuple(_piece(block, place) for block, place in members.objects(one, "content", at))
        if not pieces:
            raise InvalidRequest(f"{at}content must hold something", param=f"{at}content")
        yield pieces
    if not found:
        raise InvalidRequest("texts, images or inputs must hold something", param="texts")


def _piece(block: Json, at: str) -> Piece:
    if block.get("type") == "text":
        return members.required_text(block, "text", at)
    if block.get("type") == "image_url":
        image = members.required_mapping(block, "image_url", at)
        return _picture(members.required_text(image, "url", f"{at}image_url."))
    raise InvalidRequest(f"{at}type must be text or image_url", param=f"{at}type")


def _picture(uri: str) -> Piece:
    return parse_data_uri(uri) or Url(url=uri)


def render_request(request: EmbeddingRequest, model: str, dropped: list[str]) -> Json:
    """Texts and pictures by their short names, mixed ones as inputs; raises Unsupported."""
    if OLD.search(model):
        _fits_old(request, model)
    types = dict.fromkeys(
        Encoding.FLOAT if encoding is Encoding.BASE64 else encoding
        for encoding in request.encodings
    )
    return {
        "model": model,
        **_given(request),
        "input_type": _type(request),
        "embedding_types": [encoding.value for encoding in types],
        **members.optional(
            output_dimension=request.dimensions,
            truncate=request.truncate.upper() if request.truncate else None,
            priority=request.priority,
        ),
    }


def _fits_old(request: EmbeddingRequest, model: str) -> None:
    if request.dimensions is not None:
        raise Unsupported(f"{model} has no other dimensions than its own", param="dimensions")
    if not request.pictures:
        request.texts(model)


def most(request: EmbeddingRequest, model: str) -> int:
    """Older models take one picture."""
    return 1 if request.pictures and OLD.search(model) else MOST


def _type(request: EmbeddingRequest) -> str:
    purpose = request.purpose or (Purpose.IMAGE if request.pictures else Purpose.DOCUMENT)
    return TYPES.get(purpose, USUAL)


def _given(request: EmbeddingRequest) -> Json:
    if request.pictures:
        return {"images": [_uri(each[0]) for each in request.inputs]}
    if all(len(each) == 1 and isinstance(each[0], str) for each in request.inputs):
        return {"texts": [each[0] for each in request.inputs]}
    return {"inputs": [{"content": [_block(piece) for piece in each]} for each in request.inputs]}


def _block(piece: Piece) -> Json:
    if isinstance(piece, str):
        return {"type": "text", "text": piece}
    return {"type": "image_url", "image_url": {"url": _uri(piece)}}


def _uri(piece: Piece) -> str:
    if not isinstance(piece, Data):
        raise Unsupported("Cohere embeds texts and pictures that are sent along", param="inputs")
    return render_data_uri(piece)


def render_older_request(request: EmbeddingRequest, model: str, dropped: list[str]) -> Json:
    """The older API has no inputs of several pieces."""
    if not request.pictures:
        request.texts(OLDER)
    return render_request(request, model, dropped)


class ByType(msgspec.Struct, frozen=True):
    """Vectors by encoding."""

    floats: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="float")
    int8: msgspec.Raw = msgspec.Raw()
    uint8: msgspec.Raw = msgspec.Raw()
    binary: msgspec.Raw = msgspec.Raw()
    ubinary: msgspec.Raw = msgspec.Raw()
    base64: msgspec.Raw = msgspec.Raw()


_by_type = embeddings.reader(ByType)
MEMBERS = {encoding: encoding.value for encoding in Encoding} | {Encoding.FLOAT: "floats"}


class Answer(msgspec.Struct):
    """What is read of an answer: vectors by encoding, or floats alone."""

    embeddings: msgspec.Raw
    id: Any = None
    meta: Any = None
    model: Any = None


def _usage(answer: Answer) -> Usage | None:
    usage = parse_usage(answer.meta)
    return None if usage is None else msgspec.structs.replace(usage, estimated=usage.input == 0)


BESIDE = shape(meta=SAID)


def leaves(answer: Answer) -> list[str]:
    """Warnings, and counts that nobody else has."""
    return unread({"meta": answer.meta}, BESIDE)


def watch(answer: Answer) -> Seen:
    """Usage alone."""
    return Seen(usage=_usage(answer))


def parse_response(answer: Answer) -> EmbeddingAnswer:
    """The vectors in all encodings that were asked for."""
    columns = _columns(answer.embeddings)
    if len({len(column) for column in columns}) != 1:
        raise BadAnswer("the provider's answer has not as many vectors in each encoding")
    rows: Iterator[tuple[Vector, ...]] = zip(*columns, strict=True)
    return EmbeddingAnswer(id=members.string(answer.id), vectors=tuple(rows), usage=_usage(answer))


def _columns(raw: msgspec.Raw) -> list[list[Vector]]:
    if bytes(raw)[:1] == b"[":
        return [embeddings.rows(raw)]
    found = _by_type(bytes(raw))
    named = [(encoding, bytes(getattr(found, name))) for encoding, name in MEMBERS.items()]
    return [embeddings.rows(given, encoding) for encoding, given in named if given[:1] == b"["]


def echo(body: Json) -> Mapping[str, Any]:
    """What of a request its answer says again, or depends on."""
    return {name: body.get(name) for name in ("texts", "embedding_types")}


def render_response(answer: EmbeddingAnswer, context: Context) -> Json:
    """Vectors by encoding."""
    types = context.echo.get("embedding_types") or ["float"]
    written = {name: answer.of(ENCODINGS[name]) for name in types}
    return {**_rest(answer, context), "embeddings": written, "response_type": "embeddings_by_type"}


def _rest(answer: EmbeddingAnswer, context: Context) -> Json:
    used = answer.usage.input if answer.usage else 0
    return {
        "id": answer.id or context.id,
        "texts": context.echo.get("texts") or [],
        "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": used}},
    }


def render_older(answer: EmbeddingAnswer, context: Context) -> Json:
    """The same for a client of the older API, which gets floats alone where it names no types."""
    if context.echo.get("embedding_types"):
        body = render_response(answer, context)
    else:
        floats = answer.of(Encoding.FLOAT)
        rest = _rest(answer, context)
        body = {**rest, "embeddings": floats, "response_type": "embeddings_floats"}
    body["meta"]["api_version"] = {"version": "1"}
    return body


DIALECT = PlainDialect[EmbeddingRequest, EmbeddingAnswer](
    name=NAME,
    operation=Operation.EMBEDDINGS,
    client=(Endpoint(path="/v2/embed", stream=False),),
    upstream=(Endpoint(path="/embed"),),
    carries=frozenset({"dimensions", "encodings", "purpose", "truncate", "priority"}),
    names={
        "inputs": "texts",
        "dimensions": "output_dimension",
        "encodings": "embedding_types",
        "purpose": "input_type",
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
    edits=model_edit,
    echo=echo,
    own_headers=frozenset({"x-client-name"}),
    lists=("texts", "images", "inputs"),
    most=most,
    join=embeddings.joined,
)

V1 = msgspec.structs.replace(
    DIALECT,
    name=OLDER,
    client=(Endpoint(path="/v1/embed", stream=False),),
    carries=DIALECT.carries - {"dimensions", "priority"},
    render_request=render_older_request,
    render_response=render_older,
)


def render_on_bedrock(request: EmbeddingRequest, model: str, dropped: list[str]) -> Json:
    """The model stands in the path; of newer ones AWS has words of its own for the side that is
    cut, and no purpose for pictures."""
    body = render_request(request, model, dropped)
    del body["model"]
    if OLD.search(model):
        return body
    if "truncate" in body:
        body["truncate"] = SIDES.get(body["truncate"], "NONE")
    if body["input_type"] == "image":
        body["input_type"] = USUAL
    return body


BEDROCK = msgspec.structs.replace(
    DIALECT,
    name="bedrock.cohere_embed",
    client=(),
    upstream=(Endpoint(path="/model/{model}/invoke"),),
    carries=DIALECT.carries - {"priority"},
    render_request=render_on_bedrock,
    render_response=render_older,
    render_error=aws_errors.render_error,
    edits=lambda body, model, usage: {},
    own_headers=frozenset(),
)
"""https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed-v4.html"""

DIALECTS = (DIALECT, V1, BEDROCK)
