"""Answers in the formats of text completions, and in Cohere's version 1, lose nothing in silence.

As `test_answer_leaves` and `test_stream_leaves` try it of chats: a member more, of each provider.
"""

import re
from typing import Any

import msgspec
import orjson
import pytest
from cohere import Generation
from ollama import GenerateResponse
from openai.types import Completion

from providers.bridging.chat import ChatDialect
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS, ENTRANCES
from providers.errors import GatewayError
from providers.operations import Operation
from tests.providers.matrix import test_answer_leaves as wholes
from tests.providers.matrix.answer_leaves import Json, leaves
from tests.providers.matrix.answer_words import SILENT, covers
from tests.providers.matrix.test_answer_leaves import CONTEXT, COUNTS, IN, OUT, Told

V1 = "cohere.chat at v1"
TEXTS = [
    name for name, one in DIALECTS.items() if one.operation is Operation.COMPLETIONS and one.client
]
CLIENTS = {name: DIALECTS[name] for name in TEXTS} | {V1: ENTRANCES[V1]}
GENERATED = {
    "generated_text": "hello",
    "details": {"finish_reason": "length", "generated_tokens": OUT, "input_length": IN},
}
LINE = {
    "model": "m",
    "created_at": "2026-11-30T01:02:03Z",
    "response": "hello",
    "done": True,
    "done_reason": "stop",
    "prompt_eval_count": IN,
    "eval_count": OUT,
}
CHOICE = {"index": 0, "text": "hello", "finish_reason": "stop", "logprobs": None}
USED = {"prompt_tokens": IN, "completion_tokens": OUT, "total_tokens": IN + OUT}
COMPLETED = {"id": "i", "object": "text_completion", "created": 5, "model": "m"}
PIECE = {"id": "g", "text": "hello", "index": 0, "finish_reason": "COMPLETE"}
META = {"api_version": {"version": "1"}, "tokens": COUNTS, "billed_units": COUNTS}
ANSWERS: dict[str, tuple[Any, Json]] = {
    "openai.completions": (Completion, {**COMPLETED, "choices": [CHOICE], "usage": USED}),
    "cohere.generate": (
        Generation,
        {"id": "i", "prompt": "p", "generations": [PIECE], "meta": META},
    ),
    "ollama.generate": (GenerateResponse, LINE),
}
"""Of text completions, where an SDK knows what they hold."""
DETAILED = msgspec.structs.replace(CONTEXT, echo={"details": True})
"""Of a client of Text Generation Inference that asks for all it can be told."""
COUNTED = re.compile(
    r"(?:usage(?:Metadata)?|meta)\.(?:tokens\.)?(?:prompt|completion|input|output)_?tokens"
    r"|usageMetadata\.\w*TokenCount|(?:prompt_)?eval_count",
    re.IGNORECASE,
)
COUNTLESS = frozenset({"anthropic.complete", "huggingface.generate"})
"""Formats without a place for what every answer has: the tokens of prompt and text."""
ID = re.compile(r".*tool_calls\[function\]\.id|.*\[tool_use\]\.id|.*\.toolUseId|.*\.call_id")
"""Of calls, in version 1, which knows them by name and arguments."""
NOBODYS = re.compile(
    r"context|prompt|usage\.prompt_tokens|usage\.completion_tokens|.*logprobs.*"
    r"|generations\.(?:id|likelihood|finish_reason|token_likelihoods.*)|meta\.(?:api_version|billed_units).*"
    r"|choices\.finish_reason"
)
"""Paths of what says the request again, or nothing without what is beside it."""


def unheard(client: str, path: str) -> bool:
    """Whether a format never has a place for what every answer says."""
    if client in COUNTLESS:
        return COUNTED.fullmatch(path) is not None
    return client == V1 and ID.fullmatch(path) is not None


def told(provider: ChatDialect, client: ChatDialect, answer: Json) -> Told:
    """An answer on its way to a client."""
    try:
        body, seen = client.towards(provider, Quirks()).whole(orjson.dumps(answer), DETAILED)
    except GatewayError as error:
        return Told(str(error), frozenset())
    assert body is not None
    return Told(body, frozenset(seen.lost))


def silent(provider: str, client: str, path: str, value: Json, without: Json) -> bool:
    """Whether a client learns nothing of a member, and nobody names it."""
    got = told(DIALECTS[provider], CLIENTS[client], value)
    if isinstance(got.body, str) or covers(got.lost, path) or unheard(client, path):
        return False
    return got == told(DIALECTS[provider], CLIENTS[client], without)


@pytest.mark.parametrize("client", CLIENTS)
def test_no_member_of_a_chat_is_lost_in_silence(client: str):
    lost = [
        (provider, each.path)
        for provider in wholes.ANSWERS
        for each in wholes.tries(provider)
        if silent(provider, client, *each)
    ]
    assert lost == []


@pytest.mark.parametrize("provider", ANSWERS)
def test_no_member_of_a_completion_is_lost_in_silence(provider: str):
    model, base = ANSWERS[provider]
    found = [
        each
        for each in leaves(model, base)
        if each.value != each.without
        and not SILENT.fullmatch(each.path)
        and not NOBODYS.fullmatch(each.path)
    ]
    clients = [name for name in CLIENTS if name != provider]
    lost = [(e.path, client) for e in found for client in clients if silent(provider, client, *e)]
    assert lost == []


PLAIN = {name: base for name, (_, base) in ANSWERS.items()}
PLAIN |= {name: each.base for name, each in wholes.ANSWERS.items()}
PLAIN["huggingface.generate"] = GENERATED
PLAIN["anthropic.complete"] = {
    **{"type": "completion", "id": "i", "completion": "hello", "model": "m", "log_id": "i"},
    **{"stop_reason": "stop_sequence", "stop": "\n\nHuman:"},
}


@pytest.mark.parametrize("provider", PLAIN)
def test_of_a_plain_answer_nothing_is_lost(provider: str):
    for client in CLIENTS:
        if client != provider:
            assert told(DIALECTS[provider], CLIENTS[client], PLAIN[provider]).lost == frozenset()


def spoken(provider: str, client: str, *events: Json) -> frozenset[str]:
    """What is lost of a stream."""
    dialect = CLIENTS[client]
    relay = dialect.towards(DIALECTS[provider], Quirks()).stream(DETAILED)
    made = b"".join(b"data: %b\n\n" % orjson.dumps(event) for event in events)
    assert (relay.feed(made) or b"") + relay.flush()
    assert relay.seen.error is None
    return frozenset(relay.seen.lost)


@pytest.mark.parametrize("client", CLIENTS)
def test_thoughts_and_calls_in_a_stream(client: str):
    call = {"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}
    deltas: list[Json] = [
        {"role": "assistant", "reasoning_content": "hm"},
        {"content": "hello"},
        {"tool_calls": [call]},
    ]
    events = [
        {"id": "i", "model": "m", "choices": [{"index": 0, "delta": delta}]} for delta in deltas
    ]
    ended = {"index": 0, "delta": {}, "finish_reason": "tool_calls"}
    lost = spoken("openai.chat", client, *events, {"id": "i", "choices": [ended]})
    assert ("thinking" in lost) is (client != "ollama.generate")
    assert ("tool_calls" in lost) is (client != V1)


SAID: dict[str, tuple[Json, ...]] = {
    "openai.completions": (
        {**COMPLETED, "choices": [{**CHOICE, "finish_reason": None}]},
        {**COMPLETED, "choices": [{**CHOICE, "text": ""}], "prompt_text": "p"},
    ),
    "cohere.generate": (
        {"event_type": "text-generation", "text": "hello", "index": 0, "is_finished": False},
        {
            "event_type": "stream-end",
            "is_finished": True,
            "finish_reason": "COMPLETE",
            "response": {"id": "i", "generations": [PIECE], "meta": META, "prompt_text": "p"},
        },
    ),
    "anthropic.complete": (
        {"type": "completion", "completion": "hello", "stop_reason": None, "model": "m"},
        {**PLAIN["anthropic.complete"], "completion": "", "prompt_text": "p"},
    ),
    "huggingface.generate": (
        {"index": 1, "token": {"id": 1, "text": "hello", "special": False}},
        {"index": 2, **GENERATED, "prompt_text": "p"},
    ),
}


@pytest.mark.parametrize("provider", SAID)
def test_what_only_one_provider_says_in_a_stream_is_named(provider: str):
    for client in CLIENTS:
        if client != provider:
            lost = spoken(provider, client, *SAID[provider])
            assert {name.rpartition(".")[2] for name in lost} == {"prompt_text"}


def test_ollamas_last_line_is_looked_at():
    relay = CLIENTS["openai.completions"].towards(DIALECTS["ollama.generate"], Quirks())
    stream = relay.stream(CONTEXT)
    stream.feed(orjson.dumps({**LINE, "context": [1, 2], "image": "iVBORw0KGgo="}) + b"\n")
    assert stream.seen.lost == ("image",)


def test_version_1_tells_what_is_cited():
    page = {"url": "https://a.test", "title": "t", "start_index": 0, "end_index": 5}
    annotation = {"type": "url_citation", "url_citation": page}
    said = {"role": "assistant", "content": "hello", "annotations": [annotation]}
    choice = {"index": 0, "finish_reason": "stop", "message": said}
    got = told(DIALECTS["openai.chat"], CLIENTS[V1], {**wholes.OPENAI, "choices": [choice]})
    document = {"id": "https://a.test", "url": "https://a.test", "title": "t"}
    assert orjson.loads(got.body)["documents"] == [document]
    assert got.lost == frozenset()
