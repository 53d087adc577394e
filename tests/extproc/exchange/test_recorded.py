"""What is written down of an exchange at its end."""

from typing import Any

import orjson
import pytest

from extproc.exchange.events import (
    GO_ON,
    Ask,
    Change,
    Constant,
    Fetch,
    Reject,
    RequestBody,
    RequestHeaders,
    ResponseBody,
    ResponseHeaders,
    Settle,
    Talk,
)
from extproc.exchange.proof import BACKEND, CALL
from extproc.exchange.recorded import CLIENT, ID, LONGEST, Recorded


class Fields:
    def __init__(self, **fields: str) -> None:
        self._fields = fields

    def get(self, name: str) -> str | None:
        return self._fields.get(name.replace("-", "_"))

    def names(self) -> str:
        return "\n".join(self._fields)

    def items(self) -> list[tuple[str, str]]:
        return [*self._fields.items()]


class Script:
    """An exchange whose answers are known."""

    def __init__(self, *actions: Any) -> None:
        self._actions = [*actions]

    def handle(self, event: Any) -> Any:
        return self._actions.pop(0)

    def give_up(self) -> Any:
        return Reject(500, b"", metadata={"error_type": "internal"})


LABELS = Constant({"backend": "one", "provider": "openai", "status": 0, "error_type": ""})


def asked(**attributes: str) -> RequestHeaders:
    said = {CLIENT: "dora", CALL: "body\n/v1/x\nm", **attributes}
    return RequestHeaders(Fields(x_request_id="r1"), said, False)


def recorded(*actions: Any):
    lines: list[bytes] = []
    return Recorded(Script(*actions), "n1", 5.0, lines.append), lines  # type: ignore[arg-type]  # a script


def run(*pairs: Any) -> list[dict[str, Any]]:
    one, lines = recorded(*[action for _, action in pairs])
    for event, action in pairs:
        assert one.handle(event) is action
    assert lines == []
    one.end()
    return [orjson.loads(line) for line in lines]


def test_all_that_was_reported_is_one_line_at_the_end():
    (record,) = run(
        (asked(), Change(metadata={"client_headers": "{}"})),
        (RequestBody(b"{}"), Change(metadata=LABELS, more={"input_tokens": 3, "estimated": True})),
        (ResponseHeaders(Fields(), False), Change(metadata={"status": 200})),
        (ResponseBody(b"x", False), GO_ON),
        (ResponseBody(b"", True), Change(metadata={"output_tokens": 7, "estimated": False})),
    )
    assert record == {
        "id": "n1",
        "at": 5.0,
        "client": "dora",
        "request_id": "r1",
        "backend": "one",
        "provider": "openai",
        "status": 200,
        "error_type": "",
        "input_tokens": 3,
        "output_tokens": 7,
        "estimated": False,
    }


def test_what_waits_for_media_or_parts_reports_nothing_yet():
    (record,) = run(
        (asked(), GO_ON),
        (RequestBody(b"{}"), Fetch(())),
        (RequestBody(b"{}"), Ask(())),
        (RequestBody(b"{}"), Reject(200, b"", metadata=LABELS)),
    )
    assert record["backend"] == "one"


def test_nothing_is_written_of_a_list_of_models_or_of_a_part():
    assert run((asked(), Reject(200, b"[]"))) == []
    assert run((asked(**{CALL: "side c2lkZQ=="}), Change(metadata=LABELS))) == []


def test_a_refusal_is_written_down():
    (record,) = run((asked(), Reject(404, b"", metadata={"error_type": "not_found"})))
    assert record["error_type"] == "not_found"


def test_of_a_session_the_answer_is_written_down_alone():
    assert run((asked(), Talk(metadata=LABELS))) == []
    said = {BACKEND: "one", CALL: "session\n/v1/realtime\nvoice", CLIENT: "dora", ID: "r2"}
    used = {"total_tokens": 9, "due_total_tokens": 9}
    (record,) = run(
        (ResponseHeaders(Fields(), False, said), Change(metadata={"status": 101})),
        (ResponseBody(b"", False), Settle((), used)),
    )
    assert (record["total_tokens"], "due_total_tokens" in record) == (9, False)
    assert (record["backend"], record["request_model"]) == ("one", "voice")
    assert (record["operation"], record["stream"], record["status"]) == ("realtime", True, 101)
    assert (record["client"], record["request_id"]) == ("dora", "r2")


def test_a_bug_is_written_down():
    one, lines = recorded(Change(metadata=LABELS))
    one.handle(asked())
    one.give_up()
    one.end()
    assert orjson.loads(lines[0])["error_type"] == "internal"


@pytest.mark.parametrize("letter", ["x", "\x01", "€", "𝄞"])
def test_a_line_is_written_at_once_whatever_names_are_in_it(letter):
    names = dict.fromkeys(("request_model", "upstream_model", "response_model"), letter * 512)
    one, lines = recorded(Change(metadata={**LABELS, **names}))
    one.handle(asked())
    one.end()
    assert len(lines[0]) <= LONGEST
    assert lines[0].count(b"\n") == 1
    assert orjson.loads(lines[0])["request_model"].startswith(letter)


def test_a_copy_is_recorded_apart():
    begun = RequestHeaders(
        Fields(x_request_id="r1", x_ai_model="m"), {BACKEND: "one~shadow"}, False
    )
    (record,) = run(
        (begun, GO_ON),
        (RequestBody(b"{}"), Change(metadata={**LABELS, "request_model": "m"})),
    )
    assert (record["backend"], record["request_model"]) == ("one~shadow", "m~shadow")
    assert (record["request_id"], record["client"]) == ("r1~shadow", "")


def test_so_is_one_that_is_refused_before_anything_is_known():
    begun = RequestHeaders(Fields(x_ai_model="m"), {BACKEND: "one~shadow"}, False)
    (record,) = run((begun, Reject(404, b"", metadata={"error_type": "not_found"})))
    assert (record["backend"], record["request_model"]) == ("one~shadow", "m~shadow")
    assert record["error_type"] == "not_found"
