"""A whole answer of a stream, for every client and every provider of chats."""

import orjson
import pytest

from extproc.exchange.account import FAILED
from extproc.exchange.plan import Plan
from extproc.exchange.policy import Policy
from extproc.exchange.served import Route
from providers.operations import Operation
from tests.e2e.clients.backends import provider_of
from tests.e2e.tapes.clients import CLIENTS, Read
from tests.e2e.tapes.providers import BROKE, TAPES, TEXT
from tests.plans import (
    exchange,
    request_body,
    request_headers,
    response_body,
    response_headers,
    served,
)

PROVIDERS = pytest.mark.parametrize("provider", TAPES)
CHAT = "openai.chat"


class Keys:
    """Secrets of every kind."""

    def get(self, backend, tried=()):
        return {
            "key": "k",
            "access_key_id": "id",
            "secret_access_key": "secret",
            "region": "eu-west-1",
        }

    def refused(self, backend, secret, status, retry_after):
        return None


def plan_of(provider: str, policy: Policy) -> Plan:
    up = served(provider=provider_of(provider), dialects={Operation.CHAT: provider})
    return Plan({"up": up}, [Route(models=("m",), upstream={"up": "m"}, policy=policy)])


def asked(provider: str, client: str = CHAT, *, policy: Policy | None = None, **more):
    """An exchange whose request has left, and what it said."""
    path, body = CLIENTS[client].request("m", False)
    begun = exchange(plan_of(provider, policy or Policy(gathers=True)), Keys())
    begun.handle(request_headers(path, "m", source="path" if "/m" in path else "body"))
    return begun, begun.handle(request_body({**orjson.loads(body), **more}))


def gathered(begun, tape, stream: bytes):
    begun.handle(response_headers(content_type=tape.content_type))
    return begun.handle(response_body(stream))


@PROVIDERS
@pytest.mark.parametrize("client", CLIENTS)
def test_every_client_gets_a_whole_answer_of_every_stream(client, provider):
    tape = TAPES[provider]
    begun, _ = asked(provider, client)
    action = gathered(begun, tape, b"".join((*tape.opening, *tape.words, *tape.closing)))
    headers = dict(action.set_headers)
    assert headers["content-type"] == "application/json"
    assert headers["content-length"] == str(len(action.body))
    used = tape.used
    assert CLIENTS[client].whole(orjson.loads(action.body)) == Read(TEXT, used.input, used.output)
    assert action.metadata["total_tokens"] == used.total
    assert action.metadata["finish_reason"] == "stop"


@PROVIDERS
def test_the_provider_is_asked_for_a_stream(provider):
    _, change = asked(provider)
    path, body = dict(change.set_headers)[":path"], orjson.loads(change.body)
    assert body.get("stream") is True or "stream" in path.lower()
    assert change.metadata["stream"] is False


@PROVIDERS
@pytest.mark.parametrize("end", ["failing", "cut"])
def test_what_fails_in_the_midst_is_an_error_and_is_charged(provider, end):
    tape = TAPES[provider]
    begun, _ = asked(provider)
    rest = tape.failing if end == "failing" else b""
    action = gathered(begun, tape, b"".join((*tape.opening, *tape.words, rest)))
    status = int(dict(action.set_headers)[":status"])
    assert status >= 400
    assert action.metadata["status"] == status
    assert action.metadata["finish_reason"] == FAILED
    assert action.metadata["output_tokens"] > 0
    message = orjson.loads(action.body)["error"]["message"]
    assert (BROKE if end == "failing" else "ended before its answer did") in message


@PROVIDERS
def test_a_whole_answer_is_one_all_the_same(provider):
    begun, _ = asked(provider)
    begun.handle(response_headers())
    action = begun.handle(response_body(TAPES[provider].whole))
    body = action.body or TAPES[provider].whole
    assert CLIENTS[CHAT].whole(orjson.loads(body)).text == TEXT


@pytest.mark.parametrize(
    ("policy", "more"),
    [
        (Policy(), {}),
        (Policy(gathers=True, streams=False), {}),
        (Policy(gathers=True), {"modalities": ["text", "audio"], "audio": {"voice": "alloy"}}),
    ],
    ids=["not asked for", "denied", "sound"],
)
def test_no_stream_is_asked_for(policy, more):
    _, change = asked(CHAT, policy=policy, **more)
    assert change.body is None or not orjson.loads(change.body).get("stream")


def test_a_background_answer_stays_one():
    _, change = asked("openai.responses", "openai.responses", background=True)
    assert change.body is None or not orjson.loads(change.body).get("stream")


def test_calls_thoughts_and_probabilities_are_gathered():
    likely = [{"token": "ru", "logprob": -1.0, "bytes": None, "top_logprobs": []}]
    call = {"index": 0, "id": "call_1", "function": {"name": "look", "arguments": '{"at": '}}
    deltas = [
        {"role": "assistant", "reasoning_content": "Is it "},
        {"reasoning_content": "raining?"},
        {"content": "ru"},
        {"content": "n"},
        {"tool_calls": [call]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '"rain"}'}}]},
    ]
    chunks = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    for chunk in chunks[2:4]:
        chunk["logprobs"] = {"content": likely}
    chunks.append({"index": 0, "delta": {}, "finish_reason": "tool_calls"})
    stream = b"".join(
        b"data: %s\n\n" % orjson.dumps({"id": "c1", "model": "m", "choices": [chunk]})
        for chunk in chunks
    )
    begun, _ = asked(CHAT)
    action = gathered(begun, TAPES[CHAT], stream + b"data: [DONE]\n\n")
    (choice,) = orjson.loads(action.body)["choices"]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] == "run"
    assert choice["message"]["reasoning_content"] == "Is it raining?"
    assert choice["logprobs"]["content"] == likely * 2
    (found,) = choice["message"]["tool_calls"]
    assert found["function"] == {"name": "look", "arguments": '{"at": "rain"}'}


@pytest.mark.parametrize("output", [[{"type": "message", "id": "msg_7", "content": []}], []])
def test_a_stream_that_ends_with_its_whole_answer_is_that_answer(output):
    name = "openai.responses"
    begun, _ = asked(name, name)
    response = {"id": "resp_1", "object": "response", "model": "m", "status": "completed"}
    response |= {"metadata": {"a": "b"}, "service_tier": "default", "output": output}
    response["usage"] = {"input_tokens": 3, "output_tokens": 4}
    last = orjson.dumps({"type": "response.completed", "response": response})
    tape = TAPES[name]
    stream = b"".join((*tape.opening, *tape.words, b"event: response.completed\ndata: ", last))
    action = gathered(begun, tape, stream + b"\n\n")
    body = orjson.loads(action.body)
    assert action.metadata["total_tokens"] == 7
    assert (body == response) is bool(output)
    assert output or CLIENTS[name].whole(body).text == TEXT
