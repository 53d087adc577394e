"""The management API as its callers find it."""

import orjson
import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

from extproc.admin.application import OPENAPI, application
from extproc.admin.guard import BURST, FEW, Guard
from extproc.config.load import parse
from tests.extproc.admin.test_providers import gateway

KEY = "adm-0123456789"
BEARER = {"authorization": f"Bearer {KEY}"}


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ask(clock):
    guarded = Guard(application(gateway), lambda: KEY, clock)
    with TestClient(guarded, raise_server_exceptions=False) as client:
        yield client.request


def message(answer):
    body = answer.json()
    assert body["status_code"] == answer.status_code
    assert body["is_bifrost_error"] is False
    return body["error"]["message"]


def test_backends_are_listed_and_found_by_name(ask):
    listed = ask("GET", "/api/providers", headers=BEARER)
    assert listed.status_code == 200
    assert listed.json()["total"] == 1
    one = ask("GET", "/api/providers/own", headers=BEARER)
    assert one.json() == listed.json()["providers"][0]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": f"Basic {KEY}"},
        {"authorization": KEY},
        {"x-api-key": KEY},
        {"authorization": "Bearer sk-bf-virtual"},
    ],
)
def test_nobody_gets_in_without_the_key(ask, headers):
    answer = ask("GET", "/api/providers", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "Authorization: Bearer" in message(answer)
    assert ("x-api-key" in message(answer)) == ("x-api-key" in headers)


def test_two_keys_are_none(ask):
    headers = [("authorization", f"Bearer {KEY}"), ("authorization", "Bearer other")]
    assert ask("GET", "/api/providers", headers=headers).status_code == 401


@pytest.mark.parametrize("key", [None, ""])
def test_without_a_key_nobody_gets_in(clock, key):
    with TestClient(Guard(application(gateway), lambda: key, clock)) as client:
        for said in ("Bearer ", "Bearer None", "Bearer"):
            assert client.get("/api/providers", headers={"authorization": said}).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/providers/other", 404),
        ("GET", "/api/providers/..%2f..%2fetc", 404),
        ("GET", f"/api/providers/{'a' * 64}", 404),
        ("GET", f"/api/providers/{'a' * 2000}", 414),
        ("GET", "/api/nothing", 404),
        ("GET", "/docs", 404),
        ("DELETE", "/api/providers", 405),
    ],
)
def test_what_is_not_there_is_an_error_in_the_same_form(ask, method, path, status):
    answer = ask(method, path, headers=BEARER)
    assert answer.status_code == status
    assert message(answer)


def test_bodies_are_not_read(ask):
    assert ask("GET", "/api/providers", headers=BEARER, content=b"x" * 100).status_code == 413


def test_a_bug_is_an_error_in_the_same_form(clock):
    def broken():
        raise RuntimeError("no reason")

    with TestClient(
        Guard(application(broken), lambda: KEY, clock), raise_server_exceptions=False
    ) as client:
        answer = client.get("/api/providers", headers=BEARER)
    assert answer.status_code == 500
    assert "no reason" not in message(answer)


def test_who_guesses_is_slowed_down_and_who_knows_is_not_for_it(ask, clock):
    statuses = [ask("GET", "/api/providers").status_code for _ in range(int(FEW) + 1)]
    assert statuses == [401] * int(FEW) + [429]
    assert ask("GET", "/api/providers", headers=BEARER).status_code == 200
    clock.now += 1
    assert ask("GET", "/api/providers").status_code == 401


def test_there_is_a_rate(ask, clock):
    statuses = [ask("GET", "/api/x", headers=BEARER).status_code for _ in range(int(BURST) + 1)]
    assert statuses[-1] == 429
    answer = ask("GET", "/api/x", headers=BEARER)
    assert answer.headers["retry-after"] == "1"
    assert "too many requests" in message(answer)
    clock.now += 1
    assert ask("GET", "/api/providers", headers=BEARER).status_code == 200


def test_the_document_says_what_is_answered(ask):
    assert ask("GET", OPENAPI).status_code == 401
    document = ask("GET", OPENAPI, headers=BEARER).json()
    assert document["openapi"].startswith("3.1")
    assert document["security"] == [{"Bearer": []}]
    answers = document["paths"]["/api/providers/{provider}"]["get"]["responses"]
    failures = {"400", "401", "404", "409", "413", "428", "429", "503"}
    assert {*answers} == {"200", *failures}
    reference = answers["200"]["content"]["application/json"]["schema"]["$ref"]
    schema = {"$ref": reference, "components": document["components"]}
    Draft202012Validator.check_schema(document["components"]["schemas"]["Provider"])
    Draft202012Validator(schema).validate(ask("GET", "/api/providers/own", headers=BEARER).json())
    refusal = {"$ref": "#/components/schemas/Failure", "components": document["components"]}
    Draft202012Validator(refusal).validate(ask("GET", "/api/none", headers=BEARER).json())


def test_no_reference_of_the_document_leads_nowhere(ask):
    document = ask("GET", OPENAPI, headers=BEARER).text
    known = orjson.loads(document)["components"]["schemas"]
    named = {part.partition('"')[0] for part in document.split("#/components/schemas/")[1:]}
    assert named <= {*known}


def test_a_hundred_backends_are_no_work():
    backends = {f"b{n}": {"provider": "vllm", "base_url": "http://127.0.0.1:9"} for n in range(100)}
    many = parse({"version": 1, "backends": backends})
    with TestClient(Guard(application(lambda: many), lambda: KEY, Clock())) as client:
        assert client.get("/api/providers", headers=BEARER).json()["total"] == 100
