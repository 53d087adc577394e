"""What is too much for one exchange ends it in the client's dialect, before it takes long."""

import gzip
import json

import pytest

from extproc.config import parse
from extproc.exchange.compile import compile_plan
from extproc.exchange.events import Change, Reject
from extproc.exchange.served import LONGEST_NAME
from providers.wire.budget import ANSWERED, Bounds
from tests.plans import (
    exchange,
    plan,
    request_body,
    request_headers,
    response_body,
    response_headers,
    served,
)

MESSAGES = "/v1/messages"
HELLO = {"model": "small", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 9}
SMALL = Bounds(size=2_000, values=100)


def bounded(bounds=SMALL, **options):
    made = plan(**options)
    made.bounds = bounds
    return made


def asked(made, body, path=MESSAGES):
    one = exchange(made)
    one.handle(request_headers(path=path))
    return one, one.handle(request_body(body))


def refused(made, body, path=MESSAGES) -> tuple[int, str]:
    _, action = asked(made, body, path)
    assert isinstance(action, Reject)
    return action.status, json.loads(action.body)["error"]["message"]


def answered(made, data, stream=False, **headers):
    one, _ = asked(made, {**HELLO, "stream": stream})
    kind = "text/event-stream" if stream else "application/json"
    one.handle(response_headers(content_type=kind, **headers))
    return one, one.handle(response_body(data, end=not stream))


def told(action) -> tuple[str, str]:
    status = dict(action.set_headers)[":status"]
    return status, json.loads(action.body)["error"]["message"]


def test_a_body_of_too_many_values_is_a_413_that_names_the_setting():
    status, message = refused(bounded(), {**HELLO, "x": [[]] * 200})
    assert status == 413
    assert "100 JSON values" in message
    assert "extproc.max_values" in message


def test_a_request_that_grows_too_large_is_a_413_that_names_the_setting():
    body = {**HELLO, "messages": [{"role": "user", "content": "\u2028" * 500}] * 2}
    status, message = refused(bounded(), body)
    assert status == 413
    assert "envoy.max_body_bytes" in message


def nested(depth):
    return ('{"type":"object","properties":{"p":' * depth) + "{}" + "}}" * depth


@pytest.mark.parametrize("depth", [130, 500])
def test_a_body_that_cannot_be_written_as_deep_as_it_was_read_is_a_400(depth):
    schema = json.dumps({**HELLO, "tools": [{"name": "f", "input_schema": 0}]})
    body = schema.replace('"input_schema": 0', f'"input_schema": {nested(depth)}').encode()
    status, message = refused(plan(), body)
    assert (status, "deeper than 200 levels" in message) == (400, True)


def test_a_body_of_allowed_depth_is_served():
    schema = json.dumps({**HELLO, "tools": [{"name": "f", "input_schema": 0}]})
    body = schema.replace('"input_schema": 0', f'"input_schema": {nested(25)}').encode()
    assert isinstance(asked(plan(), body)[1], Change)


def test_arguments_of_a_call_that_are_too_deep_are_a_502():
    function = {"name": "f", "arguments": '{"a":' * 400 + "1" + "}" * 400}
    message = {"role": "assistant", "tool_calls": [{"id": "c", "function": function}]}
    _, action = answered(plan(), {"choices": [{"message": message}]})
    assert told(action) == ("502", "the provider's answer is nested deeper than 200 levels")


def test_an_answer_of_too_many_values_is_a_502():
    _, action = answered(bounded(), {"choices": [[]] * (ANSWERED * 200)})
    status, message = told(action)
    assert status == "502"
    assert "extproc.max_values" in message


def test_an_answer_that_unpacks_to_too_much_is_a_502():
    packed = gzip.compress(b" " * 10_000)
    _, action = answered(bounded(), packed, content_encoding="gzip")
    status, message = told(action)
    assert status == "502"
    assert "envoy.max_body_bytes" in message


def test_a_refusal_of_too_many_values_keeps_its_status():
    one, _ = asked(bounded(), HELLO)
    one.handle(response_headers(status=429))
    action = one.handle(response_body({"error": [[]] * 500}))
    assert told(action)[0] == "429"


def test_a_translated_stream_that_never_ends_is_ended_once():
    said = {"choices": [{"index": 0, "delta": {"content": "word " * 20}}]}
    piece = b"data: " + json.dumps(said).encode() + b"\n\n"
    one, action = answered(bounded(), piece, stream=True)
    bodies = [action.body, *(one.handle(response_body(piece, end=False)).body for _ in range(50))]
    last = one.handle(response_body(b""))
    whole = b"".join(filter(None, [*bodies, last.body]))
    assert whole.count(b"event: error") == 1
    assert b"envoy.max_body_bytes" in whole
    assert last.metadata["error_type"] == "server"
    assert last.metadata["output_tokens"] > 0
    assert not any(bodies[-10:])


@pytest.mark.parametrize("model", ["x" * (LONGEST_NAME + 1), "y" * 1_000_000])
def test_a_model_of_a_name_without_end_is_a_404_that_does_not_repeat_it(model):
    one = exchange(plan(models=("*",)))
    one.handle(request_headers(model=""))
    action = one.handle(request_body({**HELLO, "model": model}))
    assert action.status == 404
    assert len(action.body) < 1_000


def test_a_providers_name_for_its_model_is_reported_cut():
    said = {"model": "m" * 1_000_000, "choices": [{"message": {"content": "hi"}}]}
    _, action = answered(plan(), said)
    assert action.metadata["response_model"] == "m" * LONGEST_NAME


def test_the_bounds_are_those_of_the_configuration():
    made = compile_plan(
        parse(
            {
                "version": 1,
                "backends": {"b": {"provider": "vllm", "base_url": "http://x:1"}},
                "routes": [{"models": ["m"], "backends": [{"backend": "b"}]}],
                "extproc": {"max_values": 5_000},
                "envoy": {"max_body_bytes": "1MiB"},
            }
        )
    )
    assert made.bounds == Bounds(size=1024 * 1024, values=5_000)


def test_the_same_dialect_is_bounded_too():
    made = bounded(backends={"up": served()})
    status, _ = refused(made, {**HELLO, "x": [[]] * 200}, path="/v1/chat/completions")
    assert status == 413
