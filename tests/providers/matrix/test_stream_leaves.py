"""Whatever a provider says in a stream is told, or named: no member of an event is lost in silence.

As for whole answers, with each event of a small stream in turn.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import cohere
import orjson
import pytest
from anthropic import types as anthropic
from google.genai.types import GenerateContentResponse
from ollama import ChatResponse
from openai.types.chat import ChatCompletionChunk
from openai.types.responses import ResponseCompletedEvent

from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.wire.aws_event_stream import encode
from tests.providers.matrix.answer_leaves import Json, bedrock, leaves
from tests.providers.matrix.answer_words import SILENT, covers
from tests.providers.matrix.test_answer_leaves import (
    ANSWERS,
    CANDIDATE,
    CONTEXT,
    COUNTS,
    GROUNDED,
    IN,
    MESSAGE,
    OUT,
    RESPONSE,
)


class Event(NamedTuple):
    """One event of a stream."""

    said: Json
    model: Any = None
    """What an SDK knows of it; None: nothing is added."""
    kind: str = ""
    """Where it is said beside it."""
    others: str = "-"
    """Paths of what other events say, as the beginning of a regular expression."""


def _chunk(*choices: Json, others: str, **members: Any) -> Event:
    head = {"id": "i", "object": "chat.completion.chunk", "created": 5, "model": "m"}
    said = {**head, "choices": [*choices], **members}
    return Event(said, ChatCompletionChunk, others=others)


def _choice(finish: str | None, **delta: Any) -> Json:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}


def _cohere(name: str, **members: Any) -> Event:
    kind = re.sub(r"(?<!^)([A-Z])", r"-\1", name).lower()
    return Event({"type": kind, **members}, getattr(cohere, f"{name}V2ChatStreamResponse"))


def _anthropic(kind: str, model: Any, **members: Any) -> Event:
    return Event({"type": kind, **members}, model)


USED = {"prompt_tokens": IN, "completion_tokens": OUT, "total_tokens": IN + OUT}
BEGUN = {**MESSAGE, "content": [], "stop_reason": None}
ENDED = {"stop_reason": "end_turn", "stop_sequence": None}
BLOCK = {"type": "text", "text": ""}
WORDS = {"type": "text_delta", "text": "hello"}
LINE = {"model": "m", "created_at": "2026-11-30T01:02:03Z"}
SPOKEN = {"role": "assistant", "content": "hello"}
CONVERSED = bedrock("ConverseStream").members["stream"].members


def _converse(kind: str, said: Json) -> Event:
    return Event(said, CONVERSED[kind], kind)


STREAMS: Mapping[str, Sequence[Event]] = {
    "openai.chat": (
        _chunk(_choice(None, role="assistant", content=""), others="usage|choices"),
        _chunk(_choice(None, content="hello"), others=r"(?!choices)|choices\.finish_reason"),
        _chunk(_choice("stop"), others=r"usage|service_tier|choices\.(?:logprobs|finish_reason)"),
        _chunk(usage=USED, others="choices"),
    ),
    "openai.responses": (
        Event(
            {"type": "response.completed", "sequence_number": 1, "response": RESPONSE},
            ResponseCompletedEvent,
        ),
    ),
    "anthropic.messages": (
        _anthropic("message_start", anthropic.RawMessageStartEvent, message=BEGUN)._replace(
            others=r"message\.(?:content|stop_|usage\.output_tokens)"
        ),
        _anthropic("content_block_start", None, index=0, content_block=BLOCK),
        _anthropic("content_block_delta", None, index=0, delta=WORDS),
        _anthropic("content_block_stop", None, index=0),
        _anthropic(
            "content_block_start",
            anthropic.RawContentBlockStartEvent,
            index=1,
            content_block=BLOCK,
        ),
        _anthropic("content_block_stop", None, index=1),
        _anthropic(
            "message_delta",
            anthropic.RawMessageDeltaEvent,
            delta=ENDED,
            usage={"output_tokens": OUT},
        ),
        _anthropic("message_stop", anthropic.RawMessageStopEvent),
    ),
    "gemini.generate_content": (
        Event({**GROUNDED, "candidates": [{**CANDIDATE, "finishReason": ""}]}, None),
        Event(GROUNDED, GenerateContentResponse),
    ),
    "bedrock.converse": (
        _converse("messageStart", {"role": "assistant"}),
        Event({"contentBlockIndex": 0, "delta": {"text": "hello"}}, None, "contentBlockDelta"),
        Event({"contentBlockIndex": 0}, None, "contentBlockStop"),
        _converse("messageStop", {"stopReason": "end_turn"}),
        _converse(
            "metadata",
            {"usage": {"inputTokens": IN, "outputTokens": OUT, "totalTokens": IN + OUT}},
        ),
    ),
    "cohere.chat": (
        _cohere("MessageStart", id="i", delta={"message": {"role": "assistant"}}),
        _cohere("ContentDelta", index=0, delta={"message": {"content": {"text": "hello"}}}),
        _cohere("ContentEnd", index=0),
        _cohere("MessageEnd", delta={"finish_reason": "COMPLETE", "usage": {"tokens": COUNTS}}),
    ),
    "ollama.chat": (
        Event({**LINE, "message": SPOKEN, "done": False}, None),
        Event(
            {
                **LINE,
                "message": {"role": "assistant", "content": ""},
                "done": True,
                "done_reason": "stop",
                "prompt_eval_count": IN,
                "eval_count": OUT,
            },
            ChatResponse,
        ),
    ),
}


def _sse(events: Sequence[Event]) -> bytes:
    return b"".join(b"data: %b\n\n" % orjson.dumps(event.said) for event in events)


def _lines(events: Sequence[Event]) -> bytes:
    return b"".join(b"%b\n" % orjson.dumps(event.said) for event in events)


def _frames(events: Sequence[Event]) -> bytes:
    frames = [encode(HEADERS | {":event-type": e.kind}, orjson.dumps(e.said)) for e in events]
    return b"".join(frames)


HEADERS = {":message-type": "event", ":content-type": "application/json"}
FRAMINGS: Mapping[str, Callable[[Sequence[Event]], bytes]] = {
    "bedrock.converse": _frames,
    "ollama.chat": _lines,
}


class Told(NamedTuple):
    """What a client gets, and what is named as lost."""

    body: bytes
    lost: frozenset[str]
    failed: bool


def told(provider: str, client: str, events: Sequence[Event]) -> Told:
    """A stream on its way to a client."""
    relay = DIALECTS[client].towards(DIALECTS[provider], Quirks()).stream(CONTEXT)
    fed = relay.feed(FRAMINGS.get(provider, _sse)(events)) or b""
    body = fed + relay.flush()
    return Told(body, frozenset(relay.seen.lost), relay.seen.error is not None)


class Try(NamedTuple):
    """A stream in which an event says one member more, and the same without it."""

    path: str
    value: Sequence[Event]
    without: Sequence[Event]


AROUND = re.compile(r"(?:response|message|delta|choices\.delta)\.(?=\w)")
"""What events have around the members of answers."""


def tries(provider: str) -> list[Try]:
    """The streams with one member more, whatever it may say."""
    events, found = STREAMS[provider], []
    for at, event in enumerate(events):
        for leaf in () if event.model is None else leaves(event.model, event.said):
            path = AROUND.sub("", leaf.path, count=1)
            if path.partition(".")[0].partition("[")[0] in ANSWERS[provider].echoes:
                continue
            if SILENT.fullmatch(path) or EVENTS.fullmatch(leaf.path):
                continue
            if leaf.value == leaf.without or re.match(event.others, leaf.path):
                continue
            value, without = (
                [*events[:at], event._replace(said=said), *events[at + 1 :]]
                for said in (leaf.value, leaf.without)
            )
            found.append(Try(leaf.path, value, without))
    return found


EVENTS = re.compile(
    r"""
    type|sequence_number|index|obfuscation|.*contentBlockIndex  # which event it is
    |choices\.delta\.(?:function_call|tool_calls)(?:\.id|\.function)?(?:\.arguments)?   # nameless
    |logprobs.*      # without a number, or of no words
    |delta\.message\.content\.thinking   # beside words
    """,
    re.VERBOSE,
)
"""Paths of what only orders events."""


def is_silent(provider: str, client: str, one: Try) -> bool:
    """Whether a client learns nothing of a member, and nobody names it."""
    got = told(provider, client, one.value)
    if got.failed or covers(got.lost, one.path):
        return False
    return got == told(provider, client, one.without)


@pytest.mark.parametrize("provider", STREAMS)
def test_no_member_of_an_event_is_lost_in_silence(provider: str):
    clients = [name for name in STREAMS if name != provider]
    silent = [
        (one.path, client)
        for one in tries(provider)
        for client in clients
        if is_silent(provider, client, one)
    ]
    assert silent == []
