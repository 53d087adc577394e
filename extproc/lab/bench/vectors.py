"""A batch of texts of a usual length, and vectors for them, in any dialect of embeddings."""

from typing import Any, cast

import msgspec
import orjson

from extproc.lab.bench.bodies import CONTEXT, SENTENCE, USAGE
from providers.bridging.plain import PlainDialect
from providers.catalog import DIALECTS
from providers.neutral.embeddings import EmbeddingAnswer, EmbeddingRequest, Encoding, vector

Plain = PlainDialect[EmbeddingRequest, EmbeddingAnswer]

BATCH = 100
AS_ASKED = msgspec.structs.replace(CONTEXT, echo={"encoding_format": "base64"})
LENGTH = 1536
"""https://platform.openai.com/docs/guides/embeddings: of OpenAI's smaller model."""


def plain(name: str) -> Plain:
    """The dialect of that name."""
    return cast(Plain, DIALECTS[name])


def body(dialect: Plain, model: str) -> bytes:
    """A request as OpenAI's SDK sends it: vectors are to come as base64."""
    texts = tuple((f"{number}: {SENTENCE}",) for number in range(BATCH))
    request = EmbeddingRequest(inputs=texts, encodings=(Encoding.BASE64,))
    return orjson.dumps(dialect.render_request(request, model, []))


def answer(dialect: Plain) -> bytes:
    """A vector for each text."""
    numbers: list[Any] = [(at % 200 - 100) / 101 for at in range(LENGTH)]
    one = (vector(orjson.dumps(numbers)),)
    response = EmbeddingAnswer(id="bench", vectors=(one,) * BATCH, usage=USAGE)
    return orjson.dumps(dialect.render_response(response, AS_ASKED))
