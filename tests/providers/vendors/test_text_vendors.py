"""Who continues a text by an API of its own, where, and for which models."""

import json

import pytest

from extproc.exchange.events import Change
from extproc.exchange.plan import Plan
from extproc.exchange.served import Route
from providers.bridging.estimate import prompt
from providers.catalog import DIALECTS
from tests.plans import exchange, request_body, request_headers, response_body, response_headers
from tests.plans import served as at

TEXT = "openai.completions"


def plan_to(provider: str, model: str = "", **members: object) -> Plan:
    route = Route(models=("*",), upstream={"up": model})
    return Plan({"up": at(provider=provider, **members)}, [route], hash="h")


SPOKEN = [
    (TEXT, "anthropic", "claude-2.1", "anthropic.complete", "/v1/complete"),
    (TEXT, "anthropic", "claude-instant-1.2", "anthropic.complete", "/v1/complete"),
    (TEXT, "anthropic", "claude-sonnet-4-5", "anthropic.messages", "/v1/messages"),
    ("anthropic.complete", "anthropic", "claude-2", "anthropic.complete", "/v1/complete"),
    ("anthropic.complete", "anthropic", "claude-opus-4-1", "anthropic.messages", "/v1/messages"),
    (TEXT, "cohere", "command", "cohere.generate", "/v1/generate"),
    (TEXT, "cohere", "6f1-ft", "cohere.generate", "/v1/generate"),
    (TEXT, "cohere", "command-a-03-2025", "cohere.chat", "/v2/chat"),
    ("cohere.generate", "cohere", "command-light-nightly", "cohere.generate", "/v1/generate"),
    ("cohere.generate", "cohere", "command-r", "cohere.chat", "/v2/chat"),
    ("cohere.generate", "tgi", "m", "huggingface.generate", "/generate"),
    ("huggingface.generate", "tgi", "m", "huggingface.generate", "/generate"),
    (TEXT, "tgi", "m", TEXT, "/v1/completions"),
    ("openai.chat", "tgi", "m", "openai.chat", "/v1/chat/completions"),
    ("openai.chat", "llama", "m", "openai.chat", "/v1/chat/completions"),
    ("ollama.chat", "llama", "m", "openai.chat", "/v1/chat/completions"),
    ("huggingface.generate", "gemini", "m", "gemini.generate_content", "/v1beta/"),
]


@pytest.mark.parametrize(("client", "provider", "model", "dialect", "path"), SPOKEN)
def test_a_model_is_asked_in_the_format_that_it_has(client, provider, model, dialect, path):
    target = plan_to(provider, model).target(DIALECTS[client], "shown", "up")
    assert target.dialect.name == dialect
    assert target.path(model, stream=False).startswith(path)


def test_streams_of_text_generation_inference_have_a_path_of_their_own():
    target = plan_to("tgi").target(DIALECTS["huggingface.generate"], "m", "up")
    assert target.path("m", stream=True) == "/generate_stream"


@pytest.mark.parametrize(
    ("dialect", "path"), [("llama.generate", "/generate"), ("ollama.chat", "/api/chat")]
)
def test_a_llama_is_asked_in_another_format_where_the_configuration_says_so(dialect, path):
    plan = plan_to("llama", dialects={DIALECTS[dialect].operation: dialect})
    target = plan.target(DIALECTS["openai.chat"], "m", "up")
    assert (target.dialect.name, target.path("m", stream=False)) == (dialect, path)


def asked(plan: Plan, body: dict, **headers: str):
    """An exchange whose request has been sent, and what was sent."""
    one = exchange(plan)
    one.handle(request_headers(path="/generate", source="header", **headers))
    sent = one.handle(request_body(body))
    assert isinstance(sent, Change)
    return one, sent


def estimated(body: dict) -> int:
    """Tokens in a prompt that nobody counted."""
    return prompt(json.dumps(body).encode(), body)


def answered(one, answer: object):
    one.handle(response_headers())
    action = one.handle(response_body(json.dumps(answer).encode(), True))
    assert isinstance(action, Change)
    return action


def test_a_body_without_a_model_is_served_by_the_header_and_goes_as_it_is():
    one, sent = asked(plan_to("tgi"), {"inputs": "say"}, model="m")
    assert sent.body is None
    assert sent.metadata["request_model"] == "m"
    action = answered(one, {"generated_text": "Hi there"})
    assert action.body is None
    assert action.metadata["estimated"] is True
    assert action.metadata["input_tokens"] > 0


def test_a_body_without_a_model_is_translated_with_the_headers():
    _, sent = asked(plan_to("openai"), {"inputs": "say"}, model="gpt-5")
    assert json.loads(sent.body) == {
        "model": "gpt-5",
        "messages": [{"role": "user", "content": "say"}],
    }


def test_the_count_that_is_said_is_kept_and_the_other_is_estimated():
    details = {"finish_reason": "length", "generated_tokens": 5, "prefill": []}
    body = {"inputs": "x" * 40, "parameters": {"details": True}}
    one, _ = asked(plan_to("tgi"), body, model="m")
    record = answered(one, {"generated_text": "y" * 400, "details": details}).metadata
    counted = ("estimated", "input_tokens", "output_tokens", "finish_reason")
    assert [record[name] for name in counted] == [True, estimated(body), 5, "length"]


def test_an_array_of_answers_is_an_answer():
    array = [{"generated_text": "Hi"}]
    one, _ = asked(plan_to("tgi"), {"inputs": "say"}, model="m")
    assert answered(one, array).body is None
    plan = plan_to("tgi", dialects={DIALECTS[TEXT].operation: "huggingface.generate"})
    one = exchange(plan)
    one.handle(request_headers(path="/v1/completions"))
    one.handle(request_body({"model": "small", "prompt": "say"}))
    told = json.loads(answered(one, array).body)
    assert told["choices"][0]["text"] == "Hi"
