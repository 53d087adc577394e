"""Ollama's generate API: one turn with a system's words, pictures, a schema and thoughts."""

from typing import Any

import ollama
import orjson
import pytest

from providers.bridging.dialect import Call, Context
from providers.catalog import DIALECTS, PROVIDERS
from providers.dialects.ollama.generate import DIALECT
from providers.errors import InvalidRequest, Unsupported
from providers.neutral.chat import (
    ChatRequest,
    ChatResponse,
    Choice,
    Finish,
    Image,
    JsonOutput,
    Message,
    Reasoning,
    Role,
    Text,
    Thinking,
)
from providers.neutral.deltas import Begin, End, TextDelta, ThinkingDelta, Used
from providers.neutral.media import Data, Url
from providers.operations import Operation
from providers.usage import Usage
from tests.plans import plan, served
from tests.providers.dialects.ollama.chat.wire import client
from tests.providers.dialects.streaming import parsed, relayed, written

CONTEXT = Context(model="shown", id="id-1", now=1_700_000_000)
PICTURE = Image(source=Data(base64="iVBORw0KGgo=", media_type="image/png"))
SYSTEM = Message(role=Role.SYSTEM, parts=(Text(text="Be brief."),))
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}


def parse(**members: Any) -> ChatRequest:
    return DIALECT.parse_request({"model": "m", "prompt": "hi", **members}, "", False)


def test_all_that_a_turn_can_say_is_read_and_written_again() -> None:
    body = {
        "model": "m",
        "prompt": "hi",
        "system": "Be brief.",
        "images": [PICTURE.source.base64],
        "format": SCHEMA,
        "think": "high",
        "stream": False,
        "keep_alive": "5m",
        "options": {"num_predict": 5, "stop": ["END"], "num_ctx": 4096},
    }
    request = DIALECT.parse_request(body, "", False)
    said = Message(role=Role.USER, parts=(Text(text="hi"), PICTURE))
    assert request.messages == (SYSTEM, said)
    assert request.output == JsonOutput(schema=SCHEMA)
    assert request.reasoning == Reasoning(enabled=True, effort="high", show=True)
    assert request.max_tokens == 5
    dropped: list[str] = []
    assert DIALECT.render_request(request, dropped) == body
    assert dropped == []


def test_a_stream_is_what_a_client_gets_that_says_nothing() -> None:
    assert parse().stream is True
    assert parse(stream=False).stream is False


@pytest.mark.parametrize(("name", "value"), [("raw", True), ("template", "t"), ("context", [1, 2])])
def test_what_only_an_ollama_server_can_do_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(Unsupported, match=name) as refused:
        parse(**{name: value})
    assert refused.value.param == name
    assert parse(**{name: type(value)()}) == parse()


def test_what_comes_after_the_gap_is_said_again() -> None:
    assert parse(suffix="x").suffix == "x"
    assert parse(suffix="") == parse()
    assert DIALECT.render_request(parse(suffix="x"), [])["suffix"] == "x"


@pytest.mark.parametrize("body", [{"prompt": ""}, {"prompt": None}, {"prompt": 5}, {"images": 5}])
def test_no_prompt_is_no_request(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse(**body)
    assert refused.value.param in body


def test_a_conversation_or_a_picture_by_url_is_refused() -> None:
    said = Message(role=Role.USER, parts=(Text(text="hi"),))
    linked = Message(role=Role.USER, parts=(Image(source=Url(url="https://a.test/")),))
    for messages in ((said, said), (said, SYSTEM), (linked,)):
        with pytest.raises(Unsupported):
            DIALECT.render_request(ChatRequest(model="m", messages=messages), [])


PARTS = (Thinking(text="hm"), Text(text="Hi"))


def test_the_official_client_reads_a_whole_answer() -> None:
    likely = {"content": [{"token": "Hi", "logprob": -0.5, "bytes": [72], "top_logprobs": []}]}
    choice = Choice(parts=PARTS, finish=Finish.LENGTH, logprobs=likely)
    response = ChatResponse(id="", model="m", choices=(choice,), usage=Usage(input=3, output=2))
    body = orjson.dumps(DIALECT.render_response(response, CONTEXT))
    read = client(body, "application/json").generate("m", "hi")
    assert (read.response, read.thinking, read.done_reason) == ("Hi", "hm", "length")
    assert (read.prompt_eval_count, read.eval_count, read.total_duration) == (3, 2, 0)
    assert read.logprobs is not None
    assert read.logprobs[0].token == "Hi"
    again = DIALECT.parse_response(orjson.loads(body))
    assert [type(part) for part in again.choices[0].parts] == [Thinking, Text]
    assert again.choices[0].logprobs == likely


def test_the_official_client_reads_a_stream() -> None:
    wire = written(
        DIALECT,
        [
            Begin(id="x", model="m"),
            ThinkingDelta(text="hm", part=0),
            TextDelta(text="Hi\u2028", part=1),
            TextDelta(text="!", part=1),
            Used(usage=Usage(input=3, output=2)),
            End(finish=Finish.STOP),
        ],
        CONTEXT,
    )
    pieces = list(client(wire).generate("m", "hi", stream=True))
    assert [(each.response, each.thinking) for each in pieces] == [
        ("", "hm"),
        ("Hi\u2028", None),
        ("!", None),
        ("", None),
    ]
    assert (pieces[-1].done, pieces[-1].eval_count) == (True, 2)
    out, relay = relayed(DIALECT, [wire])
    assert out == wire
    assert (relay.seen.finish, relay.seen.usage) == (Finish.STOP, Usage(input=3, output=2))
    told = [d.text for d in parsed(DIALECT, [wire]) if isinstance(d, TextDelta | ThinkingDelta)]
    assert told == ["hm", "Hi\u2028", "!"]


def test_an_error_is_raised_by_the_official_client() -> None:
    with pytest.raises(ollama.ResponseError, match="out of luck"):
        list(client(b'{"error":"out of luck"}\n').generate("m", "hi", stream=True))


CHATTING = sorted(name for name, each in PROVIDERS.items() if Operation.CHAT in each.dialects)


@pytest.mark.parametrize("name", CHATTING)
def test_every_provider_of_chats_answers_a_prompt_as_a_chat(name: str) -> None:
    target = plan(backends={"up": served(provider=name)}).target(DIALECT, "small", "up")
    spoken = DIALECTS[target.dialect.name]
    assert spoken is DIALECT if name == "ollama" else spoken.operation is Operation.CHAT
    assert target.bridge is not None
    body = {"model": "m", "prompt": "hi", "system": "Be brief.", "stream": False}
    call = Call(data=orjson.dumps(body), body=body, model="m", stream=False)
    sent = target.bridge.request(call)
    assert "system" not in sent.dropped
