"""What holds in every format of reranking, and between any two of them."""

from typing import Any

import msgspec
import orjson
import pytest

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call, Context
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS, PROVIDERS
from providers.errors import InvalidRequest
from providers.operations import Operation

ALL = (name for name, each in DIALECTS.items() if each.operation is Operation.RERANK)
CLIENTS = ("cohere.rerank", "cohere.rerank_v1", "bedrock.invoke_rerank")
TARGETS = sorted({*ALL} - {"bedrock.invoke_rerank"})
ANSWER = {
    "results": [{"index": at, "relevance_score": 0.9, "relevanceScore": 0.9} for at in (2, 0, 1)],
    "records": [{"id": str(at), "score": 0.9} for at in (2, 0, 1)],
    "rankings": [{"index": at, "logit": 0.9} for at in (2, 0, 1)],
}


def body(**wishes: Any) -> dict[str, Any]:
    return {"query": "q", "documents": ["a", "b", "c"], **wishes}


def ask(client: str, target: str, given: dict[str, Any]) -> None:
    call = Call(data=orjson.dumps(given), body=given, model="arn:aws:a", stream=False)
    bridge(DIALECTS[client], DIALECTS[target], Quirks()).request(call)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("count", [None, 1, 2.0, 9])
def test_as_many_come_back_as_are_wanted(client, target, count):
    if client == target:
        return
    given = body() if count is None else body(top_n=count)
    ask(client, target, given)
    context = Context(model="m", id="x", now=0)
    if DIALECTS[client].echo is not None:
        context = msgspec.structs.replace(context, echo=DIALECTS[client].echo(given))
    data, _ = bridge(DIALECTS[client], DIALECTS[target], Quirks()).whole(
        orjson.dumps(ANSWER), context
    )
    found = [one["index"] for one in orjson.loads(data or b"")["results"]]
    assert found == [2, 0, 1][: int(count or 3)]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("count", [0, -1, "2", 1.5])
def test_nobody_wants_none(client, target, count):
    if client != target:
        with pytest.raises(InvalidRequest, match="top_n"):
            ask(client, target, body(top_n=count))


@pytest.mark.parametrize("client", CLIENTS)
def test_a_ranking_on_bedrock_is_a_search(client):
    target = PROVIDERS["bedrock"].forms["cohere.rerank"]
    passage = bridge(DIALECTS[client], target, Quirks())
    data = orjson.dumps({"results": ANSWER["results"]})
    _, seen = passage.whole(data, Context(model="m", id="x", now=0))
    assert seen.usage is not None and not seen.usage.estimated
    assert seen.usage.units is not None and seen.usage.units.searches == 1
