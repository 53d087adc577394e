"""Requests that have met no backend yet, without an Envoy."""

import json
from base64 import b64encode

import pytest

from extproc.exchange.again import MARK, again
from extproc.exchange.events import GO_ON, Change, Reject, RequestHeaders, Reroute
from extproc.exchange.keeping import Keeping
from extproc.exchange.machine import UNHEARD
from extproc.exchange.placing import CLEANED
from extproc.exchange.plan import Plan
from extproc.exchange.proof import CALL
from extproc.exchange.served import Route, Served, Share
from extproc.exchange.wire.writing import encode
from providers.catalog import PROVIDERS
from providers.errors import NotFound
from providers.operations import Operation
from providers.usage import Price
from tests.plans import (
    CHAT,
    Pairs,
    exchange,
    request_body,
    request_headers,
    response_body,
    response_headers,
    served,
)

ALL = ("one", "two", "spare")


def two(**shares: Share) -> Plan:
    backends = {name: served(name) for name in ALL}
    route = Route(models=("small",), upstream=dict.fromkeys(ALL, ""), shares=shares)
    return Plan(backends, [route], hash="h")


def begins(path: str = CHAT, *, end: bool = False, call: str = "", **headers: str):
    pairs = Pairs(**headers)
    pairs._pairs |= {":path": path, ":method": "POST"}
    return RequestHeaders(pairs, {CALL: call} if call else {}, end)


def asked(made: Plan, **headers: str):
    one = exchange(made)
    assert one.handle(begins(x_forwarded_proto="https", **headers)) is GO_ON
    return one.handle(request_body({"model": "small", "messages": []}))


def test_the_route_is_looked_for_again_by_a_header():
    action = asked(two())
    assert type(action) is Reroute
    sent = dict(action.set_headers)
    assert sent["x-ai-cluster"] in {f"ai/{name}" for name in ALL}
    assert sent["x-ai-model"] == "small"
    assert sent["authorization"] == f"Bearer key-of-{sent['x-ai-cluster'][3:]}"
    assert "x-forwarded-proto" not in action.remove_headers
    # CommonResponse.clear_route_cache
    assert b"\x28\x01" in encode(type(request_body({})), action)


def test_backends_are_asked_by_weight_and_a_spare_one_is_not():
    made = two(one=Share(0, 3), two=Share(0, 1), spare=Share(1, 9))
    came = [dict(asked(made).set_headers)["x-ai-cluster"] for _ in range(400)]
    assert 295 <= came.count("ai/one") <= 305
    assert came.count("ai/spare") == 0


def test_a_backend_that_does_not_serve_is_passed_over():
    backends = {"one": served("one", operations=frozenset()), "two": served("two")}
    route = Route(models=("small",), upstream={"one": "", "two": ""})
    action = asked(Plan(backends, [route], hash="h"))
    assert dict(action.set_headers)["x-ai-cluster"] == "ai/two"
    alone = Plan({"one": backends["one"]}, [Route(models=("small",), upstream={"one": ""})])
    refused = asked(alone)
    assert isinstance(refused, Reject)
    assert refused.status == 404
    assert b"does not serve" in refused.body


def test_a_header_may_name_the_model():
    one = exchange(two())
    one.handle(begins(x_ai_model="small"))
    action = one.handle(request_body({"model": "another", "messages": []}))
    assert dict(action.set_headers)["x-ai-model"] == "small"


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"{", 400, "JSON"),
        (b'{"messages":[]}', 400, "model"),
        (b'{"model":"large"}', 404, "large"),
        (b'{"model":["small"]}', 400, "model"),
    ],
)
def test_mistakes_are_told_in_the_client_s_form(body: bytes, status: int, words: str):
    one = exchange(two())
    one.handle(begins())
    action = one.handle(request_body(body))
    assert isinstance(action, Reject)
    assert action.status == status
    assert words in json.loads(action.body)["error"]["message"]


def test_what_has_no_body_or_no_place_is_refused():
    assert exchange(two()).handle(begins(end=True)).status == 400
    assert exchange(two()).handle(begins("/nowhere")).status == 404


def test_what_is_kept_goes_where_the_model_finder_says():
    event = begins("/v1/files/x", end=True, call="kept\n/v1/files/x\nopenai.files")
    event.headers._pairs |= {":method": "GET", "x-ai-cluster": "ai/gone"}
    event.attributes[CLEANED] = "yes"
    action = exchange(two()).handle(event)
    assert isinstance(action, Reject)
    assert (action.status, b"'gone'" in action.body) == (503, True)


def test_what_a_client_may_have_written_is_not_believed():
    route = Route(models=("small",), upstream={"one": ""}, clients=frozenset({"someone"}))
    made = Plan({"one": served("one"), "two": served("two")}, [route], hash="h")
    for cleaned, known in ((False, False), (True, True)):
        one = exchange(made)
        event = begins(x_ai_client="someone", x_ai_cluster="ai/two")
        attributes = {CLEANED: "yes"} if cleaned else {}
        one.handle(RequestHeaders(event.headers, attributes, end=False))
        action = one.handle(request_body({"model": "small", "messages": []}))
        assert isinstance(action, Reroute) == known
        if known:
            assert "x-ai-client" in action.remove_headers
            assert dict(action.set_headers)["x-ai-cluster"] == "ai/one"
        else:
            assert action.status == 404


def test_what_is_kept_in_a_body_leads_to_its_backend():
    made = two(one=Share(0, 1), two=Share(0, 1), spare=Share(1, 1))
    for _ in range(5):
        one = exchange(made)
        event = begins(x_ai_cluster="ai/spare")
        one.handle(RequestHeaders(event.headers, {CLEANED: "yes"}, end=False))
        action = one.handle(request_body({"model": "small", "messages": []}))
        assert dict(action.set_headers)["x-ai-cluster"] == "ai/spare"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"model":"small","messages":[],"model":"large"}', "more than once"),
        (b'{"model":"large","messages":[],"model":"small"}', "more than once"),
        (b'{"mod\\u0065l":"large","messages":[],"model":"small"}', "more than once"),
        (b'{"model":"small\\r\\nx: y","messages":[]}', "control characters"),
    ],
)
def test_what_is_routed_is_what_is_sent(body: bytes, words: str):
    one = exchange(two())
    one.handle(begins())
    action = one.handle(request_body(body))
    assert isinstance(action, Reject)
    assert action.status == 400
    assert words in json.loads(action.body)["error"]["message"]


def test_a_model_that_is_told_twice_alike_is_one():
    one = exchange(two())
    one.handle(begins())
    told = b'{"model":"small","messages":[{"content":"model \\u0065"}],"mod\\u0065l":"small"}'
    assert type(one.handle(request_body(told))) is Reroute


def test_a_websocket_elsewhere_is_refused_at_once():
    assert exchange(two()).handle(begins(upgrade="websocket")).status == 400


def test_what_is_kept_may_be_led_by_a_model():
    event = begins("/v1/batches", call="kept\n/v1/batches\nopenai.batches", x_ai_model="small")
    backends = {name: served(name) for name in ALL}
    route = Route(models=("small",), upstream=dict.fromkeys(ALL, ""))
    made = Plan(backends, [route], keeping=Keeping(backends, {"openai.batches": ALL}))
    one = exchange(made)
    assert one.handle(event) is GO_ON
    action = one.handle(request_body({"input_file_id": "file-1", "endpoint": CHAT}))
    assert type(action) is Reroute
    assert dict(action.set_headers)["x-ai-cluster"] in {f"ai/{name}" for name in ALL}
    unknown = begins("/v1/batches", call="kept\n/v1/batches\nopenai.batches", x_ai_model="none")
    assert exchange(two()).handle(unknown).status == 404


def test_a_model_is_shown_that_a_body_names():
    for body, status in (({"model": "small"}, 200), ({"model": "large"}, 404), ({}, 400)):
        one = exchange(two())
        assert one.handle(begins("/api/show")) is GO_ON
        action = one.handle(request_body(body))
        assert isinstance(action, Reject)
        assert action.status == status


def test_who_names_no_model_gets_the_one_by_default():
    route = Route(models=("small",), upstream={"one": "large"})
    one = exchange(Plan({"one": served("one")}, [route], default="small"))
    one.handle(begins())
    action = one.handle(request_body({"messages": []}))
    assert dict(action.set_headers)["x-ai-model"] == "small"
    assert json.loads(action.body)["model"] == "large"


def test_a_refusal_is_not_marked_for_a_backend_that_nobody_will_ask():
    route = Route(models=("small",), upstream={"one": ""}, again=again(("quota",)))
    spent = {"error": {"message": "spent", "code": "insufficient_quota"}}
    made = Plan({"one": served("one")}, [route])

    def refused(*, placed: bool) -> dict[str, str]:
        one = exchange(made)
        one.handle(begins() if placed else request_headers(backend="one"))
        one.handle(request_body({"model": "small", "messages": []}))
        one.handle(response_headers(429))
        return dict(one.handle(response_body(spent)).set_headers)

    assert MARK in refused(placed=False)
    assert MARK not in refused(placed=True)


@pytest.mark.parametrize("reserves", [True, False])
def test_what_it_costs_is_said_where_budgets_reserve(reserves: bool):
    price = Price(input=0.0, output=10.0)
    route = Route(models=("small",), upstream={"one": ""}, price=price)
    action = asked(Plan({"one": served("one")}, [route], reserves=reserves))
    said = {**(action.metadata or {}), **(action.more or {})}
    assert said.get("price") == ("0 10" if reserves else None)


def test_what_envoy_answers_before_the_body_is_there_is_its_own():
    one = exchange(two())
    one.handle(begins("/v1/messages"))
    refused = one.handle(response_headers(413))
    assert isinstance(refused, Reject)
    assert json.loads(refused.body)["error"]["type"] == "request_too_large"
    one = exchange(two())
    one.handle(begins())
    assert one.handle(response_headers(408)) == UNHEARD
    assert one.handle(response_body(b"late")) is GO_ON


def holding(*providers: str) -> Plan:
    """A route to backends that hold sessions, named like their providers."""
    backends = {
        name: Served(
            name=name,
            provider=PROVIDERS[name],
            authority=f"{name}.example",
            operations=frozenset({Operation.REALTIME}),
        )
        for name in providers
    }
    route = Route(models=("talk",), upstream=dict.fromkeys(providers, ""))
    return Plan(backends, [route], hash="h")


def test_a_session_goes_where_it_need_not_be_translated():
    client = PROVIDERS["openai"].sessions[0]
    made = holding("gemini", "openai")
    assert {made.talker(client, "talk") for _ in range(20)} == {"openai"}
    with pytest.raises(NotFound, match="in cluster placement alone"):
        holding("gemini").talker(client, "talk")


def of_our_own(secret: str, cluster: str, **more: str) -> object:
    """What becomes of a request by the loopback listener, which says `secret`."""
    call = b64encode(f"{secret}\n{CHAT}\nsmall".encode()).decode()
    one = exchange(two(), side="s")
    began = one.handle(begins(call=f"side {call}", x_ai_cluster=cluster, **more))
    if began is not GO_ON:
        return began
    return one.handle(request_body({"model": "small", "messages": []}))


def test_a_request_of_the_server_s_own_goes_where_it_says():
    action = of_our_own("s", "ai/spare", x_ai_client="someone")
    assert type(action) is Change  # its route has led there already
    assert dict(action.set_headers)["authorization"] == "Bearer key-of-spare"
    assert {"x-ai-cluster", "x-ai-client"} <= {*action.remove_headers}
    for nowhere in ("ai/nobody", ""):
        assert of_our_own("s", nowhere).status == 503


def test_a_stranger_at_the_loopback_listener_is_refused():
    for secret in ("", "t", "ss"):
        refused = of_our_own(secret, "ai/spare")
        assert isinstance(refused, Reject)
        assert refused.status == 401
