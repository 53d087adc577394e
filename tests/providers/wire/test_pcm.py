"""Sound at another rate."""

import math
from array import array

import pytest

from providers.errors import InvalidRequest
from providers.wire.pcm import Resampler, checked


def tone(rate: int, seconds: float = 0.1) -> array:
    count = int(rate * seconds)
    return array("h", [round(8000 * math.sin(2 * math.pi * 200 * n / rate)) for n in range(count)])


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 44100, 48000])
@pytest.mark.parametrize("size", [1, 7, 320, 100_000])
def test_a_tone_stays_the_same_tone(rate, size):
    made, data = Resampler(rate, 24_000), tone(rate).tobytes()
    pieces = [made.feed(data[at : at + size]) for at in range(0, len(data), size)]
    told = array("h", b"".join(pieces))
    wanted = tone(24_000)
    assert 0 <= len(wanted) - len(told) <= 24_000 / rate * rate / math.gcd(rate, 24_000)
    assert max(abs(a - b) for a, b in zip(told, wanted, strict=False)) < 40


@pytest.mark.parametrize("rate", [0, 7999, 48001])
def test_other_rates_are_none(rate):
    with pytest.raises(ValueError, match="samples a second"):
        Resampler(rate, 24_000)


def test_both_alphabets_are_base64():
    assert checked("-_8=", "data") == "+/8="
    with pytest.raises(InvalidRequest, match="data must be Base64"):
        checked("no!", "data")
