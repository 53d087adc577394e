"""The rows with a budget as a picture: SVG that reads well on light and on dark pages."""

from collections.abc import Iterator, Sequence
from html import escape
from math import ceil, floor, log10

from extproc.lab.bench.row import Row

LINE, LEFT, RIGHT, TOP, BOTTOM = 26, 300, 40, 62, 44
WIDTH = 860
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #24292f; }
  .small { font-size: 11px; fill: #57606a; }
  .grid { stroke: #d0d7de; }
  .lean { fill: #0969da; }
  .over { fill: #cf222e; }
  .grpcio { fill: none; stroke: #8c959f; stroke-width: 2; }
  .budget { stroke: #24292f; stroke-width: 2; }
  .span { stroke: #afb8c1; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .small { fill: #9198a1; }
    .grid { stroke: #30363d; }
    .lean { fill: #4493f8; }
    .over { fill: #f85149; }
    .grpcio { stroke: #7d8590; }
    .budget { stroke: #e6edf3; }
    .span { stroke: #484f58; }
  }
"""


def svg(rows: Sequence[Row]) -> str:
    """A line for each row in µs that has a budget, on a logarithmic axis."""
    shown = [row for row in rows if row.unit == "µs" and row.budget and row.measured]
    height = TOP + LINE * len(shown) + BOTTOM
    low, high = _bounds(shown)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
            "<title>CPU for each exchange or chunk, against the budget</title>",
            f"<style>{STYLE}</style>",
            *_legend(),
            *_grid(low, high, height - BOTTOM),
            *(mark for at, row in enumerate(shown) for mark in _marks(row, at, low, high)),
            "</svg>\n",
        ]
    )


def _values(row: Row) -> list[float]:
    return [value for value in (row.measured, row.budget, row.reference) if value and value > 0]


def _bounds(rows: Sequence[Row]) -> tuple[int, int]:
    """Powers of ten that hold every value."""
    values = [value for row in rows for value in _values(row)] or [1.0, 10.0]
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    return low, max(high, low + 1)


def _x(value: float, low: int, high: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (log10(value) - low) / (high - low)


def _grid(low: int, high: int, bottom: float) -> Iterator[str]:
    for power in range(low, high + 1):
        x = _x(10.0**power, low, high)
        yield f'<line class="grid" x1="{x:.1f}" y1="{TOP - 10}" x2="{x:.1f}" y2="{bottom}"/>'
        label = f"{10.0**power:,.0f}" if power >= 0 else f"{10.0**power:g}"
        yield _text(x, bottom + 18, label, anchor="middle", kind="small")
    yield _text(WIDTH - RIGHT, bottom + 36, "µs of CPU, logarithmic", anchor="end", kind="small")


def _legend() -> Iterator[str]:
    x, y = LEFT, 24
    yield f'<circle class="lean" cx="{x}" cy="{y}" r="6"/>' + _text(x + 12, y + 4, "lean")
    yield f'<circle class="over" cx="{x + 70}" cy="{y}" r="6"/>'
    yield _text(x + 82, y + 4, "lean, over its budget")
    yield f'<line class="budget" x1="{x + 240}" y1="{y - 8}" x2="{x + 240}" y2="{y + 8}"/>'
    yield _text(x + 250, y + 4, "budget")
    yield f'<circle class="grpcio" cx="{x + 325}" cy="{y}" r="5"/>' + _text(
        x + 336, y + 4, "grpcio"
    )


def _marks(row: Row, at: int, low: int, high: int) -> Iterator[str]:
    assert row.measured is not None
    assert row.budget is not None
    y = TOP + LINE * at + LINE / 2
    places = [_x(value, low, high) for value in _values(row)]
    yield _text(LEFT - 14, y + 4, row.name, anchor="end")
    yield (f'<line class="span" x1="{min(places):.1f}" y1="{y}" x2="{max(places):.1f}" y2="{y}"/>')
    if row.reference and row.reference > 0:
        x = _x(row.reference, low, high)
        yield f'<circle class="grpcio" cx="{x:.1f}" cy="{y}" r="5"/>'
    x = _x(row.budget, low, high)
    yield f'<line class="budget" x1="{x:.1f}" y1="{y - 8}" x2="{x:.1f}" y2="{y + 8}"/>'
    if row.measured > 0:
        kind = "lean" if row.met else "over"
        yield f'<circle class="{kind}" cx="{_x(row.measured, low, high):.1f}" cy="{y}" r="6"/>'


def _text(x: float, y: float, words: str, *, anchor: str = "start", kind: str = "") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} class="{kind}">{escape(words)}</text>'
