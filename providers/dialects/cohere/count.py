"""How Cohere counts: its models' tokenizer takes a text, and a conversation is made one.

https://docs.cohere.com/v2/reference/tokenize
"""

from collections.abc import Iterator
from typing import Any

import msgspec
import orjson

from providers.bridging.counting import counting
from providers.bridging.dialect import Endpoint
from providers.bridging.fidelity import Feature
from providers.dialects.cohere import chat
from providers.errors import BadAnswer, Unsupported
from providers.neutral.chat import ChatResponse
from providers.usage import Usage
from providers.wire.members import Json, dicts

MOST = 65_536
"""Characters of a text."""
PICTURES = frozenset({Feature.IMAGE_DATA, Feature.IMAGE_URL, Feature.IMAGE_DETAIL})


def wrap(body: Json, model: str) -> Json:
    """The words of a conversation and its tools; raises Unsupported for too many."""
    text = "\n".join(_texts(body))
    if len(text) > MOST:
        raise Unsupported(
            f"Cohere counts the tokens of at most {MOST} characters", param="messages"
        )
    return {"text": text or " ", "model": model}


def _texts(body: Json) -> Iterator[str]:
    for message in dicts(body.get("messages")):
        yield from _words(message.get("content"))
        for call in dicts(message.get("tool_calls")):
            yield orjson.dumps(call.get("function")).decode()
    for name in ("tools", "documents"):
        yield from (orjson.dumps(one).decode() for one in body.get(name) or ())


def _words(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    for part in dicts(content):
        said = part.get("text", part.get("thinking"))
        yield said if isinstance(said, str) else orjson.dumps(part).decode()


def parse_response(body: Json) -> ChatResponse:
    """The number of tokens."""
    tokens = body.get("tokens")
    if not isinstance(tokens, list):
        raise BadAnswer("the provider's answer has no tokens")
    return ChatResponse(id="", model="", choices=(), usage=Usage(input=len(tokens)))


DIALECT = msgspec.structs.replace(
    counting(
        chat.DIALECT,
        name="cohere.count_tokens",
        wrap=wrap,
        number="tokens",
        client=(),
        upstream=(Endpoint(path="/tokenize", stream=False),),
        carries=chat.DIALECT.carries - PICTURES,
    ),
    parse_response=parse_response,
)

DIALECTS = (DIALECT,)
