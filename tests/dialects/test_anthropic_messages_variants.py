"""Claude where clouds host it, held against the official SDK's own clients for them."""

from typing import Any

import anthropic
import orjson
import pytest
from anthropic.lib.bedrock._stream_decoder import AWSEventStreamDecoder

from providers.deltas import End, TextDelta
from providers.dialects.anthropic_messages import DIALECT
from providers.dialects.anthropic_messages.variants import (
    AZURE,
    BEDROCK,
    VERTEX,
    Variant,
    adapt,
    betas_of,
    exception_of,
    payload_of_data,
    sse_of_exception,
    sse_of_payload,
)
from providers.errors import BadAnswer, Cause

BODY = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 9,
    "stream": True,
    "service_tier": "auto",
    "messages": [{"role": "user", "content": "hi"}],
}


@pytest.mark.parametrize(
    ("variant", "kept", "dropped"),
    [
        (VERTEX, {"stream": True, "anthropic_version": "vertex-2023-10-16"}, ["service_tier"]),
        (
            BEDROCK,
            {"anthropic_version": "bedrock-2023-05-31", "anthropic_beta": ["a-1", "b-2"]},
            ["service_tier"],
        ),
        (AZURE, {"model": "claude-sonnet-4-5", "stream": True}, ["service_tier"]),
    ],
)
def test_a_body_is_fitted_to_each_cloud(variant: Variant, kept: Any, dropped: list[str]) -> None:
    before = orjson.dumps(BODY)
    body, lost = adapt(variant, BODY, betas_of("a-1, b-2,"))
    assert body == {"max_tokens": 9, "messages": BODY["messages"], **kept}
    assert lost == dropped
    assert orjson.dumps(BODY) == before


@pytest.mark.parametrize("stream", [False, True])
def test_bedrock_gets_what_the_sdk_would_send(stream: bool) -> None:
    sent: list[Any] = []

    class Recorder(anthropic.AnthropicBedrock):
        def _prepare_options(self, options: Any) -> Any:
            prepared = super()._prepare_options(options)
            sent.append((prepared.url, prepared.json_data))
            raise KeyboardInterrupt

    sdk = Recorder(aws_access_key="k", aws_secret_key="s", aws_region="eu-west-1")
    with pytest.raises(KeyboardInterrupt):
        sdk.messages.create(
            model="claude",
            max_tokens=9,
            messages=[{"role": "user", "content": "hi"}],
            stream=stream,
            extra_headers={"anthropic-beta": "a-1"},
        )
    path, body = sent[0]
    ours = {"model": "claude", "max_tokens": 9, "messages": BODY["messages"], "stream": stream}
    adapted, _ = adapt(BEDROCK, ours, ["a-1"])
    assert path == (BEDROCK.stream if stream else BEDROCK.whole).format(model="claude")
    assert {**adapted, "anthropic_version": 0} == {**body, "anthropic_version": 0}


def test_chunks_of_bedrock_become_events() -> None:
    events = [
        {"type": "message_start", "message": {"id": "m", "model": "c", "usage": {}}},
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "text_delta", "text": "hé\n\n"},
        },
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {}},
        {"type": "message_stop", "amazon-bedrock-invocationMetrics": {"inputTokenCount": 1}},
    ]
    payloads = [payload_of_data(orjson.dumps(event)) for event in events]
    parser = DIALECT.parser()
    deltas = [delta for payload in payloads for delta in parser.feed(sse_of_payload(payload))]
    assert TextDelta(text="hé\n\n", part=0) in deltas
    assert isinstance(deltas[-1], End)
    assert parser.flush() == []


def test_the_sdk_reads_the_chunks_that_are_written() -> None:
    class Frame:
        def to_response_dict(self) -> Any:
            headers = {":event-type": "chunk", ":message-type": "event"}
            return {
                "status_code": 200,
                "headers": headers,
                "body": payload_of_data(b'{"type":"ping"}'),
            }

    event = AWSEventStreamDecoder()._parse_message_from_event(Frame())  # type: ignore[arg-type]
    assert event is not None
    assert (event.event, event.data) == ("ping", '{"type":"ping"}')


@pytest.mark.parametrize(
    "payload", [b"", b"{}", b'{"bytes":"!"}', b'{"bytes":"W10="}', b'{"bytes":3}']
)
def test_a_chunk_that_is_none_is_a_bad_answer(payload: bytes) -> None:
    with pytest.raises(BadAnswer):
        sse_of_payload(payload)


def test_exceptions_of_bedrock_become_errors() -> None:
    error = exception_of("throttlingException", b'{"message":"slow down"}')
    assert (error.status, error.cause, error.message) == (429, Cause.RATE_LIMIT, "slow down")
    assert exception_of("modelStreamErrorException", b"\xff").cause is Cause.SERVER
    assert b'"type":"rate_limit_error"' in sse_of_exception("throttlingException", b"{}")
