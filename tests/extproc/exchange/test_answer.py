"""What is reported of an answer, whatever little it says of itself."""

import pytest

from extproc.exchange.events import Change
from providers.usage import Price
from tests.plans import (
    exchange,
    plan,
    request_body,
    request_headers,
    response_body,
    response_headers,
    served,
)

TGI = served(provider="tgi", dialects={"completions": "huggingface.generate"})
CUT = b'data: {"id":"c","model":"m-2026","choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n'


def reported(made, path, asked, headers, *pieces) -> list[dict]:
    one = exchange(made)
    one.handle(request_headers(path=path, source="header"))
    one.handle(request_body(asked))
    one.handle(headers)
    last = len(pieces) - 1
    actions = [one.handle(response_body(piece, at == last)) for at, piece in enumerate(pieces)]
    assert all(isinstance(action, Change) for action in actions)
    return [dict(action.metadata or {}) for action in actions]


def generated(**headers) -> dict:
    made = plan(backends={"up": TGI}, price=Price(input=1, output=1))
    answer = {"generated_text": "hi there"}
    shown = response_headers(**headers)
    return reported(made, "/generate", {"inputs": "hello"}, shown, answer)[0]


def test_what_the_headers_count_is_the_providers_word():
    record = generated(x_prompt_tokens="7", x_generated_tokens="3")
    assert (record["input_tokens"], record["output_tokens"], record["total_tokens"]) == (7, 3, 10)
    assert record["cost_nanousd"] == 10_000
    assert "estimated" not in record


@pytest.mark.parametrize("said", [{}, {"x_prompt_tokens": "7"}, {"x_prompt_tokens": "many"}])
def test_without_a_count_there_is_an_estimate(said):
    assert generated(**said)["estimated"] is True


def test_a_count_in_the_body_is_believed_before_the_headers():
    answer = {
        "model": "m",
        "choices": [{"index": 0, "text": "hi", "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
    }
    made = plan(backends={"up": served(provider="tgi")})
    headers = response_headers(x_prompt_tokens="70", x_generated_tokens="30")
    asked = {"model": "small", "prompt": "hello"}
    record = reported(made, "/v1/completions", asked, headers, answer)[0]
    assert record["total_tokens"] == 7


def test_the_first_piece_of_a_stream_tells_the_model_and_the_last_that_it_failed():
    headers = response_headers(content_type="text/event-stream")
    asked = {"model": "small", "stream": True, "messages": [{"role": "user", "content": "x"}]}
    first, last = reported(plan(), "/v1/chat/completions", asked, headers, CUT, b"")
    assert first["response_model"] == "m-2026"
    assert first["ttft_ms"] > 0
    assert last["finish_reason"] == "error"
    assert last["error_type"] == "server"
