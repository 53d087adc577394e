"""Loads through a real Envoy: CPU of the server and of Envoy, and the time that a client waits."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from extproc.lab.bench import bodies
from extproc.lab.bench.growth import exponent
from extproc.lab.bench.load import Client, Done, Job, LoadError
from extproc.lab.bench.row import Plan, Row, middle
from extproc.lab.bench.subjects import ALONE, GRPCIO, LEAN, MODELS, Gateway, Subject

KILO, HUNDRED, MEGA = 1_000, 100_000, 1_000_000
WHOLE = '[[sim: {"size": 800}]]'
CHUNKS = 200
RATE = 8_000
"""Chunks per second that the provider of a paced load sends, all streams together."""
WARM = 20
"""Requests before the first measurement of a load."""
LONG = 10.0
"""Seconds that a load may take to be repeated."""

SAME = ("openai.chat", "openai.chat")
TRANSLATED = ("openai.chat", "anthropic.messages")
KINDS = {"same dialect": SAME, "translated": TRANSLATED}


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """Requests of one kind, and the row that they are for."""

    name: str
    pair: tuple[str, str]
    """The client's dialect and the provider's."""
    size: int = KILO
    clients: int = 16
    total: int = 0
    budget: float | None = None
    chunks: int = 0
    """Of each stream; 0: whole answers."""
    pace: float = 0.0
    """Seconds between two chunks of a stream; 0: as fast as they are taken."""

    def job(self, port: int) -> Job:
        """The work for a load generator."""
        return Job(
            port=port,
            request=request(self),
            clients=self.clients,
            total=self.total,
            ramp=self.pace,
        )


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """What one load cost one subject: µs for each request, or for each chunk of a stream."""

    server: float
    envoy: float
    p50: float
    p99: float
    share: float
    """Messages that Envoy sent for each chunk."""


Samples = dict[str, Sample]
"""By subject."""


def request(load: Load) -> bytes:
    """The bytes of one HTTP request."""
    dialect = bodies.CHATS[load.pair[0]]
    model = MODELS[load.pair[1]]
    stream = load.chunks > 0
    order = WHOLE
    if stream:
        pace = f', "chunk_delay_ms": {load.pace * 1000:.3f}' if load.pace else ""
        order = f'[[sim: {{"tokens": {load.chunks}{pace}}}]]'
    data = bodies.body(dialect, model, load.size, order=order, stream=stream)
    head = (
        f"POST {bodies.entrance(dialect, model, stream=stream)} HTTP/1.1\r\n"
        "host: gateway.example\r\naccept: application/json\r\naccept-encoding: gzip, deflate\r\n"
        "content-type: application/json\r\nauthorization: Bearer client-key\r\n"
        "user-agent: OpenAI/Python 1.60.0\r\nx-stainless-lang: python\r\n"
        f"x-stainless-runtime: CPython\r\ncontent-length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


def measure(client: Client, load: Load, subjects: Sequence[Subject], repeats: int) -> Samples:
    """The medians, each repeat going through all subjects; raises LoadError."""
    warm = msgspec.structs.replace(load, total=min(load.total, WARM), pace=0.0)
    for subject in subjects:
        client.run(warm.job(subject.port))
    found: dict[str, list[Sample]] = {subject.name: [] for subject in subjects}
    for _ in range(repeats):
        for subject in subjects:
            found[subject.name].append(_sample(client, load, subject))
    return {name: _middle(samples) for name, samples in found.items()}


def _sample(client: Client, load: Load, subject: Subject) -> Sample:
    before = subject.server_cpu(), subject.envoy_cpu(), _messages(subject)
    done = client.run(load.job(subject.port))
    after = subject.server_cpu(), subject.envoy_cpu(), _messages(subject)
    server, envoy, messages = (b - a for a, b in zip(before, after, strict=True))
    count = _count(load, done)
    return Sample(
        server=server / count,
        envoy=envoy / count,
        p50=done.p50,
        p99=done.p99,
        share=messages / count,
    )


def _messages(subject: Subject) -> int:
    return subject.messages() if isinstance(subject, Gateway) else 0


def _count(load: Load, done: Done) -> int:
    return done.events if load.chunks else done.answers


def _middle(samples: Sequence[Sample]) -> Sample:
    fields = Sample.__struct_fields__
    return Sample(**{name: middle([getattr(s, name) for s in samples]) for name in fields})


def wholes(size: Plan) -> list[Load]:
    """Loads of whole answers; the numbers after the names are budgets."""
    many, some, few = size.pick(40, 3000), size.pick(10, 400), size.pick(3, 60)

    def load(name: str, kind: str, budget: float | None = None, **more: int) -> Load:
        given = {"total": many, **more}
        return Load(name=f"server, {name}", pair=KINDS[kind], budget=budget, **given)

    return [
        load("1 KB, same dialect", "same dialect", 90),
        load("1 KB, translated", "translated", 130),
        load("1 KB, same dialect, 1 client", "same dialect", clients=1),
        load("1 KB, same dialect, 256 clients", "same dialect", clients=256),
        load("100 KB, same dialect", "same dialect", 300, size=HUNDRED, total=some),
        load("100 KB, translated", "translated", 700, size=HUNDRED, total=some),
        load("1 MB, same dialect", "same dialect", size=MEGA, total=few),
        load("1 MB, translated", "translated", size=MEGA, total=few),
    ]


BUDGETS = {"same dialect": 6, "translated": 14}
"""µs for each chunk of 256 streams."""


def streams(size: Plan) -> list[Load]:
    """Loads of streams, each client with one."""
    counts = (16, 256) if size.quick else (16, 256, 1000)
    return [
        load
        for kind in KINDS
        for load in (
            *(_stream(f"{count:,} streams", kind, count, size) for count in counts),
            _stream("256 streams in bursts", kind, 256, size, paced=False),
        )
    ]


def _stream(what: str, kind: str, count: int, size: Plan, *, paced: bool = True) -> Load:
    return Load(
        name=f"chunk, {what}, {kind}",
        pair=KINDS[kind],
        clients=count,
        total=count,
        chunks=size.pick(8, CHUNKS),
        pace=count / RATE if paced else 0.0,
        budget=BUDGETS[kind] if count == 256 else None,
    )


def names(size: Plan) -> list[str]:
    """The rows that there are."""
    loads = [load.name for load in (*wholes(size), *streams(size))]
    return [OVER, P50, P99, *loads, *map(_growth_name, KINDS)]


def rows(size: Plan, client: Client, subjects: Mapping[str, Subject]) -> Iterator[Row]:
    """All rows that need the three subjects side by side."""
    gateways = [subjects[LEAN], subjects[GRPCIO]]
    yield from _envoy(size, client, subjects)
    for load in wholes(size):
        if size.wants(load.name):
            yield _server(load, client, gateways, size.pick(1, 7))
    spent: dict[str, dict[int, float]] = {kind: {} for kind in KINDS}
    for load in streams(size):
        kind = load.name.rpartition(", ")[2]
        if size.wants(load.name, _growth_name(kind)):
            full = 3 if load.pace * load.chunks < LONG else 1
            row = _server(load, client, gateways, size.pick(1, full))
            if load.pace and row.measured is not None:
                spent[kind][load.clients] = row.measured * load.clients
            yield row
    for kind, costs in spent.items():
        if len(costs) > 1 and size.wants(_growth_name(kind)):
            yield _growth(kind, costs)


def _growth_name(kind: str) -> str:
    return f"growth with streams at a time, {kind}"


def _growth(kind: str, costs: Mapping[int, float]) -> Row:
    steps = ", ".join(f"{count:,}: {cost / count:.1f} µs a chunk" for count, cost in costs.items())
    slope = exponent([*costs], [*costs.values()])
    return Row(name=_growth_name(kind), unit="exponent", measured=slope, note=steps)


def _failed(name: str, unit: str, budget: float | None, error: LoadError) -> Row:
    note = f"failed: {str(error).splitlines()[0]}"
    return Row(name=name, unit=unit, measured=None, budget=budget, note=note)


def _server(load: Load, client: Client, gateways: Sequence[Subject], repeats: int) -> Row:
    try:
        found = measure(client, load, gateways, repeats)
    except LoadError as error:
        return _failed(load.name, "µs", load.budget, error)
    lean = found[LEAN]
    note = f"Envoy {lean.envoy:.0f} µs"
    if load.chunks:
        note = f"Envoy {lean.envoy:.1f} µs; {lean.share:.2f} messages a chunk"
    return Row(
        name=load.name,
        unit="µs",
        measured=lean.server,
        budget=load.budget,
        reference=found[GRPCIO].server,
        note=note,
    )


OVER = "Envoy, 1 KB, over Envoy alone"
P50, P99 = "latency, 1 client, added, median", "latency, 1 client, added, p99"


def _envoy(size: Plan, client: Client, subjects: Mapping[str, Subject]) -> Iterator[Row]:
    if size.wants(OVER):
        load = Load(name=OVER, pair=SAME, total=size.pick(40, 3000), budget=65)
        found = measure(client, load, [*subjects.values()], size.pick(1, 9))
        yield _over(OVER, found, "envoy", budget=65)
    if size.wants(P50, P99):
        load = Load(name=P50, pair=SAME, clients=1, total=size.pick(20, 1500))
        found = measure(client, load, [*subjects.values()], size.pick(1, 7))
        yield _over(P50, found, "p50")
        yield _over(P99, found, "p99")


def _over(name: str, found: Samples, what: str, budget: float | None = None) -> Row:
    lean, grpcio, alone = (getattr(found[key], what) for key in (LEAN, GRPCIO, ALONE))
    return Row(
        name=name,
        unit="µs",
        measured=lean - alone,
        budget=budget,
        reference=grpcio - alone,
        note=f"{lean:.0f} µs with us, {alone:.0f} µs alone",
    )
