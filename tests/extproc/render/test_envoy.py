"""The rendered configuration in a real Envoy."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from extproc.exchange.compile import KEY_HEADERS
from extproc.render.access_log import REPORTED
from tests.extproc.render.support import Envoy, Provider, backend, closed_port, route, running


@pytest.fixture(scope="module")
def first() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def second() -> Iterator[Provider]:
    provider = Provider(body=b'{"from":"second"}')
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def envoy(
    tmp_path_factory: pytest.TempPathFactory, first: Provider, second: Provider
) -> Iterator[Envoy]:
    settings = {
        "backends": {
            "first": backend(first.port),
            "second": backend(second.port, base_url=f"http://localhost:{second.port}"),
            "gone": backend(closed_port()),
        },
        "routes": [
            route(["exact", "vendor/model:1"], "first"),
            route(["pre*", "exact-*"], "second"),
            route(["pre-long*"], "first"),
            route(["/r[0-9]+/"], "first"),
            route(["failover"], "gone", "second"),
            route(["dead"], "gone"),
        ],
    }
    with running(settings, tmp_path_factory.mktemp("envoy")) as envoy:
        yield envoy


def backend_of(envoy: Envoy, model: str) -> str:
    assert envoy.chat(model).status == 200
    return envoy.server.asked[-1].backend


def test_a_model_is_routed_and_the_server_is_told_the_call(envoy: Envoy) -> None:
    answer = envoy.request("POST", "/v1/chat/completions?x=1", b'{"model":"exact"}')
    assert answer.status == 200, answer
    asked = envoy.server.asked[-1]
    assert asked.call == ["body", "/v1/chat/completions?x=1", "exact"]
    assert asked.backend == "first"
    assert asked.body == b'{"model":"exact"}'


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("exact", "first"),
        ("vendor/model:1", "first"),
        ("exact-ly", "second"),
        ("pre", "second"),
        ("pre-fix", "second"),
        ("pre-longer", "first"),
        ("r12", "first"),
    ],
)
def test_exact_names_win_then_the_longest_prefix_then_expressions(
    envoy: Envoy, model: str, name: str
) -> None:
    assert backend_of(envoy, model) == name


@pytest.mark.parametrize("model", ["Exact", "exac", "r", "r12x", "xr12", "é", 'a"b\\c', "%2e%2e"])
def test_an_unknown_model_is_a_404_that_names_it(envoy: Envoy, model: str) -> None:
    before = len(envoy.server.asked)
    answer = envoy.chat(model)
    assert answer.status == 404
    assert answer.headers["content-type"] == "application/json"
    assert answer.error == {
        "message": f"The model '{model}' does not exist or you do not have access to it.",
        "type": "invalid_request_error",
        "param": "model",
        "code": "model_not_found",
    }
    assert len(envoy.server.asked) == before


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/chats"),
        ("POST", "/"),
        ("POST", "/v1/chat/completions/x"),
        ("POST", "/v1/chat%2Fcompletions"),
        ("GET", "/v1/chat/completions"),
        ("POST", "/v1/models"),
        ("GET", "/v1/modelsx"),
        ("GET", "/healthz/x"),
        ("DELETE", "/v1/%22quoted%22"),
    ],
)
def test_another_path_is_a_404_whatever_model_the_client_names_in_a_header(
    envoy: Envoy, method: str, path: str
) -> None:
    before = len(envoy.server.asked)
    route = {"x-ai-route": "exact"}
    models = {"x-ai-model": "exact"}, {"x-ai-eg-model": "exact"}
    for headers in ({}, *models, route, {**route, **models[0]}):
        answer = envoy.request(method, path, b'{"model":"exact"}', headers)
        assert answer.status == 404
        assert answer.error["code"] == "unknown_url"
        assert method in answer.error["message"]
        assert path in answer.error["message"]
    assert len(envoy.server.asked) == before


def test_the_list_of_models_comes_from_the_server(envoy: Envoy) -> None:
    for path in ("/v1/models", "/v1/models?limit=1", "/v1/models/vendor%2Fmodel:1"):
        for headers in ({}, {"x-ai-model": "exact"}):
            answer = envoy.request("GET", path, headers=headers)
            assert (answer.status, answer.body) == (200, b'{"object":"list"}')
            assert envoy.server.asked[-1].headers[":path"] == path


def test_the_health_of_envoy_is_open(envoy: Envoy) -> None:
    assert envoy.request("GET", "/healthz").body == b"ok\n"


@pytest.mark.parametrize("name", ["x-ai-model", "x-ai-eg-model"])
def test_a_header_names_the_model_before_the_body_does(envoy: Envoy, name: str) -> None:
    assert envoy.chat("unknown", {name: "pre1"}).status == 200
    assert envoy.server.asked[-1].call == ["header", "/v1/chat/completions", "pre1"]
    assert envoy.server.asked[-1].headers["x-ai-model"] == "pre1"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no body"),
        (b"[]", "must be a JSON object"),
        (b"{}", "no top-level 'model'"),
        (b'{"model":7}', "must be a string"),
        (b'{"model":"exa', "too early"),
    ],
)
def test_what_the_finder_cannot_read_is_a_complete_400(
    envoy: Envoy, body: bytes, words: str
) -> None:
    answer = envoy.request("POST", "/v1/chat/completions", body)
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/json"
    assert words in answer.error["message"]
    assert answer.error["type"] == "invalid_request_error"


def test_a_complete_answer_of_the_server_is_not_wrapped_again(envoy: Envoy) -> None:
    envoy.server.refusal = b'{"error":{"message":"mine"}}'
    try:
        answer = envoy.chat("failover")
    finally:
        envoy.server.refusal = None
    assert (answer.status, answer.body) == (418, b'{"error":{"message":"mine"}}')


def test_a_provider_that_cannot_be_reached_is_a_503(envoy: Envoy) -> None:
    answer = envoy.chat("dead")
    assert answer.status == 503
    assert answer.error["type"] == "server_error"
    assert "No provider of this model could be reached" in answer.error["message"]


def test_the_next_priority_is_tried_and_the_server_is_asked_afresh(envoy: Envoy) -> None:
    before = len(envoy.server.asked)
    answer = envoy.chat("failover")
    assert answer.json() == {"from": "second"}
    asked = envoy.server.asked[before:]
    assert asked[-1].backend == "second"
    assert {tuple(one.call) for one in asked} == {("body", "/v1/chat/completions", "failover")}


def test_a_client_cannot_say_which_client_it_is(envoy: Envoy, first: Provider) -> None:
    assert envoy.chat("exact", {"x-ai-client": "root", "x-forwarded-for": "9.9.9.9"}).status == 200
    assert "x-ai-client" not in envoy.server.asked[-1].headers
    received = first.received[-1].headers
    assert not [name for name in received if name.startswith(("x-ai", "x-envoy", "x-forwarded"))]


def test_a_body_of_40_megabytes_passes_and_is_retried(envoy: Envoy, second: Provider) -> None:
    body = b'{"input":"' + b"x" * (40 * 1024 * 1024) + b'","model":"failover"}'
    answer = envoy.request("POST", "/v1/chat/completions", body)
    assert answer.json() == {"from": "second"}
    assert second.received[-1].size == len(body)


def test_a_larger_body_is_a_413_that_says_how_large_it_may_be(envoy: Envoy) -> None:
    body = b'{"model":"exact","x":"' + b"x" * (53 * 1024 * 1024) + b'"}'
    answer = envoy.request("POST", "/v1/chat/completions", body)
    assert answer.status == 413
    assert "52428800 bytes" in answer.error["message"]


def test_the_access_log_has_what_envoy_and_what_the_server_know(envoy: Envoy) -> None:
    path = "/v1/chat/completions?key=secret"
    envoy.request("POST", path, b'{"model":"exact"}', {"user-agent": "log"})
    entry = envoy.logged("log")
    assert set(REPORTED) < set(entry)
    assert entry["response_code"] == 200
    assert entry["path"] == "/upstream/first"
    assert entry["backend"] == "first"
    assert entry["total_tokens"] == 29
    assert entry["attempts"] == 1
    assert "secret" not in envoy.access_log.read_text()


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Envoy, Provider, Provider]]:
    bad, good = Provider(status=503), Provider()
    settings = {
        "backends": {"bad": backend(bad.port), "good": backend(good.port)},
        "routes": [
            route(["default"], "bad", "good"),
            route(["never"], "bad", "good", retry={"attempts": 1}),
            route(["only-429"], "bad", "good", retry={"attempts": 2, "on": ["429"]}),
            route(["alone"], "bad"),
            route(["quick"], "bad", "good", retry={"on": ["timeout"], "per_try_timeout": "300ms"}),
            route(["short"], "bad", timeouts={"request": "300ms"}),
        ],
    }
    with running(settings, tmp_path_factory.mktemp("failing")) as envoy:
        yield envoy, bad, good
    bad.stop()
    good.stop()


@pytest.mark.parametrize(
    ("model", "status", "expected"),
    [
        ("default", 503, 200),
        ("default", 500, 200),
        ("default", 529, 200),
        ("default", 429, 200),
        ("default", 400, 400),
        ("default", 401, 401),
        ("never", 503, 503),
        ("only-429", 429, 200),
        ("only-429", 503, 503),
        ("alone", 429, 429),
        ("alone", 500, 500),
    ],
)
def test_failures_go_to_the_next_backend_as_the_route_says(
    failing: tuple[Envoy, Provider, Provider], model: str, status: int, expected: int
) -> None:
    envoy, bad, _ = failing
    bad.status = status
    assert envoy.chat(model).status == expected


def test_an_attempt_that_takes_too_long_goes_to_the_next_backend(
    failing: tuple[Envoy, Provider, Provider],
) -> None:
    envoy, bad, _ = failing
    bad.status = 200
    bad.pause.clear()
    try:
        assert envoy.chat("quick").status == 200
        assert envoy.server.asked[-1].backend == "good"
    finally:
        bad.pause.set()


def test_an_exchange_that_takes_too_long_is_a_504(
    failing: tuple[Envoy, Provider, Provider],
) -> None:
    envoy, bad, _ = failing
    bad.pause.clear()
    try:
        answer = envoy.chat("short")
    finally:
        bad.pause.set()
    assert answer.status == 504
    assert answer.error["type"] == "server_error"


def test_clients_are_known_by_their_keys(tmp_path: Path, first: Provider) -> None:
    settings = {"backends": {"first": backend(first.port)}, "routes": [route(["m"], "first")]}
    keys = {"alice": ["key-a", "key-b"], "bob": ["key-c"]}
    with running(settings, tmp_path, client_keys=keys) as envoy:
        for headers in ({}, {"authorization": "Bearer wrong"}, {"x-ai-client": "alice"}):
            answer = envoy.chat("m", headers)
            assert answer.status == 401
            wrong = "invalid_api_key" if "authorization" in headers else None
            assert answer.error["code"] == wrong
            assert envoy.request("GET", "/v1/models", headers=headers).status == 401
        assert envoy.server.asked == []
        assert envoy.request("GET", "/healthz").status == 200
        for headers, client in (
            ({"authorization": "Bearer key-a"}, "alice"),
            ({"authorization": "key-b"}, "alice"),
            ({"x-api-key": "key-c", "x-ai-client": "alice"}, "bob"),
            ({"api-key": "key-c"}, "bob"),
            ({"x-goog-api-key": "key-c"}, "bob"),
            ({"xi-api-key": "key-c"}, "bob"),
        ):
            assert envoy.chat("m", headers).status == 200
            told = envoy.server.asked[-1].headers
            assert told["x-ai-client"] == client
            assert not {*KEY_HEADERS} & set(told)
        path = "/v1/chat/completions?key=key-a&b=1"
        answer = envoy.request("POST", path, b'{"model":"m"}', {"user-agent": "query"})
        assert answer.status == 200
        assert envoy.server.asked[-1].headers["x-ai-client"] == "alice"
        assert "key-a" not in str(envoy.server.asked[-1])
        assert envoy.logged("query")["client"] == "alice"


def test_a_worker_that_is_gone_costs_nothing_that_comes_after(
    tmp_path: Path, first: Provider
) -> None:
    settings = {"backends": {"first": backend(first.port)}, "routes": [route(["m"], "first")]}
    with running(settings, tmp_path, workers=2) as envoy:
        assert envoy.chat("m").status == 200
        envoy.server._servers[0].stop(0).wait()
        (tmp_path / "worker-0.sock").unlink(missing_ok=True)
        assert [envoy.chat("m").status for _ in range(20)] == [200] * 20
        envoy.server._servers[1].stop(0).wait()
        (tmp_path / "worker-1.sock").unlink(missing_ok=True)
        answer = envoy.chat("m")
        assert answer.status == 503
        assert answer.error["type"] == "server_error"


def test_a_large_body_survives_a_provider_whose_connection_hangs(tmp_path: Path) -> None:
    """Envoy 1.40 itself did not, with the send buffers to the server at their usual size."""
    with ExitStack() as stack:
        full = stack.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):  # more than the backlog holds: the next connection gets no answer
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        good = Provider()
        stack.callback(good.stop)
        hanging = backend(full.getsockname()[1], timeouts={"connect": "500ms"})
        settings = {
            "backends": {"hanging": hanging, "good": backend(good.port)},
            "routes": [route(["m"], "hanging", "good")],
        }
        envoy = stack.enter_context(running(settings, tmp_path))
        body = b'{"model":"m","input":"' + b"x" * (40 * 1024 * 1024) + b'"}'
        assert envoy.request("POST", "/v1/chat/completions", body).status == 200


def spoken(envoy: Envoy, data: bytes) -> tuple[bytes, bytes]:
    """(first line, body) of the answer to raw bytes."""
    with socket.create_connection(("127.0.0.1", envoy.port), timeout=20) as connection:
        connection.sendall(data)
        answer = b""
        while data := connection.recv(65536):
            answer += data
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.partition(b"\r\n")[0], body


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /v1/chat/completions HTTP/1.1\r\n", 400),
        (b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"a" * 70_000 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nhost: x\r\n" + b"x: a\r\n" * 200, 431),
        (b"GET /v1/chat/completions HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\n", 403),
        (b"POST /v1/chat/completions?\xe9 HTTP/1.1\r\nhost: x\r\n", 400),
        (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n", 400),
    ],
)
def test_what_is_no_proper_http_is_answered_in_json(envoy: Envoy, head: bytes, status: int) -> None:
    if b"upgrade" in head:
        head += b"connection: upgrade\r\n"
    line, body = spoken(envoy, head + b"\r\n")
    assert line.split()[1] == str(status).encode()
    assert set(json.loads(body)["error"]) == {"message", "type", "param", "code"}


def test_a_long_prefix_and_a_long_expression_are_taken(tmp_path: Path) -> None:
    prefix = f"/{'long-' * 50}"
    provider = Provider()
    settings = {
        "backends": {"good": backend(provider.port)},
        "routes": [route([f"/{'|'.join(f'model-{number}' for number in range(22))}/"], "good")],
    }
    with running(settings, tmp_path, prefix=prefix) as envoy:
        path = f"{prefix}/v1/chat/completions"
        assert envoy.request("POST", path, b'{"model":"model-21"}').status == 200
    provider.stop()
