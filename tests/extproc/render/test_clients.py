"""What clients do that are not SDKs: old HTTP, odd schemes, no key at all."""

import socket
from collections.abc import Iterator

import pytest

from providers.bridging.dialect import Dialect
from tests.extproc.render.support import DEADLINE, Envoy, Provider, backend, route, running
from tests.extproc.render.test_forms import BY_HEADER, FORMS, KEYS, as_dialect, kinds, shape

CHAT = "/v1/chat/completions"
KEY = {"x-api-key": "right"}
BODY = b'{"model":"good"}'


@pytest.fixture(scope="module")
def envoy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Envoy]:
    provider = Provider()
    settings = {
        "backends": {"good": backend(provider.port)},
        "routes": [route(["good"], "good")],
    }
    with running(settings, tmp_path_factory.mktemp("clients"), client_keys=KEYS) as envoy:
        yield envoy
    provider.stop()


def raw(envoy: Envoy, head: str, body: bytes) -> bytes:
    """The whole answer to a request as nginx writes it, in HTTP/1.0."""
    with socket.create_connection(("127.0.0.1", envoy.port), timeout=DEADLINE) as connection:
        connection.sendall(f"{head}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize("host", ["", "\r\nhost: gateway.test"])
def test_http_1_0_is_spoken_with_and_without_a_host(envoy: Envoy, host: str) -> None:
    answer = raw(envoy, f"POST {CHAT} HTTP/1.0{host}\r\nx-api-key: right", BODY)
    assert answer.partition(b" ")[2].startswith(b"200"), answer
    assert answer.endswith(b'{"ok":true}')


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_of_a_key_has_no_case(envoy: Envoy, scheme: str) -> None:
    headers = {"authorization": f"{scheme} right"}
    answer = envoy.request("POST", CHAT, BODY, headers)
    assert answer.status == 200, answer
    assert "authorization" not in envoy.server.asked[-1].headers


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (CHAT, {"authorization": "Bearer wrong"}),
        (CHAT, {"authorization": "bearer wrong"}),
        (CHAT, {"api-key": "wrong"}),
        (f"{CHAT}?key=wrong", {}),
        (f"{CHAT}?x=1&key=wrong", {}),
    ],
)
def test_a_wrong_key_is_said_to_be_wrong(envoy: Envoy, path: str, headers: dict[str, str]) -> None:
    answer = envoy.request("POST", path, BODY, headers)
    assert (answer.status, answer.error["code"]) == (401, "invalid_api_key")
    assert "Incorrect API key" in answer.error["message"]


@pytest.mark.parametrize("path", [CHAT, f"{CHAT}?x=1&monkey=2", "/v1/models"])
def test_no_key_is_no_wrong_key(envoy: Envoy, path: str) -> None:
    answer = envoy.request("POST", path, BODY)
    assert (answer.status, answer.error["code"]) == (401, None)
    assert "You didn't provide an API key" in answer.error["message"]


@pytest.mark.parametrize("dialect", FORMS, ids=lambda dialect: dialect.name)
def test_no_key_is_no_wrong_key_in_any_dialect(envoy: Envoy, dialect: Dialect) -> None:
    path = dialect.client[0].path.replace("{model}", "good")
    headers = {"x-ai-model": "good"} if dialect in BY_HEADER else {}
    answer = envoy.request("POST", path, BODY, headers)
    told = answer.status, shape(answer.json()), kinds(answer.body)
    assert told == as_dialect(dialect, 401)[:3]
    assert "didn't provide an API key" in str(answer.json())


@pytest.mark.parametrize(
    "path",
    [
        "/chat/completions",
        "/v1/v1/chat/completions",
        "/v1/chat/completions/",
        "//v1//chat/completions",
    ],
)
def test_a_path_is_found_where_it_can_mean_only_one(envoy: Envoy, path: str) -> None:
    answer = envoy.request("POST", f"{path}?x=1", BODY, KEY)
    assert answer.status == 200, answer
    assert envoy.server.asked[-1].call == ["body", f"{CHAT}?x=1", "good"]


@pytest.mark.parametrize("path", ["/models", "/v1/v1/models", "/v1//models", "//v1beta/models"])
def test_lists_are_found_there_too(envoy: Envoy, path: str) -> None:
    envoy.request("GET", path, headers=KEY)
    assert envoy.server.asked[-1].headers[":path"].endswith("/models")


@pytest.mark.parametrize(
    ("method", "path", "meant"),
    [
        ("POST", "/v1/chat/completion", CHAT),
        ("POST", "/v1/message", "/v1/messages"),
        ("GET", CHAT, CHAT),
    ],
)
def test_of_a_wrong_path_the_nearest_is_named(
    envoy: Envoy, method: str, path: str, meant: str
) -> None:
    answer = envoy.request(method, path, headers=KEY)
    assert answer.status == 404
    assert f"{method} {path}. Did you mean POST {meant}?" in answer.error["message"]
