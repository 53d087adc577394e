"""OpenAI chat streams: what they say survives any cut, and the SDK takes them."""

from typing import Any

import openai
import orjson
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionChunk

from providers.bridging.dialect import Context
from providers.dialects.openai.chat import DIALECT
from providers.errors import ApiError, Cause
from providers.neutral.chat import (
    ChatResponse,
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
    AudioDelta,
    Begin,
    CitationDelta,
    End,
    Failed,
    PartEnd,
    Ping,
    RefusalDelta,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
    Used,
    WholePart,
)
from providers.usage import Usage
from tests.answers import assembled, streams
from tests.providers.dialects.openai.chat.wire import (
    PICTURE,
    PLAIN,
    SOURCE,
    chunks,
    client,
    delta,
    event,
    parsed,
    render,
    stream,
)
from tests.strategies import cuts


@given(streams(), st.data())
@settings(max_examples=60, deadline=None)
def test_a_stream_survives_wherever_it_is_cut(
    told: tuple[ChatResponse, list[AnyDelta]], data: st.DataObject
) -> None:
    response, deltas = told
    whole = stream(deltas)
    found = parsed(data.draw(cuts(whole)))
    assert found == parsed([whole])
    assert assembled(found) == list(response.choices[0].parts)
    assert found[0] == Begin(id=response.id, model=response.model, created=response.created)
    assert End(finish=response.choices[0].finish or Finish.STOP) in found
    assert [used.usage for used in found if isinstance(used, Used)] == [response.usage]


@given(streams())
@settings(max_examples=40, deadline=None)
def test_every_chunk_is_of_the_official_type(told: tuple[ChatResponse, list[AnyDelta]]) -> None:
    for chunk in chunks(stream(told[1])):
        ChatCompletionChunk.model_validate(chunk, strict=True)


@given(streams())
@settings(max_examples=30, deadline=None)
def test_the_sdks_stream_helper_takes_every_stream(
    told: tuple[ChatResponse, list[AnyDelta]],
) -> None:
    response, deltas = told
    # The helper raises by design where an answer is cut off or filtered.
    assume(response.choices[0].finish in (Finish.STOP, Finish.TOOL_CALLS))
    with client(stream(deltas), "text/event-stream").chat.completions.stream(
        model="m", messages=[{"role": "user", "content": "hi"}]
    ) as events:
        for _ in events:
            pass
        message = events.get_final_completion().choices[0].message
    texts = [part.text for part in response.choices[0].parts if isinstance(part, Text)]
    calls = [part for part in response.choices[0].parts if isinstance(part, ToolCall)]
    assert (message.content or "") == "".join(texts)
    assert [call.function.arguments for call in message.tool_calls or []] == [
        call.arguments for call in calls
    ]


MIXED: list[AnyDelta] = [
    Begin(id="c", model="m"),
    ThinkingDelta(text="hm", part=0),
    SignatureDelta(signature=Signature(origin="anthropic", value="s"), part=0),
    TextDelta(text="ab", part=1),
    CitationDelta(citation=SOURCE, part=1),
    RefusalDelta(text="no", part=2),
    ToolCallBegin(id="x", name="f", part=3),
    SignatureDelta(signature=Signature(origin="gemini", value="g"), part=3),
    PartEnd(part=3),
    WholePart(value=Image(source=PICTURE), part=4),
    WholePart(value=Thinking(redacted=Signature(origin="anthropic", value="r")), part=5),
    WholePart(value=ToolCall(id="y", name="g", arguments='{"a":1}'), part=6),
    WholePart(value=Native(dialect="other", value={}), part=7),
    AudioDelta(part=8, base64="AAAA", transcript="t", id="a", expires_at=5),
    TextDelta(text="two", part=0, choice=1, logprobs={"content": []}),
    End(finish=Finish.STOP, choice=1),
    End(finish=Finish.TOOL_CALLS),
    Used(usage=Usage(input=1, output=2)),
]


def test_the_sdk_assembles_every_kind_of_delta() -> None:
    data = stream(MIXED)
    for chunk in chunks(data):
        ChatCompletionChunk.model_validate(chunk, strict=True)
    with client(data, "text/event-stream").chat.completions.stream(
        model="m", messages=[{"role": "user", "content": "hi"}]
    ) as events:
        final = events.get_final_completion()
    message = final.choices[0].message.model_dump()
    assert message["content"] == "ab"
    assert message["reasoning_content"] == "hm"
    assert message["reasoning_details"][0]["text"] == "hm"
    assert message["reasoning_details"][0]["signature"] == "ai.extproc/anthropic/s"
    assert message["tool_calls"][0]["function"]["arguments"] == "{}"
    assert message["tool_calls"][1]["function"]["arguments"] == '{"a":1}'
    assert message["annotations"][0]["url_citation"]["url"] == "https://a.test/"
    assert final.choices[1].message.content == "two"
    assert final.usage is not None


def test_an_echoed_stream_message_keeps_its_signatures() -> None:
    with client(stream(MIXED), "text/event-stream").chat.completions.stream(
        model="m", messages=[{"role": "user", "content": "hi"}]
    ) as events:
        message = events.get_final_completion().choices[0].message.model_dump()
    message.pop("audio"), message.pop("parsed", None)
    request = DIALECT.parse_request({"model": "m", "messages": [message]}, "", False)
    thinking, redacted, *_ = request.messages[0].parts
    assert thinking == Thinking(text="hm", signature=Signature(origin="anthropic", value="s"))
    assert redacted == Thinking(redacted=Signature(origin="anthropic", value="r"))
    call = next(part for part in request.messages[0].parts if isinstance(part, ToolCall))
    assert call.signature == Signature(origin="gemini", value="g")


def test_every_kind_of_delta_survives() -> None:
    found = parsed([stream(MIXED)])
    for kind in (CitationDelta, RefusalDelta, AudioDelta, SignatureDelta, WholePart):
        mine = [delta for delta in found if isinstance(delta, kind)]
        assert mine, kind
    assert Failed not in {type(delta) for delta in found}
    assert End(finish=Finish.TOOL_CALLS) in found
    assert End(finish=Finish.STOP, choice=1) in found


def test_usage_is_told_only_where_it_was_asked() -> None:
    silent = Context(model="m", id="c", now=1, stream_usage=False)
    assert b'"usage"' not in stream(MIXED, silent)
    last = list(chunks(stream(MIXED)))[-1]
    assert last["choices"] == []
    assert last["usage"]["total_tokens"] == 3


def test_a_stream_that_never_began_is_still_a_stream() -> None:
    data = stream([TextDelta(text="a", part=0), End(finish=Finish.STOP)])
    first = next(iter(chunks(data)))
    assert first["id"] == "chatcmpl-1"
    assert first["choices"][0]["delta"]["role"] == "assistant"
    assert data.endswith(b"data: [DONE]\n\n")


def test_a_failure_is_an_error_event_and_the_end() -> None:
    error = ApiError(status=529, cause=Cause.OVERLOADED, message="busy")
    data = stream([Begin(id="c", model="m"), Failed(error=error), TextDelta(text="x", part=0)])
    assert data.endswith(b"\n\n")
    assert b"[DONE]" not in data
    assert list(chunks(data))[-1]["error"]["code"] == "server_is_overloaded"
    with pytest.raises(openai.APIError, match="busy"):
        for _ in client(data, "text/event-stream").chat.completions.create(
            model="m", messages=[{"role": "user", "content": "hi"}], stream=True
        ):
            pass


def test_a_ping_is_a_comment() -> None:
    assert stream([Ping()]).startswith(b": ")
    assert Ping() in parsed([b": keep-alive\n\n"])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        delta(content="hi"),
        delta(content="hi") + b'data: {"id":"c","cho',
        b"data: nonsense\n\n",
        b"data: [1]\n\n",
    ],
    ids=["nothing", "no end", "cut event", "no json", "no object"],
)
def test_a_stream_that_ends_early_or_makes_no_sense_has_failed(data: bytes) -> None:
    last = parsed([data])[-1]
    assert isinstance(last, Failed)
    assert last.error.status == 502


def test_a_providers_error_in_the_stream_is_the_failure_and_the_end() -> None:
    error = b'data: {"error":{"message":"slow down","code":429}}\n\n'
    found = parsed([delta(content="hi") + error + delta("stop", content="x") + b"data: [DONE]\n\n"])
    assert isinstance(found[-1], Failed)
    assert (found[-1].error.status, found[-1].error.cause) == (429, Cause.RATE_LIMIT)


def test_a_finish_without_done_is_complete() -> None:
    assert parsed([delta("stop", content="hi")])[-1] == End(finish=Finish.STOP)


def test_whole_calls_with_one_index_are_different_calls() -> None:
    one = {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}
    two = {"index": 0, "id": "b", "function": {"name": "g", "arguments": "{}"}}
    found = parsed([delta(tool_calls=[one]) + delta("stop", tool_calls=[two])])
    assert assembled(found) == [
        ToolCall(id="a", name="f", arguments="{}"),
        ToolCall(id="b", name="g", arguments="{}"),
    ]
    assert found[-1] == End(finish=Finish.TOOL_CALLS)


def test_calls_without_index_id_or_early_name_are_understood() -> None:
    pieces = [
        {"function": {"name": "", "arguments": ""}},
        {"function": {"name": "f", "arguments": '{"a"'}},
        {"function": {"arguments": ":1}"}},
    ]
    found = parsed([*(delta(tool_calls=[piece]) for piece in pieces), delta("tool_calls")])
    (call,) = assembled(found)
    assert isinstance(call, ToolCall)
    assert (call.name, call.arguments) == ("f", '{"a":1}')
    assert call.id


def test_a_repeated_id_is_the_same_call() -> None:
    pieces = [
        {"index": 0, "id": "a", "function": {"name": "f", "arguments": text}} for text in "12"
    ]
    found = parsed([*(delta(tool_calls=[piece]) for piece in pieces), delta("stop")])
    assert assembled(found) == [ToolCall(id="a", name="f", arguments="12")]


def test_a_custom_tools_call_is_a_native_part() -> None:
    begin = {"index": 0, "id": "a", "type": "custom", "custom": {"name": "sh", "input": "l"}}
    more = {"index": 0, "custom": {"input": "s"}}
    found = parsed([delta(tool_calls=[begin]), delta(tool_calls=[more]), delta("tool_calls")])
    value = {"id": "a", "type": "custom", "custom": {"name": "sh", "input": "ls"}}
    assert WholePart(value=Native(dialect="openai.chat", value=value), part=0) in found


def test_plain_thoughts_are_told_whose_they_are_and_shown_without_it() -> None:
    pieces = [delta(reasoning_content="h"), delta(reasoning_content="m"), delta(content="hi")]
    found = parsed([*pieces, delta("stop")])
    assert assembled(found) == [Thinking(text="hm", signature=PLAIN), Text(text="hi")]
    kinds = [type(item) for item in found]
    assert kinds.index(SignatureDelta) < kinds.index(TextDelta)
    shown = stream(found)
    assert b"signature" not in shown
    together = parsed([delta("tool_calls", reasoning="hm", tool_calls=[{"index": 0}])])
    assert Signature(origin="openai", value="reasoning") in [
        item.signature for item in together if isinstance(item, SignatureDelta)
    ]


def test_plain_thoughts_survive_a_whole_answer() -> None:
    message = {"content": "hi", "reasoning_content": "hm"}
    response = DIALECT.parse_response({"choices": [{"message": message, "finish_reason": "stop"}]})
    shown = render(response)["choices"][0]["message"]
    assert shown["reasoning_content"] == "hm"
    assert "reasoning_details" not in shown


def test_reasoning_and_its_details_are_counted_once() -> None:
    detail = {"type": "reasoning.text", "index": 0, "text": "hm", "format": "unknown"}
    signed = {"type": "reasoning.text", "index": 0, "signature": "s", "format": "f-v1"}
    found = parsed(
        [
            delta(reasoning="hm", reasoning_details=[detail]),
            delta(reasoning_details=[signed]),
            delta("stop", content="hi"),
        ]
    )
    signature = Signature(origin="openai", value="f-v1|s")
    assert assembled(found) == [Thinking(text="hm", signature=signature), Text(text="hi")]


@given(st.lists(st.binary(max_size=80) | st.just(delta(content="a")), max_size=6))
@settings(max_examples=60, deadline=None)
def test_no_bytes_make_the_parser_raise(pieces: list[bytes]) -> None:
    found = parsed(pieces)
    assert isinstance(found[-1], Failed | End)


MEMBERS = [
    *("choices", "delta", "content", "tool_calls", "function", "usage", "index", "id", "type"),
    *("reasoning_details", "annotations", "images", "audio", "custom", "text", "arguments"),
    *("name", "url_citation", "extra_content", "google"),
]
junk = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(MEMBERS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.lists(junk, max_size=3), junk)
@settings(max_examples=150, deadline=None)
def test_no_json_makes_the_parsers_raise(items: list[Any], message: Any) -> None:
    body = b"".join(
        event(choices=[{"delta": item}])
        + event(choices=item)
        + b"data: "
        + orjson.dumps(item)
        + b"\n\n"
        for item in items
    )
    parsed([body])
    DIALECT.parse_response({"choices": [{"message": message}]})
    DIALECT.watch({"choices": message, "usage": message})
