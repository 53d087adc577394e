"""Exchanges that begin by what Envoy's metadata say, without an Envoy."""

import json
from typing import Any

from extproc.exchange.choosing import Choosing
from extproc.exchange.described import PLACES, Describing, Found, Texts
from extproc.exchange.events import GO_ON, Change, Reject, RequestHeaders, Reroute
from extproc.exchange.plan import Plan
from extproc.exchange.proof import BACKEND, CALL
from extproc.exchange.served import Route
from providers.errors import GatewayError
from tests.plans import CHAT, Keys, Pairs, exchange, request_body, request_headers, served

BODY = {"model": "small", "messages": []}


def plan(name: str, **more: Any) -> Plan:
    route = Route(models=("small",), upstream={name: ""})
    return Plan({name: served(name, **more)}, [route], hash=name)


def begins(*said: str, call: str = "", **headers: str) -> RequestHeaders:
    pairs = Pairs(**headers)
    pairs._pairs |= {":path": CHAT, ":method": "POST"}
    attributes = dict(zip(PLACES, said, strict=False))
    return RequestHeaders(pairs, {**attributes, **({CALL: call} if call else {})}, end=False)


def describing(backend: str = "there", made: Plan | None = None) -> Describing:
    """Metadata of `there` describe it; those of `wrong` cannot be used; others say nothing."""

    def find(texts: Texts) -> Found | None:
        if "wrong" in texts:
            raise GatewayError("it is wrong")
        return Found(made or plan("there"), Keys(), backend) if "there" in texts else None

    usual = Choosing([plan("up")], lambda number: exchange(plan("up")))
    return Describing(find, lambda found: exchange(found.plan), lambda: usual)


def test_what_the_metadata_describe_is_asked_where_envoy_goes():
    one = describing()
    assert one.handle(begins("", "there")) is GO_ON
    action = one.handle(request_body(BODY))
    assert type(action) is Change
    sent = dict(action.set_headers)
    assert sent["authorization"] == "Bearer key-of-there"
    assert not {"x-ai-cluster", "x-ai-model"} & sent.keys()


def test_where_the_server_chooses_a_header_leads_there():
    one = describing(backend="")
    one.handle(begins("", "", "", "there"))
    action = one.handle(request_body(BODY))
    assert type(action) is Reroute
    assert dict(action.set_headers)["x-ai-cluster"] == "ai/there"


def test_what_a_finder_has_read_is_known_from_the_beginning():
    one = describing()
    one.handle(begins("there", call=f"body\n{CHAT}\nunknown"))
    refused = describing()
    action = refused.handle(begins("there", call=f"body\n{CHAT}\nunknown"))
    assert isinstance(action, Reject)
    assert action.status == 404


def test_a_client_s_own_key_is_taken_as_it_came():
    made = plan("there", client_keys=("authorization",), has_secret=False)
    for call in ("", f"body\n{CHAT}\nsmall"):
        one = describing(made=made)
        one.handle(begins("there", call=call, authorization="Bearer own"))
        action = one.handle(request_body(BODY))
        assert isinstance(action, Change)
        assert dict(action.set_headers)["authorization"] == "Bearer own"


def test_where_they_say_nothing_gateway_yaml_holds():
    for said in ("", "of others"):
        one = describing()
        event = request_headers()
        attributes = {BACKEND: "up", CALL: event.attributes[CALL], PLACES[0]: said}
        one.handle(RequestHeaders(event.headers, attributes, end=False))
        action = one.handle(request_body(BODY))
        assert isinstance(action, Change)
        assert dict(action.set_headers)["authorization"] == "Bearer key-of-up"


def test_what_is_wrong_is_told_in_the_client_s_form():
    one = describing()
    action = one.handle(begins("", "", "wrong"))
    assert isinstance(action, Reject)
    assert (action.status, json.loads(action.body)["error"]["message"]) == (500, "it is wrong")
    event = begins("wrong")
    event.headers._pairs[":path"] = "/v1/messages"
    action = describing().handle(event)
    assert isinstance(action, Reject)
    assert json.loads(action.body)["type"] == "error"
    assert one.handle(request_body(BODY)) is GO_ON


def test_a_bug_is_told():
    assert describing().give_up().status == 500
