"""Cohere's tokenizer, of which each word is a token, and its number how long it is.

https://docs.cohere.com/v2/reference/tokenize
"""

import re

import msgspec
import orjson

from extproc.lab.simulator import pictures
from extproc.lab.simulator.cohere import chat
from extproc.lab.simulator.dialect import Asked, Call, Json, Refusal, Turn
from extproc.lab.simulator.reply import count

MOST = 65_536


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what is no text."""
    back = call.params["verb"] == "detokenize"
    pictures.known(call.body, frozenset({"tokens" if back else "text", "model"}), "unknown field")
    if not isinstance(call.body.get("model"), str):
        raise Refusal("invalid request: model is required")
    if not back:
        pictures.between("text", len(call.body["text"]), 1, MOST)
    elif not all(isinstance(one, int) for one in call.body["tokens"]):
        raise Refusal("invalid request: tokens must be integers")


def ask(call: Call) -> Asked:
    """What the body asks."""
    text = call.body.get("text") or "words"
    return Asked(model=call.body["model"], text=text, prompt_tokens=count(text), body=call.body)


def whole(turn: Turn) -> bytes:
    """The tokens."""
    meta: Json = {"meta": {"api_version": {"version": "1"}}}
    if "tokens" in turn.asked.body:
        text = " ".join("x" * one for one in turn.asked.body["tokens"])
        return orjson.dumps({"text": text} | meta)
    words = turn.asked.text.split()
    return orjson.dumps({"tokens": list(map(len, words)), "token_strings": words} | meta)


DIALECT = msgspec.structs.replace(
    chat.DIALECT,
    name="cohere.tokenize",
    path=re.compile(r"(?P<prefix>/.*?)??/v1/(?P<verb>tokenize|detokenize)"),
    check=check,
    ask=ask,
    whole=whole,
)
