"""A thousand records a second, and a store that goes and comes back: each is stored once."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import orjson
import pytest
from sqlalchemy import Engine, func, select
from structlog.testing import capture_logs

from extproc.config.load import parse
from extproc.process import keeping
from extproc.process.books import Books, Options
from extproc.process.pen import Pen
from extproc.usage import store as stores
from extproc.usage.store import Store, attempts
from tests.extproc.usage.conftest import emptied

RECORDS, BATCH, PAUSE = 3_000, 50, 0.05
BOUND = 20.0
"""Seconds from the first to the last."""

Act = Callable[[], None]


def _sqlite(place: Path) -> tuple[str, Act, Act]:
    """One that somebody else has locked for a while."""
    file = place / "usage.db"
    other = sqlite3.connect(file, check_same_thread=False)
    return f"sqlite:///{file}", lambda: other.execute("BEGIN EXCLUSIVE") and None, other.rollback


@pytest.fixture(params=["sqlite", "postgresql"])
def failing(request, tmp_path, monkeypatch) -> tuple[str, Act, Act]:
    """A store's URL, what takes it away and what brings it back."""
    if request.param == "sqlite":
        monkeypatch.setattr(stores, "PATIENCE", 0.1)
        return _sqlite(tmp_path)
    found = request.getfixturevalue("postgres")
    return emptied(found.url), found.stop, found.start


def line(number: int) -> bytes:
    said = {"id": f"n{number}", "at": 9e9, "backend": "b", "status": 200, "input_tokens": 1}
    return orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE)


def counted(engine: Engine) -> tuple[int, int]:
    with engine.connect() as connection:
        asked = select(func.count(), func.sum(attempts.c.input_tokens))
        many, tokens = connection.execute(asked).one()
        return many, int(tokens or 0)


async def written(pen: Pen, away: Act, back: Act) -> None:
    for first in range(0, RECORDS, BATCH):
        for number in range(first, first + BATCH):
            pen.write(line(number))
        if first == RECORDS // 3:
            await asyncio.to_thread(away)
        if first == 2 * RECORDS // 3:
            await asyncio.to_thread(back)
        await asyncio.sleep(PAUSE)


async def test_each_record_is_stored_once(failing, tmp_path, monkeypatch):
    url, away, back = failing
    monkeypatch.setattr(keeping, "AWAY", (0.1,))
    monkeypatch.setenv("STORE", url)
    pen = Pen()
    gateway = parse({"version": 1, "usage": {"store": "env:STORE"}})
    kept = Books(gateway, Options(paper=pen.paper, config=tmp_path / "gateway.yaml"))
    assert kept.keeping is not None
    loop = asyncio.get_running_loop()
    loop.add_reader(pen.paper, kept.receive)
    storing = asyncio.create_task(kept.keeping.run(kept.named))
    with capture_logs() as said:
        async with asyncio.timeout(BOUND):
            await written(pen, away, back)
            pen.catch_up()
            while kept.receive() or kept.keeping.waiting:
                await asyncio.sleep(PAUSE)
    assert "the store of usage is away, records wait" in {one["event"] for one in said}
    loop.remove_reader(pen.paper)
    storing.cancel()
    with suppress(asyncio.CancelledError):
        await storing
    await kept.keeping.leave()
    store = Store(url)
    assert store.ask(counted) == (RECORDS, RECORDS)
    store.close()
