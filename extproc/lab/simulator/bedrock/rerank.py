"""Rerank of Bedrock's agent runtime.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_Rerank.html
"""

import re

import msgspec
import orjson

from extproc.lab.simulator.bedrock import converse
from extproc.lab.simulator.bedrock.converse_rules import Judge, input_of
from extproc.lab.simulator.cohere.rerank import ranking
from extproc.lab.simulator.dialect import Asked, Call, Json, Refusal, Turn
from extproc.lab.simulator.reply import count


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what botocore's model of the service denies."""
    Judge(strict).check(call.body, input_of("bedrock-agent-runtime", "Rerank"), "")
    configuration = _configuration(call.body)
    wanted = configuration.get("numberOfResults", 1)
    if not 1 <= wanted <= len(call.body["sources"]):
        raise Refusal("numberOfResults must be at most the number of sources")


def _configuration(body: Json) -> Json:
    found: Json = body["rerankingConfiguration"]["bedrockRerankingConfiguration"]
    return found


def _texts(body: Json) -> list[str]:
    inner = [source["inlineDocumentSource"] for source in body["sources"]]
    return [
        one["textDocument"]["text"]
        if one["type"] == "TEXT"
        else orjson.dumps(one["jsonDocument"]).decode()
        for one in inner
    ]


def ask(call: Call) -> Asked:
    """What the body asks."""
    query = call.body["queries"][0]["textQuery"]["text"]
    model = _configuration(call.body)["modelConfiguration"]["modelArn"]
    asked = " ".join([query, *_texts(call.body)])
    return Asked(model=model, text=query, prompt_tokens=count(asked), body=call.body)


def whole(turn: Turn) -> bytes:
    """The best sources."""
    body = turn.asked.body
    found = ranking(turn.asked.text, _texts(body))[: _configuration(body).get("numberOfResults")]
    results = [{"index": index, "relevanceScore": score} for index, score in found]
    return orjson.dumps({"results": results} | turn.directives.extra)


DIALECT = msgspec.structs.replace(
    converse.DIALECT,
    name="bedrock.rerank",
    # With nothing before it: others have versions there.
    path=re.compile(r"/rerank"),
    check=check,
    ask=ask,
    whole=whole,
)
