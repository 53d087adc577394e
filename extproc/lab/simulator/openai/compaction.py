"""OpenAI's compaction of a conversation.

https://platform.openai.com/docs/api-reference/responses/compact
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
    from openai.types.responses.response_compact_params import ResponseCompactParams

    return Judge(ResponseCompactParams, strict=strict)


def whole(turn: Turn) -> bytes:
    """One item, which nobody but its maker reads."""
    used = turn.reply.usage
    return orjson.dumps(
        {
            "id": "resp_compact",
            "object": "response.compaction",
            "created_at": 1_700_000_000,
            "output": [{"id": "cmp_1", "type": "compaction", "encrypted_content": "sealed"}],
            "usage": {
                "input_tokens": used.prompt,
                "input_tokens_details": {"cached_tokens": 0},
                "output_tokens": used.completion,
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": used.prompt + used.completion,
            },
        }
        | turn.directives.extra
    )


DIALECT = msgspec.structs.replace(
    responses.DIALECT,
    name="openai.compaction",
    path=re.compile(r"(?P<prefix>/.*?)??/responses/compact"),
    check=check,
    whole=whole,
)
