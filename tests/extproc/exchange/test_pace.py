"""What Envoy is told of how soon a backend answers."""

import pytest

from extproc.exchange.pace import FAILED, LOAD, Pace
from extproc.exchange.plan import Plan
from extproc.exchange.served import Route
from tests.plans import exchange, request_body, request_headers, response_headers, served

HELLO = {"model": "small", "messages": [{"role": "user", "content": "hello"}]}


def told(pace: Pace, seconds: float, status: int = 200) -> float:
    name, value = pace.told(seconds, status)
    assert name == LOAD
    said, _, rest = value.removeprefix("TEXT application_utilization=").partition(",")
    assert rest == "rps_fractional=1"
    return float(said)


def test_the_first_answer_is_taken_as_it_is_and_later_ones_move_it_a_little():
    pace = Pace()
    assert told(pace, 1.0) == 1.0
    assert told(pace, 2.0) == pytest.approx(1.1)
    assert told(pace, 1.1) == pytest.approx(1.1)


@pytest.mark.parametrize("status", [429, 500, 529])
def test_whoever_refuses_at_once_is_not_the_fastest(status):
    assert told(Pace(), 0.002, status) == FAILED
    assert told(Pace(), 0.002, 400) == 0.002


def test_no_time_at_all_is_a_little():
    assert told(Pace(), 0.0) > 0


@pytest.mark.parametrize("by_pace", [True, False])
@pytest.mark.parametrize("content_type", ["application/json", "text/event-stream"])
def test_an_answer_tells_it_where_the_route_goes_by_it(by_pace, content_type):
    route = Route(models=("small",), upstream={"up": "m"}, by_pace=by_pace)
    begun = exchange(Plan({"up": served()}, [route]))
    begun.handle(request_headers())
    begun.handle(request_body({**HELLO, "stream": "event" in content_type}))
    change = begun.handle(response_headers(content_type=content_type))
    assert (LOAD in dict(change.set_headers)) is by_pace
