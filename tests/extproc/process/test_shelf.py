"""Bodies on their way to the store: never in anybody's way."""

import sqlite3

from extproc.config.load import parse
from extproc.exchange.raw import Bodies, written
from extproc.process import shelf
from extproc.process.box import LOST, Box
from extproc.process.shelf import Shelf
from extproc.usage.store import Store

GATEWAY = parse(
    {
        "version": 1,
        "backends": {
            "b": {
                "provider": "vllm",
                "base_url": "http://127.0.0.1:9",
                "credential": {"api_key": "env:KEY_OF_B"},
                "store_raw": True,
            }
        },
        "usage": {"store": "sqlite:///usage.db"},
    }
)


def message(number: int, text: bytes) -> bytes:
    said = {"request": text, "request_bytes": len(text), "response": b"", "response_bytes": 0}
    return written(Bodies(id=f"n{number}", at=9e9, backend="b", **said))


async def test_bodies_wait_while_the_store_is_away_and_lose_their_secrets(tmp_path, monkeypatch):
    monkeypatch.setenv("KEY_OF_B", "no-shape-of-a-key")
    lost: list[str] = []
    box = Box(lost.append)
    place = tmp_path / "later" / "usage.db"
    kept = Shelf(box, lambda: Store(f"sqlite:///{place}"), lost.append)
    for number in range(3):
        box.put(message(number, b"it is no-shape-of-a-key, yes"))
    kept.receive()
    assert not await kept.store(GATEWAY)
    place.parent.mkdir()
    assert await kept.store(GATEWAY)
    with sqlite3.connect(place) as store:
        rows = store.execute("SELECT id, request FROM raw ORDER BY id").fetchall()
    assert rows == [(f"n{number}", "it is [redacted], yes") for number in range(3)]
    assert lost == []


def test_what_finds_no_room_is_counted(tmp_path, monkeypatch):
    lost: list[str] = []
    box = Box(lost.append)
    kept = Shelf(box, lambda: Store("sqlite:///never"), lost.append)
    large = message(1, b"x" * 190_000)
    for _ in range(100):
        box.put(large)
    assert 0 < len(lost) < 100
    assert {*lost} == {LOST}
    lost.clear()
    monkeypatch.setattr(shelf, "MOST", 200_000)
    kept.receive()
    assert lost


async def test_what_is_spoilt_holds_up_nothing(tmp_path):
    lost: list[str] = []
    kept = Shelf(Box(lost.append), lambda: Store(f"sqlite:///{tmp_path}/u.db"), lost.append)
    kept._box.put(b"no message of ours")
    kept._box.put(message(1, b"x"))
    kept.receive()
    assert await kept.store(GATEWAY)
    with sqlite3.connect(tmp_path / "u.db") as store:
        assert store.execute("SELECT id FROM raw").fetchall() == [("n1",)]
    assert lost == [LOST]


async def test_where_nothing_was_kept_nothing_is_made(tmp_path):
    kept = Shelf(Box(print), lambda: Store(f"sqlite:///{tmp_path}/u.db"), print)
    assert not await kept.store(GATEWAY)
    assert [*tmp_path.iterdir()] == []
