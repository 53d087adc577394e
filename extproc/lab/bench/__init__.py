"""`extproc bench`: what an exchange costs, beside its budget and beside the reference transport.

`core` has the rows without a socket, `server` those through a real Envoy, `life` what is not a
cost of one exchange. CPU time is measured, not the clock on the wall, as medians over repeats in
which all that is compared takes turns.
"""

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from extproc.lab.bench import changes, core, life, page, report, server, uploads
from extproc.lab.bench.load import Client, LoadError
from extproc.lab.bench.report import Results
from extproc.lab.bench.row import Plan, Row
from extproc.lab.bench.subjects import GRPCIO, LEAN, alone, config, gateway, upstream
from extproc.lab.local import NotReady

PAIRS = "pairs"
"""The word that asks for the table of all pairs of dialects."""


def bench(
    words: Sequence[str], *, quick: bool, output: Path | None, docs: Path | None = None
) -> int:
    """Measures the rows that have one of `words` in their names, or all; 1 if one failed.

    `output` gets the results as JSON, `docs` is a directory that gets speed.md and speed.svg.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started ends, too
    size = Plan(words=tuple(words), quick=quick)
    before = report.load()
    rows: list[Row] = []
    failed = False
    try:
        for row in _rows(size):
            print(f"{row.name}: {report.number(row.measured)} {row.unit}", file=sys.stderr)
            rows.append(row)
    except (NotReady, LoadError) as error:
        print(error, file=sys.stderr)
        failed = True
    pairs = list(core.pairs(size)) if size.wants(PAIRS) else []
    rows += core.worst(pairs)
    results = Results(quick=quick, machine=report.machine(before), rows=rows, pairs=pairs)
    print(report.text(results))
    if output is not None:
        output.write_bytes(report.json(results))
    if docs is not None:
        page.write(results, docs, server.RATE)
    return int(failed or any(row.measured is None for row in rows))


def _rows(size: Plan) -> Iterator[Row]:
    yield from core.rows(size)
    if not size.wants(*_beside(size)):
        return
    with ExitStack() as stack:
        provider = stack.enter_context(upstream())
        client = stack.enter_context(Client())
        yield from _through(size, client, provider)
        yield from life.workers(size, client, provider)
        yield from changes.rows(size, provider)


def _beside(size: Plan) -> list[str]:
    """The rows for which something must be started."""
    return [*server.names(size), *uploads.NAMES, *life.NAMES, *changes.NAMES]


def _through(size: Plan, client: Client, provider: str) -> Iterator[Row]:
    """Rows with the two transports and an Envoy alone side by side."""
    if not size.wants(*server.names(size), *uploads.NAMES, *life.LONG):
        return
    with ExitStack() as stack:
        gateways = {
            name: stack.enter_context(gateway(name, config(provider, name)))
            for name in (LEAN, GRPCIO)
        }
        router = stack.enter_context(alone(provider))
        fresh = life.memory(gateways)
        yield from server.rows(size, client, {**gateways, router.name: router})
        yield from uploads.rows(size, client, gateways)
        yield from life.growth(size, client, provider, gateways)
        yield from life.used(size, client, gateways, fresh)
