"""Every attempt, for programs."""

import io
from datetime import UTC, datetime

import orjson
import pyarrow.parquet
import pytest

from extproc.cli import main
from extproc.usage import export
from extproc.usage.store import Store, attempts
from tests.extproc.usage.test_store import DAY, record

GATEWAY = "version: 1\nusage: {store: 'sqlite:///usage.db'}\n"


@pytest.fixture
def place(tmp_path):
    """A gateway.yaml with five attempts in its store."""
    (tmp_path / "gateway.yaml").write_text(GATEWAY)
    store = Store(f"sqlite:///{tmp_path}/usage.db")
    store.write([record(n, at=DAY + n, client="dora\n" if n else "") for n in range(5)])
    store.close()
    return tmp_path


def run(place, *words):
    return main(["usage", "--config", str(place / "gateway.yaml"), "--since", "2020-01-01", *words])


def test_lines_of_json_say_what_the_store_has(place):
    assert run(place, "--format", "jsonl", "-o", str(place / "out")) == 0
    found = [orjson.loads(line) for line in (place / "out").read_bytes().splitlines()]
    assert [row["at"] for row in found] == [DAY + n for n in range(5)]
    assert [*found[0]] == [column.name for column in attempts.c]
    assert (place / "out").stat().st_mode & 0o777 == 0o600


def test_parquet_says_the_same_with_times(place):
    until = datetime.fromtimestamp(DAY + 3, UTC).isoformat()
    words = ["--format", "parquet", "--output", str(place / "out.parquet"), "--until", until]
    assert run(place, *words) == 0
    table = pyarrow.parquet.read_table(place / "out.parquet")
    rows = table.to_pylist()
    assert [row["at"].timestamp() for row in rows] == [DAY, DAY + 1, DAY + 2]
    assert table.column_names == [column.name for column in attempts.c]
    assert {"int64", "bool", "double", "string"} < {str(kind) for kind in table.schema.types}
    assert rows[1]["client"] == "dora\n"
    assert rows[1]["cost_nanousd"] == record(1).cost_nanousd


def test_many_rows_are_held_a_few_at_a_time(place, monkeypatch):
    monkeypatch.setattr(export, "AT_ONCE", 2)
    store = Store(f"sqlite:///{place}/usage.db")
    engine = store.ask(lambda engine: engine)
    assert [len(rows) for rows in export.batches(engine, 0, float("inf"))] == [2, 2, 1]
    out = io.BytesIO()
    export.as_parquet(export.batches(engine, 0, float("inf")), out)
    assert pyarrow.parquet.ParquetFile(out).metadata.num_row_groups == 3
    store.close()


@pytest.mark.parametrize("words", [("csv", "requests"), ("json", "requests"), ("table", "cost")])
def test_sums_can_be_put_into_a_file_too(place, words, capfd):
    form, word = words
    assert run(place, "--format", form, "-o", str(place / "out")) == 0
    assert word in (place / "out").read_text()
    assert capfd.readouterr().out == ""


def test_what_cannot_be_written_is_said_and_leaves_nothing(place, capfd):
    assert run(place, "--format", "parquet") == 2
    assert "--output" in capfd.readouterr().err
    assert run(place, "--format", "jsonl", "-o", str(place / "none" / "out")) == 2
    assert "No such file" in capfd.readouterr().err
    (place / "usage.db").unlink()
    assert run(place, "--format", "jsonl", "-o", str(place / "out")) == 2
    assert "nothing has been stored" in capfd.readouterr().err
    assert [one.name for one in place.iterdir() if one.name.startswith("out")] == []
