"""Which bodies are handed over, and how much of them."""

import orjson
import pytest

from extproc.exchange.events import (
    GO_ON,
    Change,
    Fetch,
    Fetched,
    Reject,
    RequestBody,
    ResponseBody,
    ResponseHeaders,
)
from extproc.exchange.proof import BACKEND
from extproc.exchange.raw import Keeping, Raw, read
from tests.extproc.exchange.test_recorded import Fields, Script, asked

ONE = {"backend": "one", "status": 0, "error_type": ""}


def run(*pairs, backends=("one",)):
    """What was handed over, and the record."""
    handed: list[bytes] = []
    lines: list[bytes] = []
    keeping = Keeping(frozenset(backends), 8, handed.append, lines.append)
    made = Raw(Script(*[action for _, action in pairs]), "n1", 5.0, keeping)  # type: ignore[arg-type]  # a script
    for event, _ in pairs:
        made.handle(event)
    made.end()
    assert lines
    return [read(one) for one in handed], orjson.loads(lines[0])


def sent(data, action):
    return [(asked(), GO_ON), (RequestBody(data), action)]


def test_what_the_provider_gets_and_says_is_handed_over():
    (found,), record = run(
        *sent(b"{}", Change(metadata=ONE, body=b"[1]")),
        (ResponseHeaders(Fields(content_encoding="gzip"), False), Change(metadata={"status": 200})),
        (ResponseBody(b"abcde", False), Change(body=b"for the client")),
        (ResponseBody(b"fghij", True), GO_ON),
    )
    assert (found.request, found.request_bytes) == (b"[1]", 3)
    assert (found.response, found.response_bytes) == (b"abcdefgh", 10)
    assert (found.id, found.at, found.request_id) == (record["id"], 5.0, "r1")
    assert (found.backend, found.encoding) == ("one", "gzip")


def test_a_body_that_nobody_changes_is_the_clients():
    (found,), _ = run(*sent(b"0123456789", Change(metadata=ONE)))
    assert (found.request, found.request_bytes) == (b"01234567", 10)


@pytest.mark.parametrize(("made", "expected"), [(b"new", b"new"), (None, b"old")])
def test_media_that_were_fetched_are_in_it(made, expected):
    fetched = (Fetched(), Change(metadata=ONE, body=made))
    (found,), _ = run(*sent(b"old", Fetch(())), fetched)
    assert found.request == expected


def test_nothing_is_handed_over_of_others_nor_of_what_is_refused_here():
    assert run(*sent(b"{}", Change(metadata=ONE)), backends=("two",))[0] == []
    assert run(*sent(b"{}", Reject(400, b"", metadata=ONE)))[0] == []


def test_a_copys_are_kept_under_the_name_of_its_request():
    begun = asked(**{BACKEND: "one~shadow"})
    (found,), record = run((begun, GO_ON), (RequestBody(b"{}"), Change(metadata=ONE)))
    assert (found.backend, record["backend"]) == ("one", "one~shadow")
    assert found.request_id == record["request_id"] == "r1~shadow"
