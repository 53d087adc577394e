"""What an answer costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.usage import Price, Usage, count, told

counts = st.integers(0, 10**7)
prices = st.floats(0, 200)


def test_a_cent_is_ten_million_nanousd():
    price = Price(input=2.5, output=10.0)
    assert price.nanousd(Usage(input=4000)) == 10_000_000
    assert price.nanousd(Usage(output=1000)) == 10_000_000


def test_cached_tokens_have_their_own_price():
    price = Price(input=3.0, output=15.0, cache_read=0.3, cache_write=3.75)
    used = Usage(input=1000, cache_read=600, cache_write=300, output=10)
    assert price.nanousd(used) == 100 * 3_000 + 600 * 300 + 300 * 3_750 + 10 * 15_000


@given(read=counts, write=counts, plain=counts, output=counts, a=prices, b=prices)
def test_without_cache_prices_all_input_costs_the_same(read, write, plain, output, a, b):
    used = Usage(input=read + write + plain, cache_read=read, cache_write=write, output=output)
    flat = Usage(input=used.input, output=output)
    assert abs(Price(input=a, output=b).nanousd(used) - Price(input=a, output=b).nanousd(flat)) <= (
        2 + used.input // 10**9
    )


@pytest.mark.parametrize(
    ("said", "number"),
    [(0, 0), (12, 12), (12.0, 12), (10**9, 10**9), (10**9 + 1, None), (1e30, None), (1.5, None)]
    + [(value, None) for value in (-1, -0.5, True, "12", None, [], {}, float("nan"), float("inf"))],
)
def test_a_count_is_a_whole_number_that_can_be_one(said, number):
    assert count(said) == number


def test_one_count_alone_is_an_estimate_of_both():
    assert told(None, None) is None
    assert told(3, None) == Usage(input=3, estimated=True)
    assert told(3, 4, cache_read=1) == Usage(input=3, output=4, cache_read=1)
