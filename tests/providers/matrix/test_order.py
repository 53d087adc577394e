"""What a model says after a call comes after it, in each format that tells one after the other."""

from typing import Any

import orjson
import pytest

from providers.bridging.chat import ChatDialect
from providers.bridging.dialect import Context
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.neutral.chat import Text, Thinking, ToolCall
from providers.neutral.gathering import Gathering

CONTEXT = Context(model="m", id="x", now=7)
ORDERED = (
    "anthropic.messages",
    "bedrock.converse",
    "gemini.generate_content",
    "ollama.chat",
    "openai.responses",
)
"""The others tell words and calls apart, and no order between them."""


def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: %b\n\n" % orjson.dumps({"id": "i", "model": "m", "choices": [choice]})


def piece(index: int, id: str | None, name: str | None, arguments: str) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"tool_calls": [{"index": index, "id": id, "function": function}]}


def heard(client: ChatDialect, stream: bytes) -> list[tuple[str, str]]:
    """What a client reads, part by part."""
    gathering = Gathering()
    parser = client.parser()
    gathering.feed([*parser.feed(stream), *parser.flush()])
    found = []
    for part in gathering.response().choices[0].parts:
        if isinstance(part, Text | Thinking):
            found.append((type(part).__name__, part.text))
        elif isinstance(part, ToolCall):
            found.append((part.name, part.arguments.replace(" ", "")))
    return found


@pytest.mark.parametrize("client", ORDERED)
def test_words_after_a_call_come_after_it(client: str):
    relay = DIALECTS[client].towards(DIALECTS["openai.chat"], Quirks()).stream(CONTEXT)
    said = [
        chunk({"role": "assistant", "content": "before"}),
        chunk(piece(0, "c0", "f", '{"a":')),
        chunk(piece(1, "c1", "g", '{"b"')),
        chunk(piece(0, None, None, "1}")),
        chunk(piece(1, None, None, ":2}")),
        chunk({"reasoning_content": "hm"}),
        chunk({"content": "after"}),
        chunk({}, "tool_calls"),
    ]
    told = b"".join(relay.feed(each) or b"" for each in said) + relay.flush()
    dialect = DIALECTS[client]
    assert isinstance(dialect, ChatDialect)
    assert heard(dialect, told) == [
        ("Text", "before"),
        ("f", '{"a":1}'),
        ("g", '{"b":2}'),
        ("Thinking", "hm"),
        ("Text", "after"),
    ]


@pytest.mark.parametrize("client", ORDERED)
def test_a_call_is_told_as_soon_as_the_next_one_begins(client: str):
    relay = DIALECTS[client].towards(DIALECTS["openai.chat"], Quirks()).stream(CONTEXT)
    told = relay.feed(chunk(piece(0, "call-0", "first", '{"a":1}'))) or b""
    told += relay.feed(chunk(piece(1, "call-1", "second", '{"b":'))) or b""
    assert b"call-0" in told
