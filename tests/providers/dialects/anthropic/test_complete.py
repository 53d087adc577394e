"""Anthropic's Text Completions, judged by the anthropic SDK's own transport.

Its `completions` are gone since version 1; what read them, the SDK still has.
"""

from typing import Any

import anthropic
import httpx2
import orjson
import pytest
from anthropic._models import BaseModel
from hypothesis import given

from providers.bridging.dialect import Context
from providers.bridging.fidelity import Feature
from providers.dialects.anthropic.complete import DIALECT
from providers.errors import ApiError, Cause, InvalidRequest, cause_of
from providers.neutral.chat import ChatRequest, ChatResponse, Choice, Finish, Message, Role, Text
from providers.neutral.deltas import AnyDelta, Begin, End, Failed, Ping, TextDelta, Used
from providers.neutral.prompts import said
from providers.usage import Usage
from tests.providers.dialects import streaming
from tests.strategies import words

CONTEXT = Context(model="shown", id="compl_1", now=1)
FRAME = "\n\nHuman: say\n\nAssistant:"


class Completion(BaseModel):
    """https://platform.claude.com/docs/en/api/complete"""

    id: str
    completion: str
    model: str
    stop_reason: str | None
    stop: str | None
    type: str


def asked(**members: Any) -> ChatRequest:
    body = {"model": "m", "prompt": FRAME, "max_tokens_to_sample": 9, **members}
    return DIALECT.parse_request(body, "", False)


def rendered(dropped: list[str] | None = None, **members: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"model": "m", "messages": said("say"), **members}
    return DIALECT.render_request(ChatRequest(**given), [] if dropped is None else dropped)


def sdk(answer: bytes, content_type: str, status: int = 200) -> anthropic.Anthropic:
    def serve(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status, headers={"content-type": content_type}, content=answer)

    return anthropic.Anthropic(
        api_key="k",
        base_url="http://gateway.test",
        max_retries=0,
        http_client=httpx2.Client(transport=httpx2.MockTransport(serve)),
    )


def complete(client: anthropic.Anthropic) -> Completion:
    return client.post("/v1/complete", body={}, cast_to=Completion)


def streamed(client: anthropic.Anthropic) -> list[Completion]:
    form = anthropic.Stream[Completion]
    return list(
        client.post("/v1/complete", body={}, cast_to=Completion, stream=True, stream_cls=form)
    )


def stream(deltas: list[AnyDelta]) -> bytes:
    return streaming.written(DIALECT, deltas, CONTEXT)


def parsed(wire: bytes) -> list[AnyDelta]:
    return streaming.parsed(DIALECT, [wire])


def test_every_member_survives() -> None:
    wire = {
        "model": "m",
        "prompt": FRAME,
        "max_tokens_to_sample": 9,
        "temperature": 0.5,
        "top_p": 0.5,
        "top_k": 3,
        "stop_sequences": ["x"],
        "metadata": {"user_id": "u"},
        "stream": True,
    }
    dropped: list[str] = []
    assert DIALECT.render_request(DIALECT.parse_request(wire, "", False), dropped) == wire
    assert dropped == []


def turn(role: Role, text: str) -> Message:
    return Message(role=role, parts=(Text(text=text),))


@pytest.mark.parametrize(
    ("prompt", "messages"),
    [
        (FRAME, said("say")),
        ("Human: say\n\nAssistant:", said("say")),
        ("say", said("say")),
        ("\n\nAssistant: say", said("\n\nAssistant: say")),
        ("\n\nHuman:\n\nAssistant:", said("\n\nHuman:\n\nAssistant:")),
        (
            "be brief\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant: d",
            (
                turn(Role.SYSTEM, "be brief"),
                turn(Role.USER, "a"),
                turn(Role.ASSISTANT, "b"),
                turn(Role.USER, "c"),
                turn(Role.ASSISTANT, "d"),
            ),
        ),
        ("\n\nHuman: a Human: b\nAssistant: c", said("a Human: b\nAssistant: c")),
    ],
)
def test_turns_in_a_prompt_are_turns(prompt: str, messages: tuple[Message, ...]) -> None:
    assert asked(prompt=prompt).messages == messages


def test_one_users_words_are_framed_and_a_frame_stays() -> None:
    assert rendered()["prompt"] == FRAME
    for framed in (FRAME, "\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant:"):
        assert rendered(messages=said(framed))["prompt"] == framed
    assert rendered(messages=said("a\n\nHuman: b"))["prompt"].startswith("\n\nHuman: a\n\nHuman")


@given(words)
def test_what_is_framed_is_read_again(text: str) -> None:
    text = text.strip()
    if text:
        prompt = rendered(messages=said(text))["prompt"]
        assert asked(prompt=prompt).messages == said(text)


def test_what_the_api_demands_is_there() -> None:
    assert rendered() == {"model": "m", "prompt": FRAME, "max_tokens_to_sample": 4096}
    assert DIALECT.request_headers == {"anthropic-version": "2023-06-01"}
    assert DIALECT.edits({"model": "a"}, "b", True) == {"model": "b"}


def test_what_cannot_be_told_is_named() -> None:
    dropped: list[str] = []
    body = rendered(dropped, temperature=1.5, extras={"x": 1})
    assert body["temperature"] == 1
    assert dropped == [Feature.TEMPERATURE, "x"]
    assert asked(metadata={"user_id": "u", "a": 1}, x=1).extras == {"x": 1, "metadata": {"a": 1}}


REFUSED = [
    ({"max_tokens_to_sample": None}, "max_tokens_to_sample"),
    ({"prompt": None}, "prompt"),
    ({"prompt": ["a"]}, "prompt"),
    ({"metadata": {"user_id": 5}}, "metadata.user_id"),
    ({"stop_sequences": ["a", 5]}, "stop_sequences[1]"),
]


@pytest.mark.parametrize(("body", "param"), REFUSED)
def test_what_is_wrong_is_named(body: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        asked(**body)
    assert refused.value.param == param


@pytest.mark.parametrize(
    ("finish", "sequence", "reason", "stop"),
    [
        (Finish.STOP, None, "stop_sequence", "\n\nHuman:"),
        (Finish.STOP_SEQUENCE, "x", "stop_sequence", "x"),
        (Finish.LENGTH, None, "max_tokens", None),
    ],
)
def test_the_sdk_reads_a_whole_answer(
    finish: Finish, sequence: str | None, reason: str, stop: str | None
) -> None:
    choice = Choice(parts=(Text(text=" Hi"),), finish=finish, stop_sequence=sequence)
    response = ChatResponse(id="", model="", choices=(choice,), usage=Usage(input=1, output=1))
    body = DIALECT.render_response(response, CONTEXT)
    with sdk(orjson.dumps(body), "application/json") as client:
        answer = complete(client)
    assert (answer.id, answer.model, answer.completion) == ("compl_1", "shown", " Hi")
    assert (answer.type, answer.stop_reason, answer.stop) == ("completion", reason, stop)
    assert DIALECT.parse_response(body).choices == (choice,)


DELTAS: list[AnyDelta] = [
    Begin(id="x", model="m"),
    TextDelta(text=" Hi", part=0),
    Ping(),
    TextDelta(text="no", part=0, choice=1),
    TextDelta(text=" there", part=0),
    End(finish=Finish.STOP_SEQUENCE, stop_sequence="."),
]


def test_the_sdk_reads_a_stream() -> None:
    with sdk(stream([*DELTAS, Used(usage=Usage(output=2))]), "text/event-stream") as client:
        pieces = streamed(client)
    assert [piece.completion for piece in pieces] == [" Hi", " there", ""]
    assert [piece.stop_reason for piece in pieces] == [None, None, "stop_sequence"]
    assert {(piece.id, piece.model) for piece in pieces} == {("x", "m")}
    assert pieces[-1].stop == "."


def test_a_stream_survives() -> None:
    assert parsed(stream(DELTAS)) == [*DELTAS[:3], *DELTAS[4:]]


def test_a_failure_in_mid_stream_is_raised() -> None:
    error = ApiError(status=529, cause=Cause.OVERLOADED, message="too busy")
    wire = stream([*DELTAS[:2], Failed(error=error)])
    with (
        sdk(wire, "text/event-stream") as client,
        pytest.raises(anthropic.APIError, match="too busy"),
    ):
        streamed(client)
    *_, last = parsed(wire)
    assert isinstance(last, Failed)
    assert (last.error.status, last.error.cause) == (529, Cause.OVERLOADED)


@pytest.mark.parametrize(
    ("status", "told", "exception"),
    [
        (400, 400, anthropic.BadRequestError),
        (401, 401, anthropic.AuthenticationError),
        (404, 404, anthropic.NotFoundError),
        (413, 413, anthropic.APIStatusError),
        (429, 429, anthropic.RateLimitError),
        (500, 500, anthropic.InternalServerError),
        (529, 529, anthropic.InternalServerError),
    ],
)
def test_an_error_is_raised_as_its_class(
    status: int, told: int, exception: type[anthropic.APIStatusError]
) -> None:
    error = ApiError(status=status, cause=cause_of(status), message='no "way"', request_id="r")
    found, headers, body = DIALECT.render_error(error)
    assert (found, headers["request-id"]) == (told, "r")
    with (
        sdk(body, headers["content-type"], found) as client,
        pytest.raises(exception, match="way") as raised,
    ):
        complete(client)
    assert raised.value.status_code == told
    assert DIALECT.parse_error(found, headers, body).cause is error.cause
