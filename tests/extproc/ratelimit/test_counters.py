"""Counters in memory end with their window and are never more than allowed."""

from extproc.ratelimit.counters import Memory
from tests.extproc.ratelimit.queries import Clock


async def test_what_has_ended_is_forgotten():
    clock = Clock(100)
    memory = Memory(clock, capacity=10_000)
    for second in range(101, 5_000):
        clock.now = second
        await memory.add([((second + 1, f"key-{second}"), 1), ((second + 60, "minute"), 1)])
        assert len(memory) <= 62
    clock.now = 10_000
    assert await memory.read([(5_000, "minute")]) == [0]
    assert len(memory) == 0


async def test_a_full_store_counts_what_it_knows_and_cannot_tell_the_rest():
    memory = Memory(Clock(0), capacity=2)
    assert await memory.add([((60, "a"), 1), ((60, "b"), 2), ((60, "c"), 3)]) == [1, 2, None]
    assert await memory.add([((60, "a"), 10)]) == [11]
    assert await memory.read([(60, "a"), (60, "c")]) == [11, None]


async def test_room_comes_back_when_a_window_ends():
    clock = Clock(0)
    memory = Memory(clock, capacity=1)
    await memory.add([((60, "a"), 1)])
    assert await memory.read([(120, "a")]) == [None]
    clock.now = 60
    assert await memory.add([((120, "a"), 5)]) == [5]


async def test_a_counter_that_does_not_fit_takes_no_room():
    memory = Memory(Clock(0), capacity=1)
    await memory.add([((60, "a"), 1)])
    await memory.add([((3_600, "b"), 1)])
    assert len(memory) == 1
