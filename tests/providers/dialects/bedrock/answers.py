"""Answers and streams of bedrock.converse, and the real SDK to read them."""

import base64
from collections.abc import Iterable
from typing import Any

import orjson
from hypothesis import strategies as st

from providers.bridging.dialect import Context
from providers.dialects.bedrock.converse import DIALECT
from providers.neutral.chat import (
    Citation,
    Finish,
    Image,
    Native,
    Signature,
    Text,
    Thinking,
    ToolCall,
)
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    Begin,
    Beside,
    End,
    PartEnd,
    TextDelta,
    ToolCallBegin,
    Used,
    WholePart,
)
from providers.neutral.media import Data
from providers.usage import Usage
from providers.wire import aws_event_stream as frames
from tests.providers.dialects.bedrock.service import client

CONTEXT = Context(model="m", id="x", now=0)
USAGE = Usage(input=100, output=20, cache_read=60, cache_write=30)
PNG = Data(base64=base64.b64encode(b"\x89PNG").decode(), media_type="image/png")
QUESTION = {"modelId": "m", "messages": [{"role": "user", "content": [{"text": "Hi"}]}]}
MINE = Signature(origin="anthropic", value="sig")
CITED = Citation(
    title="t",
    quote="q",
    native={"title": "t", "sourceContent": [{"text": "q"}]},
    dialect="bedrock.converse",
)


plain = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
blobs = st.binary(max_size=12).map(lambda data: base64.b64encode(b"\0" + data).decode())
signatures = st.none() | st.builds(
    Signature, origin=st.sampled_from(("anthropic", "gemini")), value=plain
)
arguments = st.dictionaries(plain, st.integers(-9, 9) | plain, max_size=3).map(
    lambda value: orjson.dumps(value).decode()
)
thoughts = st.builds(Thinking, text=plain, signature=signatures) | st.builds(
    Thinking,
    redacted=st.builds(Signature, origin=st.just("bedrock"), value=blobs)
    | st.builds(Signature, origin=st.just("anthropic"), value=st.from_regex(r"\A[A-Za-z0-9+/]+\Z"))
    | st.builds(Signature, origin=st.just("openai"), value=plain),
)
calls = st.builds(
    ToolCall,
    id=st.text("abcXYZ019_.:-", min_size=1, max_size=64),
    name=plain,
    arguments=arguments,
)
texts = st.builds(Text, text=plain, citations=st.sampled_from(((), (CITED,), (CITED, CITED))))
images = st.just(Image(source=PNG))
usages = st.builds(
    lambda plain, output, read, write: Usage(
        input=plain + read + write, output=output, cache_read=read, cache_write=write
    ),
    *[st.integers(0, 9999)] * 4,
)
finishes = st.sampled_from(
    (Finish.STOP, Finish.LENGTH, Finish.CONTENT_FILTER, Finish.STOP_SEQUENCE, Finish.ERROR)
)


def rendered(deltas: Iterable[AnyDelta], step: int = 1) -> bytes:
    """The bytes that a client gets."""
    renderer = DIALECT.renderer(CONTEXT)
    todo = list(deltas)
    pieces = [renderer.feed(todo[at : at + step]) for at in range(0, len(todo), step)]
    return b"".join(pieces) + renderer.flush()


def events(stream: bytes) -> list[dict[str, Any]]:
    """What a program sees that calls converse_stream()."""
    headers = {"content-type": DIALECT.stream_type}
    answer = client(lambda request: (200, headers, stream)).converse_stream(**QUESTION)
    return list(answer["stream"])


def parsed(stream: bytes, cuts: Iterable[int] = ()) -> list[AnyDelta]:
    parser = DIALECT.parser()
    places = sorted({cut % (len(stream) + 1) for cut in cuts})
    edges = zip([0, *places], [*places, len(stream)], strict=True)
    deltas = [delta for begin, end in edges for delta in parser.feed(stream[begin:end])]
    return deltas + parser.flush()


def delta(index: int, value: dict[str, Any]) -> dict[str, Any]:
    return {"contentBlockDelta": {"contentBlockIndex": index, "delta": value}}


def start(index: int, value: dict[str, Any]) -> dict[str, Any]:
    return {"contentBlockStart": {"contentBlockIndex": index, "start": value}}


def message(kind: str, payload: dict[str, Any]) -> bytes:
    return frames.encode_raw(frames.event_headers(kind), orjson.dumps(payload))


PROVIDED = b"".join(
    (
        message("messageStart", {"p": "abcd", "role": "assistant"}),
        message("contentBlockDelta", {**delta(0, {"text": "Hi"})["contentBlockDelta"], "p": "ab"}),
        message("contentBlockStop", {"contentBlockIndex": 0}),
        message("futureEvent", {"x": 1}),
        message(
            "contentBlockStart",
            start(1, {"toolUse": {"toolUseId": "t", "name": "f"}})["contentBlockStart"],
        ),
        message(
            "contentBlockDelta", delta(1, {"toolUse": {"input": '{"a":1}'}})["contentBlockDelta"]
        ),
        message("contentBlockStop", {"contentBlockIndex": 1}),
        message(
            "contentBlockDelta",
            delta(2, {"reasoningContent": {"redactedContent": "AA=="}})["contentBlockDelta"],
        ),
        message("contentBlockStop", {"contentBlockIndex": 2}),
        message(
            "contentBlockStart",
            start(3, {"toolUse": {"toolUseId": "s", "name": "web", "type": "server_tool_use"}})[
                "contentBlockStart"
            ],
        ),
        message(
            "contentBlockDelta", delta(3, {"toolUse": {"input": '{"q":2}'}})["contentBlockDelta"]
        ),
        message("contentBlockStop", {"contentBlockIndex": 3}),
        message("contentBlockStart", start(4, {"image": {"format": "gif"}})["contentBlockStart"]),
        message(
            "contentBlockDelta",
            delta(4, {"image": {"source": {"bytes": "R0k="}}})["contentBlockDelta"],
        ),
        message(
            "contentBlockDelta",
            delta(4, {"image": {"source": {"bytes": "Rg=="}}})["contentBlockDelta"],
        ),
        message("contentBlockStop", {"contentBlockIndex": 4}),
        message("messageStop", {"stopReason": "tool_use"}),
        message(
            "metadata",
            {
                "usage": {
                    "inputTokens": 10,
                    "outputTokens": 20,
                    "totalTokens": 120,
                    "cacheReadInputTokens": 60,
                    "cacheWriteInputTokens": 30,
                },
                "metrics": {"latencyMs": 5},
            },
        ),
    )
)
UNDERSTOOD = [
    Begin(id="", model=""),
    TextDelta(text="Hi", part=0),
    PartEnd(part=0),
    ToolCallBegin(id="t", name="f", part=1),
    ArgumentsDelta(text='{"a":1}', part=1),
    PartEnd(part=1),
    WholePart(value=Thinking(redacted=Signature(origin="bedrock", value="AA==")), part=2),
    PartEnd(part=2),
    WholePart(
        value=Native(
            dialect="bedrock.converse",
            value={
                "toolUse": {
                    "toolUseId": "s",
                    "name": "web",
                    "type": "server_tool_use",
                    "input": {"q": 2},
                }
            },
        ),
        part=3,
    ),
    PartEnd(part=3),
    WholePart(value=Image(source=Data(base64="R0lG", media_type="image/gif")), part=4),
    PartEnd(part=4),
    End(finish=Finish.TOOL_CALLS),
    Beside(names=(), members={"metrics": {"latencyMs": 5}}),
    Used(usage=USAGE),
]
