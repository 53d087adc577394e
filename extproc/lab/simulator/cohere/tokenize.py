"""Cohere's tokenizer, of which each word is a token.

https://docs.cohere.com/v2/reference/tokenize
"""

import re

import msgspec
import orjson

from extproc.lab.simulator import pictures
from extproc.lab.simulator.cohere import chat
from extproc.lab.simulator.dialect import Asked, Call, Refusal, Turn
from extproc.lab.simulator.reply import count

MOST = 65_536


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what is no text."""
    pictures.known(call.body, frozenset({"text", "model"}), "unknown field")
    text, model = call.body.get("text"), call.body.get("model")
    if not isinstance(text, str) or not isinstance(model, str):
        raise Refusal("invalid request: text and model are required")
    pictures.between("text", len(text), 1, MOST)


def ask(call: Call) -> Asked:
    """What the body asks."""
    text = call.body["text"]
    return Asked(model=call.body["model"], text=text, prompt_tokens=count(text), body=call.body)


def whole(turn: Turn) -> bytes:
    """The tokens."""
    words = turn.asked.text.split()
    said = {"tokens": list(range(len(words))), "token_strings": words}
    return orjson.dumps(said | {"meta": {"api_version": {"version": "1"}}})


DIALECT = msgspec.structs.replace(
    chat.DIALECT,
    name="cohere.tokenize",
    path=re.compile(r"(?P<prefix>/.*?)??/v1/tokenize"),
    check=check,
    ask=ask,
    whole=whole,
)
