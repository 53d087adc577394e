"""Cohere's reranking: cohere.rerank (v2), and cohere.rerank_v1, which Jina and vLLM speak, too.

https://docs.cohere.com/v2/reference/rerank, https://docs.cohere.com/v1/reference/rerank
https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html (Re-rank API)
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from providers.bridging.dialect import Context, Endpoint, Seen
from providers.bridging.members import shape
from providers.bridging.plain import PlainDialect, known
from providers.dialects.cohere.chat.errors import parse_error, render_error
from providers.dialects.cohere.meta import SAID
from providers.errors import BadAnswer
from providers.neutral.rerank import Document, RerankAnswer, RerankRequest, how_many, ranked
from providers.operations import Operation
from providers.usage import Units, Usage, count
from providers.wire import members
from providers.wire.members import Json
from providers.wire.splice import REMOVED, model_edit

NAME = "cohere.rerank"
OLDER = "cohere.rerank_v1"

KNOWN = frozenset(
    {"model", "query", "documents", "top_n", "max_tokens_per_doc", "priority"}
    | {"rank_fields", "return_documents", "max_chunks_per_doc", "user"}
)
MOST_FIELDS = 100


def parse_request(body: Json, path_model: str) -> RerankRequest:
    """A query and documents: texts, or objects in the older form."""
    documents = tuple(_document(one, at) for one, at in members.items(body, "documents"))
    if not documents:
        raise members.wrong("documents", "an array of strings or objects")
    return RerankRequest(
        query=members.required_text(body, "query"),
        documents=documents,
        top_n=how_many(body, "top_n"),
        fields=_fields(body),
        return_documents=members.boolean(body, "return_documents"),
        max_tokens=members.integer(body, "max_tokens_per_doc"),
        max_chunks=members.integer(body, "max_chunks_per_doc"),
        priority=members.integer(body, "priority"),
        user=members.text(body, "user"),
        extras=members.beyond(body, KNOWN),
    )


def _fields(body: Json) -> tuple[str, ...]:
    """Each once; they are looked for in every document."""
    names = tuple(dict.fromkeys(members.texts(body, "rank_fields")))
    if len(names) > MOST_FIELDS:
        raise members.wrong("rank_fields", f"at most {MOST_FIELDS} names")
    return names


def _document(one: Any, at: str) -> Document:
    if not isinstance(one, str | dict):
        raise members.wrong(at, "a string or an object")
    return one


def render_request(request: RerankRequest, model: str, dropped: list[str]) -> Json:
    """Texts alone: what has fields is worded."""
    return members.optional(
        model=model,
        query=request.query,
        documents=request.texts(),
        top_n=request.top_n,
        max_tokens_per_doc=request.max_tokens,
        priority=request.priority,
    )


def render_older_request(request: RerankRequest, model: str, dropped: list[str]) -> Json:
    """Documents are named by their place, so none need come back."""
    return members.optional(
        model=model,
        query=request.query,
        documents=request.texts(),
        top_n=request.top_n,
        max_chunks_per_doc=request.max_chunks,
        return_documents=False,
    )


def render_plain(request: RerankRequest, model: str, dropped: list[str]) -> Json:
    """What Jina's form and Cohere's have in common."""
    return members.optional(
        model=model, query=request.query, documents=request.texts(), top_n=request.top_n
    )


def _usage(body: Json) -> Usage | None:
    """Searches where Cohere serves, tokens where somebody else does."""
    meta = members.inner(body.get("meta"))
    searches = count(members.inner(meta.get("billed_units")).get("search_units"))
    tokens = count(members.inner(body.get("usage")).get("total_tokens"))
    if tokens is None and not searches:
        # https://docs.siliconflow.com/en/api-reference/rerank/create-rerank (checked 2026-11)
        said = members.inner(meta.get("tokens")) or members.inner(body.get("tokens"))
        tokens = count(said.get("input_tokens"))
    if searches is None and tokens is None:
        return None
    return Usage(input=tokens or 0, units=Units(searches=searches or 0))


def _results(body: Json) -> list[Any]:
    """Voyage and Fireworks call them `data`.

    https://docs.voyageai.com/reference/reranker-api, https://docs.fireworks.ai/api-reference/rerank
    """
    found = body.get("results", body.get("data"))
    if not isinstance(found, list):
        raise BadAnswer("the provider's answer has no results")
    return found


def watch(body: Json) -> Seen:
    """Usage and, where it is said, the model."""
    _results(body)
    return Seen(usage=_usage(body), model=members.string(body.get("model")))


def parse_response(body: Json) -> RerankAnswer:
    """The results."""
    found = members.dicts(_results(body))
    return RerankAnswer(
        id=members.string(body.get("id")),
        ranked=tuple(ranked(result, "relevance_score") for result in found),
        usage=_usage(body),
    )


def echo(body: Json) -> Mapping[str, Any]:
    """How many the client wants, and the documents where it wants to be told them again."""
    best = {"top_n": body.get("top_n")}
    if "return_documents" in body and not body["return_documents"]:
        return best
    asked = bool(body.get("return_documents"))
    return {**best, "documents": body.get("documents"), "asked": asked}


def _meta(answer: RerankAnswer, version: str) -> Json:
    units = answer.usage.units if answer.usage else None
    billed = {"search_units": units.searches if units and units.searches else 1}
    tokens = {"input_tokens": answer.usage.input} if answer.usage and answer.usage.input else None
    return {
        "api_version": {"version": version},
        "billed_units": billed,
        **members.optional(tokens=tokens),
    }


def render_response(answer: RerankAnswer, context: Context) -> Json:
    """Places and scores."""
    return {
        "id": answer.id or context.id,
        "results": [
            {"index": one.index, "relevance_score": one.score}
            for one in answer.best(context.echo.get("top_n"))
        ],
        "meta": _meta(answer, "2"),
    }


def render_older_response(answer: RerankAnswer, context: Context) -> Json:
    """The same, with the documents where they are asked for, and with what Jina's clients read."""
    said = context.echo.get("documents") if context.echo.get("asked") else None
    documents = dict(enumerate(said if isinstance(said, list) else ()))
    results = []
    for one in answer.best(context.echo.get("top_n")):
        result: Json = {"index": one.index, "relevance_score": one.score}
        document = documents.pop(one.index, None)
        if document is not None:
            result["document"] = {"text": document} if isinstance(document, str) else document
        results.append(result)
    return {
        "id": answer.id or context.id,
        "model": context.model,
        "results": results,
        "meta": _meta(answer, "1"),
        "usage": {"total_tokens": answer.usage.input if answer.usage else 0},
    }


RESULT = shape("index", "relevance_score", "document")
"""A document is the client's own, which knows it."""
READ = shape(
    *("id", "model", "object", "tokens", "usage"),
    results=RESULT,
    data=RESULT,
    meta=SAID,
)

DIALECT = PlainDialect[RerankRequest, RerankAnswer](
    name=NAME,
    operation=Operation.RERANK,
    client=(Endpoint(path="/v2/rerank"),),
    upstream=(Endpoint(path="/rerank"),),
    carries=frozenset({"top_n", "fields", "max_tokens", "priority", "return_documents"}),
    names={
        "fields": "rank_fields",
        "max_tokens": "max_tokens_per_doc",
        "max_chunks": "max_chunks_per_doc",
    },
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    leaves=known(READ),
    render_response=render_response,
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
    edits=model_edit,
    echo=echo,
    own_headers=frozenset({"x-client-name"}),
)

V1 = msgspec.structs.replace(
    DIALECT,
    name=OLDER,
    client=(Endpoint(path="/v1/rerank"), Endpoint(path="/rerank")),
    carries=frozenset({"top_n", "fields", "max_chunks", "return_documents"}),
    render_request=render_older_request,
    render_response=render_older_response,
)


def for_bedrock(body: Json, model: str, usage: bool) -> Json:
    """The model stands in the path, the version of the format in the body."""
    return {"api_version": 2} | ({"model": REMOVED} if "model" in body else {})


SEARCH = Usage(units=Units(searches=1))


def watch_on_bedrock(body: Json) -> Seen:
    """Bedrock says nothing; a query of up to 100 documents is one search."""
    _results(body)
    return Seen(usage=_usage(body) or SEARCH)


def parse_on_bedrock(body: Json) -> RerankAnswer:
    """The results."""
    answer = parse_response(body)
    return msgspec.structs.replace(answer, usage=answer.usage or SEARCH)


BEDROCK = msgspec.structs.replace(
    DIALECT,
    host="bedrock",
    client=(),
    parse_response=parse_on_bedrock,
    watch=watch_on_bedrock,
    upstream=(Endpoint(path="/model/{model}/invoke"),),
    carries=DIALECT.carries - {"priority"},
    edits=for_bedrock,
    drops=frozenset({"priority"}),
    own_headers=frozenset(),
)
"""https://docs.aws.amazon.com/bedrock/latest/userguide/rerank-supported.html"""

JINA = msgspec.structs.replace(
    V1,
    name="jina.rerank",
    client=(),
    carries=frozenset({"top_n", "fields", "return_documents"}),
    render_request=render_plain,
    own_headers=frozenset(),
)
"""For providers alone: servers of open models, which take texts and no more."""


def by_top_k(body: Json, model: str, usage: bool) -> Json:
    """The model, and how many are wanted by another name."""
    changes = model_edit(body, model, usage)
    return changes | ({"top_n": REMOVED, "top_k": body["top_n"]} if "top_n" in body else {})


VOYAGE = msgspec.structs.replace(JINA, host="voyage", edits=by_top_k)
"""https://docs.voyageai.com/reference/reranker-api"""

DIALECTS = (DIALECT, V1, JINA)
