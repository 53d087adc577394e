"""The gemini.rank dialect: Vertex AI Search's ranking of records.

https://cloud.google.com/generative-ai-app-builder/docs/reference/rest/v1/projects.locations.rankingConfigs/rank
"""

import re
from collections.abc import Mapping
from typing import Any

from providers.bridging.dialect import Context, Endpoint, Seen
from providers.bridging.members import shape
from providers.bridging.plain import PlainDialect, known
from providers.dialects.gemini.errors import parse_error, render_error
from providers.errors import BadAnswer
from providers.neutral.rerank import Ranked, RerankAnswer, RerankRequest, worded
from providers.operations import Operation
from providers.usage import Units, Usage
from providers.wire import members
from providers.wire.members import Json
from providers.wire.splice import model_edit

NAME = "gemini.rank"
PATH = "/rankingConfigs/default_ranking_config:rank"
PREFIXES = tuple(f"/{version}/projects/*/locations/*" for version in ("v1", "v1beta", "v1alpha"))
DETAILS = ("title", "content")
SEARCH = Usage(units=Units(searches=1))
PLACE = re.compile("[0-9]{1,9}")
KNOWN = frozenset({"model", "query", "records", "topN", "ignoreRecordDetailsInResponse"})


def parse_request(body: Json, path_model: str) -> RerankRequest:
    """A query and records."""
    records = [one for one, _ in members.objects(body, "records")]
    if not records:
        raise members.wrong("records", "an array of objects")
    ignored = members.boolean(body, "ignoreRecordDetailsInResponse")
    return RerankRequest(
        query=members.required_text(body, "query"),
        documents=tuple({name: one[name] for name in DETAILS if name in one} for one in records),
        top_n=members.integer(body, "topN"),
        return_documents=None if ignored is None else not ignored,
        extras=members.beyond(body, KNOWN),
    )


def render_request(request: RerankRequest, model: str, dropped: list[str]) -> Json:
    """Records whose ids are their places."""
    return members.optional(
        model=model,
        query=request.query,
        records=[
            {"id": str(index), "content": worded(document, request.fields)}
            for index, document in enumerate(request.documents)
        ],
        topN=request.top_n,
        ignoreRecordDetailsInResponse=True,
    )


def watch(body: Json) -> Seen:
    """Google says nothing; a query of up to 100 records is one search."""
    if not isinstance(body.get("records"), list):
        raise BadAnswer("the provider's answer has no records")
    return Seen(usage=SEARCH)


def parse_response(body: Json) -> RerankAnswer:
    """The records, by their ids."""
    watch(body)
    found = []
    for record in members.dicts(body.get("records")):
        id, score = members.string(record.get("id")), record.get("score", 0)
        if not PLACE.fullmatch(id) or not isinstance(score, int | float):
            raise BadAnswer("the provider's answer has a record without an id or a score")
        found.append(Ranked(index=int(id), score=float(score)))
    return RerankAnswer(ranked=tuple(found), usage=SEARCH)


def echo(body: Json) -> Mapping[str, Any]:
    """How many the client wants, and its records, which it knows by their ids."""
    ignored = body.get("ignoreRecordDetailsInResponse")
    return {"top_n": body.get("topN"), "records": body.get("records"), "bare": ignored is True}


def render_response(answer: RerankAnswer, context: Context) -> Json:
    """The client's records and their scores."""
    said = members.dicts(context.echo.get("records"))
    wanted = ("id",) if context.echo.get("bare") else ("id", *DETAILS)
    return {
        "records": [
            {name: said[one.index][name] for name in wanted if name in said[one.index]}
            | {"score": one.score}
            for one in answer.best(context.echo.get("top_n"))
            if one.index < len(said)
        ]
    }


DIALECT = PlainDialect[RerankRequest, RerankAnswer](
    name=NAME,
    operation=Operation.RERANK,
    client=tuple(Endpoint(path=f"{prefix}{PATH}") for prefix in PREFIXES),
    upstream=(Endpoint(path=PATH),),
    carries=frozenset({"top_n", "fields", "return_documents"}),
    names={"documents": "records", "top_n": "topN"},
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    leaves=known(shape(records=shape("id", "score", "title", "content"))),
    render_response=render_response,
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
    echo=echo,
    edits=model_edit,
)

DIALECTS = (DIALECT,)
