"""The nvidia.ranking dialect, for providers alone: how well passages answer a query.

https://docs.nvidia.com/nim/nemo-retriever/reranking/latest/reference.html
"""

from math import exp

from providers.bridging.dialect import Endpoint, Seen
from providers.bridging.members import shape
from providers.bridging.plain import PlainDialect, known
from providers.errors import BadAnswer
from providers.neutral.rerank import Ranked, RerankAnswer, RerankRequest, ranked
from providers.operations import Operation
from providers.usage import Usage, count
from providers.wire import members
from providers.wire.compatible_errors import parse_error, render_error
from providers.wire.members import Json
from providers.wire.splice import model_edit

NAME = "nvidia.ranking"
MOST = 512
"""Passages in one request."""


def render_request(request: RerankRequest, model: str, dropped: list[str]) -> Json:
    """Texts; the best are chosen from the answer, as all come back."""
    texts = request.texts()
    if len(texts) > MOST:
        raise members.wrong("documents", f"at most {MOST} documents")
    return {
        "model": model,
        "query": {"text": request.query},
        "passages": [{"text": text} for text in texts],
        "truncate": "END",
    }


def _usage(body: Json) -> Usage | None:
    said = body.get("usage")
    tokens = count(said.get("total_tokens")) if isinstance(said, dict) else None
    return None if tokens is None else Usage(input=tokens)


def watch(body: Json) -> Seen:
    """Usage."""
    if not isinstance(body.get("rankings"), list):
        raise BadAnswer("the provider's answer has no rankings")
    return Seen(usage=_usage(body))


def _scored(one: Ranked) -> Ranked:
    """A logit as a share of 1."""
    return Ranked(index=one.index, score=1 / (1 + exp(-max(-500.0, min(500.0, one.score)))))


def parse_response(body: Json) -> RerankAnswer:
    """The passages, the best first."""
    seen = watch(body)
    found = [_scored(ranked(each, "logit")) for each in members.dicts(body.get("rankings"))]
    return RerankAnswer(ranked=tuple(found), usage=seen.usage)


DIALECT = PlainDialect[RerankRequest, RerankAnswer](
    name=NAME,
    operation=Operation.RERANK,
    client=(),
    upstream=(Endpoint(path="/ranking"),),
    carries=frozenset({"top_n", "fields", "return_documents"}),
    render_request=render_request,
    parse_response=parse_response,
    leaves=known(shape("usage", rankings=shape("index", "logit"))),
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
    edits=model_edit,
)

DIALECTS = (DIALECT,)
