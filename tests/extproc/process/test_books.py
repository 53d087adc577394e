"""Who keeps the books, while the store is away, the spool is full, or lines are spoilt."""

import os
import socket
import sqlite3
from pathlib import Path

import pytest

from extproc.config.load import parse
from extproc.process.books import Books, Options
from extproc.process.pen import Pen
from extproc.usage.refused import Kind
from extproc.usage.refused import line as refusal
from tests.extproc.process.server import serving, until
from tests.extproc.telemetry.collector import Collector


def line(number: int, **more: object) -> bytes:
    said = {"id": f"n{number}", "at": 5.0, "backend": "b", "status": 200, **more}
    return str(said).replace("'", '"').encode() + b"\n"


def books(place: Path, pen: Pen, store: str, **more: object) -> Books:
    gateway = parse(
        {
            "version": 1,
            "backends": {"b": {"provider": "vllm", "base_url": "http://127.0.0.1:9"}},
            "usage": {"store": store, **more},
        }
    )
    return Books(gateway, Options(paper=pen.paper, config=place / "gateway.yaml"))


def stored(file: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(file) as store:
        return sorted(store.execute("SELECT id, provider FROM attempts"))


async def test_records_wait_while_the_store_is_away(tmp_path):
    pen = Pen()
    kept = books(tmp_path, pen, "sqlite:///later/usage.db")
    assert kept.keeping is not None
    pen.write(line(1))
    pen.write(line(2))
    assert kept.receive()
    assert not kept.receive()
    assert not await kept.keeping.store(kept.named)
    assert kept.keeping.waiting == len(line(1) + line(2))
    (tmp_path / "later").mkdir()
    assert await kept.keeping.store(kept.named)
    assert kept.keeping.waiting == 0
    assert stored(tmp_path / "later" / "usage.db") == [("n1", "vllm"), ("n2", "vllm")]


async def test_the_next_process_stores_what_the_last_one_has_left(tmp_path):
    pen = Pen()
    first = books(tmp_path, pen, "sqlite:///usage.db")
    pen.write(line(1))
    first.receive()
    assert first.keeping is not None
    await first.keeping.leave()
    second = books(tmp_path, pen, "sqlite:///usage.db")
    assert second.keeping is not None
    assert await second.keeping.store(second.named)
    assert stored(tmp_path / "usage.db") == [("n1", "vllm")]


async def test_what_was_read_and_not_yet_written_down_is_not_lost(tmp_path, monkeypatch):
    pen = Pen()
    first = books(tmp_path, pen, "sqlite:///usage.db")
    assert first.keeping is not None
    pen.write(line(1))
    # Killed after the read.
    monkeypatch.setattr(first.keeping, "add", lambda records: 1 / 0)
    monkeypatch.setattr(first._intake, "done", first._intake.close)
    with pytest.raises(ZeroDivisionError):
        first.receive()
    await first.keeping.leave()
    pen.write(line(2))
    second = books(tmp_path, pen, "sqlite:///usage.db")
    assert second.keeping is not None
    assert second.receive()
    assert await second.keeping.store(second.named)
    assert stored(tmp_path / "usage.db") == [("n1", "vllm"), ("n2", "vllm")]
    assert (tmp_path / "usage.spool.intake").stat().st_size == 0


async def test_what_is_spoilt_holds_up_nothing(tmp_path):
    pen = Pen()
    kept = books(tmp_path, pen, "sqlite:///usage.db")
    assert kept.keeping is not None
    for text in (b'lf of a line"}\n', line(1), b'{"id": 7}\n', b"\xff\n", b'{"lost":3}\n'):
        pen.write(text)
    huge = line(2, cost_nanousd=10**30, request_model="a")
    pen.write(huge)
    kept.receive()
    assert kept.keeping.waiting == len(line(1) + huge)
    kept.keeping.add([b"spoilt on the disk"])
    assert await kept.keeping.store(kept.named)
    assert [name for name, _ in stored(tmp_path / "usage.db")] == ["n1", "n2"]


async def test_what_envoy_refused_is_stored_as_sums_of_a_minute(tmp_path):
    pen = Pen()
    kept = books(tmp_path, pen, "sqlite:///usage.db")
    assert kept.keeping is not None
    kind = Kind(60, "dora", "chat", 429, "spent")
    for many in (1, 2):
        pen.write(refusal(kind, many) + b"\n")
    pen.write(line(1))
    kept.receive()
    assert await kept.keeping.store(kept.named)
    pen.write(refusal(kind, 4) + b"\n")
    kept.receive()
    assert await kept.keeping.store(kept.named)
    with sqlite3.connect(tmp_path / "usage.db") as store:
        assert [*store.execute("SELECT at, requests FROM refused")] == [(60, 7)]
    assert stored(tmp_path / "usage.db") == [("n1", "vllm")]


async def test_a_full_spool_loses_records_and_lives(tmp_path):
    pen = Pen()
    kept = books(tmp_path, pen, "sqlite:///away/usage.db", spool_bytes="1MiB")
    assert kept.keeping is not None
    large = line(1, request_model="m" * 4_000)
    for _ in range(400):
        pen.write(large)
        kept.receive()
    assert kept.keeping.waiting <= 1024 * 1024
    (tmp_path / "away").mkdir()
    while await kept.keeping.store(kept.named):
        pass
    pen.write(line(2))
    kept.receive()
    assert await kept.keeping.store(kept.named)
    assert [name for name, _ in stored(tmp_path / "away" / "usage.db")] == ["n1", "n2"]


async def test_old_records_go(tmp_path):
    pen = Pen()
    kept = books(tmp_path, pen, "sqlite:///usage.db", retention="1d")
    assert kept.keeping is not None
    pen.write(line(1))
    kept.receive()
    await kept.keeping.store(kept.named)
    assert stored(tmp_path / "usage.db") == []


def test_metrics_are_sent_by_otlp(place):
    (place / "team").write_text("ours")
    with Collector() as collector:
        url = f"{collector.url}/v1/metrics"
        otlp = {"endpoint": url, "headers": {"x-team": f"file:{place}/team"}, "every": "1s"}
        with serving(place, {"telemetry": {"otlp": otlp}}) as server:
            until(lambda: "extproc.processes" in names(collector), "the metrics")
            assert server.stop() == 0
        assert {headers["x-team"] for _, headers, _ in collector.got} == {"ours"}


def names(collector: Collector) -> set[str]:
    return {metric["name"] for metric in collector.metrics()}


@pytest.mark.parametrize("kind", ["directory", "taken"])
def test_a_spool_that_cannot_be_written_is_said_at_the_start(place, kind):
    usage = {"store": "sqlite:///usage.db"}
    if kind == "directory":
        (place / "usage.spool").mkdir()
        with serving(place, {"usage": usage}) as server:
            assert server.process.wait(30) == 2
            assert "usage.spool" in server.log.read_text()
        return
    with serving(place, {"usage": usage}) as first:
        until(lambda: first.said("ready", worker="books"), "the first one")
        (place / "second").mkdir()
        usage["spool"] = str(place / "usage.spool")
        with serving(place / "second", {"usage": usage}) as second:
            assert second.process.wait(30) == 2
            assert "another process has it" in second.log.read_text()


def test_without_it_nobody_keeps_books(place):
    with serving(place) as server:
        server.wait_ready()
        assert not server.said("ready", worker="books")
        assert len(server.children()) == 1


def test_a_missing_variable_is_no_reason_not_to_serve(place):
    assert "NO_SUCH_URL" not in os.environ
    with serving(place, {"usage": {"store": "env:NO_SUCH_URL"}}) as server:
        server.wait_ready()
        until(lambda: server.said("ready", worker="books"), "the books")
        assert server.stop() == 0


def test_metrics_that_cannot_leave_hold_up_no_records(place):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        gateway = parse(
            {
                "version": 1,
                "telemetry": {
                    "prometheus": {"port": port},
                    "otlp": {"endpoint": "http://127.0.0.1:9", "headers": {"x": "env:NO_SUCH"}},
                    "traces": {"endpoint": "http://127.0.0.1:9", "headers": {"x": "env:NO_SUCH"}},
                },
                "usage": {"store": "sqlite:///usage.db"},
            }
        )
        pen = Pen()
        kept = Books(gateway, Options(paper=pen.paper, config=place / "gateway.yaml"))
        pen.write(line(1))
        assert kept.receive()
        assert kept.keeping is not None
        assert kept.keeping.waiting == len(line(1))
        kept.close()
