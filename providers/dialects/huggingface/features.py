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
)
from providers.operations import Operation
from providers.wire import members
from providers.wire.members import Json

NAME = "huggingface.features"
KNOWN = frozenset(
    {"inputs", "normalize", "prompt_name", "truncate", "truncation_direction"}
    | {"dimensions", "encoding_format"}
)
ENCODINGS = {"float": Encoding.FLOAT, "base64": Encoding.BASE64}
PROMPTS = {"query": Purpose.QUERY, "passage": Purpose.DOCUMENT, "document": Purpose.DOCUMENT}
"""Names of prompts that most models of Sentence Transformers have, which have others, too."""
SIDES = {"left": Truncate.START, "right": Truncate.END}


def parse_request(body: Json, path_model: str) -> EmbeddingRequest:
    """A text, or texts."""
    prompt = members.text(body, "prompt_name")
    extras = members.beyond(body, KNOWN)
    if prompt is not None and prompt not in PROMPTS:
        extras["prompt_name"] = prompt
    return EmbeddingRequest(
        inputs=embeddings.alone(body.get("inputs"), "inputs"),
        dimensions=members.integer(body, "dimensions"),
        encodings=_encodings(body),
        purpose=PROMPTS.get(prompt or ""),
        truncate=_truncate(body),
        normalized=members.boolean(body, "normalize"),
        extras=extras,
    )


def _encodings(body: Json) -> tuple[Encoding, ...]:
    format = members.text(body, "encoding_format")
    return embeddings.encodings([format] if format else [], ENCODINGS, "encoding_format")


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


def watch(answer: msgspec.Raw) -> Seen:
    """An answer says nothing of itself."""
    return Seen()


def parse_response(answer: msgspec.Raw) -> EmbeddingAnswer:
    """The vectors; raises BadAnswer where they are of tokens, not of texts."""
    found = embeddings.rows(answer)
    if any(one.raw.find(b"[", 1) > 0 for one in found):
        raise BadAnswer("the provider's answer has vectors of tokens, not of texts")
    return EmbeddingAnswer(vectors=tuple((one,) for one in found))


def echo(body: Json) -> Mapping[str, Any]:
    """Whether there is one text by itself, and how its vector is to be written."""
    return {
        "alone": isinstance(body.get("inputs"), str),
        "encoding_format": body.get("encoding_format"),
    }


def render_response(answer: EmbeddingAnswer, context: Context) -> Any:
    """A list of vectors; of a text by itself its vector."""
    encoding = ENCODINGS.get(context.echo.get("encoding_format") or "", Encoding.FLOAT)
    return answer.single(encoding) if context.echo.get("alone") else answer.of(encoding)


DIALECT = PlainDialect[EmbeddingRequest, EmbeddingAnswer](
    name=NAME,
    operation=Operation.EMBEDDINGS,
    client=(
        Endpoint(path="/models/{org/model}/pipeline/feature-extraction", stream=False),
        Endpoint(path="/hf-inference/models/{org/model}/pipeline/feature-extraction", stream=False),
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
    read=embeddings.reader(msgspec.Raw),
    watch=watch,
    echo=echo,
    lists=("inputs",),
    join=embeddings.joined,
)

DIALECTS = (DIALECT,)
