"""Whatever a provider says in an answer is told, or named: no member of it is lost in silence.

Each member that an official SDK knows of an answer is put into a small one, which goes through the
translation to every other dialect; what comes out must differ, or `Seen.lost` must name it.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
import pytest
from anthropic.types import Message
from cohere import V2ChatResponse
from google.genai.types import GenerateContentResponse
from ollama import ChatResponse
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from providers.bridging.dialect import Context
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.errors import GatewayError
from tests.providers.matrix.answer_leaves import Json, Leaf, bedrock, leaves
from tests.providers.matrix.answer_words import SILENT, covers

IN, OUT = 10_000_000, 20_000_000
SAID: Json = {"role": "assistant", "content": "hello", "refusal": None}
OPENAI: Json = {
    "id": "i",
    "object": "chat.completion",
    "created": 5,
    "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "logprobs": None, "message": SAID}],
    "usage": {"prompt_tokens": IN, "completion_tokens": OUT, "total_tokens": IN + OUT},
}
TEXT: Json = {"type": "output_text", "text": "hello", "annotations": []}
ITEM: Json = {"type": "message", "id": "o", "role": "assistant", "status": "completed"}
RESPONSE: Json = {
    "id": "i",
    "object": "response",
    "created_at": 5,
    "model": "m",
    "status": "completed",
    "output": [{**ITEM, "content": [TEXT]}],
    "usage": {"input_tokens": IN, "output_tokens": OUT, "total_tokens": IN + OUT},
}
MESSAGE: Json = {
    "id": "i",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": "hello"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": IN, "output_tokens": OUT},
}
CANDIDATE: Json = {
    "index": 0,
    "finishReason": "STOP",
    "content": {"role": "model", "parts": [{"text": "hello"}]},
}
GEMINI: Json = {
    "responseId": "i",
    "modelVersion": "m",
    "candidates": [CANDIDATE],
    "usageMetadata": {
        "promptTokenCount": IN,
        "candidatesTokenCount": OUT,
        "totalTokenCount": IN + OUT,
    },
}
CONVERSE: Json = {
    "output": {"message": {"role": "assistant", "content": [{"text": "hello"}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": IN, "outputTokens": OUT, "totalTokens": IN + OUT},
}
COUNTS: Json = {"input_tokens": IN, "output_tokens": OUT}
COHERE: Json = {
    "id": "i",
    "finish_reason": "COMPLETE",
    "message": {"role": "assistant", "content": [{"type": "text", "text": "hello"}]},
    "usage": {"tokens": COUNTS},
}
OLLAMA: Json = {
    "model": "m",
    "created_at": "2026-11-30T01:02:03Z",
    "done": True,
    "done_reason": "stop",
    "message": {"role": "assistant", "content": "hello"},
    "prompt_eval_count": IN,
    "eval_count": OUT,
}


SEGMENT: Json = {"startIndex": 1, "endIndex": 3, "text": "el"}
TOKEN: Json = {"token": "hello", "logProbability": -1.5}
GROUNDED: Json = {
    **GEMINI,
    "candidates": [
        {
            **CANDIDATE,
            "groundingMetadata": {
                "groundingChunks": [{"web": {"uri": "https://a.test", "title": "t"}}],
                "groundingSupports": [{"segment": SEGMENT, "groundingChunkIndices": [0, 1]}],
            },
            "logprobsResult": {
                "chosenCandidates": [TOKEN],
                "topCandidates": [{"candidates": [TOKEN]}],
            },
        }
    ],
}
"""With sources and probabilities, of which further members say more."""


class Whole(NamedTuple):
    """Answers of a dialect."""

    model: Any
    base: Json
    echoes: frozenset[str] = frozenset()
    """Members at the top level that say the request again."""
    fuller: Json | None = None
    """An answer with more in it."""


REPEATED = frozenset(
    {
        "background",
        "conversation",
        "instructions",
        "max_output_tokens",
        "max_tool_calls",
        "metadata",
        "prompt",
        "parallel_tool_calls",
        "previous_response_id",
        "prompt_cache_key",
        "prompt_cache_options",
        "reasoning",
        "prompt_cache_retention",
        "safety_identifier",
        "temperature",
        "text",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "truncation",
        "user",
    }
)
ANSWERS: Mapping[str, Whole] = {
    "openai.chat": Whole(ChatCompletion, OPENAI, frozenset({"metadata"})),
    "openai.responses": Whole(
        Response,
        RESPONSE,
        REPEATED,
    ),
    "anthropic.messages": Whole(Message, MESSAGE),
    "gemini.generate_content": Whole(GenerateContentResponse, GEMINI, fuller=GROUNDED),
    "bedrock.converse": Whole(bedrock("Converse"), CONVERSE),
    "cohere.chat": Whole(V2ChatResponse, COHERE),
    "ollama.chat": Whole(ChatResponse, OLLAMA),
}

CONTEXT = Context(model="m", id="x", now=7)


class Told(NamedTuple):
    """What a client gets, and what is named as lost."""

    body: bytes | str
    lost: frozenset[str]


def told(provider: str, client: str, answer: Json) -> Told:
    """An answer on its way to a client."""
    bridge = DIALECTS[client].towards(DIALECTS[provider], Quirks())
    try:
        body, seen = bridge.whole(orjson.dumps(answer), CONTEXT)
    except GatewayError as error:
        return Told(str(error), frozenset())  # loud enough
    assert body is not None
    return Told(body, frozenset(seen.lost))


def is_silent(provider: str, client: str, leaf: Leaf) -> bool:
    """Whether a client learns nothing of a member, and nobody names it."""
    got = told(provider, client, leaf.value)
    if isinstance(got.body, str) or covers(got.lost, leaf.path):
        return False
    return got == told(provider, client, leaf.without)


def tries(provider: str) -> list[Leaf]:
    """The answers with one member more, whatever it may say."""
    whole = ANSWERS[provider]
    return [
        leaf
        for leaf in leaves(whole.model, whole.fuller or whole.base)
        if leaf.value != leaf.without
        and re.split(r"\W", leaf.path, maxsplit=1)[0] not in whole.echoes
        and not SILENT.fullmatch(leaf.path)
    ]


@pytest.mark.parametrize("provider", ANSWERS)
def test_no_member_of_an_answer_is_lost_in_silence(provider: str):
    clients = [name for name in ANSWERS if name != provider]
    silent = [
        (leaf.path, client)
        for leaf in tries(provider)
        for client in clients
        if is_silent(provider, client, leaf)
    ]
    assert silent == []


@pytest.mark.parametrize("provider", ANSWERS)
def test_of_a_plain_answer_nothing_is_lost(provider: str):
    clients = [name for name in ANSWERS if name != provider]
    assert not any(told(provider, client, ANSWERS[provider].base).lost for client in clients)
