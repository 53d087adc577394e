"""OpenAI's format of embeddings as single hosts take it: many want to know what vectors are for."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from providers.bridging.plain import PlainDialect
from providers.dialects.openai import embeddings
from providers.neutral.embeddings import (
    EmbeddingAnswer,
    EmbeddingRequest,
    Purpose,
    Truncate,
    up_to,
)
from providers.wire.members import Json
from providers.wire.splice import REMOVED

Form = PlainDialect[EmbeddingRequest, EmbeddingAnswer]


def form(
    host: str,
    member: str,
    purposes: Mapping[Purpose, str],
    truncates: tuple[str, Mapping[Truncate, Any]],
    **facts: Any,
) -> Mapping[str, Form]:
    """The format as a host takes it that is told by `member` what the vectors are for; `truncates`:
    the member that says what is done with too long a text, and its values."""
    plain = embeddings.DIALECT
    cutting, cuts = truncates

    def render_request(request: EmbeddingRequest, model: str, dropped: list[str]) -> Json:
        body = embeddings.render_request(request, model, dropped)
        word = None if request.purpose is None else purposes.get(request.purpose)
        if word is not None:
            body[member] = word
        elif request.purpose is not None:
            dropped.append("purpose")
        cut = None if request.truncate is None else cuts.get(request.truncate)
        if cut is not None:
            body[cutting] = cut
        elif request.truncate is not None:
            dropped.append("truncate")
        return body

    own = msgspec.structs.replace(
        plain,
        host=host,
        client=(),
        carries=plain.carries | {"purpose", "truncate"},
        render_request=render_request,
        **facts,
    )
    return {plain.name: own}


def floats_unsaid(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
    """For hosts that give numbers unless they are asked for something else."""
    return {"encoding_format": REMOVED} if body.get("encoding_format") == "float" else {}


AT_THE_END = {Truncate.NONE: False, Truncate.END: True}
"""For those who can cut a text at its end, or not at all."""

VOYAGE = form(
    "voyage",
    "input_type",
    {Purpose.QUERY: "query", Purpose.DOCUMENT: "document"},
    ("truncation", AT_THE_END),
    edits=embeddings.edits_by("output_dimension", "dimensions"),
    tune=floats_unsaid,
    drops=frozenset({"user"}),
    most=up_to(1_000),
)
"""https://docs.voyageai.com/reference/embeddings-api: `encoding_format` is null or base64."""

JINA = form(
    "jina",
    "task",
    {
        Purpose.QUERY: "retrieval.query",
        Purpose.DOCUMENT: "retrieval.passage",
        Purpose.SIMILARITY: "text-matching",
        Purpose.CLASSIFICATION: "classification",
        Purpose.CLUSTERING: "separation",
    },
    ("truncate", AT_THE_END),
    edits=embeddings.edits_by("embedding_type", "encoding_format"),
    drops=frozenset({"user"}),
)
"""https://api.jina.ai/redoc: `embedding_type` in the place of `encoding_format`."""


def nvidia(host: str) -> Mapping[str, Form]:
    """https://docs.nvidia.com/nim/nemo-retriever/embedding/latest/reference.html"""
    purposes = {Purpose.QUERY: "query", Purpose.DOCUMENT: "passage"}
    words = {one: one.value.upper() for one in Truncate}
    return form(host, "input_type", purposes, ("truncate", words))


OLDER = re.compile(r"text-embedding-v[12]\b")


def _qwens(request: EmbeddingRequest, model: str) -> int:
    return 25 if OLDER.match(model) else 10


def dashscope(host: str) -> Mapping[str, Form]:
    """https://www.alibabacloud.com/help/en/model-studio/text-embedding-synchronous-api"""
    return limited(host, _qwens)


def limited(host: str, most: Callable[[EmbeddingRequest, str], int]) -> Mapping[str, Form]:
    """OpenAI's form at a host that takes fewer inputs at once than others."""
    own = msgspec.structs.replace(embeddings.DIALECT, host=host, client=(), most=most)
    return {embeddings.NAME: own}
