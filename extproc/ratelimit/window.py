"""Fixed windows, aligned in UTC: seconds to days on the clock, weeks from Monday, calendar months.

Fixed rather than moving: one counter for each window whatever the traffic, a reset time that is
true to the second, and a charge that comes after the fact needs no place in a queue of past ones.
"""

from datetime import UTC, datetime
from typing import Literal

Every = Literal["second", "minute", "hour", "day", "week", "month"]

SECONDS: dict[Every, int] = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
WEEK = 7 * 86_400
MONDAY = 4 * 86_400
"""Seconds from the epoch, a Thursday, to the first Monday."""


def window(every: Every, now: float) -> tuple[int, int]:
    """(start, end) in Unix seconds of the window that holds `now`; the end is the next's start."""
    second = int(now // 1)
    if every == "month":
        return _month(second)
    if every == "week":
        start = second - (second - MONDAY) % WEEK
        return start, start + WEEK
    size = SECONDS[every]
    start = second - second % size
    return start, start + size


def _month(second: int) -> tuple[int, int]:
    first = datetime.fromtimestamp(second, UTC).replace(day=1, hour=0, minute=0, second=0)
    following = (first.year + first.month // 12, first.month % 12 + 1)
    return int(first.timestamp()), int(datetime(*following, 1, tzinfo=UTC).timestamp())
