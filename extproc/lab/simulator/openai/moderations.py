"""Moderation by OpenAI and, for models named `mistral-…`, by Mistral, under any prefix.

A text is found harmful where it has a category's name in it.

https://platform.openai.com/docs/api-reference/moderations
https://docs.mistral.ai/api/#tag/classifiers/operation/moderations_v1_moderations_post
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import orjson

from extproc.lab.simulator import sse
from extproc.lab.simulator.dialect import Asked, Call, Dialect, Event, Json, Refusal, Turn
from extproc.lab.simulator.openai import shared
from extproc.lab.simulator.reply import count
from extproc.lab.simulator.typed import Judge

MISTRAL = "mistral-"
CATEGORIES = ("harassment", "hate", "illicit", "self-harm", "sexual", "violence")
DETAILED = (
    "harassment/threatening",
    "hate/threatening",
    "illicit/violent",
    "self-harm/intent",
    "self-harm/instructions",
    "sexual/minors",
    "violence/graphic",
)
MISTRALS = (
    "sexual",
    "hate_and_discrimination",
    "violence_and_threats",
    "dangerous",
    "criminal",
    "selfharm",
    "health",
    "financial",
    "law",
    "pii",
    "jailbreaking",
)
"""As mistral-moderation-2603 has them."""


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what the model's vendor would not take."""
    if not _is_mistrals(call.body):
        _judge(strict).check(call.body)
        return
    given = call.body.get("input")
    texts = given if isinstance(given, list) else [given]
    if not all(isinstance(text, str) for text in texts):
        raise Refusal("Input should be a valid string", status=422, param="input")
    for name in call.body.keys() - {"model", "input", "metadata"}:
        raise Refusal("Extra inputs are not permitted", status=422, param=name)


@cache
def _judge(strict: bool) -> Judge:
    from openai.types.moderation_create_params import ModerationCreateParams

    return Judge(ModerationCreateParams, strict=strict)


def _is_mistrals(body: Json) -> bool:
    return str(body.get("model")).startswith(MISTRAL)


def _inputs(body: Json) -> list[str]:
    given = body.get("input")
    if isinstance(given, str):
        return [given]
    if all(isinstance(one, str) for one in given or ()):
        return list(given or ())
    return [" ".join(str(one.get("text", "")) for one in given or ())]


def ask(call: Call) -> Asked:
    """What the body asks."""
    text = " ".join(_inputs(call.body))
    model = str(call.body.get("model") or "omni-moderation-latest")
    return Asked(model=model, text=text, prompt_tokens=count(text), body=call.body)


def whole(turn: Turn) -> bytes:
    """A result for each input."""
    body = turn.asked.body
    result = mistrals if _is_mistrals(body) else _openais
    answer = {
        "id": f"modr-{turn.reply.id}",
        "model": turn.reply.model,
        "results": [result(text) for text in _inputs(body)],
    }
    return orjson.dumps(answer | turn.directives.extra)


def _found(text: str, names: Sequence[str]) -> Json:
    found = {name: name in text for name in names}
    scores = {name: 0.9 if hit else 0.01 for name, hit in found.items()}
    return {"categories": found, "category_scores": scores}


def _openais(text: str) -> Json:
    names = (*CATEGORIES, *DETAILED)
    result: dict[str, Any] = _found(text, names)
    result["flagged"] = any(result["categories"].values())
    result["category_applied_input_types"] = {name: ["text"] for name in names}
    return result


def mistrals(text: str) -> Json:
    """What Mistral's own judge finds."""
    return _found(text, MISTRALS)


def events(turn: Turn) -> Iterator[Event]:
    """Nobody streams a verdict."""
    return iter(())


DIALECT = Dialect(
    name="openai.moderations",
    path=re.compile(r"(?P<prefix>/.*?)??(?<!/chat)/moderations"),
    sdk="openai",
    check=check,
    ask=ask,
    whole=whole,
    events=events,
    error=shared.error,
    stream_error=shared.stream_error,
    frame=sse.frame,
    key=shared.key,
)
