"""Mistral's OCR: a page of text for each page that is asked for, three where none is.

https://docs.mistral.ai/api/#tag/ocr
"""

import re

import msgspec
import orjson

from extproc.lab.simulator.dialect import Asked, Call, Json, Turn
from extproc.lab.simulator.openai import mistral, moderations

ALL = [0, 1, 2]


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what the SDK's own model of a request refuses."""
    mistral.judge(call.body, "OCRRequest")


def ask(call: Call) -> Asked:
    """What the body asks."""
    model = str(call.body.get("model"))
    return Asked(model=model, text="", prompt_tokens=0, body=call.body)


def whole(turn: Turn) -> bytes:
    """The pages."""
    wanted: list[int] = turn.asked.body.get("pages") or ALL
    pages: list[Json] = [
        {
            "index": index,
            "markdown": f"# Page {index + 1}",
            "images": [],
            "dimensions": {"dpi": 200, "height": 2200, "width": 1700},
        }
        for index in wanted
    ]
    usage = {"pages_processed": len(pages), "doc_size_bytes": 1_000}
    answer = {"pages": pages, "model": turn.reply.model, "usage_info": usage}
    return orjson.dumps(answer | turn.directives.extra)


DIALECT = msgspec.structs.replace(
    moderations.DIALECT,
    name="mistral.ocr",
    path=re.compile(r"(?P<prefix>/.*?)??/ocr"),
    sdk="mistralai",
    check=check,
    ask=ask,
    whole=whole,
)
