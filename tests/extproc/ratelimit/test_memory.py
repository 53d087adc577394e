"""Counters in memory end with their window and are never more than allowed."""

import pytest
from structlog.testing import capture_logs

from extproc.ratelimit.counters import PERIOD, Change, Want
from extproc.ratelimit.memory import Memory
from tests.extproc.ratelimit.queries import Clock

BUDGET = 100


def spending(key, amount, end=60, budget=BUDGET):
    return Change((end, key), budget, spend=amount)


def asking(*keys, end=60, budget=BUDGET, **wanted):
    return Want([(end, key) for key in keys], budget, **wanted)


async def spend(memory, *changes):
    found = await memory.add([spending(*change) for change in changes])
    return [one and one.spent for one in found]


async def used(memory, *keys, end=60):
    """(spent, held) of each; None where the store cannot tell."""
    found = await memory.take([asking(key, end=end) for key in keys], strict=False)
    return [one and (one.spent, one.held) for one in found]


async def test_what_has_ended_is_forgotten():
    clock = Clock(100)
    memory = Memory(clock, capacity=10_000)
    for second in range(101, 5_000):
        clock.now = second
        await spend(memory, (f"key-{second}", 1, second + 1), ("minute", 1, second + 60))
        assert len(memory) <= 62
    clock.now = 10_000
    assert await used(memory, "minute", end=5_000) == [(0, 0)]
    assert len(memory) == 0


async def test_of_a_full_store_the_least_used_counter_goes_and_the_oldest_of_such():
    memory = Memory(Clock(0), capacity=4)
    await spend(memory, ("half", 50), ("old", 5), ("little", 7), ("most", 70))
    await spend(memory, ("new", 1))
    assert await used(memory, "half", "old", "little", "most", "new") == [
        (50, 0), (0, 0), (7, 0), (70, 0), (1, 0)
    ]  # fmt: skip
    assert len(memory) == 4


async def test_a_flood_of_new_keys_resets_no_counter_that_is_near_its_limit():
    memory = Memory(Clock(0), capacity=100)
    await spend(memory, ("near", 75), ("over", 130), ("long", 80, 3_600))
    for number in range(5_000):
        await memory.take([asking(f"flood-{number}", count=1)], strict=False)
    assert await used(memory, "near", "over") == [(75, 0), (130, 0)]
    assert await used(memory, "long", end=3_600) == [(80, 0)]
    assert len(memory) == 100


async def test_what_is_reserved_keeps_a_counter_too():
    memory = Memory(Clock(0), capacity=2)
    await memory.take([asking("busy", hold=80)], strict=False)
    await spend(memory, ("a", 1), ("b", 1), ("c", 1))
    assert await used(memory, "busy") == [(0, 80)]


async def test_a_share_that_shrinks_makes_a_counter_go_again():
    memory = Memory(Clock(0), capacity=2)
    (taken,) = await memory.take([asking("busy", hold=80)], strict=False)
    release = Change((60, "busy"), BUDGET, spend=1, release=80, since=taken.since)
    await memory.add([release])
    await spend(memory, ("a", 30), ("b", 30))
    assert await used(memory, "busy", "a", "b") == [(0, 0), (30, 0), (30, 0)]


async def test_a_store_full_of_spent_counters_cannot_tell_of_new_ones():
    memory = Memory(Clock(0), capacity=2)
    assert await spend(memory, ("a", 100), ("b", 90), ("c", 3)) == [100, 90, None]
    assert await spend(memory, ("a", 10)) == [110]
    assert await used(memory, "a", "c") == [(110, 0), None]


async def test_room_comes_back_when_a_window_ends():
    clock = Clock(0)
    memory = Memory(clock, capacity=1)
    await spend(memory, ("a", 100))
    assert await used(memory, "a", end=120) == [None]
    clock.now = 60
    assert await spend(memory, ("a", 5, 120)) == [5]


async def test_a_counter_that_does_not_fit_takes_no_room():
    memory = Memory(Clock(0), capacity=1)
    await spend(memory, ("a", 100), ("b", 1, 3_600))
    assert len(memory) == 1


async def test_forgetting_is_counted_and_logged_seldom():
    memory = Memory(Clock(0), capacity=1)
    with capture_logs() as logs:
        await spend(memory, *((str(number), 1) for number in range(50)))
        await spend(memory, ("x", 100))
        await spend(memory, *((str(number), 1) for number in range(50)))
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [
        ("rate limit counters are full: the least used are forgotten", "warning"),
        ("rate limit counters are full: new keys are not counted", "warning"),
    ]


async def test_all_is_taken_or_nothing():
    memory = Memory(Clock(0))
    await spend(memory, ("full", 100))
    await memory.take([asking("a", count=1), asking("b", hold=9), asking("full")], strict=False)
    assert await used(memory, "a", "b") == [(0, 0), (0, 0)]
    await memory.take([asking("a", count=1), asking("b", hold=9)], strict=False)
    assert await used(memory, "a", "b") == [(1, 0), (0, 9)]


@pytest.mark.parametrize(("strict", "counted"), [(True, 0), (False, 1)])
async def test_where_one_is_not_known_the_others_are_taken_unless_strict(strict, counted):
    memory = Memory(Clock(0), capacity=2)
    await spend(memory, ("full", 80))
    await memory.take([asking("a", count=80)], strict=False)
    found = await memory.take([asking("a", count=1), asking("new", count=1)], strict=strict)
    assert [one and one.spent for one in found] == [80, None]
    assert await used(memory, "a") == [(80 + counted, 0)]


async def test_of_several_slots_the_least_used_is_taken():
    memory = Memory(Clock(0))
    await spend(memory, ("a", 50))
    indices = [
        (await memory.take([asking("a", "b", hold=20)], strict=False))[0].index for _ in range(5)
    ]
    assert indices == [1, 1, 1, 0, 1]


async def test_what_is_reserved_is_free_again_in_the_second_period_after():
    clock = Clock(PERIOD * 1_000.0)
    memory = Memory(clock)
    await memory.take([asking("a", end=10**9, hold=10)], strict=False)
    clock.now += PERIOD
    await memory.take([asking("a", end=10**9, hold=5)], strict=False)
    assert await used(memory, "a", end=10**9) == [(0, 15)]
    clock.now += PERIOD
    assert await used(memory, "a", end=10**9) == [(0, 5)]
    clock.now += 5 * PERIOD
    assert await used(memory, "a", end=10**9) == [(0, 0)]


async def test_a_release_gives_back_what_its_period_still_holds_and_no_more():
    clock = Clock(PERIOD * 1_000.0)
    memory = Memory(clock)
    (first,) = await memory.take([asking("a", end=10**9, hold=10)], strict=False)
    late = Change((10**9, "a"), BUDGET, release=10, since=first.since)
    clock.now += PERIOD
    await memory.take([asking("a", end=10**9, hold=7)], strict=False)
    assert [one.held for one in await memory.add([late])] == [7]
    assert [one.held for one in await memory.add([late])] == [7]
    clock.now += PERIOD
    assert [one.held for one in await memory.add([late])] == [7]


async def test_a_release_makes_no_counter():
    memory = Memory(Clock(0))
    await memory.add([Change((60, "a"), BUDGET, release=10, since=0)])
    assert len(memory) == 0
