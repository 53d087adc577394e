"""How well passages answer a query, in logits.

https://docs.nvidia.com/nim/nemo-retriever/reranking/latest/reference.html
"""

import re

import msgspec
import orjson

from extproc.lab.simulator import pictures
from extproc.lab.simulator.cohere.rerank import ranking
from extproc.lab.simulator.dialect import Asked, Call, Refusal, Turn
from extproc.lab.simulator.openai import embeddings
from extproc.lab.simulator.reply import count

KNOWN = frozenset({"model", "query", "passages", "truncate"})
MOST = 512


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what is no query with passages."""
    pictures.known(call.body, KNOWN)
    texts = [call.body["query"]["text"], *(one["text"] for one in call.body["passages"])]
    if not all(isinstance(text, str) and text for text in texts):
        raise Refusal("query and passages must have texts")
    pictures.between("passages", len(texts) - 1, 1, MOST)
    if call.body.get("truncate", "NONE") not in ("NONE", "END"):
        raise Refusal("truncate must be NONE or END")


def ask(call: Call) -> Asked:
    """What the body asks."""
    texts = [call.body["query"]["text"], *(one["text"] for one in call.body["passages"])]
    tokens = count(" ".join(texts))
    return Asked(model=call.body["model"], text=texts[0], prompt_tokens=tokens, body=call.body)


def whole(turn: Turn) -> bytes:
    """All passages, the best first."""
    texts = [one["text"] for one in turn.asked.body["passages"]]
    rankings = [
        {"index": index, "logit": 20 * score - 10}
        for index, score in ranking(turn.asked.text, texts)
    ]
    tokens = turn.asked.prompt_tokens
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return orjson.dumps({"rankings": rankings, "usage": usage} | turn.directives.extra)


DIALECT = msgspec.structs.replace(
    embeddings.DIALECT,
    name="nvidia.ranking",
    path=re.compile(r".*/ranking"),
    check=check,
    ask=ask,
    whole=whole,
)
