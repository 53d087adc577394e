"""The simulator's text completions, asked by the official clients and by our dialects."""

import json
from typing import Any

import pytest

from providers.bridging.chat import ChatDialect
from providers.catalog import DIALECTS
from providers.errors import Cause
from providers.neutral.chat import ChatRequest, Finish, Message, Role, Text
from providers.neutral.deltas import End, Failed, TextDelta, Used
from providers.neutral.prompts import said
from tests.e2e.writers import WRITERS
from tests.e2e.writers import Failed as Raised

PLACES = {
    "anthropic.complete": "/v1/complete",
    "cohere.generate": "/v1/generate",
    "huggingface.generate": "/generate",
    "llama.generate": "/generate",
    "mistral.fim": "/v1/fim/completions",
    "openai.completions": "/v1/completions",
}
MODELS = {"mistral.fim": "codestral-latest"}
UNCOUNTED = "anthropic.complete"
EVERY = pytest.mark.parametrize("dialect", [DIALECTS[name] for name in PLACES], ids=PLACES)


def send(web: Any, dialect: ChatDialect, text: str = "hello", **members: Any) -> Any:
    model = MODELS.get(dialect.name, "m")
    request = ChatRequest(model=model, messages=said(text), **members)
    body = dialect.render_request(request, [])
    place = PLACES[dialect.name]
    if place == "/generate" and request.stream:
        place = "/generate_stream"
    if dialect.name == "openai.completions" and request.stream:
        body["stream_options"] = {"include_usage": True}
    return web.post(place, json=body)


def order(**orders: Any) -> str:
    return f"hello [[sim: {json.dumps(orders)}]]"


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("stream", [False, True])
def test_the_official_client_is_answered(sim, name, stream):
    writer = WRITERS[name](sim.url, MODELS.get(name, "m"))
    found = writer.answer(stream, "hello there")
    assert found.text.endswith("heard: hello there")
    assert found.finish == writer.stop
    cut = writer.answer(stream, order(tokens=40), max_tokens=16)
    assert cut.finish == writer.length
    with pytest.raises(Raised, match="way") as raised:
        writer.answer(stream, order(status=429, message="no way"))
    assert raised.value.status == 429


@pytest.mark.parametrize("name", WRITERS)
def test_the_official_client_is_told_of_a_failure(sim, name):
    with pytest.raises(Raised, match="out of luck"):
        WRITERS[name](sim.url, MODELS.get(name, "m")).streamed(
            order(tokens=9, error_after=4, message="out of luck")
        )


@EVERY
def test_a_whole_answer_is_read(web, dialect):
    members: dict[str, Any] = {"logprobs": True} if "logprobs" in dialect.carries else {}
    answer = send(web, dialect, **members).raise_for_status()
    found = dialect.parse_response(answer.json())
    [choice] = found.choices
    assert choice.parts[0].text.endswith("heard: hello")
    assert choice.finish is Finish.STOP
    assert bool(choice.logprobs) == bool(members)
    if dialect.name == UNCOUNTED:
        assert found.usage is None
    else:
        assert found.usage.output == 3
        assert found.usage.input > 0
        assert not found.usage.estimated


@EVERY
@pytest.mark.parametrize("orders", [{}, {"cut": "random", "seed": 3}, {"crlf": True}], ids=str)
def test_every_way_to_stream_is_read(web, dialect, orders):
    answer = send(web, dialect, order(**orders), stream=True).raise_for_status()
    assert answer.headers["content-type"].startswith(dialect.stream_type)
    parser, relay = dialect.parser(), dialect.relay(True)
    deltas = parser.feed(answer.content) + parser.flush()
    text = "".join(each.text for each in deltas if isinstance(each, TextDelta))
    assert text.endswith("heard: hello")
    assert End(finish=Finish.STOP) in deltas
    counts = [each.usage.output for each in deltas if isinstance(each, Used)]
    assert counts == ([] if dialect.name == UNCOUNTED else [3])
    assert (relay.feed(answer.content), relay.flush()) == (None, b"")
    assert relay.seen.finish is Finish.STOP


@EVERY
def test_a_failure_in_mid_stream_is_read(web, dialect):
    parser = dialect.parser()
    content = send(web, dialect, order(error_after=2, tokens=9), stream=True).content
    last = (parser.feed(content) + parser.flush())[-1]
    assert isinstance(last, Failed)
    assert last.error.cause is Cause.SERVER


@EVERY
@pytest.mark.parametrize("body", ["own", "html", "empty", "plain", "json", "mislabelled"])
def test_every_error_body_is_read(web, dialect, body):
    answer = send(web, dialect, order(status=503, body=body))
    error = dialect.parse_error(answer.status_code, dict(answer.headers), answer.content)
    assert error.status == 503
    assert error.message


def test_several_texts_come_at_once(web):
    for name in ("cohere.generate", "openai.completions"):
        dialect = DIALECTS[name]
        whole = dialect.parse_response(send(web, dialect, n=2).json())
        assert [choice.index for choice in whole.choices] == [0, 1]
        parser = dialect.parser()
        deltas = parser.feed(send(web, dialect, n=2, stream=True).content) + parser.flush()
        assert {each.choice for each in deltas if isinstance(each, End)} == {0, 1}


def test_the_root_path_answers_with_an_array(web):
    [answer] = web.post("/", json={"inputs": "hello"}).json()
    assert answer == {"generated_text": "tgi heard: hello"}
    full = web.post("/", json={"inputs": "hi ", "parameters": {"return_full_text": True}})
    assert full.json() == [{"generated_text": "hi tgi heard: hi"}]


@pytest.mark.parametrize("model", ["llama-2-7b", "llama-3.1-8b", "llama-4"])
def test_the_last_words_of_a_raw_prompt_are_heard(web, model):
    dialect = DIALECTS["llama.generate"]
    system = Message(role=Role.SYSTEM, parts=(Text(text="be brief"),))
    answered = Message(role=Role.ASSISTANT, parts=(Text(text="yes"),))
    turns = (system, *said("first"), answered, *said("so?"))
    body = dialect.render_request(ChatRequest(model=model, messages=turns), [])
    answer = dialect.parse_response(web.post("/generate", json=body).json())
    assert answer.choices[0].parts == (Text(text="tgi heard: so?"),)


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("/generate", {"inputs": ""}),
    ("/generate", {"inputs": 5}),
    ("/generate", {"inputs": "x", "parameters": {"temperature": 0}}),
    ("/generate", {"inputs": "x", "parameters": {"top_p": 1}}),
    ("/generate", {"inputs": "x", "parameters": {"nonsense": 1}}),
    ("/generate", {"inputs": "x", "parameters": {"grammar": {"type": "json", "value": {}}}}),
    ("/generate_stream", {"inputs": "x", "parameters": {"decoder_input_details": True}}),
    ("/v1/generate", {"prompt": "x", "num_generations": 6}),
    ("/v1/generate", {"prompt": "x", "p": 1}),
    ("/v1/generate", {"prompt": "x", "nonsense": 1}),
    ("/v1/generate", {"model": "m"}),
    ("/v1/generate", {"prompt": "x", "end_sequences": [""]}),
    ("/v1/complete", {"model": "m", "prompt": "x", "max_tokens_to_sample": 5}),
    ("/v1/complete", {"model": "m", "prompt": "\n\nHuman: x", "max_tokens_to_sample": 5}),
    ("/v1/complete", {"model": "m", "prompt": "\n\nHuman: x\n\nAssistant:"}),
    ("/v1/completions", {"model": "m"}),
    ("/v1/completions", {"model": "m", "prompt": "x", "logprobs": 6}),
    ("/v1/completions", {"model": "m", "prompt": "x", "nonsense": 6}),
]


@pytest.mark.parametrize(("path", "body"), WRONG)
def test_what_the_provider_would_refuse_is_refused(web, path, body):
    answer = web.post(path, json=body)
    assert answer.status_code == (422 if path.startswith("/generate") else 400)
    assert "sim:" not in answer.text
