"""Completions: a prompt served by a chat, and providers that have the API themselves."""

from typing import Any

import httpx2
import openai
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types import Completion

from providers.bridging.dialect import Context, Seen
from providers.dialects.openai.completions import DIALECT
from providers.errors import ApiError, BadAnswer, Cause, InvalidRequest, Unsupported
from providers.neutral.chat import (
    ChatRequest,
    ChatResponse,
    Choice,
    Document,
    Finish,
    Image,
    Message,
    Refusal,
    Role,
    Text,
    Thinking,
    ToolCall,
)
from providers.neutral.deltas import (
    AnyDelta,
    AudioDelta,
    Begin,
    End,
    Failed,
    Ping,
    RefusalDelta,
    TextDelta,
    ThinkingDelta,
    Used,
    WholePart,
)
from providers.neutral.media import PlainText, Url
from providers.usage import Usage
from tests.providers.dialects import streaming
from tests.strategies import cuts, words

CONTEXT = Context(model="shown", id="cmpl-1", now=1_700_000_000)
BEGIN = Begin(id="cmpl-9", model="m", created=7)
USED = Used(usage=Usage(input=3, output=2, cache_read=1, reasoning=1))
LIKELY = {
    "token": "Hi",
    "logprob": -0.5,
    "bytes": [72, 105],
    "top_logprobs": [{"token": "Hi", "logprob": -0.5, "bytes": [72, 105]}],
}


def asked(**members: Any) -> ChatRequest:
    return DIALECT.parse_request({"model": "m", "prompt": "say", **members}, "", False)


def stream(deltas: list[AnyDelta], usage: bool = True) -> bytes:
    context = Context(model="shown", id="cmpl-1", now=1, stream_usage=usage)
    return streaming.written(DIALECT, deltas, context)


def parsed(pieces: list[bytes]) -> list[AnyDelta]:
    return streaming.parsed(DIALECT, pieces)


def relayed(pieces: list[bytes], usage: bool = True) -> tuple[bytes, Seen]:
    out, relay = streaming.relayed(DIALECT, pieces, usage)
    return out, relay.seen


def sdk(answer: bytes, content_type: str, status: int = 200) -> openai.OpenAI:
    def serve(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status, headers={"content-type": content_type}, content=answer)

    return openai.OpenAI(
        api_key="k",
        base_url="http://gateway.test/v1",
        max_retries=0,
        http_client=httpx2.Client(transport=httpx2.MockTransport(serve)),
    )


@pytest.mark.parametrize("prompt", ["say", ["say"]])
def test_a_prompt_is_what_a_user_says(prompt: Any) -> None:
    request = asked(prompt=prompt)
    assert request.messages == (Message(role=Role.USER, parts=(Text(text="say"),)),)


def test_what_the_api_generates_by_default_is_said() -> None:
    assert asked().max_tokens == 16
    assert asked(max_tokens=5).max_tokens == 5


def test_every_other_member_survives() -> None:
    wire = {
        "model": "m",
        "prompt": "say",
        "max_tokens": 5,
        "temperature": 0.5,
        "top_p": 0.5,
        "top_k": 3,
        "n": 2,
        "seed": 1,
        "presence_penalty": 0.5,
        "frequency_penalty": 0.5,
        "logit_bias": {"5": 1},
        "logprobs": 3,
        "stop": ["x"],
        "user": "u",
        "stream": True,
    }
    dropped: list[str] = []
    assert DIALECT.render_request(DIALECT.parse_request(wire, "", False), dropped) == wire
    assert dropped == []


def test_the_usage_event_is_for_who_asks() -> None:
    assert DIALECT.wants_usage({"stream": True, "stream_options": {"include_usage": True}})
    assert not DIALECT.wants_usage({"stream": True, "stream_options": {}})
    assert not DIALECT.wants_usage({"stream": True})


REFUSED: list[tuple[dict[str, Any], type[InvalidRequest], str]] = [
    ({"model": None}, InvalidRequest, "model"),
    ({"prompt": None}, InvalidRequest, "prompt"),
    ({"prompt": []}, InvalidRequest, "prompt"),
    ({"prompt": {}}, InvalidRequest, "prompt"),
    ({"prompt": ["a", "b"]}, Unsupported, "prompt"),
    ({"prompt": [1, 2]}, Unsupported, "prompt"),
    ({"prompt": [[1, 2]]}, Unsupported, "prompt"),
    ({"suffix": 5}, InvalidRequest, "suffix"),
    ({"echo": True}, Unsupported, "echo"),
    ({"best_of": 2}, Unsupported, "best_of"),
    ({"logprobs": True}, InvalidRequest, "logprobs"),
    ({"stop": 5}, InvalidRequest, "stop"),
    ({"temperature": "hot"}, InvalidRequest, "temperature"),
]


@pytest.mark.parametrize(("body", "error", "param"), REFUSED)
def test_what_no_chat_can_do_is_refused_by_name(
    body: dict[str, Any], error: type[InvalidRequest], param: str
) -> None:
    with pytest.raises(error) as refused:
        asked(**body)
    assert refused.value.param == param


def test_what_asks_for_nothing_is_taken() -> None:
    assert asked(suffix="", echo=False, best_of=1, logprobs=None, stop=None) == asked()


def test_a_lone_user_can_be_told_as_a_prompt_and_nobody_else() -> None:
    document = Document(source=PlainText(text="!"))
    said = Message(role=Role.USER, parts=(Text(text="hi"), document))
    request = ChatRequest(model="m", messages=(said,), top_logprobs=9, extras={"x": 1})
    dropped: list[str] = []
    assert DIALECT.render_request(request, dropped) == {
        "model": "m",
        "prompt": "hi!",
        "logprobs": 5,
    }
    assert dropped == ["top_logprobs", "x"]
    picture = Message(role=Role.USER, parts=(Image(source=Url(url="https://a.test/")),))
    for messages in ((said, said), (picture,), (Message(role=Role.SYSTEM),)):
        with pytest.raises(Unsupported):
            DIALECT.render_request(ChatRequest(model="m", messages=messages), [])


def test_the_sdk_reads_a_whole_answer() -> None:
    parts = (Thinking(text="hm"), Text(text="Hi"), Refusal(text="!"))
    call = ToolCall(id="c", name="f", arguments="{}")
    choices = (
        Choice(parts=(*parts, call), finish=Finish.LENGTH, logprobs={"content": [LIKELY]}),
        Choice(parts=(Text(text="b"),), index=1),
    )
    response = ChatResponse(id="", model="", choices=choices, usage=USED.usage)
    body = DIALECT.render_response(response, CONTEXT)
    Completion.model_validate(body)
    answer = sdk(orjson.dumps(body), "application/json").completions.create(model="m", prompt="x")
    assert [choice.text for choice in answer.choices] == ["Hi!", "b"]
    assert [choice.finish_reason for choice in answer.choices] == ["length", "stop"]
    assert answer.choices[0].logprobs is not None
    assert answer.choices[0].logprobs.top_logprobs == [{"Hi": -0.5}]
    assert answer.usage is not None
    assert (answer.usage.total_tokens, answer.id) == (5, "cmpl-1")


FINISHES = st.sampled_from([Finish.STOP, Finish.LENGTH, Finish.CONTENT_FILTER])


@given(st.lists(st.tuples(words, FINISHES), min_size=1, max_size=3))
def test_an_answer_survives_render_and_parse(said: list[tuple[str, Finish]]) -> None:
    choices = tuple(
        Choice(parts=(Text(text=text),), finish=finish, index=index)
        for index, (text, finish) in enumerate(said)
    )
    response = ChatResponse(id="c", model="m", created=7, choices=choices, usage=USED.usage)
    body = orjson.loads(orjson.dumps(DIALECT.render_response(response, CONTEXT)))
    assert DIALECT.parse_response(body) == response
    seen = DIALECT.watch(body)
    assert (seen.usage, seen.model, seen.finish) == (USED.usage, "m", said[0][1])


def test_logprobs_survive() -> None:
    choice = Choice(parts=(Text(text="Hi"),), finish=Finish.STOP, logprobs={"content": [LIKELY]})
    response = ChatResponse(id="c", model="m", created=7, choices=(choice,))
    assert DIALECT.parse_response(DIALECT.render_response(response, CONTEXT)) == response


@pytest.mark.parametrize("body", [{}, {"choices": []}, {"error": {"message": "boom"}}])
def test_no_answer_is_a_bad_answer(body: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer):
        DIALECT.parse_response(body)


def test_the_sdk_reads_a_stream() -> None:
    deltas: list[AnyDelta] = [
        BEGIN,
        ThinkingDelta(text="hm", part=0),
        Ping(),
        TextDelta(text="Hi", part=1, logprobs={"content": [LIKELY]}),
        RefusalDelta(text="!", part=2),
        AudioDelta(part=3, transcript="?"),
        WholePart(value=Text(text="."), part=4),
        End(finish=Finish.LENGTH),
        USED,
    ]
    data = stream(deltas)
    chunks = [
        *sdk(data, "text/event-stream").completions.create(model="m", prompt="x", stream=True)
    ]
    assert "".join(chunk.choices[0].text for chunk in chunks if chunk.choices) == "Hi!?."
    assert chunks[-1].usage is not None
    assert chunks[-2].choices[0].finish_reason == "length"
    assert {chunk.id for chunk in chunks} == {"cmpl-9"}
    assert b"usage" not in stream(deltas, usage=False)


@given(st.lists(words, min_size=1, max_size=5), FINISHES, st.data())
def test_a_stream_survives_render_and_parse_however_it_is_cut(
    said: list[str], finish: Finish, data: st.DataObject
) -> None:
    texts: list[AnyDelta] = [TextDelta(text=text, part=0) for text in said]
    deltas = [BEGIN, *texts, End(finish=finish), USED]
    assert parsed(data.draw(cuts(stream(deltas)))) == deltas


def test_a_failure_raises_in_the_sdk() -> None:
    error = ApiError(status=529, cause=Cause.OVERLOADED, message="too busy")
    data = stream([BEGIN, TextDelta(text="a", part=0), Failed(error=error)])
    with pytest.raises(openai.APIError, match="too busy"):
        list(sdk(data, "text/event-stream").completions.create(model="m", prompt="x", stream=True))
    last = parsed([data])[-1]
    assert isinstance(last, Failed)
    assert last.error.cause is Cause.OVERLOADED


@pytest.mark.parametrize(
    "wire", [b"", b"data: {\n\n", stream([BEGIN])[:0], b'data: {"id":"x"}\n\n']
)
def test_a_stream_that_ends_early_fails(wire: bytes) -> None:
    last = parsed([wire])[-1]
    assert isinstance(last, Failed)
    assert last.error.status == 502


def test_an_error_is_raised_as_its_class() -> None:
    error = ApiError(status=529, cause=Cause.OVERLOADED, message="x", request_id="r")
    status, headers, body = DIALECT.render_error(error)
    assert headers["x-request-id"] == "r"
    with pytest.raises(openai.InternalServerError):
        sdk(body, headers["content-type"], status).completions.create(model="m", prompt="x")
    assert DIALECT.parse_error(status, headers, body).cause is Cause.OVERLOADED


WIRE = stream([BEGIN, TextDelta(text="eight ch", part=0), End(finish=Finish.STOP), USED])


@given(st.data())
def test_a_stream_that_passes_is_seen_however_it_is_cut(data: st.DataObject) -> None:
    out, seen = relayed(data.draw(cuts(WIRE)))
    assert out == WIRE
    assert (seen.usage, seen.model, seen.finish) == (USED.usage, "m", Finish.STOP)
    assert seen.generated == 2


@given(st.data())
def test_the_usage_event_is_kept_from_who_did_not_ask(data: st.DataObject) -> None:
    out, seen = relayed(data.draw(cuts(WIRE)), usage=False)
    assert out == stream([BEGIN, TextDelta(text="eight ch", part=0), End(finish=Finish.STOP)])
    assert seen.usage == USED.usage


def test_a_cut_stream_ends_with_an_error() -> None:
    out, seen = relayed([stream([BEGIN, TextDelta(text="a", part=0)]).removesuffix(DONE)])
    assert b'"error"' in out
    assert seen.error is not None


DONE = b"data: [DONE]\n\n"


def test_a_provider_that_fails_in_mid_stream_is_seen_as_it_passes() -> None:
    begun = stream([BEGIN, TextDelta(text="a", part=0)]).removesuffix(DONE)
    wire = begun + b'data: {"error":{"message":"boom","code":"server_error"}}\n\n'
    out, seen = relayed([wire])
    assert out == wire
    assert seen.error is not None
    assert (seen.error.message, seen.finish) == ("boom", Finish.ERROR)


@pytest.mark.parametrize("odd", [b"data: {\n\n", b"data: [1]\n\n", b": ping\n\n", b"\n\n"])
def test_odd_events_pass_and_do_no_harm(odd: bytes) -> None:
    out, seen = relayed([odd, WIRE])
    assert out == odd + WIRE
    assert seen.usage == USED.usage


def test_a_comment_is_a_ping() -> None:
    assert parsed([b": ping\n\n"])[0] == Ping()


def test_nothing_comes_after_the_end_of_a_choice_or_a_failure() -> None:
    after = b'data: {"choices":[{"index":0,"text":"late"}]}\n\n'
    ended = stream([BEGIN, TextDelta(text="a", part=0), End(finish=Finish.STOP)])
    assert parsed([ended + after]) == parsed([ended])
    broken = b'data: {"error":{"message":"boom"}}\n\n'
    assert [type(delta) for delta in parsed([broken + after + broken])] == [Failed]


def test_a_stream_that_was_never_begun_has_the_ids_of_the_exchange() -> None:
    assert b'"id":"cmpl-1"' in stream([TextDelta(text="a", part=0)])


def test_the_usage_is_asked_of_a_provider_that_streams() -> None:
    assert DIALECT.edits({"model": "a", "stream": True}, "b", True) == {
        "model": "b",
        "stream_options": {"include_usage": True},
    }
    assert DIALECT.edits({"model": "a", "stream": True}, "a", False) == {}
    assert DIALECT.wants_usage({"stream_options": {"include_usage": True}})
