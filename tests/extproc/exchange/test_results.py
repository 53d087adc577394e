"""What results of batches cost: of several models, fetched in part, and hard to read."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from extproc.config import parse
from extproc.exchange.compile import compile_plan
from extproc.exchange.proof import BACKEND, CALL
from tests.plans import Pairs, RequestHeaders, exchange, response_body, response_headers

PRICES = {"cheap": 1.0, "dear": 100.0}
PLACES = {
    "openai": ("openai.files", "/v1/files/x/content"),
    "anthropic": ("anthropic.batches", "/v1/messages/batches/x/results"),
    "gemini": ("gemini.files", "/v1beta/files/x:download?alt=media"),
}


def begun(provider: str, **more: Any) -> Any:
    routes = [
        {"models": [name], "backends": [{"backend": "up"}], "price": {"input": price}, **more}
        for name, price in PRICES.items()
    ]
    one = {"provider": provider, "credential": {"api_key": "env:K"}}
    config = {"version": 1, "backends": {"up": one}, "routes": routes}
    kind, path = PLACES[provider]
    made, headers = exchange(compile_plan(parse(config))), Pairs()
    headers._pairs |= {":path": path, ":method": "GET"}
    made.handle(RequestHeaders(headers, {BACKEND: "up", CALL: f"kept\n{path}\n{kind}"}, True))
    made.handle(response_headers(content_type="application/octet-stream"))
    return made


def line(provider: str, model: str, tokens: int = 1_000) -> bytes:
    match provider:
        case "openai":
            body = {"model": model, "usage": {"prompt_tokens": tokens, "completion_tokens": 0}}
            said: dict[str, Any] = {"response": {"body": body}}
        case "anthropic":
            message = {"model": model, "usage": {"input_tokens": tokens, "output_tokens": 0}}
            said = {"result": {"type": "succeeded", "message": message}}
        case _:
            usage = {"promptTokenCount": tokens}
            said = {"key": "a", "response": {"modelVersion": model, "usageMetadata": usage}}
    return json.dumps(said).encode() + b"\n"


def charged(made: Any, pieces: Sequence[bytes], *, whole: bool) -> dict[str, Any]:
    """What is known after the pieces, where Envoy keeps what was said last."""
    known: dict[str, Any] = {}
    for number, piece in enumerate(pieces, 1):
        end = whole and number == len(pieces)
        known |= made.handle(response_body(piece, end=end)).metadata or {}
    return known


@pytest.mark.parametrize("provider", PLACES)
@pytest.mark.parametrize("first", PRICES)
def test_each_line_is_paid_at_the_price_of_its_own_model(provider: str, first: str):
    lines = [line(provider, model) for model in (first, "cheap", "dear")]
    made = begun(provider)
    record = charged(made, lines, whole=True)
    sum_of = PRICES[first] + 1 + 100
    assert record["input_tokens"] == 3_000
    # Half the price of each.
    assert record["cost_nanousd"] == 1_000_000 * sum_of / 2
    assert record["cost_microusd"] == 1_000 * sum_of / 2


@pytest.mark.parametrize("provider", PLACES)
def test_who_hangs_up_pays_for_what_has_come(provider: str):
    lines = [line(provider, "dear"), line(provider, "dear"), line(provider, "dear")[:-2]]
    record = charged(begun(provider), lines, whole=False)
    assert (record["input_tokens"], record["cost_nanousd"]) == (2_000, 100_000_000)


@pytest.mark.parametrize("cut", [1, 13, 5_000])
def test_pieces_of_lines_are_paid_once(cut: int):
    data = line("openai", "dear") + line("openai", "cheap")
    pieces = [data[at : at + cut] for at in range(0, len(data), cut)]
    record = charged(begun("openai"), pieces, whole=True)
    assert (record["input_tokens"], record["cost_nanousd"]) == (2_000, 50_500_000)


def test_a_formula_is_asked_about_each_line():
    tiers = "double(input_tokens) * (input_tokens > 1500 ? 100.0 : 1.0) / 1000000.0"
    made = begun("openai", price={"cel": tiers})
    record = charged(made, [line("openai", "dear")] * 4, whole=True)
    assert record["cost_nanousd"] == 4 * 1_000_000 // 2


def test_a_line_that_cannot_be_read_hides_no_other():
    crowd = b"[" + b"[]," * 2_000_000 + b'"usage"]\n'
    text = b'{"usage": "' + b"a " * 20_000_000 + b'"}\n'
    data = [crowd, *(text[at : at + 1_000_000] for at in range(0, len(text), 1_000_000))]
    record = charged(begun("openai"), [*data, line("openai", "dear")], whole=True)
    assert record["cost_nanousd"] == 50_000_000


def test_vectors_of_gemini_are_counted():
    row = {"key": "a", "response": {"embedding": {"values": [0.5]}, "tokenCount": "9"}}
    record = charged(begun("gemini"), [json.dumps(row).encode()], whole=True)
    assert record["input_tokens"] == 9
