"""What is not a cost of one exchange: memory, many routes, the spread over workers, the start."""

import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from extproc.lab.bench import proc
from extproc.lab.bench.load import Client
from extproc.lab.bench.row import Plan, Row
from extproc.lab.bench.server import SAME, Load, measure
from extproc.lab.bench.subjects import GRPCIO, LEAN, Gateway, Subject, config, gateway
from extproc.lab.local import START

FRESH, USED = "worker memory, at start", "worker memory, after exchanges"
SPREAD = "spread over workers"
READY, WHOLE = "ready, server", "ready, Envoy and server"
MANY = (("routes", 1_000), ("routes", 10_000), ("backends", 100))
WORKERS = 4


def _many(things: str, count: int) -> tuple[str, str]:
    """The rows of a configuration with so many routes or backends."""
    what = f"1 KB, {count:,} {things}, the last"
    return f"server, {what}", f"Envoy, {what}"


LONG = (FRESH, USED, *(name for each in MANY for name in _many(*each)))
"""Rows that need the gateways of both transports, or one of them."""
NAMES = (*LONG, SPREAD, READY, WHOLE)


def memory(gateways: Mapping[str, Gateway]) -> dict[str, float]:
    """MB of the first worker of each."""
    return {name: proc.resident(each.workers[0]) for name, each in gateways.items()}


def used(
    size: Plan, client: Client, gateways: Mapping[str, Gateway], fresh: Mapping[str, float]
) -> Iterator[Row]:
    """Memory at the start, and once many exchanges have passed."""
    if not size.wants(FRESH, USED):
        return
    total = size.pick(200, 100_000)
    load = Load(name=USED, pair=SAME, total=total)
    for each in gateways.values():
        client.run(load.job(each.port))
    now = memory(gateways)
    yield Row(name=FRESH, unit="MB", measured=fresh[LEAN], reference=fresh[GRPCIO])
    yield Row(
        name=USED,
        unit="MB",
        measured=now[LEAN],
        reference=now[GRPCIO],
        note=f"{total:,} and those of the rows above",
    )


def growth(
    size: Plan, client: Client, upstream: str, gateways: Mapping[str, Gateway]
) -> Iterator[Row]:
    """The last of many models or backends, beside the only one."""
    for things, count in MANY[:1] if size.quick else MANY:
        names = _many(things, count)
        if not size.wants(*names):
            continue
        with gateway("many", config(upstream, LEAN, **{things: count})) as many:
            subjects: list[Subject] = [gateways[LEAN], many]
            load = Load(name=names[0], pair=SAME, total=size.pick(40, 2000))
            found = measure(client, load, subjects, size.pick(1, 5))
        one, last = found[LEAN], found["many"]
        note = f"{one.server:.0f} µs with one"
        yield Row(name=names[0], unit="µs", measured=last.server, note=note)
        note = f"{one.envoy:.0f} µs with one"
        yield Row(name=names[1], unit="µs", measured=last.envoy, note=note)


def workers(size: Plan, client: Client, upstream: str) -> Iterator[Row]:
    """How evenly Envoy spreads exchanges over workers, and how soon they are there."""
    if not size.wants(SPREAD, READY, WHOLE):
        return
    with gateway("workers", config(upstream, LEAN, workers=WORKERS)) as many:
        if size.wants(SPREAD):
            yield _spread(size, client, many)
        if size.wants(READY, WHOLE):
            yield from _ready(many)


def _spread(size: Plan, client: Client, many: Gateway) -> Row:
    before = many.shares()
    client.run(Load(name=SPREAD, pair=SAME, clients=64, total=size.pick(200, 8000)).job(many.port))
    got = [after - start for after, start in zip(many.shares(), before, strict=True)]
    shares = ", ".join(f"{count / sum(got):.1%}" for count in got)
    return Row(
        name=SPREAD,
        unit="busiest over mean",
        measured=max(got) * len(got) / sum(got),
        note=f"{WORKERS} workers: {shares}",
    )


def _ready(many: Gateway) -> Iterator[Row]:
    local = many.local
    for process in reversed(local.processes):
        process.stop()
    local.processes.clear()
    began = time.monotonic()
    local.start_server()
    local.start_envoy()
    sockets = Path(local.directory / "sockets")
    local.wait_for(lambda: _listening(sockets), "every worker to listen", START)
    server = time.monotonic() - began
    local.wait_ready()
    note = f"{WORKERS} workers, one route"
    yield Row(name=READY, unit="ms", measured=server * 1000, budget=2000, note=note)
    yield Row(name=WHOLE, unit="ms", measured=(time.monotonic() - began) * 1000, note=note)


def _listening(sockets: Path) -> bool:
    return all(_accepts(sockets / f"worker-{index}.sock") for index in range(WORKERS))


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as one:
        return one.connect_ex(str(path)) == 0
