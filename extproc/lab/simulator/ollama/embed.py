"""Ollama's embeddings: `/api/embed`, and the older `/api/embeddings`, under any prefix.

https://docs.ollama.com/api/embed
"""

import re

import msgspec
import orjson

from extproc.lab.simulator import vectors
from extproc.lab.simulator.dialect import Asked, Call, Dialect, Json, Refusal, Turn
from extproc.lab.simulator.ollama import chat

KNOWN = frozenset({"model", "input", "truncate", "dimensions", "options", "keep_alive"})
OLDER = frozenset({"model", "prompt", "options", "keep_alive"})


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what Ollama would not take; it reads past unknown members."""
    if strict:
        vectors.unknown(call.body, OLDER if call.params["older"] else KNOWN)
    if not all(isinstance(text, str) for text in _texts(call.body)):
        raise Refusal("invalid input type")
    vectors.check_length(call.body.get("dimensions"), "dimensions")


def _texts(body: Json) -> list[str]:
    given = body.get("input", body.get("prompt"))
    return [given] if isinstance(given, str) else list(given or ())


def ask(call: Call) -> Asked:
    """What the body asks."""
    body = call.body | {"older": bool(call.params["older"])}
    return vectors.asked(str(body.get("model") or ""), _texts(body), body)


def whole(turn: Turn) -> bytes:
    """A vector for each text."""
    body = turn.asked.body
    found = [vectors.floats(text, body.get("dimensions")) for text in _texts(body)]
    if body["older"]:
        return orjson.dumps({"embedding": found[0]} | turn.directives.extra)
    answer: Json = {"model": turn.reply.model, "embeddings": found}
    answer |= {"total_duration": 1_000_000, "load_duration": 1_000}
    if turn.directives.usage != "none":
        answer["prompt_eval_count"] = turn.reply.usage.prompt
    return orjson.dumps(answer | turn.directives.extra)


DIALECT: Dialect = msgspec.structs.replace(
    chat.DIALECT,
    name="ollama.embed",
    path=re.compile(r"(?P<prefix>/.*?)??/api/embed(?P<older>dings)?"),
    check=check,
    ask=ask,
    whole=whole,
    events=vectors.events,
)
