"""How a cost grows: the exponent e of cost ~ size**e, so that a quadratic step shows as 2."""

from collections.abc import Sequence
from math import log


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The slope of the least-squares line through (log size, log cost)."""
    points = [(log(size), log(cost)) for size, cost in zip(sizes, costs, strict=True)]
    x_mean = sum(x for x, _ in points) / len(points)
    y_mean = sum(y for _, y in points) / len(points)
    spread = sum((x - x_mean) ** 2 for x, _ in points)
    return sum((x - x_mean) * (y - y_mean) for x, y in points) / spread
