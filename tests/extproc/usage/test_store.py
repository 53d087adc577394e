"""Records in a database, and what is asked of them."""

import csv
import io

import msgspec
import orjson
import pytest
from sqlalchemy import text

from extproc.usage import report
from extproc.usage.record import CUT, Event, Lost, Record, read
from extproc.usage.store import Store, StoreError

DAY = 1_764_460_800.0
"""2025-11-30, when it begins."""


def record(number, **fields):
    said = {
        "at": DAY + 10,
        "request_id": f"r{number}",
        "client": "dora",
        "backend": "one",
        "provider": "openai",
        "operation": "chat",
        "request_model": "smart",
        "status": 200,
        "duration_ms": 100.0,
        "input_tokens": 10,
        "output_tokens": 5,
        "total_tokens": 15,
        "cost_nanousd": 2_000_000,
    }
    return Record(id=f"n{number}", **(said | fields))


def rows(store, *by, since=0.0, until=float("inf")):
    return store.ask(lambda engine: report.rows(engine, by, since, until))


def test_a_record_that_comes_twice_counts_once(store):
    store.write([record(1), record(2)])
    store.write([record(2), record(3)])
    (row,) = rows(store)
    assert (row["requests"], row["attempts"], row["input_tokens"]) == (3, 3, 30)
    assert row["cost_usd"] == 0.006


def test_nothing_is_no_row(store):
    with pytest.raises(StoreError, match="nothing has been stored"):
        rows(store)
    store.write([])
    assert rows(store) == []
    assert rows(store, "client") == []


def test_who_asks_makes_no_file_and_who_writes_makes_one_for_its_owner(tmp_path):
    file = tmp_path / "usage.db"
    store = Store(f"sqlite:///{file}")
    with pytest.raises(StoreError):
        rows(store)
    assert not file.exists()
    store.write([record(1)])
    assert {one.stat().st_mode & 0o077 for one in tmp_path.iterdir()} == {0}
    store.close()


def test_two_stores_of_one_database_are_made_once(url):
    first, second = Store(url), Store(url)
    first.write([record(1)])
    second.write([record(1), record(2)])
    assert rows(second)[0]["attempts"] == 2
    first.close()
    second.close()


def test_the_attempts_of_a_request_are_one_exchange(store):
    store.write(
        [
            record(1, request_id="same", backend="two", at=DAY + 2),
            record(2, request_id="same", at=DAY + 1, status=503, error_type="overloaded"),
            record(3),
        ]
    )
    (row,) = rows(store, "client")
    assert (row["requests"], row["attempts"], row["failed"]) == (2, 3, 1)
    found = store.ask(_exchanges)
    assert found["same"]["attempts"] == 2
    assert (found["same"]["backend"], found["same"]["status"]) == ("two", 200)
    assert int(found["same"]["cost_nanousd"]) == 4_000_000
    assert found["r3"]["attempts"] == 1


def _exchanges(engine):
    with engine.connect() as connection:
        found = connection.execute(text("SELECT * FROM exchanges")).mappings().all()
    return {row["exchange"]: row for row in found}


def test_it_is_summed_up_by_who_what_where_and_when(store):
    store.write(
        [
            record(1),
            record(2, client="max", request_model="small", backend="two", cost_nanousd=9_000_000),
            record(3, at=DAY + 90_000),
        ]
    )
    assert [row["client"] for row in rows(store, "client")] == ["max", "dora"]
    assert [row["model"] for row in rows(store, "model")] == ["small", "smart"]
    assert [row["backend"] for row in rows(store, "backend")] == ["two", "one"]
    days = {row["day"]: row["attempts"] for row in rows(store, "day")}
    assert days == {"2025-11-30": 2, "2025-12-01": 1}
    assert len(rows(store, *report.GROUPS)) == 3
    assert rows(store, since=DAY + 80_000)[0]["attempts"] == 1
    assert rows(store, until=DAY + 80_000)[0]["attempts"] == 2


def test_old_records_are_forgotten(store):
    store.write([record(1), record(2, at=DAY + 100)])
    store.forget(DAY + 50)
    assert rows(store)[0]["attempts"] == 1


def test_any_text_can_be_stored(store):
    store.write([record(1, request_model="a\0b'; DROP TABLE attempts; --€")])
    (row,) = rows(store, "model")
    assert row["model"] == "a�b'; DROP TABLE attempts; --€"


def test_every_form_says_the_same(store):
    store.write([record(1, client="=1+2", request_model="[red]m[/red]"), record(2, client="")])
    found = rows(store, "client", "model")
    assert {row["client"] for row in orjson.loads(report.as_json(found))} == {"=1+2", ""}
    read = [*csv.DictReader(io.StringIO(report.as_csv(found, ("client", "model"))))]
    assert {row["client"] for row in read} == {"'=1+2", ""}
    assert {float(row["cost_usd"]) for row in read} == {0.002}
    table = report.as_table(found, ("client", "model"), 140)
    assert "[red]m[/red]" in table
    assert "0.0020" in table


def test_a_database_that_is_away_is_said_without_its_password():
    store = Store("postgresql://us:never-shown@127.0.0.1:1/none")
    with pytest.raises(StoreError) as found:
        store.write([record(1)])
    assert "never-shown" not in str(found.value)
    assert found.value.__cause__ is None


@pytest.mark.parametrize("url", ["mysql://a:never-shown@b/c", "nothing", "oracle://x"])
def test_a_store_of_another_kind_is_refused(url):
    with pytest.raises(StoreError) as found:
        Store(url)
    assert "never-shown" not in str(found.value)


def test_a_line_says_what_it_is():
    one = record(1)
    assert read(msgspec.json.encode(one)) == one
    assert read(b'{"event":"worker died"}') == Event(event="worker died")
    assert read(b'{"lost":3}') == Lost(lost=3)
    for wrong in (b"", b"x", b"[]", b"{}", b'{"id":1}'):
        with pytest.raises(msgspec.DecodeError):
            read(wrong)


def test_an_attempt_of_which_nothing_was_heard_was_cut():
    assert record(1, status=0).failure == CUT
    assert record(1, duration_ms=0).failure == CUT
    assert record(1, error_type="overloaded").failure == "overloaded"
    assert record(1).failure == ""
