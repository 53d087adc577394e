"""vLLM's tokenizer, of which each word is a token, and its number how long it is.

https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html (Tokenizer API)
"""

import re

import msgspec
import orjson

from extproc.lab.simulator import pictures
from extproc.lab.simulator.dialect import Asked, Call, Json, Refusal, Turn
from extproc.lab.simulator.openai import embeddings
from extproc.lab.simulator.reply import count

KNOWN = {
    "tokenize": frozenset({"model", "prompt", "add_special_tokens", "return_token_strs"}),
    "detokenize": frozenset({"model", "tokens"}),
}


def check(call: Call, strict: bool) -> None:
    """Raises Refusal for what is neither a text nor tokens."""
    verb = call.params["verb"]
    pictures.known(call.body, KNOWN[verb])
    if verb == "tokenize" and not isinstance(call.body.get("prompt"), str):
        raise Refusal("prompt: Input should be a valid string")
    if verb == "detokenize" and not isinstance(call.body.get("tokens"), list):
        raise Refusal("tokens: Input should be a valid list")


def ask(call: Call) -> Asked:
    """What the body asks."""
    text = call.body.get("prompt") or "words"
    model = str(call.body.get("model") or "m")
    return Asked(model=model, text=text, prompt_tokens=count(text), body=call.body)


def whole(turn: Turn) -> bytes:
    """The tokens, or the text."""
    body = turn.asked.body
    if "tokens" in body:
        return orjson.dumps({"prompt": " ".join("x" * one for one in body["tokens"])})
    words = body["prompt"].split()
    said: Json = {"count": len(words), "max_model_len": 4096, "tokens": list(map(len, words))}
    return orjson.dumps(said | {"token_strs": words if body.get("return_token_strs") else None})


DIALECT = msgspec.structs.replace(
    embeddings.DIALECT,
    name="vllm.tokenize",
    path=re.compile(r"/(?P<verb>tokenize|detokenize)"),
    check=check,
    ask=ask,
    whole=whole,
)
