"""Amazon Bedrock's CountTokens for conversations.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html
"""

import re

import msgspec
import orjson

from extproc.lab.simulator.bedrock import converse, converse_rules
from extproc.lab.simulator.dialect import Asked, Call, Turn


def _conversation(call: Call) -> Call:
    inner = call.body["input"]["converse"]
    params = {**call.params, "verb": "converse"}
    return msgspec.structs.replace(call, body=inner, params=params)


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what Bedrock would not take; `strict`: unknown members too."""
    converse_rules.check_shape(call, "CountTokens", strict)
    converse_rules.check(_conversation(call), strict)


def ask(call: Call) -> Asked:
    """What the conversation asks."""
    return converse.ask(_conversation(call))


def whole(turn: Turn) -> bytes:
    """The count."""
    return orjson.dumps({"inputTokens": turn.reply.usage.prompt} | turn.directives.extra)


DIALECT = msgspec.structs.replace(
    converse.DIALECT,
    name="bedrock.count_tokens",
    path=re.compile(r".*/model/(?P<model>[^/]+)/(?P<verb>count-tokens)"),
    check=check,
    ask=ask,
    whole=whole,
)
