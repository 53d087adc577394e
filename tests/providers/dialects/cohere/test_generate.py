"""Cohere's Generate API, judged by version 1 of the cohere SDK's client."""

import warnings
from typing import Any

import cohere
import httpx
import orjson
import pytest
from cohere.core.api_error import ApiError as SdkError

from providers.bridging.dialect import Context
from providers.dialects.cohere.generate import DIALECT
from providers.errors import ApiError, Cause, InvalidRequest, Unsupported, cause_of
from providers.neutral.chat import ChatRequest, ChatResponse, Choice, Finish, Text
from providers.neutral.deltas import AnyDelta, Begin, End, Failed, TextDelta, Used
from providers.neutral.prompts import said
from providers.usage import Usage

CONTEXT = Context(model="shown", id="id-1", now=1, echo={"prompt": "say"})
USAGE = Usage(input=3, output=2)
LIKELY = {"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "top_logprobs": []}


def asked(**members: Any) -> ChatRequest:
    return DIALECT.parse_request({"model": "m", "prompt": "say", **members}, "", False)


def sdk(answer: bytes, status: int = 200) -> cohere.Client:
    def serve(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers={"content-type": "application/json"}, content=answer)

    http = httpx.Client(transport=httpx.MockTransport(serve))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cohere.Client(
            api_key="k", base_url="http://gateway.test", httpx_client=http, max_retries=0
        )


def generate(client: cohere.Client) -> cohere.Generation:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return client.generate(prompt="say")


def events(client: cohere.Client) -> list[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(client.generate_stream(prompt="say"))


def stream(deltas: list[AnyDelta]) -> bytes:
    renderer = DIALECT.renderer(CONTEXT)
    return b"".join(renderer.feed([delta]) for delta in deltas) + renderer.flush()


def parsed(wire: bytes) -> list[AnyDelta]:
    parser = DIALECT.parser()
    return parser.feed(wire) + parser.flush()


def test_every_member_survives() -> None:
    wire = {
        "model": "m",
        "prompt": "say",
        "num_generations": 2,
        "max_tokens": 5,
        "temperature": 0.5,
        "seed": 1,
        "k": 3,
        "p": 0.5,
        "frequency_penalty": 0.5,
        "presence_penalty": 0.5,
        "end_sequences": ["x"],
        "return_likelihoods": "GENERATION",
        "stream": True,
        "truncate": "END",
        "raw_prompting": True,
    }
    dropped: list[str] = []
    assert DIALECT.render_request(DIALECT.parse_request(wire, "", False), dropped) == wire
    assert dropped == []


def test_what_the_api_generates_by_default_is_said() -> None:
    assert asked().max_tokens == 20
    assert asked(max_tokens=0).max_tokens == 0


def test_both_kinds_of_stops_stop() -> None:
    assert asked(end_sequences=["a"], stop_sequences=["b"]).stop == ("a", "b")


@pytest.mark.parametrize(
    ("members", "found", "lost"),
    [
        ({"temperature": 9}, {"temperature": 5}, ["temperature"]),
        ({"top_p": 1}, {"p": 0.99}, []),
        ({"top_p": 0}, {"p": 0.01}, ["top_p"]),
        ({"top_k": 900}, {"k": 500}, ["top_k"]),
        ({"presence_penalty": -1}, {"presence_penalty": 0}, ["presence_penalty"]),
        ({"extras": {"x": 1}}, {}, ["x"]),
    ],
)
def test_values_are_the_nearest_that_the_api_takes(
    members: dict[str, Any], found: dict[str, Any], lost: list[str]
) -> None:
    dropped: list[str] = []
    body = DIALECT.render_request(ChatRequest(model="m", messages=said("say"), **members), dropped)
    assert body == {"model": "m", "prompt": "say", **found}
    assert dropped == lost


REFUSED: list[tuple[dict[str, Any], type[InvalidRequest], str]] = [
    ({"prompt": None}, InvalidRequest, "prompt"),
    ({"prompt": ["a"]}, InvalidRequest, "prompt"),
    ({"preset": "mine"}, Unsupported, "preset"),
    ({"return_likelihoods": "ALL"}, Unsupported, "return_likelihoods"),
    ({"return_likelihoods": "X"}, InvalidRequest, "return_likelihoods"),
    ({"end_sequences": "x"}, InvalidRequest, "end_sequences"),
    ({"k": "x"}, InvalidRequest, "k"),
]


@pytest.mark.parametrize(("body", "error", "param"), REFUSED)
def test_what_cannot_be_said_elsewhere_is_refused_by_name(
    body: dict[str, Any], error: type[InvalidRequest], param: str
) -> None:
    with pytest.raises(error) as refused:
        asked(**body)
    assert refused.value.param == param


def test_what_asks_for_nothing_is_taken() -> None:
    idle = asked(preset=None, return_likelihoods="NONE", end_sequences=None, stream=False)
    assert idle == asked()


def test_more_generations_than_there_can_be_are_refused() -> None:
    with pytest.raises(Unsupported) as refused:
        DIALECT.render_request(ChatRequest(model="m", messages=said("say"), n=6), [])
    assert refused.value.param == "n"


def test_a_model_may_be_named_by_a_header_alone() -> None:
    assert DIALECT.parse_request({"prompt": "say"}, "", False).model == ""
    assert DIALECT.edits({"prompt": "say"}, "m", True) == {"model": "m"}
    assert DIALECT.edits({"model": "m"}, "m", True) == {}


CHOICES = (
    Choice(parts=(Text(text="Hi"),), finish=Finish.LENGTH, logprobs={"content": [LIKELY]}),
    Choice(parts=(Text(text="Ho"),), finish=Finish.STOP, index=1),
)


def test_the_sdk_reads_a_whole_answer() -> None:
    response = ChatResponse(id="x", model="m", choices=CHOICES, usage=USAGE)
    body = DIALECT.render_response(response, CONTEXT)
    answer = generate(sdk(orjson.dumps(body)))
    assert (answer.id, answer.prompt) == ("x", "say")
    assert [one.text for one in answer.generations] == ["Hi", "Ho"]
    assert [one.index for one in answer.generations] == [0, 1]
    assert answer.generations[0].likelihood == -0.5
    assert answer.generations[0].token_likelihoods[0].token == "Hi"
    assert (answer.meta.billed_units.input_tokens, answer.meta.billed_units.output_tokens) == (3, 2)
    again = DIALECT.parse_response(body)
    assert (again.choices, again.usage, again.id) == (CHOICES, USAGE, "x")


@pytest.mark.parametrize(
    ("meta", "usage"),
    [
        (None, None),
        ({}, None),
        ({"billed_units": {"input_tokens": 3.0, "output_tokens": 2.0}}, USAGE),
        (
            {
                "billed_units": {"input_tokens": 1, "output_tokens": 1},
                "tokens": {"input_tokens": 3, "output_tokens": 2},
                "cached_tokens": 2,
            },
            Usage(input=3, output=2, cache_read=2),
        ),
        ({"tokens": {"input_tokens": 3}}, Usage(input=3, estimated=True)),
    ],
)
def test_counts_are_read(meta: Any, usage: Usage | None) -> None:
    body = {"id": "x", "generations": [{"text": "Hi"}], "meta": meta}
    assert DIALECT.parse_response(body).usage == DIALECT.watch(body).usage == usage


DELTAS: list[AnyDelta] = [
    Begin(id="x", model="m"),
    TextDelta(text="H", part=0),
    TextDelta(text="o\u2028", part=0, choice=1),
    TextDelta(text="i", part=0),
    End(finish=Finish.LENGTH),
    End(finish=Finish.STOP, choice=1),
    Used(usage=USAGE),
]


def test_the_sdk_reads_a_stream() -> None:
    *told, end = events(sdk(stream(DELTAS)))
    assert [(event.index, event.text) for event in told] == [(0, "H"), (1, "o\u2028"), (0, "i")]
    assert {event.event_type for event in told} == {"text-generation"}
    assert (end.event_type, end.finish_reason) == ("stream-end", "MAX_TOKENS")
    assert end.response.prompt == "say"
    assert [(one.text, one.finish_reason) for one in end.response.generations] == [
        ("Hi", "MAX_TOKENS"),
        ("o\u2028", "COMPLETE"),
    ]


def test_a_stream_of_several_generations_survives() -> None:
    again = parsed(stream(DELTAS))
    assert [delta for delta in again if isinstance(delta, TextDelta)] == DELTAS[1:4]
    assert [delta for delta in again if isinstance(delta, End)] == DELTAS[4:6]
    assert Used(usage=USAGE) in again


LINES = (
    b'{"is_finished":false,"event_type":"text-generation","text":"Hi"}',
    b'{"is_finished":true,"event_type":"stream-end","finish_reason":"STOP_SEQUENCE",'
    b'"response":{"id":"x"}}',
)


@pytest.mark.parametrize("before", [b"", b"data: ", b"event: x\ndata: "])
def test_both_framings_are_read(before: bytes) -> None:
    wire = b"".join(before + line + b"\n\n" for line in LINES) + b"data: [DONE]\n"
    assert parsed(wire) == [
        Begin(id="", model=""),
        TextDelta(text="Hi", part=0),
        End(finish=Finish.STOP_SEQUENCE),
    ]


def test_a_failure_in_mid_stream_is_told_to_the_sdk() -> None:
    error = ApiError(status=504, cause=Cause.TIMEOUT, message="out of luck")
    *_, last = events(sdk(stream([*DELTAS[:2], Failed(error=error)])))
    assert (last.event_type, last.err, last.finish_reason) == (
        "stream-error",
        "out of luck",
        "TIMEOUT",
    )
    *_, failed = parsed(stream([*DELTAS[:2], Failed(error=error)]))
    assert failed == Failed(error=error)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 498, 499, 500, 501, 503, 504])
def test_an_error_is_raised_as_its_class(status: int) -> None:
    error = ApiError(status=status, cause=cause_of(status), message='no "way"', request_id="r")
    told, headers, body = DIALECT.render_error(error)
    assert headers["x-request-id"] == "r"
    with pytest.raises(SdkError) as raised:
        generate(sdk(body, told))
    assert raised.value.status_code == status
    assert raised.value.body == {"message": 'no "way"', "id": "r"}


@pytest.mark.parametrize(
    ("status", "cause"), [(498, Cause.AUTHENTICATION), (422, Cause.INVALID_REQUEST)]
)
def test_statuses_of_coheres_own_are_understood(status: int, cause: Cause) -> None:
    error = DIALECT.parse_error(status, {}, b'{"message":"m","id":"i"}')
    assert (error.cause, error.message, error.request_id) == (cause, "m", "i")


def test_overload_is_unavailability_here() -> None:
    error = ApiError(status=529, cause=Cause.OVERLOADED, message="x")
    assert DIALECT.render_error(error)[0] == 503
