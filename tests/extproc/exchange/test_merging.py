"""Lists of several backends, without an Envoy: what is asked, and of what an answer is made."""

import json
from base64 import b64decode

import pytest

from extproc.config import parse
from extproc.exchange.compile import compile_plan
from extproc.exchange.events import Ask, Leave, Reject, SideAnswer, Told
from extproc.exchange.ids import Seal
from extproc.exchange.machine import Exchange
from extproc.exchange.merging import Seals
from extproc.exchange.proof import BACKEND, CALL
from providers.errors import NotFound, Unavailable
from tests.plans import Keys, Pairs, RequestHeaders, exchange, response_body, response_headers

ONE = {"provider": "openai", "credential": {"api_key": "env:K"}}
CLAUDE = {**ONE, "provider": "anthropic", "openai_batches": True, "operations": ["files"]}
PLAN = compile_plan(
    parse(
        {
            "version": 1,
            "backends": {"a": ONE, "b": ONE, "claude": CLAUDE},
            "resources": {"secret": "env:IDS"},
        }
    )
)
SEALS = {name: Seal(name, "", Keys().get("/resources")) for name in ("a", "b")}


def asked(path: str, *, side: str = "s", kind: str = "openai.batches", **more: str):
    one = exchange(PLAN, side=side, probing="s")
    headers = Pairs(**more)
    headers._pairs |= {":path": path, ":method": "GET", ":authority": "ai.test", ":scheme": "http"}
    attributes = {BACKEND: "a", CALL: f"kept\n{path}\n{kind}"}
    return one, one.handle(RequestHeaders(headers, attributes, True))


def things(name: str, *created: int) -> dict:
    found = [{"id": SEALS[name].closed(f"batch_{when}"), "created_at": when} for when in created]
    return {"object": "list", "data": found, "has_more": False}


def answer(body: object, status: int = 200) -> SideAnswer:
    return SideAnswer(status, {"content-type": "application/json"}, json.dumps(body).encode())


def told(one: Exchange, *answers: SideAnswer) -> Reject:
    action = one.handle(Told(answers=answers))
    assert isinstance(action, Reject)
    return action


def test_each_backend_is_asked_as_if_the_client_had_named_it():
    _, action = asked("/v1/batches?limit=2&x=1&x=2", x_sdk="7", accept_encoding="gzip")
    assert isinstance(action, Ask)
    assert action.each
    assert [call.path for call in action.calls] == ["/v1/batches?limit=2&x=1&x=2"] * 2
    assert all((call.body, call.host) == (None, "ai.test") for call in action.calls)
    headers = [dict(call.headers) for call in action.calls]
    assert [each["x-ai-cluster"] for each in headers] == ["ai/a", "ai/b"]
    assert [each.get("x-sdk") for each in headers] == ["7", "7"]
    assert "accept-encoding" not in headers[0]
    said = b64decode(headers[0]["x-ai-call"]).decode()
    assert said == "s\n/v1/batches?limit=2&x=1&x=2\nopenai.batches"


def test_a_page_is_made_of_what_all_have_said():
    one, _ = asked("/v1/batches?limit=3")
    action = told(one, answer(things("a", 9, 5)), answer(things("b", 7, 6)))
    assert action.status == 200
    body = json.loads(action.body)
    assert [thing["created_at"] for thing in body["data"]] == [9, 7, 6]
    assert body["has_more"]
    assert "x-ai-missing-backends" not in dict(action.headers)
    assert action.metadata["operation"] == "batches"


def test_who_keeps_what_cannot_be_listed_in_the_clients_format_is_named():
    one, action = asked("/v1/files", kind="openai.files")
    assert [dict(call.headers)["x-ai-cluster"] for call in action.calls] == ["ai/a", "ai/b"]
    action = told(one, answer(things("a", 9)), answer(things("b", 7)))
    assert dict(action.headers)["x-ai-missing-backends"] == "claude"


def test_a_page_goes_on_behind_an_id():
    behind = SEALS["b"].closed("batch_7")
    one, action = asked(f"/v1/batches?after={behind}&limit=1")
    assert [call.path for call in action.calls] == [
        f"/v1/batches/{behind}",
        "/v1/batches?limit=100",
        f"/v1/batches?limit=1&after={behind}",
    ]
    thing = answer({"id": behind, "created_at": 7})
    action = told(one, thing, answer(things("a", 9, 5)), answer(things("b", 6)))
    body = json.loads(action.body)
    assert ([thing["created_at"] for thing in body["data"]], body["has_more"]) == ([6], True)


def test_what_is_not_there_begins_no_page():
    behind = SEALS["b"].closed("batch_7")
    one, _ = asked(f"/v1/batches?after={behind}")
    missing = answer({"error": {"message": "No such batch", "type": "invalid_request_error"}}, 404)
    action = told(one, missing, answer(things("a", 9)), answer(things("b", 6)))
    assert (action.status, b"No such batch" in action.body) == (404, True)


@pytest.mark.parametrize(
    "answers", [(answer({}, 503), answer([1])), (SideAnswer(504, {}, b""), answer({}, 401))]
)
def test_the_first_error_is_told_where_nobody_has_a_list(answers: tuple[SideAnswer, ...]):
    one, _ = asked("/v1/batches")
    assert told(one, *answers).status in (502, 503)


def test_who_has_no_list_is_named():
    one, _ = asked("/v1/batches")
    action = told(one, answer(things("a", 9)), SideAnswer(504, {}, b""))
    assert dict(action.headers)["x-ai-missing-backends"] == "b"
    one, _ = asked("/v1/batches")
    action = one.handle(Told(error=Unavailable("no listener")))
    assert isinstance(action, Reject)
    assert action.status == 503


@pytest.mark.parametrize("id", ["batch_1", SEALS["a"].closed("batch_1")[:-1] + "!", "x" * 9_000])
def test_a_cursor_that_nobody_has_given_is_not_found(id: str):
    _, action = asked(f"/v1/batches?after={id}")
    assert isinstance(action, Reject)
    assert action.status == 404


def test_where_no_requests_of_our_own_can_be_the_backends_are_named():
    _, action = asked("/v1/batches", side="")
    assert isinstance(action, Reject)
    assert (action.status, b"(a, b)" in action.body) == (400, True)


def test_what_is_no_list_goes_where_it_is_kept():
    id = SEALS["a"].closed("batch_1")
    _, action = asked(f"/v1/batches/{id}")
    assert isinstance(action, Leave)
    _, action = asked("/v1/batches", x_ai_backend="a")
    assert isinstance(action, Leave)


def test_a_list_of_one_backend_is_asked_for_by_the_loopback_listener():
    _, action = asked("/v1/batches?limit=1")
    call = dict(action.calls[1].headers)["x-ai-call"]
    headers = Pairs()
    headers._pairs |= {":path": action.calls[1].path, ":method": "GET", ":authority": "ai.test"}
    one = exchange(PLAN, side="s", probing="s")
    seen = {BACKEND: "b", CALL: f"side {call}"}
    action = one.handle(RequestHeaders(headers, seen, True))
    assert isinstance(action, Leave)
    assert dict(action.set_headers)[":path"] == "/v1/batches?limit=1"
    one.handle(response_headers())
    shown = one.handle(response_body({"data": [{"id": "batch_7", "object": "batch"}]}))
    assert json.loads(shown.body)["data"][0]["id"] == SEALS["b"].closed("batch_7")
    stranger = exchange(PLAN, side="t", probing="t").handle(RequestHeaders(headers, seen, True))
    assert isinstance(stranger, Reject)
    assert stranger.status == 401


@pytest.mark.parametrize("id", ["batch_1", "a", "files-x", "_-_-", "Y"])
def test_an_id_of_a_thing_is_no_cursor(id: str):
    seals = Seals(PLAN.keeping, ("a", "b"), "", Keys())
    for cursor in ("", "x/y", "\xe9"):
        assert seals.opened(seals.closed("b", cursor)) == ("b", cursor)
    with pytest.raises(NotFound, match="no cursor"):
        seals.opened(SEALS["a"].closed(id))
