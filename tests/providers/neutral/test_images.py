"""Sizes of pictures, at those who make only some."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.dialects.bedrock.images import NOVAS_SIZES, TITANS_SIZES
from providers.dialects.openai.images.hosts import ANY
from providers.errors import InvalidRequest
from providers.neutral.images import Size, shape, size

SIDES = st.integers(1, 99_999)
RATIOS = ("1:1", "3:2", "2:3", "16:9")


@given(st.builds(Size, SIDES, SIDES), st.sampled_from([NOVAS_SIZES, ANY]))
def test_the_nearest_size_is_one_that_is_made(asked, canvas):
    found = canvas.nearest(asked)
    long, short = max(found.width, found.height), min(found.width, found.height)
    assert found.width % canvas.step == found.height % canvas.step == 0
    assert canvas.shortest <= short
    assert long <= min(canvas.longest, canvas.steepest * short)
    assert canvas.fewest <= found.area <= canvas.most
    assert canvas.nearest(found) == found
    assert (asked.width < asked.height) == (found.width < found.height) or long == short


@pytest.mark.parametrize("asked", TITANS_SIZES)
def test_a_size_that_is_made_stays_as_it_is(asked):
    assert asked.nearest(TITANS_SIZES) == asked


@pytest.mark.parametrize(
    ("asked", "ratio", "tier", "exact"),
    [
        (Size(1024, 1024), "1:1", 1, True),
        (Size(2048, 2048), "1:1", 2, True),
        (Size(512, 512), "1:1", 1, False),
        (Size(1536, 1024), "3:2", 1, False),
        (Size(1024, 1792), "2:3", 1, False),
        (Size(3840, 2160), "16:9", 2, False),
    ],
)
def test_a_size_is_a_ratio_and_a_square(asked, ratio, tier, exact):
    found = shape(asked, RATIOS, (1, 2))
    assert (found.ratio, found.tier, found.exact) == (ratio, tier, exact)


@pytest.mark.parametrize(
    "text", ["", "big", "1024", "0x5", "1024x", "-1x5", "1x1x1", "\u0661x\u0661", "9" * 99]
)
def test_what_is_no_size_is_refused_by_name(text):
    with pytest.raises(InvalidRequest) as refused:
        size(text, "size")
    assert refused.value.param == "size"


def test_auto_leaves_it_to_the_provider():
    assert size(None, "size") is size("auto", "size") is None
