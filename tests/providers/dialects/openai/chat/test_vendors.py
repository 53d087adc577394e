"""What compatible vendors add to OpenAI's answers: the same meaning, whole and streamed."""

from typing import Any

import msgspec
import orjson
import pytest

from providers.bridging.bridge import bridge
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.dialects.openai.chat import DIALECT
from providers.neutral.chat import (
    ChatRequest,
    ChatResponse,
    Citation,
    Finish,
    Message,
    Part,
    Role,
    Signature,
    Text,
    Thinking,
)
from providers.neutral.deltas import AudioDelta, Begin, End, Failed, Used
from providers.usage import Usage
from tests.answers import assembled
from tests.e2e.clients.backends import CHAT
from tests.providers.dialects.openai.chat.wire import CONTEXT, delta, event, parsed

COUNTS = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
PLAIN = Usage(input=10, output=5)
DONE = b"data: [DONE]\n\n"


def issued(place: str) -> Signature:
    return Signature(origin="openai", value=place)


class Case(msgspec.Struct, kw_only=True):
    """An answer as a vendor sends it, and what it means."""

    message: dict[str, Any]
    stream: list[bytes]
    parts: tuple[Part, ...]
    finish: str = "stop"
    usage: dict[str, Any] = msgspec.field(default_factory=lambda: COUNTS)
    counted: Usage = PLAIN
    beside: dict[str, Any] = {}


FILTERED = {"hate": {"filtered": False, "severity": "safe"}}
BLANK = {"id": "", "object": "", "created": 0, "model": ""}
AZURE = Case(
    message={"content": "Hi", "refusal": None},
    stream=[
        event(**BLANK, choices=[], prompt_filter_results=[{"prompt_index": 0}]),
        delta(role="assistant", content="", refusal=None),
        delta(content="Hi"),
        # The asynchronous filter's word on what was already sent.
        event(**BLANK, choices=[{"index": 0, "content_filter_results": FILTERED}]),
        delta(finish="stop"),
        event(choices=[], usage=COUNTS),
    ],
    parts=(Text(text="Hi"),),
    beside={"prompt_filter_results": [{"prompt_index": 0, "content_filter_results": FILTERED}]},
)
DEEPSEEK_COUNTS = {
    **{"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    **{"prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 36},
    "completion_tokens_details": {"reasoning_tokens": 7},
}
DEEPSEEK = Case(
    message={"content": "Hi", "reasoning_content": "hm"},
    stream=[
        delta(role="assistant", content=None, reasoning_content=""),
        delta(content=None, reasoning_content="h"),
        delta(content=None, reasoning_content="m"),
        delta(content="Hi", reasoning_content=None),
        event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}], usage=DEEPSEEK_COUNTS),
    ],
    parts=(Thinking(text="hm", signature=issued("reasoning_content")), Text(text="Hi")),
    usage=DEEPSEEK_COUNTS,
    counted=Usage(input=100, output=20, cache_read=64, reasoning=7),
)


def detail(**members: Any) -> dict[str, Any]:
    form = {"format": "anthropic-claude-v1", "index": 0}
    return {"reasoning_details": [{"type": "reasoning.text", **form, **members}]}


OPENROUTER = Case(
    message={"content": "Hi", "reasoning": "hm", **detail(text="hm", signature="s")},
    stream=[
        b": OPENROUTER PROCESSING\n\n",
        delta(role="assistant", content="", reasoning="h", **detail(text="h")),
        delta(role="assistant", content="", reasoning="m", **detail(text="m")),
        delta(role="assistant", content="", reasoning=None, **detail(signature="s")),
        delta(role="assistant", content="Hi"),
        delta(role="assistant", content="", finish="stop"),
        event(choices=[{"index": 0, "delta": {"content": ""}}], usage={**COUNTS, "cost": 0.01}),
    ],
    parts=(Thinking(text="hm", signature=issued("anthropic-claude-v1|s")), Text(text="Hi")),
)


def mistral(text: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}


REFERENCE = {"type": "reference", "reference_ids": [0, 1]}
MISTRAL = Case(
    message={
        "content": [
            mistral("hm"),
            {"type": "text", "text": "Hi"},
            REFERENCE,
            {"type": "text", "text": " you"},
        ]
    },
    stream=[
        delta(role="assistant", content=""),
        delta(content=[mistral("h")]),
        delta(content=[mistral("m")]),
        delta(content="Hi"),
        delta(content=[REFERENCE, {"type": "text", "text": " you"}]),
        event(
            choices=[{"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}], usage=COUNTS
        ),
    ],
    parts=(Thinking(text="hm", signature=issued("thinking")), Text(text="Hi you")),
)
XAI_COUNTS = {
    **{"prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 135},
    "prompt_tokens_details": {"text_tokens": 32, "cached_tokens": 6},
    "completion_tokens_details": {"reasoning_tokens": 94},
}
PAGES = ["https://a.test/1", "https://b.test/2"]
XAI = Case(
    message={"content": "Hi", "reasoning_content": "hm"},
    stream=[
        delta(role="assistant", content="", reasoning_content="hm"),
        delta(content="Hi"),
        delta(finish="stop"),
        event(choices=[], usage=XAI_COUNTS, citations=PAGES),
    ],
    parts=(
        Thinking(text="hm", signature=issued("reasoning_content")),
        Text(text="Hi", citations=tuple(Citation(url=url) for url in PAGES)),
    ),
    usage=XAI_COUNTS,
    counted=Usage(input=32, output=103, cache_read=6, reasoning=94),
    beside={"citations": PAGES},
)
GROQ = Case(
    message={"content": "Hi", "reasoning": "hm"},
    stream=[
        event(
            choices=[{"index": 0, "delta": {"role": "assistant", "content": ""}}],
            x_groq={"id": "req_1"},
        ),
        delta(reasoning="hm"),
        delta(content="Hi"),
        event(
            choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}],
            x_groq={"id": "req_1", "usage": {**COUNTS, "queue_time": 0.1}},
        ),
    ],
    parts=(Thinking(text="hm", signature=issued("reasoning")), Text(text="Hi")),
    beside={"x_groq": {"id": "req_1"}},
)
FOUND = {
    "citations": ["https://a.test/1"],
    "search_results": [{"title": "A", "url": "https://a.test/1", "snippet": "q", "date": None}],
}
PERPLEXITY = Case(
    message={"content": "Hi[1]"},
    stream=[
        event(choices=[{"index": 0, "delta": {"content": "Hi"}}], **FOUND),
        event(choices=[{"index": 0, "delta": {"content": "[1]"}}], citations=["https://a.test/1"]),
        event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}], usage=COUNTS, **FOUND),
    ],
    parts=(Text(text="Hi[1]", citations=(Citation(url=PAGES[0], title="A", quote="q"),)),),
    beside=FOUND,
)
CASES = {
    "azure": AZURE,
    "deepseek": DEEPSEEK,
    "openrouter": OPENROUTER,
    "mistral": MISTRAL,
    "xai": XAI,
    "groq": GROQ,
    "perplexity": PERPLEXITY,
}


def body_of(case: Case) -> dict[str, Any]:
    message = {"role": "assistant", **case.message}
    choice = {"index": 0, "message": message, "finish_reason": case.finish}
    head = {"id": "c", "object": "chat.completion", "created": 1, "model": "m"}
    return {**head, "choices": [choice], "usage": case.usage, **case.beside}


@pytest.mark.parametrize("name", CASES)
def test_a_whole_answer_is_understood(name: str) -> None:
    case = CASES[name]
    response = DIALECT.parse_response(body_of(case))
    assert response.choices[0].parts == case.parts
    assert (response.choices[0].finish, response.usage) == (Finish.STOP, case.counted)


@pytest.mark.parametrize("name", CASES)
def test_its_stream_means_the_same(name: str) -> None:
    case = CASES[name]
    deltas = parsed([*case.stream, DONE])
    assert assembled(deltas) == [*case.parts]
    assert [each for each in deltas if isinstance(each, Begin)] == [
        Begin(id="c", model="m", created=1)
    ]
    assert [each.usage for each in deltas if isinstance(each, Used)][-1] == case.counted
    assert deltas[-1] == End(finish=Finish.STOP)


@pytest.mark.parametrize("name", CASES)
def test_it_passes_to_clients_of_the_same_format_unchanged(name: str) -> None:
    case = CASES[name]
    passage = bridge(DIALECT, DIALECT, Quirks())
    body, seen = passage.whole(orjson.dumps(body_of(case)), CONTEXT)
    assert (body, seen.usage) == (None, case.counted)
    relay = passage.stream(CONTEXT)
    pieces = [*case.stream, DONE]
    assert [relay.feed(piece) for piece in pieces] == [None] * len(pieces)
    assert relay.flush() == b""
    assert (relay.seen.usage, relay.seen.finish) == (case.counted, Finish.STOP)


@pytest.mark.parametrize("client", [name for name in CHAT if name != DIALECT.name])
@pytest.mark.parametrize("name", CASES)
def test_its_words_and_counts_reach_every_client(name: str, client: str) -> None:
    case = CASES[name]
    crossing = bridge(DIALECTS[client], DIALECT, Quirks())
    body, seen = crossing.whole(orjson.dumps(body_of(case)), CONTEXT)
    shown = DIALECTS[client].parse_response(orjson.loads(body or b""))
    assert seen.usage == case.counted
    assert words(shown) == "".join(part.text for part in case.parts if isinstance(part, Text))
    assert shown.usage is not None
    assert (shown.usage.input, shown.usage.output) == (case.counted.input, case.counted.output)


def words(response: ChatResponse) -> str:
    parts = response.choices[0].parts
    return "".join(part.text for part in parts if isinstance(part, Text))


def test_a_thought_of_mistral_goes_back_as_it_came() -> None:
    thought = Thinking(text="hm", signature=issued("thinking"))
    for texts, said in (((Text(text="Hi"),), [{"type": "text", "text": "Hi"}]), ((), [])):
        turn = Message(role=Role.ASSISTANT, parts=(thought, *texts))
        body = DIALECT.render_request(ChatRequest(model="m", messages=(turn,)), [])
        assert body["messages"] == [{"role": "assistant", "content": [mistral("hm"), *said]}]


def test_a_thought_that_the_responses_api_signed_is_left_out_and_named() -> None:
    thought = Thinking(text="hm", signature=issued("rs_1:gAAA"), id="rs_1")
    turn = Message(role=Role.ASSISTANT, parts=(thought, Text(text="Hi")))
    dropped: list[str] = []
    body = DIALECT.render_request(ChatRequest(model="m", messages=(turn,)), dropped)
    assert body["messages"] == [{"role": "assistant", "content": "Hi"}]
    assert dropped == ["messages.thinking"]


def test_sound_ends_without_a_reason() -> None:
    deltas = parsed(
        [
            delta(role="assistant", audio={"id": "a", "transcript": "Hi"}),
            delta(audio={"data": "AAAA"}),
            delta(audio={"expires_at": 9}),
            DONE,
        ]
    )
    assert deltas[1:-1] == [
        AudioDelta(part=0, id="a", transcript="Hi"),
        AudioDelta(part=0, base64="AAAA"),
        AudioDelta(part=0, expires_at=9),
    ]
    assert deltas[-1] == End(finish=Finish.STOP)


def test_sound_that_ends_after_the_reason_is_told() -> None:
    deltas = parsed(
        [
            delta(audio={"id": "a", "data": "AAAA"}),
            delta(finish="stop"),
            delta(audio={"expires_at": 9}),
            DONE,
        ]
    )
    assert deltas[-2:] == [AudioDelta(part=0, expires_at=9), End(finish=Finish.STOP)]


def test_a_stream_of_nothing_fails() -> None:
    assert isinstance(parsed([DONE])[-1], Failed)
    assert isinstance(parsed([event(choices=[], usage=COUNTS), DONE])[-1], Failed)


def test_azure_breaks_off_what_it_filters() -> None:
    broken = [{"index": 0, "finish_reason": "content_filter", "content_filter_results": FILTERED}]
    deltas = parsed([delta(role="assistant"), delta(content="Hi"), event(choices=broken), DONE])
    assert assembled(deltas) == [Text(text="Hi")]
    assert deltas[-1] == End(finish=Finish.CONTENT_FILTER)
