"""What is reported is the public contract, no more and no less."""

import re
from pathlib import Path

from extproc.exchange.metadata import LOST, NO_UNITS
from tests.extproc.exchange.test_exchange import ANSWER, HELLO
from tests.plans import exchange, plan, request_body, request_headers, response_body
from tests.plans import response_headers as answered

PROTO = Path(__file__).parents[3] / "protos" / "usage.proto"


SAID_WHERE_THERE_IS_ANY = {*NO_UNITS, LOST}


def contract() -> set[str]:
    return set(re.findall(r"^  \w+ (\w+) = \d+;", PROTO.read_text(), re.MULTILINE))


def test_an_exchange_reports_every_field_of_the_contract():
    one = exchange(plan())
    one.handle(request_headers())
    reported = {**one.handle(request_body(HELLO)).metadata}
    one.handle(answered())
    reported |= one.handle(response_body(ANSWER)).metadata
    assert reported.keys() | SAID_WHERE_THERE_IS_ANY == contract()


def test_a_new_attempt_resets_all_that_an_earlier_one_may_have_reported():
    one = exchange(plan())
    one.handle(request_headers())
    first = one.handle(request_body(HELLO)).metadata
    assert first.keys() == contract() - SAID_WHERE_THERE_IS_ANY
    assert first["total_tokens"] == 0
    assert first["error_type"] == ""
