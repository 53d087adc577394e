"""Vertex AI Search's ranking of records.

https://cloud.google.com/generative-ai-app-builder/docs/reference/rest/v1/projects.locations.rankingConfigs/rank
"""

import re

import msgspec
import orjson

from extproc.lab.simulator.cohere.rerank import ranking
from extproc.lab.simulator.dialect import Asked, Call, Json, Refusal, Turn
from extproc.lab.simulator.gemini import generate_content
from extproc.lab.simulator.reply import count

KNOWN = {"model", "query", "records", "topN", "ignoreRecordDetailsInResponse", "userLabels"}
RECORD = {"id", "title", "content"}
MOST = 200
"""Records in a request."""


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for unknown names, and for records that nobody could rank."""
    for name in call.body.keys() - KNOWN:
        raise Refusal(f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.')
    records = call.body.get("records")
    if not isinstance(records, list) or not 1 <= len(records) <= MOST:
        raise Refusal(f"records must be 1 to {MOST}")
    for record in records:
        if record.keys() - RECORD or not record.get("title", record.get("content")):
            raise Refusal("a record must have an id, and a title or a content")
    ids = [record.get("id") for record in records]
    if len(set(ids)) < len(ids) or not all(isinstance(id, str) for id in ids):
        raise Refusal("ids of records must be strings, and differ")


def _texts(body: Json) -> list[str]:
    return [f"{one.get('title', '')} {one.get('content', '')}" for one in body["records"]]


def ask(call: Call) -> Asked:
    """What the body asks."""
    query = str(call.body.get("query") or "")
    asked = " ".join([query, *_texts(call.body)])
    model = str(call.body.get("model") or "semantic-ranker-default@latest")
    return Asked(model=model, text=query, prompt_tokens=count(asked), body=call.body)


def whole(turn: Turn) -> bytes:
    """The best records; Google leaves out scores of 0."""
    body = turn.asked.body
    found = ranking(turn.asked.text, _texts(body))[: body.get("topN")]
    records = [
        {"id": body["records"][index]["id"]} | ({"score": score} if score else {})
        for index, score in found
    ]
    return orjson.dumps({"records": records} | turn.directives.extra)


DIALECT = msgspec.structs.replace(
    generate_content.DIALECT,
    name="gemini.rank",
    path=re.compile(r".*/rankingConfigs/[^/]+:rank"),
    check=check,
    ask=ask,
    whole=whole,
)
