"""Mistral's judges of texts and of chats: what is harmful has a category's name in it.

https://docs.mistral.ai/api/endpoint/classifiers
"""

import re
from typing import Any

import msgspec
import orjson

from extproc.lab.simulator.dialect import Asked, Call, Json, Turn
from extproc.lab.simulator.openai import mistral, moderations
from extproc.lab.simulator.reply import count

JUDGED = {
    "/classifications": "ClassificationRequest",
    "/chat/moderations": "ChatModerationRequest",
    "/chat/classifications": "ChatClassificationRequest",
}
"""The end of a path → the SDK's model of its requests."""
PATH = re.compile(r"(?P<prefix>/.*?)??(?P<judge>/classifications|/chat/(?:mod|classific)[a-z]+)")


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what the SDK's own model of a request refuses."""
    mistral.judge(call.body, JUDGED[call.params["judge"]])


def _texts(body: Json) -> list[str]:
    """What is judged, one by one: texts, or conversations."""
    given: Any = body.get("input")
    if isinstance(given, str):
        return [given]
    if isinstance(given, dict):
        return [orjson.dumps(given).decode()]
    if given and isinstance(given[0], dict) and "role" in given[0]:
        return [orjson.dumps(given).decode()]
    return [one if isinstance(one, str) else orjson.dumps(one).decode() for one in given or ()]


def ask(call: Call) -> Asked:
    """What the body asks."""
    text = " ".join(_texts(call.body))
    body = {**call.body, "judge": call.params["judge"]}
    return Asked(model=str(body.get("model")), text=text, prompt_tokens=count(text), body=body)


def _result(text: str, judge: str) -> Json:
    if judge == "/chat/moderations":
        return moderations.mistrals(text)
    happy = 0.9 if "happy" in text else 0.1
    return {"mood": {"scores": {"happy": happy, "sad": 1 - happy}}}


def whole(turn: Turn) -> bytes:
    """A result for each input."""
    body = turn.asked.body
    answer = {
        "id": f"mod-{turn.reply.id}",
        "model": turn.reply.model,
        "results": [_result(text, body["judge"]) for text in _texts(body)],
    }
    return orjson.dumps(answer | turn.directives.extra)


DIALECT = msgspec.structs.replace(
    moderations.DIALECT,
    name="mistral.classifiers",
    path=PATH,
    sdk="mistralai",
    check=check,
    ask=ask,
    whole=whole,
)
