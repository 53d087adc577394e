"""Why a candidate ended, and what becomes of one that ended before it said anything."""

import orjson
import pytest
from google.genai import types

from providers.bridging.dialect import Seen
from providers.dialects.gemini.generate_content import DIALECT
from providers.dialects.gemini.generate_content.answers import FINISHES, REASONS
from providers.neutral.chat import Finish
from providers.neutral.deltas import AnyDelta, End
from providers.usage import Usage
from tests.providers.dialects.gemini.wire import NEWEST, answer


def streamed(body: dict[str, object]) -> list[AnyDelta]:
    parser = DIALECT.parser()
    return parser.feed(b"data: " + orjson.dumps(body) + b"\r\n\r\n") + parser.flush()


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("STOP", Finish.STOP),
        ("MAX_TOKENS", Finish.LENGTH),
        ("SAFETY", Finish.CONTENT_FILTER),
        ("PROHIBITED_CONTENT", Finish.CONTENT_FILTER),
        ("MALFORMED_FUNCTION_CALL", Finish.ERROR),
        ("SOMETHING_NEW", Finish.STOP),
    ],
)
def test_reasons_to_finish_are_understood(reason, finish):
    body = answer({"text": "x"}, finishReason=reason)
    assert DIALECT.parse_response(body).choices[0].finish is finish
    assert DIALECT.watch(body) == Seen(usage=Usage(input=10, output=5), model=NEWEST, finish=finish)


@pytest.mark.parametrize(
    ("beside", "message"),
    [
        ({"finishMessage": "Malformed function call: f(1)"}, "Malformed function call: f(1)"),
        ({}, "the model did not answer: MALFORMED_FUNCTION_CALL"),
        ({"content": {}}, "the model did not answer: MALFORMED_FUNCTION_CALL"),
    ],
)
def test_an_answer_that_only_failed_is_an_error(beside, message):
    candidate = {"finishReason": "MALFORMED_FUNCTION_CALL", "index": 0, **beside}
    (choice,) = DIALECT.parse_response({"candidates": [candidate]}).choices
    error = choice.error
    assert error is not None
    assert (error.status, error.code, error.message) == (
        500,
        "MALFORMED_FUNCTION_CALL",
        message,
    )
    *_, last = streamed({"candidates": [candidate]})
    assert isinstance(last, End)
    assert (last.finish, last.error) == (Finish.ERROR, error)


def test_of_several_choices_one_may_fail():
    said = {"content": {"parts": [{"text": "x"}]}, "finishReason": "STOP", "index": 0}
    body = {"candidates": [said, {"finishReason": "OTHER", "index": 1}]}
    finishes = [choice.finish for choice in DIALECT.parse_response(body).choices]
    assert finishes == [Finish.STOP, Finish.ERROR]
    assert [d.finish for d in streamed(body) if isinstance(d, End)] == finishes


def test_every_reason_of_the_sdk_is_known():
    known = {reason.value for reason in types.FinishReason}
    assert known - set(FINISHES) <= {
        "FINISH_REASON_UNSPECIFIED",
        "ESCALATION",
        "PUP_LIMITED_DISABLED",
    }
    assert set(REASONS.values()) <= known
    assert set(REASONS) == set(Finish)
