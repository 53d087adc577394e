"""Sound at another rate."""

import cmath
import math
from array import array

import pytest

from providers.errors import InvalidRequest
from providers.wire.pcm import Resampler, checked, resampled

RATES = [
    (8000, 24_000),
    (16_000, 24_000),
    (24_000, 24_000),
    (24_000, 8000),
    (24_000, 16_000),
    (48_000, 24_000),
    (44_100, 24_000),
    (11_025, 24_000),
]


def tone(rate: int, pitch: int = 200, seconds: float = 0.16, size: int = 8000) -> array:
    count = int(rate * seconds)
    turn = 2 * math.pi * pitch / rate
    return array("h", [round(size * math.sin(turn * n)) for n in range(count)])


@pytest.mark.parametrize(("rate", "wanted"), RATES)
@pytest.mark.parametrize("size", [1, 7, 320, 100_000])
def test_a_tone_stays_the_same_tone_in_any_pieces(rate, wanted, size):
    made, data = Resampler(rate, wanted), tone(rate).tobytes()
    pieces = [made.feed(data[at : at + size]) for at in range(0, len(data), size)]
    told, whole = b"".join(pieces), resampled(data, rate, wanted)
    assert whole.startswith(told)
    assert len(whole) == len(tone(wanted).tobytes())
    # What waits: a block, and the samples behind that one is made of.
    assert len(whole) - len(told) <= 2 * (wanted / math.gcd(rate, wanted) + 13 * 3)
    edge = 2 * 13 * 3
    pairs = [*zip(array("h", whole), tone(wanted), strict=True)][edge:-edge]
    assert max(abs(a - b) for a, b in pairs) < 40


def level(sound: array, rate: int, pitch: int) -> float:
    """dB of a pitch, by the discrete Fourier transform, of what a loudest tone would have."""
    turn = -2j * math.pi * pitch / rate
    found = sum(one * cmath.exp(turn * n) for n, one in enumerate(sound))
    return 20 * math.log10(abs(found) * 2 / len(sound) / 32_767 + 1e-9)


@pytest.mark.parametrize("rate", [8000, 16_000])
@pytest.mark.parametrize("pitch", [300, 1000, 2500, 3000])
def test_no_mirror_of_a_tone_appears_between_the_samples(rate, pitch):
    loud = tone(rate, pitch, size=32_000)
    told = array("h", resampled(loud.tobytes(), rate, 24_000))[300:3300]
    assert level(told, 24_000, pitch) == pytest.approx(-0.2, abs=0.5)
    for mirror in (rate - pitch, rate + pitch):
        if mirror < 12_000:
            assert level(told, 24_000, mirror) < -48


@pytest.mark.parametrize("wanted", [8000, 16_000])
def test_what_a_slower_rate_cannot_hold_is_no_other_tone_there(wanted):
    pitch = wanted * 5 // 8
    loud = tone(24_000, pitch, size=32_000)
    told = array("h", resampled(loud.tobytes(), 24_000, wanted))
    middle = told[len(told) // 6 : -len(told) // 6]
    assert level(middle, wanted, wanted - pitch) < -48


def test_silence_stays_silent():
    assert resampled(bytes(3200), 16_000, 24_000) == bytes(4800)


def test_what_is_too_loud_is_as_loud_as_can_be():
    square = array("h", [32_767 if n // 8 % 2 else -32_768 for n in range(1600)])
    told = array("h", resampled(square.tobytes(), 8000, 24_000))
    assert (max(told), min(told)) == (32_767, -32_768)
    # No sample has gone round: each has the sign of its neighbours in time, but at the edges.
    far = [n for n in range(len(told)) if 3 <= n // 3 % 8 < 5]
    assert all((told[n] > 0) == (square[n // 3] > 0) for n in far)


@pytest.mark.parametrize("rate", [0, 7999, 48_001, 8001, 23_999])
def test_other_rates_are_none(rate):
    with pytest.raises(ValueError, match="samples a second"):
        Resampler(rate, 24_000)


def test_both_alphabets_are_base64():
    assert checked("-_8=", "data") == "+/8="
    with pytest.raises(InvalidRequest, match="data must be Base64"):
        checked("no!", "data")
