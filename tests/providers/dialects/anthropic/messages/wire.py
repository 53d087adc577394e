"""Streams of the Messages API: one with everything in it, and the official SDK as its reader."""

import sys
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import anthropic
import orjson
from hypothesis import strategies as st

from providers.bridging.dialect import Context
from providers.dialects.anthropic.messages import DIALECT
from providers.neutral.chat import Citation, Finish, Place, Signature, Thinking
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    Begin,
    CitationDelta,
    End,
    PartEnd,
    Ping,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
    Used,
    WholePart,
)
from providers.neutral.web_search import Searched
from providers.usage import Usage

CONTEXT = Context(model="asked", id="msg_made", now=1_700_000_000)


FOREIGN = Signature(origin="gemini", value="AB")


HTTP = sys.modules[anthropic.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0]]


BEGIN = Begin(id="msg_1", model="claude", usage=Usage(input=7, cache_read=2))


STOP = End(finish=Finish.STOP)


def write(*deltas: AnyDelta) -> bytes:
    renderer = DIALECT.renderer(CONTEXT)
    return renderer.feed(list(deltas)) + renderer.flush()


def sdk(body: bytes) -> anthropic.Anthropic:
    def answer(request: Any) -> Any:
        return HTTP.Response(200, headers={"content-type": "text/event-stream"}, content=body)

    return anthropic.Anthropic(
        api_key="k",
        base_url="http://gateway.test",
        max_retries=0,
        http_client=HTTP.Client(transport=HTTP.MockTransport(answer)),
    )


def read(body: bytes) -> tuple[anthropic.types.Message, list[str], str]:
    """(final message, event types, text) as the SDK's `stream` sees it."""
    with sdk(body).messages.stream(
        model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}]
    ) as stream:
        events, text = [], ""
        for event in stream:
            events.append(event.type)
            if event.type == "text":
                text += event.text
        final = stream.get_final_message()
    # What the SDK builds while streaming it does not check: here it is.
    return anthropic.types.Message.model_validate(final.model_dump()), events, text


def blocks(message: anthropic.types.Message) -> list[Any]:
    return [block.model_dump(exclude_none=True) for block in message.content]


def events(body: bytes) -> list[dict[str, Any]]:
    """The events of a stream, whose names have been held against their types."""
    found = []
    for event in body.removesuffix(b"\n\n").split(b"\n\n"):
        name, data = event.split(b"\n")
        value = orjson.loads(data.removeprefix(b"data: "))
        assert name == b"event: " + value["type"].encode()
        found.append(value)
    return found


def sse(*values: Any) -> bytes:
    return b"".join(
        b"event: %s\ndata: %s\n\n" % (value["type"].encode(), orjson.dumps(value))
        for value in values
    )


def block(index: int, start: Any, *deltas: Any) -> Iterator[Any]:
    yield {"type": "content_block_start", "index": index, "content_block": start}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


START = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 5, "cache_read_input_tokens": 3, "output_tokens": 1},
    },
}


END = {
    "type": "message_delta",
    "delta": {"stop_reason": "tool_use", "stop_sequence": None},
    "usage": {"output_tokens": 20},
}


CITED = {
    "type": "char_location",
    "cited_text": "q",
    "document_index": 0,
    "document_title": "D",
    "start_char_index": 0,
    "end_char_index": 1,
}


SERVER = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}


FULL = sse(
    START,
    {"type": "ping"},
    *block(
        0,
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": "hm"},
        {"type": "signature_delta", "signature": "EqQB"},
    ),
    *block(1, {"type": "redacted_thinking", "data": "xyz"}),
    *block(
        2,
        {"type": "text", "text": ""},
        {"type": "text_delta", "text": "Tschüß\n\n"},
        {"type": "citations_delta", "citation": CITED},
    ),
    *block(
        3,
        SERVER,
        {"type": "input_json_delta", "partial_json": '{"query":'},
        {"type": "input_json_delta", "partial_json": '"x"}'},
    ),
    {"type": "something_new", "index": 9},
    *block(
        4,
        {"type": "tool_use", "id": "t1", "name": "f", "input": {}},
        {"type": "input_json_delta", "partial_json": ""},
        {"type": "input_json_delta", "partial_json": '{"a":1}'},
    ),
    *block(5, {"type": "tool_use", "id": "t2", "name": "g", "input": {}}),
    END,
    {"type": "message_stop"},
)


OURS = Signature(origin="anthropic", value="EqQB")


EXPECTED: list[AnyDelta] = [
    Begin(id="msg_1", model="claude", usage=Usage(input=8, output=1, cache_read=3, estimated=True)),
    Ping(),
    ThinkingDelta(part=0),
    ThinkingDelta(part=0, text="hm"),
    SignatureDelta(part=0, signature=OURS),
    PartEnd(part=0),
    WholePart(part=1, value=Thinking(redacted=Signature(origin="anthropic", value="xyz"))),
    PartEnd(part=1),
    TextDelta(part=2, text=""),
    TextDelta(part=2, text="Tschüß\n\n"),
    CitationDelta(
        part=2,
        citation=Citation(
            title="D",
            quote="q",
            place=Place(unit="char", index=0, start=0, end=1),
            native=CITED,
            dialect="anthropic.messages",
        ),
    ),
    PartEnd(part=2),
    WholePart(
        part=3,
        value=Searched(
            queries=("x",), dialect="anthropic.messages", value={**SERVER, "input": {"query": "x"}}
        ),
    ),
    PartEnd(part=3),
    ToolCallBegin(part=4, id="t1", name="f"),
    ArgumentsDelta(part=4, text='{"a":1}'),
    PartEnd(part=4),
    ToolCallBegin(part=5, id="t2", name="g"),
    ArgumentsDelta(part=5, text="{}"),
    PartEnd(part=5),
    Used(usage=Usage(input=8, output=20, cache_read=3)),
    End(finish=Finish.TOOL_CALLS),
]


def pieces(body: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    return [body[start:end] for start, end in pairwise(edges)]


def parse(chunks: list[bytes]) -> list[AnyDelta]:
    parser = DIALECT.parser()
    deltas = [delta for chunk in chunks for delta in parser.feed(chunk)]
    return deltas + parser.flush()


VALUES = st.recursive(
    st.none() | st.integers(-2, 3) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["type", "index", "delta", "content_block", "message", "usage"]), inner
        )
    ),
    max_leaves=8,
)


EVENT = st.builds(
    lambda kind, rest: {**rest, "type": kind},
    st.sampled_from(sorted({found["type"] for found in events(FULL)} | {"error"})),
    st.dictionaries(
        st.sampled_from(["index", "delta", "content_block", "message", "usage", "error"]), VALUES
    ),
)
