"""A session between two formats, as Envoy brings its pieces."""

import json

import pytest

from extproc.exchange.dues import attribute, tolls
from extproc.exchange.events import (
    Change,
    Interpret,
    Reject,
    RequestBody,
    ResponseBody,
    ResponseHeaders,
    Settle,
    Talk,
)
from extproc.exchange.events import Settled as Answer
from extproc.exchange.hearing import PARTING
from extproc.exchange.machine import Exchange
from extproc.exchange.plan import Plan
from extproc.exchange.proof import BACKEND, CALL
from extproc.exchange.served import Route
from extproc.exchange.session import PROTOCOL
from extproc.exchange.wire import encode
from providers.bridging.interpreting import MARK, PONG
from providers.errors import Spent
from providers.usage import Price
from providers.wire.frames import Frames
from providers.wire.websocket import CLOSE, TEXT, closing, frame
from tests.extproc.ratelimit.queries import limit
from tests.plans import Clock, Keys, Pairs, request_headers, served

USER = "header:x-user"
KEY = b"abcd"
CREATE = frame(TEXT, b'{"type": "response.create"}', KEY)
USAGE = {"promptTokenCount": 9, "responseTokenCount": 3}
DONE = {"serverContent": {"turnComplete": True}, "usageMetadata": USAGE}
PONGED = frame(PONG, MARK)


def said(message: dict) -> bytes:
    return frame(TEXT, json.dumps(message).encode())


def plan(provider: str = "gemini", owed: tuple = ()) -> Plan:
    options = {"instance": "i", "api_version": "2024-10-01-preview"} if provider == "azure" else {}
    backend = served(provider=provider, options=options)
    route = Route(models=("talk",), upstream={"up": "gm"}, price=Price(input=1.0), tolls=owed)
    return Plan({"up": backend}, [route], hash="h")


def begun(clock=None, **attributes: str) -> Exchange:
    """A session that Gemini has accepted."""
    owed = tolls([limit(name="t", per=(USER,))], ["talk"])
    one = Exchange(plan(owed=owed), Keys(), clock or Clock(), settling=True)
    known = {BACKEND: "up", CALL: "session\n/v1/realtime\ntalk", attribute(USER): "tom"}
    headers = Pairs()
    headers._pairs[":status"] = "101"
    action = one.handle(ResponseHeaders(headers, False, {**known, **attributes}))
    assert isinstance(action, Interpret)
    return one


def heard(*actions: Change) -> list:
    """Messages, and the close frame as (code, reason)."""
    found: list = []
    for one in Frames().feed(b"".join(action.body or b"" for action in actions)):
        if one.opcode == CLOSE:
            found.append((int.from_bytes(one.payload[:2], "big"), one.payload[2:].decode()))
        elif one.opcode == TEXT:
            found.append(json.loads(one.payload))
    return found


def test_envoy_shows_both_directions():
    told = encode(ResponseHeaders, Interpret())
    # ProcessingResponse.mode_override: request_body_mode and response_body_mode, both STREAMED.
    assert told == b"\x12\x00" + b"\x4a\x04\x18\x01\x20\x01"


def test_the_handshake_is_the_providers_own():
    attributes = {BACKEND: "up", CALL: "session\n/v1/realtime?model=talk&x=1\ntalk"}
    event = request_headers(path="/v1/realtime?model=talk&x=1", method="GET")
    event.headers._pairs["sec-websocket-protocol"] = "realtime, openai-insecure-api-key.mine"
    one = Exchange(plan(), Keys(), Clock())
    action = one.handle(type(event)(event.headers, attributes, False))
    assert isinstance(action, Talk)
    path = dict(action.set_headers)[":path"]
    assert path == "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
    assert "sec-websocket-protocol" in action.remove_headers
    assert (action.more or {})["protocol"] == "realtime"


def test_the_protocol_is_agreed_here():
    headers = Pairs()
    headers._pairs[":status"] = "101"
    one = Exchange(plan(), Keys(), Clock())
    known = {BACKEND: "up", CALL: "session\n/v1/realtime\ntalk", PROTOCOL: "realtime"}
    action = one.handle(ResponseHeaders(headers, False, known))
    assert ("sec-websocket-protocol", "realtime") in action.set_headers


@pytest.mark.parametrize("provider", ["xai", "azure"])
def test_older_and_other_forms_are_not_translated(provider):
    place = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
    attributes = {BACKEND: "up", CALL: f"session\n{place}?model=talk\ntalk"}
    event = request_headers(path=f"{place}?model=talk", method="GET")
    one = Exchange(plan(provider), Keys(), Clock())
    action = one.handle(type(event)(event.headers, attributes, False))
    assert isinstance(action, Reject)
    assert action.status == 404


def test_what_is_used_is_charged_before_its_answer_is_told():
    one = begun()
    setup = one.handle(RequestBody(CREATE))
    assert [*heard(setup)[0]] == ["setup"]
    one.handle(ResponseBody(PONGED + said({"setupComplete": {}}), False))
    asked = one.handle(ResponseBody(said(DONE), False))
    assert isinstance(asked, Settle)
    assert [charge.hits for charge in asked.charges] == [12]
    told = one.handle(Answer(taken=True))
    assert heard(told)[-1]["type"] == "response.done"
    assert (told.metadata["total_tokens"], told.metadata["due_total_tokens"]) == (12, 0)


def test_a_budget_that_is_used_up_ends_it_for_both():
    clock = Clock()
    one = begun(clock)
    one.handle(RequestBody(CREATE))
    one.handle(ResponseBody(PONGED + said({"setupComplete": {}}), False))
    one.handle(ResponseBody(said(DONE), False))
    told = one.handle(Answer(taken=True, error=Spent("Limit reached")))
    *_, done, complaint, end = heard(told)
    assert done["type"] == "response.done"
    assert (complaint["type"], complaint["error"]["message"]) == ("error", "Limit reached")
    assert end == (1008, "Limit reached")
    assert told.metadata["error_type"] == "rate_limit"
    assert heard(one.handle(RequestBody(CREATE))) == []
    bye = closing(1008, "", KEY)
    assert one.handle(RequestBody(bye)).body == bye
    assert one.handle(ResponseBody(said(DONE), False)).body == b""
    clock.now += PARTING
    assert isinstance(one.handle(ResponseBody(said(DONE), False)), Reject)


def test_who_ends_it_here_is_told_and_written_down():
    one = begun()
    one.handle(RequestBody(frame(TEXT, b"x" * (4 * 1024 * 1024 + 1), KEY)))
    told = one.handle(ResponseBody(PONGED, False))
    assert heard(told)[-1] == (1009, "a message is too long")
    assert told.metadata["error_type"] == "too_large"
    assert one.handle(ResponseBody(said(DONE), False)).body == b""


def test_a_bug_in_either_direction_closes_both():
    one = begun()
    one.handle(RequestBody(CREATE))
    assert heard(one.give_up())[0][0] == 1011
    one = begun()
    one._heard._asking = True
    to_provider = one.give_up()
    assert heard(to_provider) == [(1011, "")]
    assert one.handle(RequestBody(CREATE)).body == b""
    to_client = one.handle(ResponseBody(closing(1011, ""), False))
    assert heard(to_client)[0][0] == 1011
    assert one.handle(ResponseBody(said(DONE), False)).body == b""


def test_the_gateways_secret_is_told_to_nobody():
    one = begun()
    told = one.handle(ResponseBody(closing(1011, "bad key-of-up"), False))
    *_, event, end = heard(told)
    assert "key-of-up" not in f"{event}{end}"
