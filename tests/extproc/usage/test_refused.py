"""Requests that no backend was asked for: read from Envoy's log, counted, stored and told."""

from itertools import count

import pytest
from envoy.service.accesslog.v3 import als_pb2
from sqlalchemy import text

from extproc.usage import recent, report
from extproc.usage.logged import Reader, WireError
from extproc.usage.record import read
from extproc.usage.refused import MOST, OTHER, Kind, Minutes, Refused, Tally, line
from tests.extproc.usage.test_store import DAY, record, rows

MINUTE = int(DAY)


def kind(number=0, **more):
    said = {"at": MINUTE, "client": "dora", "operation": "chat", "status": 429, "reason": "spent"}
    return Kind(**(said | {"client": f"c{number}"} if number else said | more))


def refused(id, many, **more):
    said = {"at": MINUTE, "client": "dora", "operation": "chat", "status": 429, "reason": "spent"}
    return Refused(id=id, refused=many, **(said | more))


def logged(**entries):
    """A message of Envoy's: path → (status, details)."""
    message = als_pb2.StreamAccessLogsMessage()
    for path, (status, details) in entries.items():
        entry = message.http_logs.log_entry.add()
        entry.request.path = path
        entry.request.request_headers["x-ai-client"] = "dora"
        entry.response.response_code.value = status
        entry.response.response_code_details = details
    return message.SerializeToString()


def test_an_entry_of_envoys_log_becomes_a_kind():
    reader = Reader({"/v1/chat/completions": "chat"}.get)
    message = logged(**{"/v1/chat/completions?key=secret": (401, "unknown_api_key")})
    (found,) = reader.kinds(message, MINUTE + 59.9)
    assert found == Kind(MINUTE, "dora", "chat", 401, "unknown_api_key")


@pytest.mark.parametrize(
    ("details", "word"),
    [
        ("jwt_authn_access_denied{Jwt_is_expired}", "jwt_authn_access_denied"),
        ("", "unknown"),
        ("<script>", "unknown"),
        ("w" * 500, "w" * 64),
    ],
)
def test_only_a_word_is_kept_of_why(details, word):
    (found,) = Reader(lambda path: "").kinds(logged(a=(403, details)), MINUTE)
    assert found.reason == word


def test_no_long_path_is_looked_for():
    def find(path):
        raise AssertionError(path)

    (found,) = Reader(find).kinds(logged(**{"/x" * 1_000: (404, "direct_response")}), MINUTE)
    assert found.operation == ""


def test_bytes_that_say_nothing_are_refused():
    with pytest.raises(WireError):
        Reader(str).kinds(b"\xff\xff", MINUTE)


def test_a_flood_of_kinds_is_told_by_status_alone():
    tally = Tally()
    for number in range(1, 10 * MOST):
        tally.add(kind(number))
    found = tally.taken()
    assert len(found) == MOST + 1
    assert found[Kind(MINUTE, "", "", 429, OTHER)] == 9 * MOST - 1
    assert sum(found.values()) == 10 * MOST - 1
    assert tally.taken() == {}


def test_minutes_say_their_sums_by_one_id():
    minutes = Minutes(map(str, count(1)))
    lines = [minutes.add(refused("", many)) for many in (2, 3)]
    lines.append(minutes.add(refused("", 7, at=MINUTE + 60)))
    lines.append(minutes.add(refused("", 1)))
    said = [(one.id, one.refused) for one in map(read, lines) if isinstance(one, Refused)]
    assert said == [("1", 2), ("1", 5), ("2", 7), ("1", 6)]


def test_minutes_that_are_over_are_forgotten():
    minutes = Minutes(map(str, count(1)))
    for at in (0, 60, 120, 180, 0):
        last = read(minutes.add(refused("", 1, at=MINUTE + at)))
    assert isinstance(last, Refused)
    assert (last.id, last.refused) == ("5", 1)


def test_a_line_is_read_as_it_was_written():
    assert read(line(kind(), 3, "a1")) == refused("a1", 3)


def test_of_two_sums_the_greater_one_is_stored(store):
    store.write_refused([refused("a", 2), refused("a", 5), refused("b", 1, client="")])
    store.write_refused([refused("a", 3)])
    store.write_refused([refused("a", 4), refused("a", 6)])
    assert [row["refused"] for row in rows(store, "client")] == [6, 1]


def test_what_was_refused_stands_beside_what_was_asked(store):
    store.write([record(1), record(2, client="max", cost_nanousd=9_000_000)])
    store.write_refused([refused("a", 4), refused("b", 2, client="", status=401)])
    found = rows(store, "client", "day")
    assert [(row["client"], row["requests"], row["refused"]) for row in found] == [
        ("max", 1, 0),
        ("dora", 1, 4),
        ("", 0, 2),
    ]
    assert {row["day"] for row in found} == {"2025-11-30"}
    by_backend = rows(store, "backend")
    assert [(row["backend"], row["refused"]) for row in by_backend] == [("one", 0), ("", 6)]
    (whole,) = rows(store)
    assert (whole["requests"], whole["refused"]) == (2, 6)
    assert report.as_csv(found, ["client"]).splitlines()[0].startswith("client,requests,")


def test_as_many_rows_are_told_as_are_asked_for(store):
    store.write([record(1)])
    store.write_refused([refused("a", 4, client="max"), refused("b", 2, client="")])
    found = store.ask(lambda engine: report.rows(engine, ["client"], 0, DAY + 99, most=2))
    assert [row["client"] for row in found] == ["dora", "max"]


def test_troubles_are_those_of_both_kinds_the_last_one_first(store):
    store.write([record(1, at=DAY + 30, error_type="rate_limit"), record(2)])
    store.write_refused([refused("a", 4), refused("b", 2, at=MINUTE + 60, status=401)])
    found = store.ask(lambda engine: recent.troubles(engine, DAY, 10))
    assert [(row["at"] - DAY, row["failure"], row.get("requests", 1)) for row in found] == [
        (60, "spent", 2),
        (30, "rate_limit", 1),
        (0, "spent", 4),
    ]
    assert len(store.ask(lambda engine: recent.troubles(engine, DAY, 2))) == 2


def test_records_that_are_old_go(store):
    store.write_refused([refused("a", 4), refused("b", 1, at=MINUTE + 60)])
    store.forget(DAY + 30)
    assert rows(store)[0]["refused"] == 1


def test_a_store_of_an_older_version_has_refused_nothing(store):
    store.write([record(1)])

    def drop(engine):
        with engine.begin() as connection:
            connection.execute(text("DROP TABLE refused"))

    store.ask(drop)
    assert rows(store)[0]["refused"] == 0
    assert store.ask(lambda engine: recent.troubles(engine, 0, 9)) == []
