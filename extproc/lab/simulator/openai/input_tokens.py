"""OpenAI's count of the input tokens of a response.

https://platform.openai.com/docs/api-reference/responses/input-tokens
"""

import re
from functools import cache

import msgspec
import orjson

from extproc.lab.simulator.dialect import Call, Turn
from extproc.lab.simulator.openai import responses
from extproc.lab.simulator.typed import Judge


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what OpenAI would not take; `strict`: unknown parameters too."""
    _judge(strict).check(call.body)


@cache
def _judge(strict: bool) -> Judge:
    from openai.types.responses.input_token_count_params import InputTokenCountParams

    return Judge(InputTokenCountParams, strict=strict)


def whole(turn: Turn) -> bytes:
    """The count."""
    count = {"object": "response.input_tokens", "input_tokens": turn.reply.usage.prompt}
    return orjson.dumps(count | turn.directives.extra)


DIALECT = msgspec.structs.replace(
    responses.DIALECT,
    name="openai.input_tokens",
    path=re.compile(r"(?P<prefix>/.*?)??/responses/input_tokens"),
    check=check,
    whole=whole,
)
