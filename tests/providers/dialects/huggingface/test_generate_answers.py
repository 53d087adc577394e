"""Answers of Text Generation Inference, read by huggingface_hub's client."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import huggingface_hub
import orjson
import pytest
from huggingface_hub import TextGenerationOutput
from huggingface_hub.errors import (
    GenerationError,
    HfHubHTTPError,
    OverloadedError,
    TextGenerationError,
    ValidationError,
)
from huggingface_hub.utils import close_session
from huggingface_hub.utils._http import default_client_factory

from providers.bridging.dialect import Context
from providers.dialects.huggingface.generate import DIALECT
from providers.errors import ApiError, Cause, cause_of
from providers.neutral.chat import ChatResponse, Choice, Finish, Text
from providers.neutral.deltas import AnyDelta, Begin, End, Failed, Ping, TextDelta, Used
from providers.usage import Usage
from tests.providers.dialects import streaming

LIKELY = {
    "token": "Hi",
    "logprob": -0.5,
    "bytes": [72, 105],
    "top_logprobs": [{"token": "Ho", "logprob": -1.5, "bytes": [72, 111]}],
}
USAGE = Usage(input=3, output=2)

Sdk = Callable[..., huggingface_hub.InferenceClient]


@pytest.fixture
def sdk() -> Iterator[Sdk]:
    """A client that is answered with the given bytes."""

    def made(
        answer: bytes, kind: str = "application/json", status: int = 200
    ) -> huggingface_hub.InferenceClient:
        def serve(request: httpx2.Request) -> httpx2.Response:
            return httpx2.Response(status, headers={"content-type": kind}, content=answer)

        transport = httpx2.MockTransport(serve)
        huggingface_hub.set_client_factory(lambda: httpx2.Client(transport=transport))
        return huggingface_hub.InferenceClient(model="http://gateway.test/generate", token="k")

    yield made
    close_session()
    huggingface_hub.set_client_factory(default_client_factory)


def context(**echo: Any) -> Context:
    return Context(model="shown", id="i", now=1, echo=echo)


def response(**members: Any) -> ChatResponse:
    choice = Choice(parts=(Text(text="Hi"),), finish=Finish.LENGTH, **members)
    return ChatResponse(id="x", model="m", choices=(choice,), usage=USAGE)


def test_the_sdk_reads_a_whole_answer(sdk: Sdk) -> None:
    body = DIALECT.render_response(response(), context())
    assert body == {"generated_text": "Hi"}
    assert sdk(orjson.dumps(body)).text_generation("x") == "Hi"
    full = DIALECT.render_response(response(), context(prompt="say "))
    assert full["generated_text"] == "say Hi"
    detailed = DIALECT.render_response(
        response(logprobs={"content": [LIKELY]}), context(details=True)
    )
    answer = sdk(orjson.dumps(detailed)).text_generation("x", details=True)
    assert isinstance(answer, TextGenerationOutput)
    details = answer.details
    assert details is not None
    assert (details.finish_reason, details.generated_tokens) == ("length", 2)
    assert [(token.text, token.logprob) for token in details.tokens] == [("Hi", -0.5)]
    assert details.top_tokens is not None
    assert details.top_tokens == [[{"id": 0, "text": "Ho", "logprob": -1.5, "special": False}]]
    assert DIALECT.parse_response(detailed).choices[0].logprobs == {"content": [LIKELY]}


WHOLE = {
    "generated_text": "Hi",
    "details": {
        "finish_reason": "stop_sequence",
        "generated_tokens": 2,
        "seed": 1,
        "prefill": [{"id": 1, "text": "a", "logprob": None}] * 3,
        "tokens": [{"id": 1, "text": "Hi", "logprob": -0.5, "special": False}],
    },
}


@pytest.mark.parametrize("body", [WHOLE, {"data": [WHOLE]}, {"data": [WHOLE, {}]}])
def test_an_answer_may_stand_in_an_array(body: dict[str, Any]) -> None:
    found = DIALECT.parse_response(body)
    [choice] = found.choices
    assert (choice.parts, choice.finish) == ((Text(text="Hi"),), Finish.STOP_SEQUENCE)
    assert choice.logprobs is None
    assert found.usage == DIALECT.watch(body).usage == USAGE


def test_without_the_prompts_count_the_usage_is_an_estimate() -> None:
    details = {"finish_reason": "length", "generated_tokens": 2, "prefill": []}
    usage = DIALECT.parse_response({"generated_text": "", "details": details}).usage
    assert usage == Usage(output=2, estimated=True)
    bare = DIALECT.parse_response({"generated_text": "Hi"})
    assert (bare.usage, bare.choices[0].finish) == (None, None)


EVENTS = (
    b": keep-alive\n\n"
    b'data:{"index":1,"token":{"id":5,"text":"He","logprob":-0.5,"special":false},'
    b'"generated_text":null,"details":null}\n\n'
    b'data:{"index":2,"token":{"id":6,"text":"y","logprob":-0.5,"special":false},'
    b'"top_tokens":[{"id":6,"text":"y","logprob":-0.5,"special":false}],'
    b'"generated_text":null,"details":null}\n\n'
    b'data:{"index":3,"token":{"id":2,"text":"</s>","logprob":0.0,"special":true},'
    b'"generated_text":"Hey","details":{"finish_reason":"eos_token","generated_tokens":3,'
    b'"input_length":7,"seed":1}}\n\n'
)


def parsed(*pieces: bytes) -> list[AnyDelta]:
    return streaming.parsed(DIALECT, pieces)


def test_a_servers_stream_is_read() -> None:
    y = {"token": "y", "logprob": -0.5, "bytes": [121]}
    assert parsed(EVENTS) == [
        Ping(),
        Begin(id="", model=""),
        TextDelta(text="He", part=0),
        TextDelta(text="y", part=0, logprobs={"content": [{**y, "top_logprobs": [y]}]}),
        Used(usage=Usage(input=7, output=3)),
        End(finish=Finish.STOP),
    ]


@pytest.mark.parametrize(
    ("event", "deltas"),
    [
        (b'{"generated_text":"Hey"}', [TextDelta(text="Hey", part=0), End(finish=Finish.STOP)]),
        (b'{"token":{"text":""},"generated_text":""}', [End(finish=Finish.STOP)]),
        (
            b'{"token":{"text":"a"},"details":{"finish_reason":"length"}}',
            [TextDelta(text="a", part=0), End(finish=Finish.LENGTH)],
        ),
        (
            b'{"generated_text":"a","details":{"generated_tokens":1}}',
            [
                TextDelta(text="a", part=0),
                Used(usage=Usage(output=1, estimated=True)),
                End(finish=Finish.STOP),
            ],
        ),
    ],
)
def test_streams_of_imitators_are_read(event: bytes, deltas: list[AnyDelta]) -> None:
    assert parsed(b"data: " + event + b"\n\ndata: [DONE]\n\n")[1:] == deltas


def stream(deltas: list[AnyDelta], **echo: Any) -> bytes:
    return streaming.written(DIALECT, deltas, context(**echo))


DELTAS: list[AnyDelta] = [
    Begin(id="x", model="m"),
    TextDelta(text="Hi", part=0, logprobs={"content": [LIKELY]}),
    TextDelta(text=" there", part=0),
    TextDelta(text="no", part=0, choice=1),
    End(finish=Finish.LENGTH),
    Used(usage=USAGE),
]


def test_the_sdk_reads_a_stream(sdk: Sdk) -> None:
    wire = stream(DELTAS, details=True, prompt="say ")
    events = list(sdk(wire, "text/event-stream").text_generation("x", stream=True, details=True))
    assert "".join(event.token.text for event in events) == "Hi there"
    assert [event.index for event in events] == [1, 2, 3]
    assert (events[0].token.logprob, events[1].token.logprob) == (-0.5, None)
    last = events[-1]
    assert last.generated_text == "say Hi there"
    assert last.details is not None
    assert (last.details.generated_tokens, last.details.input_length) == (2, 3)
    assert b'"details":{' not in stream(DELTAS)
    plain = sdk(stream(DELTAS), "text/event-stream").text_generation("x", stream=True)
    assert "".join(plain) == "Hi there"


@pytest.mark.parametrize(
    ("status", "exception"),
    [
        (400, ValidationError),
        (422, ValidationError),
        (429, OverloadedError),
        (529, OverloadedError),
        (500, GenerationError),
        (503, GenerationError),
        (401, HfHubHTTPError),
        (404, HfHubHTTPError),
    ],
)
def test_an_error_is_raised_as_its_class(sdk: Sdk, status: int, exception: type[Exception]) -> None:
    error = ApiError(status=status, cause=cause_of(status), message='no "way"')
    told, headers, body = DIALECT.render_error(error)
    with pytest.raises(exception):
        sdk(body, headers["content-type"], told).text_generation("x")


def test_a_failure_in_mid_stream_is_raised(sdk: Sdk) -> None:
    error = ApiError(status=500, cause=Cause.SERVER, message="out of luck")
    wire = stream([*DELTAS[:2], Failed(error=error)])
    with pytest.raises(TextGenerationError, match="out of luck"):
        list(sdk(wire, "text/event-stream").text_generation("x", stream=True))


@pytest.mark.parametrize(
    ("status", "body", "told", "cause"),
    [
        (422, b'{"error":"e","error_type":"validation"}', 422, Cause.INVALID_REQUEST),
        (424, b'{"error":"e","error_type":"generation"}', 500, Cause.SERVER),
        (429, b'{"error":"e","error_type":"overloaded"}', 429, Cause.RATE_LIMIT),
        (500, b'{"error":"e","error_type":"incomplete_generation"}', 500, Cause.SERVER),
        (503, b'{"error":"e","estimated_time":20.0}', 503, Cause.UNAVAILABLE),
        (400, b'{"error":["e"],"warnings":[]}', 400, Cause.INVALID_REQUEST),
        (401, b'{"error":"e"}', 401, Cause.AUTHENTICATION),
        (404, b"e", 404, Cause.NOT_FOUND),
    ],
)
def test_a_servers_errors_are_understood(status: int, body: bytes, told: int, cause: Cause) -> None:
    error = DIALECT.parse_error(status, {"x-request-id": "r"}, body)
    assert (error.status, error.cause, error.message, error.request_id) == (told, cause, "e", "r")


def test_a_failed_event_says_its_kind() -> None:
    *_, last = parsed(b'data:{"error":"Request failed","error_type":"overloaded"}\n\n')
    assert isinstance(last, Failed)
    assert (last.error.status, last.error.cause) == (429, Cause.RATE_LIMIT)
    relay = DIALECT.relay(True)
    relay.feed(b'data:{"error":"Request failed","error_type":"generation"}\n\n')
    assert relay.flush() == b""
    assert relay.seen.error is not None
    assert relay.seen.error.cause is Cause.SERVER


def test_every_event_that_passes_is_a_token() -> None:
    relay = DIALECT.relay(True)
    assert relay.feed(EVENTS) is None
    assert relay.seen.generated == 3
    assert relay.seen.usage == Usage(input=7, output=3)
