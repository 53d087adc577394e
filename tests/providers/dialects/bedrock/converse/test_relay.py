"""Between equal dialects."""

import base64
from typing import Any

import pytest
from botocore.exceptions import EventStreamError

from providers.dialects.bedrock.converse import DIALECT
from providers.dialects.bedrock.converse.relay import edits
from providers.neutral.chat import Finish
from providers.wire import aws_event_stream as frames
from tests.providers.dialects.bedrock.answers import PROVIDED, USAGE, events
from tests.providers.dialects.bedrock.requests import NOVA_2, SONNET


def relayed(stream: bytes, size: int) -> tuple[bytes, Any]:
    relay = DIALECT.relay(True)
    output = []
    for at in range(0, len(stream), size):
        data = stream[at : at + size]
        changed = relay.feed(data)
        output.append(data if changed is None else changed)
    output.append(relay.flush())
    return b"".join(output), relay.seen


@pytest.mark.parametrize("size", [1, 7, 100, 100_000])
def test_a_relayed_stream_is_unchanged_and_watched(size: int) -> None:
    output, seen = relayed(PROVIDED, size)
    assert output == PROVIDED
    assert (seen.usage, seen.finish, seen.error) == (USAGE, Finish.TOOL_CALLS, None)
    assert seen.generated >= 3


def test_whole_messages_pass_without_a_copy() -> None:
    relay = DIALECT.relay(True)
    assert [relay.feed(event) for event in frames.Splitter().feed(PROVIDED)] == [None] * 18


@pytest.mark.parametrize("size", [50, 300, 700])
def test_a_cut_relayed_stream_raises_in_the_sdk(size: int) -> None:
    output, seen = relayed(PROVIDED[:size], 64)
    with pytest.raises(EventStreamError, match="ended before"):
        events(output)
    assert seen.error.status == 502


def test_a_relayed_exception_is_seen() -> None:
    headers = frames.exception_headers("throttlingException")
    stream = frames.encode_raw(headers, b'{"message":"Slow"}')
    output, seen = relayed(stream, 16)
    assert output == stream
    assert (seen.error.status, seen.error.message) == (429, "Slow")


def test_relayed_rubbish_becomes_an_exception() -> None:
    output, seen = relayed(b"<html><title>502 Bad Gateway</title></html>", 16)
    assert seen.error.status == 502
    with pytest.raises(EventStreamError):
        events(output)


def reasoning(**members: Any) -> dict[str, Any]:
    return {"reasoningContent": members}


OWN = reasoning(reasoningText={"text": "t", "signature": "c2ln"})
UNSIGNED = reasoning(reasoningText={"text": "t"})
FOREIGN = (
    reasoning(reasoningText={"text": "t", "signature": "ai.extproc/gemini/g"}),
    reasoning(redactedContent=base64.b64encode(b"ai.extproc/openai/o").decode()),
)


def conversation(*content: dict[str, Any]) -> dict[str, Any]:
    question = {"role": "user", "content": [{"text": "q"}]}
    return {"messages": [question, {"role": "assistant", "content": [*content]}, question]}


@pytest.mark.parametrize(
    ("model", "content"),
    [
        (SONNET, [OWN, reasoning(redactedContent="AAEC"), {"text": "a"}]),
        (NOVA_2, [UNSIGNED, {"text": "a"}]),
    ],
)
def test_a_body_without_foreign_thoughts_needs_no_edits(
    model: str, content: list[dict[str, Any]]
) -> None:
    assert edits(conversation(*content), model, True) == {}


def test_foreign_thoughts_do_not_reach_bedrock() -> None:
    body = conversation(OWN, *FOREIGN, UNSIGNED, {"text": "a"})
    assert edits(body, SONNET, True) == conversation(OWN, {"text": "a"})


def test_a_turn_of_foreign_thoughts_alone_leaves_turns_that_alternate() -> None:
    changed = edits(conversation(*FOREIGN), SONNET, True)
    assert changed == {"messages": [{"role": "user", "content": [{"text": "q"}, {"text": "q"}]}]}


def test_a_relayed_event_that_cannot_be_read_becomes_an_exception() -> None:
    relay = DIALECT.relay(True)
    bad = frames.encode_raw(frames.event_headers("messageStop"), b"{")
    with pytest.raises(EventStreamError, match="cannot be read"):
        events(relay.feed(bad) or b"")
    assert relay.feed(PROVIDED) == b""
    assert relay.flush() == b""


@pytest.mark.parametrize("size", [1, 100, 100_000])
def test_what_was_whole_before_rubbish_goes_on_and_counts(size: int) -> None:
    whole = b"".join([*frames.Splitter().feed(PROVIDED)][:6])
    output, seen = relayed(whole + bytes(range(200)), size)
    assert output.startswith(whole)
    assert seen.generated > 0
    with pytest.raises(EventStreamError, match="corrupt"):
        events(output)
