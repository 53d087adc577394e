"""What the store says of the last minutes, whichever database it is."""

import pytest

from extproc.usage import recent
from extproc.usage.refused import Kind, line, read
from extproc.usage.store import Store
from tests.extproc.usage.test_store import DAY, record

FAILED = {"status": 503, "error_type": "unavailable", "cost_nanousd": 0}


@pytest.fixture
def store(url):
    made = Store(url)
    made.write(
        [
            record(1, at=DAY + 10),
            record(2, at=DAY + 70, request_id="both", backend="two", **FAILED),
            record(3, at=DAY + 71, request_id="both"),
            record(4, at=DAY + 130, backend="two", **FAILED),
        ]
    )
    yield made
    made.close()


def test_minutes_are_in_order_with_their_sums(store):
    first, second, third = store.ask(lambda engine: recent.minutes(engine, DAY))
    assert [one["at"] for one in (first, second, third)] == [DAY, DAY + 60, DAY + 120]
    assert (second["requests"], second["attempts"], second["failed"]) == (1, 2, 1)
    assert (first["input_tokens"], first["output_tokens"]) == (10, 5)
    assert (first["cost_usd"], first["duration_ms"]) == (0.002, 100.0)
    assert store.ask(lambda engine: recent.minutes(engine, DAY + 60)) == [second, third]


def test_what_envoy_refused_counts_in_its_minute(store):
    kinds = (Kind(int(DAY) + at, "dora", "chat", 429, "spent") for at in (60, 180))
    store.write_refused([read(line(kind, 3, f"i{kind.at}")) for kind in kinds])
    found = store.ask(lambda engine: recent.minutes(engine, DAY))
    assert [(one["requests"], one["refused"]) for one in found] == [(1, 0), (1, 3), (1, 0), (0, 3)]
    assert found[3]["at"] == DAY + 180
    last = store.ask(lambda engine: recent.minutes(engine, DAY + 180))
    assert [one["refused"] for one in last] == [3]


def test_failures_are_told_from_the_last_one_on(store):
    last, first = store.ask(lambda engine: recent.failures(engine, DAY, 10))
    assert (last["at"], first["at"]) == (DAY + 130, DAY + 70)
    assert last["failure"] == "unavailable"
    assert store.ask(lambda engine: recent.failures(engine, DAY, 1)) == [last]


def test_backends_are_told_with_how_they_did_and_what_failed_last(store):
    found = store.ask(lambda engine: recent.backends(engine, DAY))
    assert {name: (row["attempts"], row["failed"]) for name, row in found.items()} == {
        "one": (2, 0),
        "two": (2, 2),
    }
    failed = store.ask(lambda engine: recent.last_failures(engine, DAY))
    assert {name: row["at"] for name, row in failed.items()} == {"two": DAY + 130}
