"""What is reserved for a dearer backend is given back, also by a worker that stops."""

import asyncio

import pytest

from extproc.config.process import Limiter
from extproc.exchange.events import Dearer
from extproc.process.holding import Holding

DEARER = Dearer("held at first", "1 2", "10 20")


class Limits:
    """Answers as the limiter does, a moment later."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[str, str], ...]] = []

    async def reserved(self, entries) -> str:
        await asyncio.sleep(0.01)
        self.asked.append(entries)
        return "" if len(entries) == 1 else "held beside it"


@pytest.fixture
def limits() -> Limits:
    return Limits()


@pytest.fixture
def holding(limits: Limits) -> Holding:
    made = Holding(Limiter(), "/nowhere")
    made._charging = limits
    return made


async def test_who_stops_gives_back_first(holding: Holding, limits: Limits):
    ends = [holding(DEARER) for _ in range(3)]
    await asyncio.sleep(0.05)
    for end in ends:
        end()
    await holding.rest(5)
    given_back = [asked for asked in limits.asked if len(asked) == 1]
    assert len(limits.asked) == 6
    assert [entries[0][1] for entries in given_back] == ["held beside it"] * 3


async def test_an_attempt_that_does_not_end_holds_nobody_up(holding: Holding, limits: Limits):
    holding(DEARER)
    async with asyncio.timeout(5):
        await holding.rest(0.05)
    assert len(limits.asked) == 1


async def test_an_attempt_that_ended_at_once_reserves_nothing(holding: Holding, limits: Limits):
    holding(DEARER)()
    await holding.rest(5)
    assert limits.asked == []
