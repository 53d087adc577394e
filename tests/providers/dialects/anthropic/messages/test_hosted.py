"""Claude where clouds host it, held against the official SDK's own clients for them."""

from typing import Any

import anthropic
import orjson
import pytest
from anthropic.lib.bedrock._stream_decoder import AWSEventStreamDecoder
from botocore.eventstream import EventStreamBuffer
from hypothesis import given

from providers.bridging.bridge import bridge
from providers.bridging.chat import ChatDialect
from providers.bridging.dialect import Call
from providers.bridging.quirks import Quirks
from providers.catalog import PROVIDERS
from providers.dialects.anthropic.messages import DIALECT
from providers.dialects.anthropic.messages.hosted import (
    BEDROCK,
    FOUNDRY,
    VERTEX,
    ChunkParser,
    ChunkRelay,
    exception_of,
)
from providers.errors import Cause, NotFound, Unsupported
from providers.neutral.deltas import End, Failed, TextDelta
from providers.wire import aws_event_stream as frames
from tests.providers.matrix.world import World
from tests.strategies import cuts

BODY = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 9,
    "stream": True,
    "service_tier": "auto",
    "messages": [{"role": "user", "content": "hi"}],
}
EVENTS = (
    {"type": "message_start", "message": {"id": "m", "model": "c", "usage": {"input_tokens": 3}}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hé\n\n"}},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn"},
        "usage": {"output_tokens": 2},
    },
    {"type": "message_stop", "amazon-bedrock-invocationMetrics": {"inputTokenCount": 1}},
)
CHUNKS = b"".join(frames.wrap(orjson.dumps(event)) for event in EVENTS)
SLOW_DOWN = frames.encode_raw(
    frames.exception_headers("throttlingException"), b'{"message":"slow down"}'
)


def sent(form: ChatDialect, body: Any, **headers: str) -> tuple[Any, tuple[str, ...]]:
    """(body, dropped) of what a Messages client's request becomes."""
    quirks = Quirks(drops=form.drops, refuses=form.refuses, provider="it")
    call = Call(
        data=orjson.dumps(body),
        body=body,
        model=body["model"],
        stream=body.get("stream", False),
        headers=headers,
    )
    made = bridge(DIALECT, form, quirks).request(call)
    return orjson.loads(made.body or call.data), made.dropped


@pytest.mark.parametrize(
    ("form", "kept"),
    [
        (VERTEX, {"stream": True, "anthropic_version": "vertex-2023-10-16"}),
        (
            BEDROCK,
            {
                "anthropic_version": "bedrock-2023-05-31",
                "anthropic_beta": ["interleaved-thinking-2025-05-14", "context-1m-2025-08-07"],
            },
        ),
        (FOUNDRY, {"model": "claude-sonnet-4-5", "stream": True}),
    ],
)
def test_a_body_is_fitted_to_each_cloud(form: ChatDialect, kept: Any) -> None:
    betas = "interleaved-thinking-2025-05-14, context-1m-2025-08-07,"
    body, dropped = sent(form, BODY, **{"anthropic-beta": betas})
    assert body == {"max_tokens": 9, "messages": BODY["messages"], **kept}
    assert dropped == ("service_tier",)


@pytest.mark.parametrize("form", [VERTEX, BEDROCK])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mcp_servers", [{"type": "url", "url": "https://x", "name": "x"}]),
        ("container", "container_1"),
        ("inference_geo", "us"),
    ],
)
def test_what_decides_the_answer_is_refused_where_it_is_not_known(form, name, value) -> None:
    with pytest.raises(Unsupported, match=name):
        sent(form, {**BODY, name: value})


@pytest.mark.parametrize("stream", [False, True])
def test_bedrock_gets_what_the_sdk_would_send(stream: bool) -> None:
    recorded: list[Any] = []

    class Recorder(anthropic.AnthropicBedrock):
        def _prepare_options(self, options: Any) -> Any:
            prepared = super()._prepare_options(options)
            recorded.append((prepared.url, prepared.json_data))
            raise KeyboardInterrupt

    sdk = Recorder(aws_access_key="k", aws_secret_key="s", aws_region="eu-west-1")
    with pytest.raises(KeyboardInterrupt):
        sdk.messages.create(
            model="claude",
            max_tokens=9,
            messages=[{"role": "user", "content": "hi"}],
            stream=stream,
            extra_headers={"anthropic-beta": "effort-2025-11-24"},
        )
    path, body = recorded[0]
    asked = {"model": "claude", "max_tokens": 9, "messages": BODY["messages"], "stream": stream}
    ours, _ = sent(BEDROCK, asked, **{"anthropic-beta": "effort-2025-11-24"})
    (place,) = [end.path for end in BEDROCK.upstream if end.stream is stream]
    assert path == place.format(model="claude")
    # Of the two versions, the guide to Claude on Bedrock has the older one.
    assert {**ours, "anthropic_version": ""} == {**body, "anthropic_version": ""}


def test_bedrock_gets_no_flag_that_it_refuses() -> None:
    asked = "claude-code-20250219,prompt-caching-scope-2026-01-05,advanced-tool-use-2025-11-20"
    body, _ = sent(BEDROCK, {**BODY, "anthropic_beta": ["own"]}, **{"anthropic-beta": asked})
    assert body["anthropic_beta"] == [
        "own",
        "tool-search-tool-2025-10-19",
        "tool-examples-2025-10-29",
    ]
    body, _ = sent(BEDROCK, BODY, **{"anthropic-beta": "claude-code-20250219"})
    assert "anthropic_beta" not in body


HOUR = {"type": "ephemeral", "ttl": "1h"}


@pytest.mark.parametrize("form", [VERTEX, BEDROCK])
@pytest.mark.parametrize(
    ("content", "kept"),
    [
        ("hi", [{"type": "text", "text": "hi", "cache_control": HOUR}]),
        (
            [{"type": "text", "text": "a"}, {"type": "tool_result", "tool_use_id": "t"}],
            [
                {"type": "text", "text": "a"},
                {"type": "tool_result", "tool_use_id": "t", "cache_control": HOUR},
            ],
        ),
        ([{"type": "fallback"}], [{"type": "fallback"}]),
        ([], []),
    ],
)
def test_clouds_get_a_marker_on_the_request_at_its_last_block(form, content, kept) -> None:
    messages = [{"role": "user", "content": content}]
    marker = {**HOUR, "scope": "global"}
    body, _ = sent(form, {**BODY, "messages": messages, "cache_control": marker})
    assert "cache_control" not in body
    assert body["messages"] == [{"role": "user", "content": kept}]


@pytest.mark.parametrize("form", [VERTEX, BEDROCK])
def test_clouds_get_markers_without_a_scope(form) -> None:
    text = {"type": "text", "text": "a"}
    marked = {**text, "cache_control": {**HOUR, "scope": "global"}}
    tool = {"name": "f", "input_schema": {"type": "object"}}
    asked = {**BODY, "system": [text, marked], "tools": [tool, {**tool, **marked}]}
    body, _ = sent(form, asked)
    assert body["system"] == [text, {**text, "cache_control": HOUR}]
    assert body["tools"] == [tool, {**tool, **text, "cache_control": HOUR}]
    ours, _ = sent(FOUNDRY, asked)
    assert ours["system"] == asked["system"]


@pytest.mark.parametrize("form", [VERTEX, BEDROCK])
def test_clouds_hold_no_threads(form) -> None:
    body, dropped = sent(form, {**BODY, "thread": {"type": "create"}})
    assert "thread" not in body
    assert "thread" in dropped
    thread = {"type": "continue", "previous_message_id": "msg_1"}
    with pytest.raises(NotFound, match="whole") as caught:
        sent(form, {**BODY, "thread": thread})
    assert caught.value.code == "thread_not_found"


def deltas_of(pieces: list[bytes]) -> list[Any]:
    parser = ChunkParser()
    return [delta for piece in pieces for delta in parser.feed(piece)] + parser.flush()


@given(cuts(CHUNKS))
def test_chunks_are_understood_however_they_are_cut(pieces) -> None:
    deltas = deltas_of(pieces)
    assert deltas == deltas_of([CHUNKS])
    assert TextDelta(text="hé\n\n", part=0) in deltas
    assert isinstance(deltas[-1], End)


@given(cuts(CHUNKS))
def test_a_relay_hands_on_the_same_events_however_they_are_cut(pieces) -> None:
    relay = ChunkRelay(True)
    data = b"".join(relay.feed(piece) or b"" for piece in pieces) + relay.flush()
    lines = [line for line in data.split(b"\n") if line.startswith(b"data: ")]
    assert [orjson.loads(line[6:]) for line in lines] == [*EVENTS]
    used = relay.seen.usage
    assert (used.input, used.output, relay.seen.model) == (3, 2, "c")


def test_the_sdk_reads_chunks_like_these() -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(frames.wrap(b'{"type":"ping"}'))
    event = AWSEventStreamDecoder()._parse_message_from_event(next(iter(buffer)))
    assert event is not None
    assert (event.event, event.data) == ("ping", '{"type":"ping"}')


def test_an_exception_in_mid_stream_is_an_error() -> None:
    failed = deltas_of([CHUNKS[: len(frames.wrap(orjson.dumps(EVENTS[0])))], SLOW_DOWN])[-1]
    assert isinstance(failed, Failed)
    assert (failed.error.status, failed.error.message) == (429, "slow down")
    relay = ChunkRelay(True)
    assert b'"type":"rate_limit_error"' in (relay.feed(SLOW_DOWN) or b"")
    assert relay.seen.error is not None
    assert relay.flush() == b""


def test_a_stream_that_is_cut_ends_with_an_error() -> None:
    cut = CHUNKS[: len(CHUNKS) // 2]
    assert isinstance(deltas_of([cut])[-1], Failed)
    relay = ChunkRelay(True)
    relay.feed(cut)
    assert b"event: error" in relay.flush()


@pytest.mark.parametrize(
    "payload", [b"", b"{}", b'{"bytes":"!"}', b'{"bytes":"W10="}', b'{"bytes":3}']
)
def test_a_chunk_that_is_none_is_a_bad_answer(payload: bytes) -> None:
    message = frames.encode_raw(frames.CHUNK, payload)
    relay = ChunkRelay(True)
    assert b"event: error" in (relay.feed(message) or b"")
    assert relay.seen.error is not None
    assert relay.feed(message) == b""
    (failed,) = ChunkParser().feed(message)
    assert isinstance(failed, Failed)


def test_an_exception_without_json_is_a_servers_error() -> None:
    assert exception_of("modelStreamErrorException", b"\xff").cause is Cause.SERVER


SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 2}
NEWER = {**SEARCH, "type": "web_search_20260209", "allowed_callers": ["direct"]}
F = {"name": "f", "input_schema": {"type": "object"}}
FLAG = "web-search-2025-03-05"


def vertex(path: str, asked: Any, **headers: str) -> tuple[Any, list[str]]:
    """(tools, flags) that Claude on Vertex AI gets of a request."""
    world = World("anthropic.messages", provider=PROVIDERS["vertex"])
    shown = [(name.replace("_", "-"), value) for name, value in headers.items()]
    answer = world.ask(path, shown, orjson.dumps({"model": "shown", **asked}))
    assert answer.status == 200, answer.body
    flags = dict(world.sent[-1].headers).get("anthropic-beta", "")
    return orjson.loads(world.sent[-1].body).get("tools"), flags.split(",")


@pytest.mark.parametrize("tool", [SEARCH, NEWER])
def test_claude_searches_on_vertex_for_its_own_clients(tool):
    asked = {"max_tokens": 9, "messages": BODY["messages"], "tools": [tool, F]}
    assert vertex("/v1/messages", asked) == ([SEARCH, F], [FLAG])
    context = "context-1m-2025-08-07"
    said = vertex("/v1/messages", asked, anthropic_beta=f"{context},effort-2025-11-24")
    assert said == ([SEARCH, F], [context, FLAG])


def test_claude_searches_on_vertex_for_all_others():
    tools = [{"type": "web_search", "filters": {"allowed_domains": ["a.test"]}}]
    found = {"type": SEARCH["type"], "name": "web_search", "allowed_domains": ["a.test"]}
    assert vertex("/v1/responses", {"input": "hi", "tools": tools}) == ([found], [FLAG])
    assert vertex("/v1/responses", {"input": "hi"}) == (None, [""])
