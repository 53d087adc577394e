"""Models that only some clients may use, event by event."""

import json

import pytest

from extproc.config import parse
from extproc.exchange.compile import compile_plan
from extproc.exchange.events import Reject
from tests.extproc.exchange.test_exchange import HELLO
from tests.plans import exchange, request_body, request_headers

GATEWAY = {
    "version": 1,
    "backends": {
        "up": {"provider": "openai", "credential": {"api_key": "env:K"}},
        "claude": {"provider": "anthropic", "credential": {"api_key": "env:K"}},
    },
    "clients": {"api_keys": {"file": "c.yaml"}, "groups": {"team": ["ann", "bob"]}},
    "resources": {"secret": "env:S"},
    "routes": [
        {"models": ["open"], "backends": [{"backend": "up"}]},
        {
            "models": ["dear", "dear-*"],
            "clients": ["group:team", "eve"],
            "backends": [{"backend": "up"}, {"backend": "claude", "priority": 1}],
        },
        {"models": ["nobodys"], "clients": [], "backends": [{"backend": "up"}]},
    ],
}
PLAN = compile_plan(parse(GATEWAY))


def asked(client, path="/v1/chat/completions", method="POST", backend="up", **changes):
    """What is answered to the headers of a request, or to its body."""
    one = exchange(PLAN)
    event = request_headers(path, "dear", backend, method=method, **changes)
    if client:
        event.headers._pairs["x-ai-client"] = client
    action = one.handle(event)
    return action if isinstance(action, Reject) else one.handle(request_body(HELLO | MODEL))


MODEL = {"model": "dear"}


def error_of(action):
    return json.loads(action.body)["error"]


@pytest.mark.parametrize(
    ("path", "backend"),
    [
        ("/v1/chat/completions", "up"),
        ("/v1/chat/completions", "claude"),
        ("/v1/embeddings", "up"),
        ("/v1/images/generations", "up"),
    ],
)
def test_for_others_there_is_no_such_model_wherever_a_request_goes(path, backend):
    for client in ("tom", None, "group:team", "team"):
        action = asked(client, path, backend=backend)
        assert isinstance(action, Reject)
        assert action.status == 404
        assert error_of(action)["code"] == "model_not_found"
    for client in ("ann", "bob", "eve"):
        assert not isinstance(asked(client, path, backend=backend), Reject)


def test_the_answer_is_that_to_a_model_that_nobody_has():
    mine = asked("tom")
    one = exchange(PLAN)
    theirs = one.handle(request_headers(model="dear2"))
    assert mine.status == theirs.status
    assert mine.body.replace(b"dear", b"dear2") == theirs.body


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/v1/models", lambda body: [each["id"] for each in body["data"]]),
        ("/v1beta/models", lambda body: [each["name"][7:] for each in body["models"]]),
        ("/api/tags", lambda body: [each["name"] for each in body["models"]]),
        ("/api/ps", lambda body: [each["name"] for each in body["models"]]),
    ],
)
def test_lists_show_what_the_client_may_use(path, names):
    def listed(client):
        return names(json.loads(asked(client, path, "GET").body))

    assert listed("ann") == listed("eve") == ["open", "dear"]
    assert listed("tom") == listed(None) == ["open"]


@pytest.mark.parametrize("path", ["/v1/models/dear", "/v1beta/models/dear", "/v1/models/dear-9"])
def test_one_model_is_shown_to_whom_may_use_it(path):
    assert asked("bob", path, "GET").status == 200
    assert asked("tom", path, "GET").status == 404
    assert asked("ann", "/v1/models/nobodys", "GET").status == 404


def test_a_request_for_what_is_kept_names_no_model_of_others():
    for client, found in (("ann", True), ("tom", False)):
        if found:
            assert PLAN.upstream_name("dear", "up", client) == "dear"
        else:
            with pytest.raises(Exception, match="'dear' does not exist"):
                PLAN.upstream_name("dear", "up", client)


def test_a_session_needs_the_client_too():
    for client, kind in (("ann", False), ("tom", True)):
        one = exchange(PLAN)
        event = request_headers("/v1/realtime?model=dear", "dear", source="session", method="GET")
        event.headers._pairs["x-ai-client"] = client
        assert isinstance(one.handle(event), Reject) is kind


def test_the_operator_sees_all_of_them():
    assert [model.id for model in PLAN.models()] == ["open", "dear", "nobodys"]
