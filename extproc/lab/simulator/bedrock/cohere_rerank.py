"""Cohere's reranking by InvokeModel on Amazon Bedrock.

https://docs.aws.amazon.com/bedrock/latest/userguide/rerank-supported.html
"""

import re

import msgspec

from extproc.lab.simulator.bedrock import converse
from extproc.lab.simulator.cohere import rerank
from extproc.lab.simulator.dialect import Asked, Call, Refusal


def _named(call: Call) -> Call:
    """The same, as Cohere itself would be asked."""
    body = {name: value for name, value in call.body.items() if name != "api_version"}
    params = {**call.params, "version": "2"}
    return msgspec.structs.replace(call, body=body | {"model": call.params["model"]}, params=params)


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for another version, and for a model in the body."""
    if call.body.get("api_version") != 2:
        raise Refusal("Malformed input request: api_version must be 2")
    if "model" in call.body:
        raise Refusal("Malformed input request: extraneous key [model] is not permitted")
    rerank.check(_named(call), strict)


def ask(call: Call) -> Asked:
    """What the body asks."""
    return rerank.ask(_named(call))


DIALECT = msgspec.structs.replace(
    converse.DIALECT,
    name="bedrock.cohere_rerank",
    path=re.compile(r".*/model/(?P<model>[^/]*rerank[^/]*)/invoke"),
    check=check,
    ask=ask,
    whole=rerank.whole,
)
