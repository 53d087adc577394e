"""Windows cover time without gaps, in UTC."""

from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extproc.ratelimit.window import Every, window

TIMES = st.floats(0, 4_000_000_000)
UNITS = st.sampled_from(get_args(Every))


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("every", "now", "start", "end"),
    [
        ("second", "2024-02-29T23:59:59.900", "2024-02-29T23:59:59", "2024-03-01T00:00:00"),
        ("minute", "2024-02-29T23:59:59.900", "2024-02-29T23:59:00", "2024-03-01T00:00:00"),
        ("hour", "2024-02-29T23:59:59", "2024-02-29T23:00:00", "2024-03-01T00:00:00"),
        ("day", "2024-02-29T23:59:59", "2024-02-29T00:00:00", "2024-03-01T00:00:00"),
        ("day", "2024-03-01T00:00:00", "2024-03-01T00:00:00", "2024-03-02T00:00:00"),
        ("week", "2024-03-03T23:59:59", "2024-02-26T00:00:00", "2024-03-04T00:00:00"),
        ("week", "2024-03-04T00:00:00", "2024-03-04T00:00:00", "2024-03-11T00:00:00"),
        ("month", "2024-02-29T23:59:59.900", "2024-02-01T00:00:00", "2024-03-01T00:00:00"),
        ("month", "2023-12-31T23:59:59", "2023-12-01T00:00:00", "2024-01-01T00:00:00"),
        ("month", "2024-01-01T00:00:00", "2024-01-01T00:00:00", "2024-02-01T00:00:00"),
    ],
)
def test_windows_begin_and_end_where_the_calendar_says(every, now, start, end):
    assert window(every, at(now)) == (at(start), at(end))


@given(every=UNITS, now=TIMES)
def test_a_window_holds_its_moment_and_the_next_begins_where_it_ends(every, now):
    start, end = window(every, now)
    assert start <= now < end
    assert window(every, start) == window(every, end - 0.001) == (start, end)
    assert window(every, end)[0] == end
