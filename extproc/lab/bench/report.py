"""The results as text, as JSON and as Markdown, and the machine that they come from."""

import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from time import gmtime, strftime

import msgspec

from extproc import native
from extproc.lab.bench import proc
from extproc.lab.bench.row import Pair, Row
from extproc.process.envoy import binary

HEADS = ("row", "measured", "budget", "", "grpcio", "ratio", "unit", "note")


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Where and when it was measured."""

    cores: int
    processor: str
    load_before: float
    """Processes that wanted a core, averaged over the last minute."""
    load_after: float
    kernel: str
    python: str
    native: bool
    """Whether the hot path was compiled."""
    envoy: str
    date: str


class Results(msgspec.Struct, kw_only=True):
    """All that was measured in one run."""

    quick: bool
    machine: Machine
    rows: list[Row]
    pairs: list[Pair]


def load() -> float:
    """The machine's load average over the last minute."""
    return os.getloadavg()[0]


def machine(load_before: float) -> Machine:
    """This machine, at the end of a run that began at that load."""
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        processor=proc.processor(),
        load_before=round(load_before, 2),
        load_after=round(load(), 2),
        kernel=platform.release(),
        python=platform.python_version(),
        native=native.is_used(),
        envoy=_envoy(),
        date=strftime("%Y-%m-%d", gmtime()),
    )


def _envoy() -> str:
    command = [binary(), "--version"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
    return next((part for part in text.split("/") if part[:1].isdigit()), text.strip())


def about(results: Results) -> str:
    """One sentence on the machine."""
    host = results.machine
    return (
        f"{host.cores} cores of {host.processor}, shared with whatever else runs there (load"
        f" average {host.load_before} before, {host.load_after} after); Envoy {host.envoy},"
        f" Python {host.python}, {'with' if host.native else 'without'} compiled hot path,"
        f" {host.date}."
    )


def number(value: float | None) -> str:
    """Three digits that count."""
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _verdict(row: Row) -> str:
    return {True: "ok", False: "over", None: ""}[row.met]


def _ratio(row: Row) -> str:
    if row.reference is None or not row.measured or row.measured < 0:
        return ""
    return f"{row.reference / row.measured:.1f}x"


def cells(row: Row) -> tuple[str, ...]:
    """A row as text, in the order of HEADS."""
    return (
        row.name,
        number(row.measured),
        "" if row.budget is None else number(row.budget),
        _verdict(row),
        "" if row.reference is None else number(row.reference),
        _ratio(row),
        row.unit,
        row.note,
    )


def pair_cells(pair: Pair) -> tuple[str, ...]:
    """A pair as text: client, provider, request of 1 KB and of 100 KB, answer, chunk."""
    costs = (pair.request_1k, pair.request_100k, pair.answer, pair.chunk)
    return (pair.client, pair.provider, *map(number, costs))


PAIR_HEADS = ("client", "provider", "request 1 KB", "request 100 KB", "answer", "chunk")


def text(results: Results) -> str:
    """Aligned tables for a terminal."""
    lines = [about(results), ""]
    if results.quick:
        lines.insert(0, "A smoke run: the numbers say only that everything can be measured.")
    if results.rows:
        lines += _aligned([HEADS, *map(cells, results.rows)])
    if results.pairs:
        lines += ["", "The core alone, µs of CPU; - where the pair refuses the request:", ""]
        lines += _aligned([PAIR_HEADS, *map(pair_cells, results.pairs)])
    return "\n".join(lines) + "\n"


NUMBERS = {"measured", "budget", "grpcio", "ratio", *PAIR_HEADS[2:]}


def _aligned(table: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    right = [head in NUMBERS for head in table[0]]
    return [
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in table
    ]


def json(results: Results) -> bytes:
    """Everything, for programs."""
    return msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n"


def markdown_table(table: Sequence[Sequence[str]]) -> Iterable[str]:
    """A table in Markdown, numbers to the right."""
    head, *lines = table
    yield f"| {' | '.join(head)} |"
    yield "|" + "|".join(" ---: " if name in NUMBERS else " --- " for name in head) + "|"
    for line in lines:
        yield f"| {' | '.join(line)} |"
