"""A session that owes to limits, and one that has used them up."""

import json

import pytest
from wsproto import Connection, ConnectionType
from wsproto.events import CloseConnection, TextMessage

from extproc.exchange.dues import attribute, tolls
from extproc.exchange.events import GO_ON, Charge, Reject, ResponseBody, ResponseHeaders, Settle
from extproc.exchange.events import Settled as Answer
from extproc.exchange.hearing import PARTING
from extproc.exchange.machine import Exchange
from extproc.exchange.plan import Plan
from extproc.exchange.proof import BACKEND, CALL
from extproc.exchange.served import Route
from providers.errors import GatewayError, Spent, Unavailable
from providers.usage import Price
from providers.wire.websocket import TEXT, closing, frame
from tests.extproc.ratelimit.queries import limit
from tests.plans import Clock, Keys, Pairs, served

USER = "header:x-user"
LIMITS = [limit(name="t", per=(USER,)), limit("cost_usd", 1.0, name="c", per=("backend",))]
USAGE = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
DONE = {"type": "response.done", "response": {"usage": USAGE}}
DELTA = {"type": "response.output_text.delta", "delta": "hi"}


def said(event: dict) -> bytes:
    return frame(TEXT, json.dumps(event).encode())


def begun(clock=None, settling=True, limits=LIMITS, **attributes: str):
    """A session that the provider has accepted."""
    owed = tolls(limits, ["talk"])
    route = Route(models=("talk",), upstream={"up": ""}, price=Price(input=1.0), tolls=owed)
    made = Plan({"up": served()}, [route], hash="h")
    one = Exchange(made, Keys(), clock or Clock(), settling=settling)
    known = {BACKEND: "up", CALL: "session\n/v1/realtime\ntalk", **attributes}
    headers = Pairs()
    headers._pairs[":status"] = "101"
    one.handle(ResponseHeaders(headers, False, known))
    return one


def heard(data: bytes) -> list:
    reader = Connection(ConnectionType.CLIENT)
    reader.receive_data(data)
    found = []
    for event in reader.events():
        if isinstance(event, TextMessage):
            found.append(json.loads(event.data))
        elif isinstance(event, CloseConnection):
            found.append((event.code, event.reason))
    return found


def test_what_is_said_is_charged_at_once_and_the_rest_is_due():
    one = begun(**{attribute(USER): "tom"})
    asked = one.handle(ResponseBody(said(DONE), False))
    assert isinstance(asked, Settle)
    assert asked.charges == (
        Charge((("limit", "t"), (USER, "tom")), 15),
        Charge((("limit", "c"), ("backend", "up")), 10),
    )
    told = one.handle(Answer(taken=True))
    assert told.body is None
    assert (told.metadata["total_tokens"], told.metadata["due_total_tokens"]) == (15, 0)
    again = one.handle(ResponseBody(said(DONE), False))
    assert [charge.hits for charge in again.charges] == [15, 10]
    told = one.handle(Answer(taken=True))
    assert (told.metadata["total_tokens"], told.metadata["due_total_tokens"]) == (30, 0)


def test_what_could_not_be_charged_is_charged_with_the_next():
    one = begun(**{attribute(USER): "tom"})
    one.handle(ResponseBody(said(DONE), False))
    told = one.handle(Answer(taken=False))
    assert told.metadata["due_total_tokens"] == 15
    again = one.handle(ResponseBody(said(DONE), False))
    assert [charge.hits for charge in again.charges] == [30, 20]


def test_without_a_limiter_to_ask_all_is_due_at_the_end():
    one = begun(settling=False, **{attribute(USER): "tom"})
    told = one.handle(ResponseBody(said(DONE), False))
    assert (told.metadata["due_total_tokens"], told.metadata["due_cost_microusd"]) == (15, 10)


def test_a_limit_about_something_else_is_not_charged():
    asked = begun().handle(ResponseBody(said(DONE), False))
    assert [charge.entries[0] for charge in asked.charges] == [("limit", "c")]


@pytest.mark.parametrize(
    ("error", "code"), [(Spent("Limit reached"), 1008), (Unavailable("who knows"), 1013)]
)
def test_a_session_that_may_go_no_further_ends_between_two_messages(error: GatewayError, code: int):
    stream = (said(DELTA) + said(DONE) + said(DELTA))[:-1]
    for cut in range(len(stream)):
        one, got = begun(), b""
        for piece in (stream[:cut], stream[cut:]):
            action = one.handle(ResponseBody(piece, False))
            if isinstance(action, Settle):
                action = one.handle(Answer(taken=True, error=error))
                record = action.metadata
            got += piece if action.body is None else action.body
        *before, complaint, end = heard(got)
        assert before == [DELTA, DONE]
        assert (complaint["type"], complaint["error"]["message"]) == ("error", error.message)
        assert end == (code, error.message)
        assert (record["total_tokens"], record["error_type"]) == (15, error.cause.value)


def test_nothing_is_said_behind_the_providers_own_farewell():
    one = begun()
    one.handle(ResponseBody(said(DONE) + closing(1000, "bye"), False))
    told = one.handle(Answer(taken=True, error=Spent("Limit reached")))
    assert (told.body, told.metadata["due_total_tokens"]) == (None, 0)


def test_what_is_said_after_the_end_is_charged_and_heard_by_nobody():
    clock = Clock()
    one = begun(clock)
    one.handle(ResponseBody(said(DONE), False))
    one.handle(Answer(taken=True, error=Spent("Limit reached")))
    told = one.handle(ResponseBody(said(DONE), False))
    assert (told.body, told.metadata["due_total_tokens"]) == (b"", 15)
    assert one.handle(ResponseBody(said(DELTA), False)).body == b""
    clock.now += PARTING
    hung_up = one.handle(ResponseBody(said(DONE), False))
    assert isinstance(hung_up, Reject)
    assert hung_up.metadata["due_total_tokens"] == 30
    assert one.handle(ResponseBody(b"", True)) is GO_ON


def test_a_session_that_no_limit_is_about_owes_nothing():
    told = begun(limits=[]).handle(ResponseBody(said(DONE), False))
    assert told.metadata["total_tokens"] == 15
    assert "due_total_tokens" not in told.metadata
