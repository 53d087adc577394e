"""What goes wrong at clients and providers, and what the client gets, through a real Envoy."""

import json
import socket

import httpx
import openai
import pytest

from tests.e2e.conftest import MESSAGES, Gateway
from tests.e2e.listener import needs_retry_elsewhere

CHAT = "/v1/chat/completions"


def post(gateway: Gateway, body, path: str = CHAT, **headers) -> httpx.Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(gateway.local.url + path, content=data, headers=named, timeout=30)


def order(**directives) -> str:
    return json.dumps(directives)


def ask(model: str = "small", **more) -> dict:
    return {"model": model, "messages": MESSAGES, **more}


def sent_anywhere(gateway: Gateway) -> int:
    return len(gateway.a.requests) + len(gateway.b.requests)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 400, "body"),
        (b"{", 400, "JSON"),
        (b'{"messages":[]', 400, ""),
        (b"[]", 400, "object"),
        (b'{"messages":[]}', 400, "model"),
        (b'{"model":7}', 400, "model"),
        (b'{"model":"small"', 400, ""),
        (b'{"model":"small","model":"same"}', 400, "model"),
        (b'{"mod\\u0065l":"same","model":"small"}', 400, ""),
        (b'{"model":"small","mod\\u0065l":"same"}', 400, "model"),
        (b'{"model":"nothing"}', 404, "nothing"),
        (b'{"model":"a\\r\\nx: y"}', 400, ""),
        (b'{"model":"../../etc"}', 404, ""),
        (b"\xff\xfe{", 400, ""),
    ],
)
def test_a_bad_request_is_refused_in_openais_shape_and_sent_nowhere(gateway, body, status, words):
    before = sent_anywhere(gateway)
    answer = post(gateway, body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()["error"]
    assert error["message"]
    assert error["type"]
    assert words in error["message"]
    assert sent_anywhere(gateway) == before


def test_an_unknown_path_is_a_404_that_names_it(gateway: Gateway):
    for path in ("/v1/nothing", "/", "/v1/chat/completions/x"):
        answer = post(gateway, ask(), path=path)
        assert answer.status_code == 404
        assert answer.json()["error"]["message"]


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "text/plain", ""])
def test_any_content_type_or_none_will_do(gateway: Gateway, content_type: str):
    answer = post(gateway, ask(), content_type=content_type)
    assert answer.status_code == 200, answer.text
    assert gateway.a.requests[-1].header("content-type") == "application/json"


def test_the_key_may_stand_anywhere_and_the_body_be_odd(gateway: Gateway):
    odd = b'\n {"messages" : [{"role":"user","content":"\\"model\\": [{"}] ,\t"model"\n:"small"}'
    assert post(gateway, odd).status_code == 200
    assert gateway.a.requests[-1].json["model"] == "gpt-4o-mini"


def test_internal_headers_and_credentials_of_the_client_never_reach_the_provider(gateway: Gateway):
    answer = post(
        gateway,
        ask(),
        authorization="Bearer clients-own",
        x_api_key="clients-own",
        api_key="clients-own",
        cookie="session=clients-own",
        x_ai_client="admin",
        x_ai_eg_model="small",
    )
    assert answer.status_code == 200
    headers = gateway.a.requests[-1].headers
    assert "clients-own" not in str(headers)
    assert not [name for name, _ in headers if name.startswith("x-ai-")]


@pytest.mark.parametrize("body", ["own", "html", "empty", "plain", "json", "mislabelled"])
@pytest.mark.parametrize("status", [400, 418, 429, 500, 529])
def test_a_providers_error_of_any_kind_has_openais_shape(gateway: Gateway, status: int, body: str):
    answer = post(gateway, ask(), x_sim=order(status=status, body=body, retry_after=3))
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["message"]
    assert answer.headers["retry-after"] == "3"
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("encoding", ["gzip", "br"])
@pytest.mark.parametrize("stream", [False, True])
def test_compressed_answers_are_read(gateway: Gateway, encoding: str, stream: bool):
    prompt = 900 + ["gzip", "br"].index(encoding) * 2 + stream
    body = ask(stream=stream)
    answer = post(gateway, body, x_sim=order(encoding=encoding, prompt_tokens=prompt))
    assert answer.status_code == 200
    assert "content-encoding" not in answer.headers
    assert "hello there" in answer.text.replace('"}}', "") or "[DONE]" in answer.text
    assert gateway.record(input_tokens=prompt)["output_tokens"] > 0


def test_a_compressed_error_is_read(gateway: Gateway):
    answer = post(gateway, ask(), x_sim=order(status=400, encoding="gzip", message="so wrong"))
    assert "so wrong" in answer.json()["error"]["message"]


@pytest.mark.parametrize("body", ["html", "empty", "plain"])
def test_an_answer_that_is_none_is_a_502(gateway: Gateway, body: str):
    answer = post(gateway, ask(), x_sim=order(body=body))
    assert answer.status_code == 502
    assert answer.json()["error"]["message"]


def test_a_whole_answer_to_a_request_for_a_stream_becomes_a_stream(gateway: Gateway):
    chunks = list(
        gateway.client().chat.completions.create(
            model="small",
            messages=MESSAGES,
            stream=True,
            extra_headers={"x-sim": order(body="whole")},
        )
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


@pytest.mark.parametrize(
    "directives",
    [
        {"crlf": True},
        {"no_space": True},
        {"comments": True},
        {"bom": True},
        {"multiline": True},
        {"cut": 1},
        {"cut": "random", "seed": 3},
        {"usage": "last"},
        {"usage": "each"},
        {"usage": "always"},
    ],
    ids=json.dumps,
)
def test_streams_are_read_however_they_are_written(gateway: Gateway, directives: dict):
    prompt = 2_000 + abs(hash(json.dumps(directives))) % 100_000
    answer = post(gateway, ask(stream=True), x_sim=order(prompt_tokens=prompt, **directives))
    assert answer.status_code == 200
    assert "[DONE]" in answer.text
    record = gateway.record(input_tokens=prompt)
    assert record["output_tokens"] > 0
    assert record["estimated"] is False


def test_a_stream_without_usage_is_estimated(gateway: Gateway):
    answer = post(gateway, ask("other", stream=True), x_sim=order(usage="none", tokens=40))
    assert answer.status_code == 200
    record = gateway.record(stream=True, estimated=True)
    assert record["output_tokens"] > 0
    assert record["input_tokens"] > 0


def test_an_error_in_mid_stream_reaches_the_client(gateway: Gateway):
    stream = gateway.client().chat.completions.create(
        model="small",
        messages=MESSAGES,
        stream=True,
        extra_headers={"x-sim": order(error_after=2, tokens=20)},
    )
    with pytest.raises(openai.APIError):
        list(stream)


def test_a_stream_that_is_cut_is_an_error_to_the_client_and_charged(gateway: Gateway):
    stream = gateway.client().chat.completions.create(
        model="small",
        messages=MESSAGES,
        stream=True,
        extra_headers={
            "x-sim": order(tokens=50, chunk_delay_ms=20, drop="mid", after=8, prompt_tokens=7)
        },
    )
    with pytest.raises((openai.APIError, httpx.RemoteProtocolError)):
        list(stream)
    record = gateway.record(stream=True, estimated=True, upstream_model="gpt-4o-mini")
    assert record["output_tokens"] > 3


@needs_retry_elsewhere
@pytest.mark.parametrize(
    "directives",
    [
        {"at": "a", "status": 503},
        {"at": "a", "status": 429},
        {"at": "a", "status": 500, "body": "html"},
        {"at": "a", "status": 529, "body": "empty"},
        {"at": "a", "drop": "before_headers"},
        {"at": "a", "drop": "before_headers", "reset": True},
        {"at": "a", "hang": "before_headers"},
    ],
    ids=json.dumps,
)
@pytest.mark.parametrize("stream", [False, True])
def test_the_next_backend_serves_when_the_first_fails(gateway: Gateway, directives, stream):
    body = ask("robust", stream=stream)
    answer = post(gateway, body, x_sim=order(**directives))
    assert answer.status_code == 200, answer.text
    request = gateway.b.requests[-1]
    assert request.json["model"] == "llama"
    assert request.path == "/api/v1/chat/completions"
    assert request.header("authorization") == "Bearer sk-key-of-b"
    assert "key-of-a" not in str(request.headers)
    record = gateway.record(backend="b", request_model="robust", stream=stream)
    assert record["status"] == 200
    assert record["error_type"] == ""


def test_when_all_backends_fail_the_last_error_is_told(gateway: Gateway):
    answer = post(gateway, ask("robust"), x_sim=order(status=503, message="all down"))
    assert answer.status_code == 503
    assert "all down" in answer.json()["error"]["message"]
    assert gateway.record(request_model="robust", status=503)["total_tokens"] == 0


def test_a_body_above_the_limit_is_a_413(gateway: Gateway):
    answer = post(gateway, b'{"model":"small","x":"' + b"y" * (51 * 1024 * 1024) + b'"}')
    assert answer.status_code == 413
    assert answer.json()["error"]["message"]


def test_a_body_of_40_megabytes_passes(gateway: Gateway):
    text = "z" * (40 * 1024 * 1024)
    body = ask(messages=[{"role": "user", "content": text}])
    answer = post(gateway, body, x_sim=order(text="done"))
    assert answer.status_code == 200, answer.text[:500]
    assert gateway.a.requests[-1].size > len(text)


def test_a_large_answer_passes(gateway: Gateway):
    answer = post(gateway, ask(), x_sim=order(size=5_000_000))
    assert answer.status_code == 200
    assert len(answer.json()["choices"][0]["message"]["content"]) >= 5_000_000


def test_http_2_clients_are_served(gateway: Gateway):
    from tests.e2e.h2client import request

    status, body = request(gateway.local.port, CHAT, json.dumps(ask()).encode())
    assert status == 200
    assert json.loads(body)["choices"]


def test_a_client_that_sends_half_a_body_and_leaves_harms_nobody(gateway: Gateway):
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", gateway.local.port)) as one:
            one.sendall(
                b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{"
            )
    assert post(gateway, ask()).status_code == 200
