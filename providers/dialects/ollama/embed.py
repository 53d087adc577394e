"""Ollama's embeddings: ollama.embed, and the older ollama.embeddings, which takes one text.

https://docs.ollama.com/api/embed
"""

from typing import Any

import msgspec

from providers.bridging.dialect import Context, Endpoint, Seen
from providers.bridging.plain import PlainDialect
from providers.dialects.ollama.errors import parse_error, render_error
from providers.neutral import embeddings
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
from providers.wire.splice import model_edit

NAME = "ollama.embed"
OLDER = "ollama.embeddings"
KNOWN = frozenset({"model", "input", "truncate", "dimensions"})


def parse_request(body: Json, path_model: str) -> EmbeddingRequest:
    """A text, or texts."""
    truncate = members.boolean(body, "truncate")
    return EmbeddingRequest(
        inputs=embeddings.alone(body.get("input"), "input"),
        dimensions=members.integer(body, "dimensions"),
        truncate=Truncate.NONE if truncate is False else None,
        extras=members.beyond(body, KNOWN),
    )


def parse_older(body: Json, path_model: str) -> EmbeddingRequest:
    """The only text."""
    text = members.required_text(body, "prompt")
    return EmbeddingRequest(inputs=((text,),), extras=members.beyond(body, {"model", "prompt"}))


def _truncates(request: EmbeddingRequest, dropped: list[str]) -> bool | None:
    """Ollama cuts the end of a text that is too long, unless it is told not to."""
    if request.truncate is Truncate.START:
        dropped.append("truncate")
    return None if request.truncate is None else request.truncate is not Truncate.NONE


def render_request(request: EmbeddingRequest, model: str, dropped: list[str]) -> Json:
    """Raises Unsupported for whatever is no text."""
    request.only()
    texts = request.texts(NAME)
    return members.optional(
        model=model,
        input=texts[0] if len(texts) == 1 else texts,
        truncate=_truncates(request, dropped),
        dimensions=request.dimensions,
    )


def render_older_request(request: EmbeddingRequest, model: str, dropped: list[str]) -> Json:
    """Raises Unsupported for whatever is no text."""
    request.only()
    return {"model": model, "prompt": request.texts(OLDER)[0]}


class Answer(msgspec.Struct):
    """What is read of an answer of either form."""

    embeddings: msgspec.Raw = msgspec.Raw()
    embedding: msgspec.Raw = msgspec.Raw()
    model: Any = None
    prompt_eval_count: Any = None


def _usage(answer: Answer) -> Usage | None:
    number = count(answer.prompt_eval_count)
    return None if number is None else told(number, 0)


def watch(answer: Answer) -> Seen:
    """Usage and model."""
    return Seen(usage=_usage(answer), model=members.string(answer.model))


def parse_response(answer: Answer) -> EmbeddingAnswer:
    """The vectors."""
    if bytes(answer.embedding):
        found = [vector(answer.embedding)]
    else:
        found = embeddings.rows(answer.embeddings)
    return EmbeddingAnswer(vectors=tuple((one,) for one in found), usage=_usage(answer))


def render_response(answer: EmbeddingAnswer, context: Context) -> Json:
    """All vectors; what only a server at hand could measure is 0."""
    return {
        "model": context.model,
        "embeddings": answer.of(Encoding.FLOAT),
        "total_duration": 0,
        "load_duration": 0,
        "prompt_eval_count": answer.usage.input if answer.usage else 0,
    }


def render_older_response(answer: EmbeddingAnswer, context: Context) -> Json:
    """The only vector."""
    return {"embedding": answer.single(Encoding.FLOAT)}


DIALECT = PlainDialect[EmbeddingRequest, EmbeddingAnswer](
    name=NAME,
    operation=Operation.EMBEDDINGS,
    client=(Endpoint(path="/api/embed", stream=False),),
    upstream=(Endpoint(path="/embed"),),
    carries=frozenset({"dimensions", "encodings", "truncate"}),
    names={"inputs": "input"},
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    render_response=render_response,
    parse_error=parse_error,
    render_error=render_error,
    read=embeddings.reader(Answer),
    watch=watch,
    edits=model_edit,
    lists=("input",),
    join=embeddings.joined,
)

ONE = msgspec.structs.replace(
    DIALECT,
    name=OLDER,
    client=(Endpoint(path="/api/embeddings", stream=False),),
    upstream=(Endpoint(path="/embeddings"),),
    carries=frozenset({"encodings"}),
    names={"inputs": "prompt"},
    parse_request=parse_older,
    render_request=render_older_request,
    render_response=render_older_response,
    lists=(),
    most=embeddings.one_at_a_time,
)

DIALECTS = (DIALECT, ONE)
