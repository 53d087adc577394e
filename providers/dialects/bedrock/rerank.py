"""The bedrock.rerank dialect: Rerank of Bedrock's agent runtime.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_Rerank.html
"""

from collections.abc import Mapping
from typing import Any

from providers.bridging.dialect import Context, Endpoint, Place, Seen
from providers.bridging.members import shape
from providers.bridging.plain import PlainDialect, known
from providers.dialects.bedrock.errors import parse_error, render_error
from providers.errors import BadAnswer, Unsupported
from providers.neutral.rerank import Document, RerankAnswer, RerankRequest, ranked
from providers.operations import Operation
from providers.usage import Units, Usage
from providers.wire import members
from providers.wire.members import Json

NAME = "bedrock.rerank"
PATH = "/rerank"
MODEL = "BEDROCK_RERANKING_MODEL"
CONFIGURATION, INNER = "rerankingConfiguration", "bedrockRerankingConfiguration"
ARN = "modelArn"


OWN = frozenset({"queries", "sources", CONFIGURATION})


def _configuration(body: Json) -> Json:
    outer = members.required_mapping(body, CONFIGURATION)
    return members.required_mapping(outer, INNER, f"{CONFIGURATION}.")


def told(body: Json) -> str:
    """Whether a body is of this format, where that of Jina and others has the same path."""
    return NAME if body.keys() & OWN else ""


def model_in(body: Json) -> Any:
    """The model that the body names; raises InvalidRequest."""
    return members.inner(_configuration(body).get("modelConfiguration")).get(ARN)


def parse_request(body: Json, path_model: str) -> RerankRequest:
    """One query, and sources inline."""
    queries = [one for one, _ in members.objects(body, "queries")]
    if len(queries) != 1:
        raise members.wrong("queries", "an array of one query")
    text = members.required_mapping(queries[0], "textQuery", "queries[0].")
    return RerankRequest(
        query=members.required_text(text, "text", "queries[0].textQuery."),
        documents=tuple(_document(one, at) for one, at in members.objects(body, "sources")),
        top_n=members.integer(_configuration(body), "numberOfResults"),
        extras=members.beyond(body, OWN),
    )


def _document(source: Json, at: str) -> Document:
    inline = members.required_mapping(source, "inlineDocumentSource", at)
    if inline.get("type") == "JSON":
        return members.required_mapping(inline, "jsonDocument", f"{at}inlineDocumentSource.")
    text = members.required_mapping(inline, "textDocument", f"{at}inlineDocumentSource.")
    return members.required_text(text, "text", f"{at}inlineDocumentSource.textDocument.")


def render_request(request: RerankRequest, model: str, dropped: list[str]) -> Json:
    """Raises Unsupported where the backend names its model by anything but an ARN."""
    if not model.startswith("arn:"):
        raise Unsupported(f"{NAME} wants the ARN of a model, not {model!r}", param="model")
    inner: Json = {"modelConfiguration": {ARN: model}}
    if request.top_n is not None:
        inner["numberOfResults"] = min(request.top_n, len(request.documents))
    return {
        "queries": [{"type": "TEXT", "textQuery": {"text": request.query}}],
        "sources": [_source(one, request.fields) for one in request.documents],
        CONFIGURATION: {"type": MODEL, INNER: inner},
    }


def _source(document: Document, fields: tuple[str, ...]) -> Json:
    if isinstance(document, str):
        inline: Json = {"type": "TEXT", "textDocument": {"text": document}}
    else:
        chosen = {name: document[name] for name in fields if name in document} or dict(document)
        inline = {"type": "JSON", "jsonDocument": chosen}
    return {"type": "INLINE", "inlineDocumentSource": inline}


def watch(body: Json) -> Seen:
    """Bedrock says nothing; a query of up to 100 documents is one search."""
    results = body.get("results")
    if not isinstance(results, list):
        raise BadAnswer("the provider's answer has no results")
    return Seen(usage=SEARCH)


SEARCH = Usage(units=Units(searches=1))


def parse_response(body: Json) -> RerankAnswer:
    """The results."""
    watch(body)
    found = members.dicts(body.get("results"))
    return RerankAnswer(
        ranked=tuple(ranked(result, "relevanceScore") for result in found), usage=SEARCH
    )


def echo(body: Json) -> Mapping[str, Any]:
    """How many the client wants."""
    return {"top_n": _configuration(body).get("numberOfResults")}


def render_response(answer: RerankAnswer, context: Context) -> Json:
    """Places and scores."""
    return {
        "results": [
            {"index": one.index, "relevanceScore": one.score}
            for one in answer.best(context.echo.get("top_n"))
        ]
    }


def edits(body: Json, model: str, usage: bool) -> dict[str, Any]:
    """The model stands deep in the body."""
    inner = _configuration(body)
    given = inner.get("modelConfiguration")
    named = {**members.inner(given), ARN: model}
    if named == given:
        return {}
    return {CONFIGURATION: {**body[CONFIGURATION], INNER: {**inner, "modelConfiguration": named}}}


READ = shape(
    queries=shape("type", textQuery=shape("text")),
    sources=shape(
        "type", inlineDocumentSource=shape("type", "jsonDocument", textDocument=shape("text"))
    ),
    rerankingConfiguration=shape(
        "type",
        bedrockRerankingConfiguration=shape("numberOfResults", modelConfiguration=shape(ARN)),
    ),
)

DIALECT = PlainDialect[RerankRequest, RerankAnswer](
    name=NAME,
    operation=Operation.RERANK,
    client=(Endpoint(path="/model/{model}/rerank"),),
    upstream=(Endpoint(path=PATH),),
    member=ARN,
    model_in=model_in,
    carries=frozenset({"top_n", "fields", "return_documents"}),
    names={"documents": "sources", "top_n": "numberOfResults"},
    nested=READ,
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    leaves=known(shape(results=shape("index", "relevanceScore", "document"))),
    render_response=render_response,
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
    echo=echo,
    edits=edits,
)
"""With the model in the path, too, as clients of other gateways have it."""

SHARED_PLACES = (Place(path=PATH, told=told, names=frozenset({NAME})),)
DIALECTS = (DIALECT,)
