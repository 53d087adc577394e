import pytest

from extproc.lab.bench.growth import exponent


@pytest.mark.parametrize("power", [0, 0.5, 1, 2])
def test_the_exponent_of_a_power_is_found(power):
    sizes = [10, 100, 1000]
    assert exponent(sizes, [3 * size**power for size in sizes]) == pytest.approx(power)


def test_a_quadratic_part_shows():
    sizes = [1000, 10_000, 100_000]
    assert exponent(sizes, [size + size**2 / 1000 for size in sizes]) > 1.7
