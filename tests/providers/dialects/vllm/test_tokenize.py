"""Texts as tokens, and back, between vLLM's format and Cohere's."""

from typing import Any

import orjson
import pytest

from extproc.exchange.events import Change, Reject
from tests.plans import exchange, request_body, request_headers, response_body, response_headers
from tests.providers.vendors.test_demands import plan_to


def told(
    provider: str, path: str, body: dict[str, Any], answer: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what the provider is asked, what the client is told)."""
    one = exchange(plan_to(provider))
    one.handle(request_headers(path, "m"))
    asked = one.handle(request_body({"model": "m", **body}))
    one.handle(response_headers())
    said = one.handle(response_body(answer))
    assert isinstance(asked, Change) and isinstance(said, Change)
    sent = orjson.loads(asked.body) if asked.body else {"model": "m", **body}
    return sent, orjson.loads(said.body) if said.body else answer


COHERES = {"tokens": [1, 2], "token_strings": ["say", " hi"], "meta": {}}
VLLMS = {"count": 2, "max_model_len": 9, "tokens": [1, 2], "token_strs": ["say", " hi"]}


def test_a_client_of_vllm_is_served_by_cohere():
    asked = {"prompt": "say hi", "return_token_strs": True}
    sent, answer = told("cohere", "/tokenize", asked, COHERES)
    assert sent == {"model": "m", "text": "say hi"}
    assert answer == {**VLLMS, "max_model_len": 0}


def test_pieces_that_nobody_wants_stay_away():
    _, answer = told("cohere", "/tokenize", {"prompt": "say hi"}, COHERES)
    assert answer["token_strs"] is None


def test_a_client_of_coheres_is_served_by_vllm():
    sent, answer = told("vllm", "/v1/tokenize", {"text": "say hi"}, VLLMS)
    assert sent == {"model": "m", "prompt": "say hi", "return_token_strs": True}
    assert (answer["tokens"], answer["token_strings"]) == ([1, 2], ["say", " hi"])


def test_tokens_become_a_text_again():
    sent, answer = told("cohere", "/detokenize", {"tokens": [1, 2]}, {"text": "say hi"})
    assert (sent, answer) == ({"model": "m", "tokens": [1, 2]}, {"prompt": "say hi"})
    sent, answer = told("vllm", "/v1/detokenize", {"tokens": [1, 2]}, {"prompt": "say hi"})
    assert (sent, answer["text"]) == ({"model": "m", "tokens": [1, 2]}, "say hi")


def test_a_conversation_passes_to_vllm_as_it_is():
    messages = [{"role": "user", "content": "hi"}]
    sent, answer = told("vllm", "/tokenize", {"messages": messages}, VLLMS)
    assert (sent["messages"], answer) == (messages, VLLMS)


@pytest.mark.parametrize("body", [{"messages": []}, {"prompt": 7}, {}])
def test_what_cannot_be_asked_of_cohere_is_refused(body):
    one = exchange(plan_to("cohere"))
    one.handle(request_headers("/tokenize", "m"))
    refused = one.handle(request_body({"model": "m", **body}))
    assert isinstance(refused, Reject)
    assert refused.status == 400


def test_tokens_cost_nothing():
    one = exchange(plan_to("cohere"))
    one.handle(request_headers("/v1/tokenize", "m"))
    one.handle(request_body({"model": "m", "text": "say hi"}))
    one.handle(response_headers())
    said = one.handle(response_body(COHERES))
    assert isinstance(said, Change)
    assert said.metadata is not None
    assert said.metadata["total_tokens"] == 0
