"""Ollama's generate API, under any prefix.

https://docs.ollama.com/api/generate
"""

import re
from collections.abc import Iterator
from functools import cache

import orjson
from pydantic import BaseModel, ConfigDict

from extproc.lab.simulator import lines
from extproc.lab.simulator.dialect import Asked, Call, Dialect, Event, Json, Refusal, Turn
from extproc.lab.simulator.ollama import chat, chat_rules, chat_write
from extproc.lab.simulator.reply import PER_IMAGE, PER_MESSAGE, count

PATH = re.compile(r"(?P<prefix>/.*?)??/api/generate")


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what Ollama would not take; `strict`: unknown parameters too."""
    body = call.body
    if not body.get("model"):
        raise Refusal("model is required")
    chat_rules.judge(_type(strict), body | {"images": chat_rules.images(body)})
    if body.get("raw") and any(body.get(name) for name in ("template", "system", "context")):
        raise Refusal("raw mode does not support template, system, or context")
    for rule in (chat_rules.options, chat_rules.think, chat_rules.form):
        rule(body)


@cache
def _type(strict: bool) -> type[BaseModel]:
    from ollama._types import GenerateRequest

    config = ConfigDict(extra="forbid" if strict else "ignore")
    return type("Request", (GenerateRequest,), {"model_config": config})


def ask(call: Call) -> Asked:
    """What the body asks."""
    body = call.body
    prompt, options = str(body.get("prompt") or ""), body.get("options") or {}
    limit = options.get("num_predict")
    tokens = PER_MESSAGE + count(prompt) + PER_IMAGE * len(body.get("images") or ())
    if body.get("system"):
        tokens += PER_MESSAGE + count(body["system"])
    return Asked(
        model=str(body.get("model") or ""),
        text=prompt,
        prompt_tokens=tokens,
        stream=body.get("stream") is not False,
        schema=chat.schema(body),
        stop=options.get("stop") or (),
        max_tokens=limit if limit is not None and limit >= 0 else None,
        body=body,
    )


def whole(turn: Turn) -> bytes:
    """The answer as one body."""
    choice = turn.reply.choices[0]
    said: Json = {"response": "".join(choice.pieces), "context": [1, 2, 3]}
    if chat_write.thoughts(turn):
        said["thinking"] = "".join(choice.reasoning)
    likely = chat_write.logprobs(turn, choice.pieces)
    answer = chat_write.head(turn) | said | likely | chat_write.end(turn)
    return orjson.dumps(answer | turn.directives.extra)


def events(turn: Turn) -> Iterator[Event]:
    """The answer as a stream."""
    for thought in chat_write.thoughts(turn):
        yield _line(turn, {"response": "", "thinking": thought})
    for piece in turn.reply.choices[0].pieces:
        yield _line(turn, {"response": piece} | chat_write.logprobs(turn, [piece]))
    yield _line(turn, {"response": "", "context": [1, 2, 3]} | chat_write.end(turn))


def _line(turn: Turn, said: Json) -> Event:
    line = chat_write.head(turn) | {"done": False} | said
    return Event(orjson.dumps(line | turn.directives.extra))


DIALECT = Dialect(
    name="ollama.generate",
    path=PATH,
    sdk="ollama",
    check=check,
    ask=ask,
    whole=whole,
    events=events,
    error=chat.error,
    stream_error=chat.stream_error,
    frame=lines.frame,
    stream_content_type="application/x-ndjson",
    key=chat.key,
)
