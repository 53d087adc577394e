"""The bedrock.invoke_rerank dialect: InvokeModel's body for models that rerank.

https://docs.aws.amazon.com/bedrock/latest/userguide/rerank-supported.html
"""

from providers.bridging.dialect import Context
from providers.bridging.plain import PlainDialect
from providers.dialects.bedrock.errors import parse_error, render_error
from providers.dialects.bedrock.rerank import parse_response, watch
from providers.neutral.rerank import Document, RerankAnswer, RerankRequest, how_many
from providers.operations import Operation
from providers.wire import members
from providers.wire.members import Json

NAME = "bedrock.invoke_rerank"
KNOWN = frozenset({"query", "documents", "top_n", "api_version", "max_tokens_per_doc"})


def parse_request(body: Json, path_model: str) -> RerankRequest:
    """A query, and documents, which are texts or have fields."""
    return RerankRequest(
        query=members.required_text(body, "query"),
        documents=tuple(_document(one, at) for one, at in members.items(body, "documents")),
        top_n=how_many(body, "top_n"),
        max_tokens=members.integer(body, "max_tokens_per_doc"),
        extras=members.beyond(body, KNOWN),
    )


def _document(one: object, at: str) -> Document:
    if not isinstance(one, str | dict):
        raise members.wrong(at, "a string or an object")
    return one


def render_response(answer: RerankAnswer, context: Context) -> Json:
    """Places and scores."""
    best = answer.best(context.echo.get("top_n"))
    return {"results": [{"index": one.index, "relevance_score": one.score} for one in best]}


DIALECT = PlainDialect[RerankRequest, RerankAnswer](
    name=NAME,
    operation=Operation.RERANK,
    client=(),
    upstream=(),
    carries=frozenset(),
    names={"max_tokens": "max_tokens_per_doc"},
    parse_request=parse_request,
    parse_response=parse_response,
    render_response=render_response,
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
    echo=lambda body: {"top_n": body.get("top_n")},
)
"""For clients alone: providers are asked in Cohere's own format."""

DIALECTS = (DIALECT,)
