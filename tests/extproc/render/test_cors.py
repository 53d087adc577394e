"""Web pages as clients, through a real Envoy."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from extproc.config.process import Cors
from tests.extproc.render.support import Answer, Envoy, Provider, backend, route, running
from tests.extproc.render.test_forms import KEYS

CHAT = "/v1/chat/completions"
BODY = b'{"model":"good"}'
ORIGINS = ["https://app.example.com", "https://*.example.org", "http://localhost:3000"]


@pytest.fixture(scope="module")
def envoy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Envoy]:
    provider = Provider()
    settings = {
        "listen": {"cors": {"origins": ORIGINS, "max_age": "10m"}},
        "backends": {"good": backend(provider.port)},
        "routes": [route(["good"], "good")],
    }
    with running(settings, tmp_path_factory.mktemp("cors"), client_keys=KEYS) as envoy:
        yield envoy
    provider.stop()


def preflight(envoy: Envoy, origin: str, path: str = CHAT) -> Answer:
    headers = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,x-stainless-os",
    }
    return envoy.request("OPTIONS", path, headers=headers)


@pytest.mark.parametrize(
    "origin", ["https://app.example.com", "https://a.b.example.org", "http://localhost:3000"]
)
@pytest.mark.parametrize("path", [CHAT, "/v1/models", "/model/good/converse"])
def test_a_preflight_needs_no_key(envoy: Envoy, origin: str, path: str) -> None:
    answer = preflight(envoy, origin, path)
    assert answer.status == 200, answer
    assert answer.headers["access-control-allow-origin"] == origin
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-headers"] == "*, authorization"
    assert answer.headers["access-control-max-age"] == "600"


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.test",
        "https://example.org",
        "https://app.example.com.evil.test",
        "https://xexample.org",
        "http://a.example.org",
        "null",
    ],
)
def test_a_page_of_strangers_gets_no_leave(envoy: Envoy, origin: str) -> None:
    assert "access-control-allow-origin" not in preflight(envoy, origin).headers
    call = envoy.request("POST", CHAT, BODY, {"origin": origin, "x-api-key": "right"})
    assert "access-control-allow-origin" not in call.headers


@pytest.mark.parametrize(
    ("key", "model", "status"),
    [("right", "good", 200), ("wrong", "good", 401), ("right", "nobody's", 404)],
)
def test_a_page_may_read_answers_and_errors(
    envoy: Envoy, key: str, model: str, status: int
) -> None:
    body = f'{{"model":"{model}"}}'
    headers = {"origin": ORIGINS[0], "x-api-key": key}
    answer = envoy.request("POST", CHAT, body, headers)
    assert answer.status == status
    assert answer.headers["access-control-allow-origin"] == ORIGINS[0]
    exposed = answer.headers["access-control-expose-headers"]
    assert {"x-request-id", "retry-after", "x-ai-dropped-params"} <= set(exposed.split(", "))


def test_a_page_may_read_the_list_of_models(envoy: Envoy) -> None:
    headers = {"origin": ORIGINS[0], "x-api-key": "right"}
    answer = envoy.request("GET", "/v1/models", headers=headers)
    assert (answer.status, answer.body) == (200, b'{"object":"list"}')
    assert answer.headers["access-control-allow-origin"] == ORIGINS[0]


def test_any_page_may_call_where_the_setting_says_so(
    tmp_path: Path,
) -> None:
    settings = {
        "listen": {"cors": {"origins": ["*"]}},
        "backends": {"good": backend(1)},
        "routes": [route(["good"], "good")],
    }
    with running(settings, tmp_path) as envoy:
        answer = preflight(envoy, "https://any.test")
    assert answer.headers["access-control-allow-origin"] == "https://any.test"
    assert answer.headers["access-control-max-age"] == "3600"


@pytest.mark.parametrize(
    "origin",
    ["", "app.example.com", "https://a.test/", "https://a.test/x", "ftp://a.test", "https://*"],
)
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(ValidationError):
        Cors(origins=(origin,))


def test_no_client_names_the_cluster_where_none_is_to_be_found(envoy: Envoy) -> None:
    before = len(envoy.server.asked)
    headers = {"x-no-cluster": "ai/good", "x-api-key": "right"}
    answer = envoy.request("POST", CHAT, b'{"model":"unknown"}', headers)
    assert answer.status == 404
    assert len(envoy.server.asked) == before
