"""Reranking in Cohere's two forms, of which vLLM and Jina speak the older one, and Voyage another.

A document is as good as the share of the query's words that it has.

https://docs.cohere.com/v2/reference/rerank, https://docs.cohere.com/v1/reference/rerank
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, NotRequired

import msgspec
import orjson
from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from extproc.lab.simulator.cohere import chat
from extproc.lab.simulator.dialect import Asked, Call, Json, Refusal, Turn
from extproc.lab.simulator.reply import count

MOST = 10_000
"""Documents in a request."""


def ranking(query: str, documents: Sequence[str]) -> list[tuple[int, float]]:
    """(index, score) of all documents, the best first."""
    words = query.lower().split()
    scores = [
        sum(word in document.lower() for word in words) / max(1, len(words))
        for document in documents
    ]
    return sorted(enumerate(scores), key=lambda pair: -pair[1])


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what is no request of this version, or asks for the impossible."""
    try:
        version = "voyage" if _is_voyage(call) else call.params["version"] or "1"
        _judge(version, strict).validate_python(call.body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise Refusal(f"invalid request: {place}: {first['msg']}") from None
    documents = call.body["documents"]
    if not 1 <= len(documents) <= MOST:
        raise Refusal(f"invalid request: documents must be 1 to {MOST}")
    if not call.body["query"]:
        raise Refusal("invalid request: query must not be empty")
    if call.body.get("top_n", 1) < 1:
        raise Refusal("invalid request: top_n must be positive")


def _is_voyage(call: Call) -> bool:
    """https://docs.voyageai.com/reference/reranker-api"""
    return dict(call.headers).get("host", "").endswith("voyageai.com")


@cache
def _judge(version: str, strict: bool) -> TypeAdapter[Any]:
    class V2(TypedDict):
        model: str
        query: str
        documents: list[str]
        top_n: NotRequired[int]
        max_tokens_per_doc: NotRequired[int]
        priority: NotRequired[int]

    class V1(TypedDict):
        model: NotRequired[str]
        query: str
        documents: list[str | dict[str, Any]]
        top_n: NotRequired[int]
        rank_fields: NotRequired[list[str]]
        return_documents: NotRequired[bool]
        max_chunks_per_doc: NotRequired[int]

    class Voyage(TypedDict):
        model: str
        query: str
        documents: list[str]
        top_k: NotRequired[int]
        return_documents: NotRequired[bool]
        truncation: NotRequired[bool]

    kinds = {"1": V1, "2": V2, "voyage": Voyage}
    config = ConfigDict(extra="forbid" if strict else "ignore")
    return TypeAdapter(with_config(config)(kinds[version]))


def _texts(body: Json) -> list[str]:
    fields = body.get("rank_fields")
    return [
        one
        if isinstance(one, str)
        else " ".join(str(value) for name, value in one.items() if not fields or name in fields)
        for one in body["documents"]
    ]


def ask(call: Call) -> Asked:
    """What the body asks."""
    query = str(call.body["query"])
    asked = " ".join([query, *_texts(call.body)])
    model = str(call.body.get("model") or "rerank-v3.5")
    version = call.params["version"] or "1"
    body = {**call.body, "version": version, "voyage": _is_voyage(call)}
    return Asked(model=model, text=query, prompt_tokens=count(asked), body=body)


def whole(turn: Turn) -> bytes:
    """The best documents, as many as are wanted."""
    body = turn.asked.body
    found = ranking(turn.asked.text, _texts(body))[: body.get("top_n", body.get("top_k"))]
    results: list[Json] = [{"index": index, "relevance_score": score} for index, score in found]
    if body.get("return_documents"):
        for result in results:
            document = body["documents"][result["index"]]
            result["document"] = {"text": document} if isinstance(document, str) else document
    if body["voyage"]:
        used = {"total_tokens": turn.asked.prompt_tokens}
        return orjson.dumps({"object": "list", "data": results, "usage": used})
    answer: Json = {"id": turn.reply.id, "results": results}
    if turn.directives.usage != "none":
        answer["meta"] = {
            "api_version": {"version": body["version"]},
            "billed_units": {"search_units": 1},
        }
    return orjson.dumps(answer | turn.directives.extra)


DIALECT = msgspec.structs.replace(
    chat.DIALECT,
    name="cohere.rerank",
    path=re.compile(r"(?P<prefix>/.*?)??/v(?P<version>[12])/reranks?"),
    check=check,
    ask=ask,
    whole=whole,
)
