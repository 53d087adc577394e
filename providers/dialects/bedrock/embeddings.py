"""Embeddings by models on Bedrock, each of which has a format of its own for InvokeModel.

Titan: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-mm.html
Nova: https://docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html
"""

from typing import Any

import msgspec

from providers.bridging.dialect import Context, Endpoint, Seen
from providers.bridging.members import shape
from providers.bridging.plain import PlainDialect
from providers.dialects.bedrock.errors import parse_error, render_error
from providers.errors import BadAnswer, InvalidRequest, Unsupported
from providers.neutral import embeddings
from providers.neutral.embeddings import (
    EmbeddingAnswer,
    EmbeddingRequest,
    Encoding,
    Purpose,
    Truncate,
    vector,
)
from providers.neutral.media import Data, standard_base64
from providers.operations import Operation
from providers.usage import Usage, count, told
from providers.wire import members
from providers.wire.members import Json

TITAN = "bedrock.titan_embed"
NOVA = "bedrock.nova_embed"
PATH = "/model/{model}/invoke"

TYPES = {"float": Encoding.FLOAT}
"""Titan's `binary` is a number for each bit, which nobody else has."""


def parse_titan(body: Json, path_model: str) -> EmbeddingRequest:
    """A text, a picture, or both."""
    text = members.text(body, "inputText")
    image = members.text(body, "inputImage")
    pieces = ((text,) if text is not None else ()) + (
        (Data(base64=standard_base64(image), media_type="image/png"),) if image else ()
    )
    if not pieces:
        raise InvalidRequest("inputText or inputImage must be given", param="inputText")
    config = members.mapping(body, "embeddingConfig") or {}
    length = members.integer(config, "outputEmbeddingLength", "embeddingConfig.")
    types = members.strings(body, "embeddingTypes")
    known = {"inputText", "inputImage", "embeddingConfig", "dimensions", "normalize"}
    return EmbeddingRequest(
        inputs=(pieces,),
        dimensions=length or members.integer(body, "dimensions"),
        normalized=members.boolean(body, "normalize"),
        encodings=embeddings.encodings(types, TYPES, "embeddingTypes"),
        extras=members.beyond(body, known | {"embeddingTypes"}),
    )


def render_titan(request: EmbeddingRequest, model: str, dropped: list[str]) -> Json:
    """One input, as this generation of Titan takes it; raises Unsupported."""
    if "embed-image" in model:
        return _picture_and_text(request, dropped)
    body: Json = {"inputText": request.texts(model)[0]}
    if "embed-text-v1" in model or "embed-g1-text" in model:
        request.only()
        if request.dimensions is not None:
            raise Unsupported(f"{model} has no other dimensions than its own", param="dimensions")
        if request.normalized is not None:
            dropped.append("normalized")
        return body
    request.only()
    return body | members.optional(dimensions=request.dimensions, normalize=request.normalized)


def _picture_and_text(request: EmbeddingRequest, dropped: list[str]) -> Json:
    request.only()
    if request.normalized is not None:
        dropped.append("normalized")
    body: Json = {}
    for piece in request.inputs[0]:
        name = "inputText" if isinstance(piece, str) else "inputImage"
        if not isinstance(piece, str | Data) or name in body:
            raise Unsupported("Titan embeds one text and one picture, sent along", param="inputs")
        body[name] = piece if isinstance(piece, str) else piece.base64
    if request.dimensions is not None:
        body["embeddingConfig"] = {"outputEmbeddingLength": request.dimensions}
    return body


class Floats(msgspec.Struct, frozen=True):
    """What is read of the vectors by their encodings."""

    floats: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="float")


class TitanAnswer(msgspec.Struct):
    """What is read of an answer."""

    embedding: msgspec.Raw = msgspec.Raw()
    embeddingsByType: Floats = Floats()
    inputTextTokenCount: Any = None


def _titans_usage(answer: TitanAnswer) -> Usage | None:
    number = count(answer.inputTextTokenCount)
    return None if number is None else told(number, 0)


def watch_titan(answer: TitanAnswer) -> Seen:
    """Usage alone."""
    return Seen(usage=_titans_usage(answer))


def parse_titans_answer(answer: TitanAnswer) -> EmbeddingAnswer:
    """The vector, in each encoding that was asked for."""
    raw = bytes(answer.embedding) or bytes(answer.embeddingsByType.floats)
    if not raw:
        raise BadAnswer("the provider's answer has no vector")
    return EmbeddingAnswer(vectors=((vector(raw),),), usage=_titans_usage(answer))


def echo_titan(body: Json) -> Json:
    """The encodings that the client asked for."""
    return {"types": body.get("embeddingTypes")}


def render_titans_answer(answer: EmbeddingAnswer, context: Context) -> Json:
    """The only vector."""
    found = answer.single(Encoding.FLOAT)
    used = answer.usage.input if answer.usage else 0
    named = {"embeddingsByType": {"float": found}} if context.echo.get("types") else {}
    return {"embedding": found, **named, "inputTextTokenCount": used}


PURPOSES = {
    Purpose.QUERY: "GENERIC_RETRIEVAL",
    Purpose.QUESTION: "TEXT_RETRIEVAL",
    Purpose.FACT: "TEXT_RETRIEVAL",
    Purpose.CODE: "TEXT_RETRIEVAL",
    Purpose.DOCUMENT: "GENERIC_INDEX",
    Purpose.IMAGE: "GENERIC_INDEX",
    Purpose.SIMILARITY: "GENERIC_INDEX",
    Purpose.CLASSIFICATION: "CLASSIFICATION",
    Purpose.CLUSTERING: "CLUSTERING",
}
MEANT = {
    "GENERIC_INDEX": Purpose.DOCUMENT,
    "CLASSIFICATION": Purpose.CLASSIFICATION,
    "CLUSTERING": Purpose.CLUSTERING,
}
SCHEMA = "nova-multimodal-embed-v1"
NOVAS_TOP = frozenset({"schemaVersion", "taskType", "singleEmbeddingParams"})
NOVAS = shape(
    singleEmbeddingParams=shape(
        *("embeddingPurpose", "embeddingDimension"),
        text=shape("truncationMode", "value"),
        image=shape("format", source=shape("bytes")),
    )
)
FORMATS = frozenset({"png", "jpeg", "gif", "webp"})


def parse_nova(body: Json, path_model: str) -> EmbeddingRequest:
    """A single embedding of a text or a picture; raises Unsupported for what else Nova has."""
    if body.get("taskType") != "SINGLE_EMBEDDING":
        raise Unsupported("taskType SINGLE_EMBEDDING alone is translated", param="taskType")
    params = members.required_mapping(body, "singleEmbeddingParams")
    at = "singleEmbeddingParams."
    purpose = members.required_text(params, "embeddingPurpose", at)
    text, image = members.mapping(params, "text", at), members.mapping(params, "image", at)
    if (text is None) == (image is None):
        raise Unsupported("one text or one picture alone is translated", param=at.rstrip("."))
    cut = members.string((text or {}).get("truncationMode")).lower()
    return EmbeddingRequest(
        inputs=((_novas_text(text, at) if text is not None else _novas_picture(image or {}, at),),),
        dimensions=members.integer(params, "embeddingDimension", at),
        purpose=MEANT.get(purpose, Purpose.QUERY),
        truncate=Truncate(cut) if cut in tuple(Truncate) else None,
        extras=members.beyond(body, NOVAS_TOP),
    )


def _novas_text(text: Json, at: str) -> str:
    return members.required_text(text, "value", f"{at}text.")


def _novas_picture(image: Json, at: str) -> Data:
    source = members.required_mapping(image, "source", f"{at}image.")
    data = members.required_text(source, "bytes", f"{at}image.source.")
    kind = members.string(image.get("format")) or "png"
    return Data(base64=standard_base64(data), media_type=f"image/{kind}")


def render_nova(request: EmbeddingRequest, model: str, dropped: list[str]) -> Json:
    """Raises Unsupported for an input of several pieces."""
    request.only()
    purpose = PURPOSES[request.purpose or Purpose.DOCUMENT]
    params: Json = {"embeddingPurpose": purpose}
    if request.dimensions is not None:
        params["embeddingDimension"] = request.dimensions
    piece = request.inputs[0][0]
    if len(request.inputs[0]) > 1 or not isinstance(piece, str | Data):
        raise Unsupported("Nova embeds one text or one picture, sent along", param="inputs")
    if isinstance(piece, str):
        mode = (request.truncate or Truncate.NONE).upper()
        params["text"] = {"truncationMode": mode, "value": piece}
    else:
        params["image"] = {"format": _format(piece), "source": {"bytes": piece.base64}}
    return {
        "schemaVersion": SCHEMA,
        "taskType": "SINGLE_EMBEDDING",
        "singleEmbeddingParams": params,
    }


def _format(picture: Data) -> str:
    kind = picture.media_type.partition("/")[2].replace("jpg", "jpeg")
    if kind not in FORMATS:
        raise Unsupported(f"Nova embeds no {picture.media_type}", param="inputs")
    return kind


class NovaVector(msgspec.Struct):
    """One vector of an answer."""

    embedding: msgspec.Raw
    truncatedCharLength: Any = None


class NovaAnswer(msgspec.Struct):
    """What is read of an answer."""

    embeddings: list[NovaVector]
    inputTokenCount: Any = None


def _novas_usage(answer: NovaAnswer) -> Usage | None:
    number = count(answer.inputTokenCount)
    return None if number is None else told(number, 0)


def leaves_of_nova(answer: NovaAnswer) -> list[str]:
    """That a text was cut off, and after how many characters."""
    cut = any(one.truncatedCharLength is not None for one in answer.embeddings)
    return ["embeddings.truncatedCharLength"] if cut else []


def watch_nova(answer: NovaAnswer) -> Seen:
    """Usage alone."""
    return Seen(usage=_novas_usage(answer))


def parse_novas_answer(answer: NovaAnswer) -> EmbeddingAnswer:
    """The vector."""
    vectors = tuple((vector(one.embedding),) for one in answer.embeddings)
    return EmbeddingAnswer(vectors=vectors, usage=_novas_usage(answer))


def render_novas_answer(answer: EmbeddingAnswer, context: Context) -> Json:
    """The vector."""
    found = answer.single(Encoding.FLOAT)
    used = answer.usage.input if answer.usage else 0
    return {
        "embeddings": [{"embeddingType": "TEXT", "embedding": found}],
        "inputTokenCount": used,
    }


TITANS = PlainDialect[EmbeddingRequest, EmbeddingAnswer](
    name=TITAN,
    operation=Operation.EMBEDDINGS,
    client=(),
    upstream=(Endpoint(path=PATH),),
    carries=frozenset({"dimensions", "encodings", "normalized"}),
    names={"inputs": "inputText", "encodings": "embeddingTypes", "normalized": "normalize"},
    nested=shape(embeddingConfig=shape("outputEmbeddingLength")),
    parse_request=parse_titan,
    render_request=render_titan,
    parse_response=parse_titans_answer,
    render_response=render_titans_answer,
    parse_error=parse_error,
    render_error=render_error,
    read=embeddings.reader(TitanAnswer),
    watch=watch_titan,
    most=embeddings.one_at_a_time,
    echo=echo_titan,
)

NOVA_EMBED = PlainDialect[EmbeddingRequest, EmbeddingAnswer](
    name=NOVA,
    operation=Operation.EMBEDDINGS,
    client=(),
    upstream=(Endpoint(path=PATH),),
    carries=frozenset({"dimensions", "encodings", "purpose", "truncate"}),
    names={
        "inputs": "singleEmbeddingParams",
        "dimensions": "singleEmbeddingParams.embeddingDimension",
        "purpose": "singleEmbeddingParams.embeddingPurpose",
        "truncate": "singleEmbeddingParams.text.truncationMode",
    },
    nested=NOVAS,
    parse_request=parse_nova,
    render_request=render_nova,
    parse_response=parse_novas_answer,
    render_response=render_novas_answer,
    parse_error=parse_error,
    render_error=render_error,
    read=embeddings.reader(NovaAnswer),
    leaves=leaves_of_nova,
    watch=watch_nova,
    most=embeddings.one_at_a_time,
)

DIALECTS = (TITANS, NOVA_EMBED)
