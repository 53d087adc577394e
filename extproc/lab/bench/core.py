"""The core alone: messages in, replies out, without a socket or an event loop."""

import gc
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec

from extproc.exchange import plan
from extproc.exchange.machine import Exchange
from extproc.exchange.served import Route, Served
from extproc.lab.bench import sessions, vectors
from extproc.lab.bench.bodies import CHATS
from extproc.lab.bench.growth import exponent
from extproc.lab.bench.messages import Case, Exchanged, embedded, exchanged, refused
from extproc.lab.bench.row import Pair, Plan, Row, middle
from extproc.process.service import ExtProcCall
from providers.bridging.chat import ChatDialect
from providers.catalog import PROVIDERS
from providers.operations import Operation
from providers.signing.sign import Secret

MODEL = "small"
KILO, HUNDRED = 1_000, 100_000
CHUNKS = 200
NANO = 1_000
"""Nanoseconds in a microsecond."""

SAME = ("openai.chat", "openai.chat")
TRANSLATED = ("openai.chat", "anthropic.messages")
BACK = ("anthropic.messages", "openai.chat")


class Refused(RuntimeError):
    """A pair of dialects turned the exchange down."""


class Secrets:
    """A credential with every part that a signer asks for."""

    def get(self, backend: str, tried: Collection[int] = ()) -> Secret:
        return {
            "key": "made-up",
            "access_key_id": "made-up",
            "secret_access_key": "made-up",
            "region": "eu-west-1",
        }

    def refused(
        self, backend: str, secret: Secret, status: int, retry_after: str | None
    ) -> int | None:
        return None


SECRETS = Secrets()


class Cost(msgspec.Struct, frozen=True):
    """µs of CPU of one exchange."""

    request: float
    answer: float

    @property
    def all(self) -> float:
        return self.request + self.answer


def backends() -> Mapping[str, Served]:
    """A backend for each dialect, named like it: the first provider that speaks it."""
    found: dict[str, Served] = {}
    for provider in PROVIDERS.values():
        for operation in (Operation.CHAT, Operation.EMBEDDINGS):
            for name in provider.dialects.get(operation, ()):
                if name not in found:
                    found[name] = Served(
                        name=name,
                        provider=provider,
                        authority="provider.example",
                        dialects={operation: name},
                        signer=provider.signer,
                    )
    return found


class Core:
    """Everything that a message needs between the transport and the transport."""

    def __init__(self) -> None:
        served = backends()
        route = Route(models=(MODEL,), upstream=dict.fromkeys(served, "upstream-model"))
        self._plan = plan.Plan(served, [route])

    def _call(self) -> ExtProcCall:
        return ExtProcCall(Exchange(self._plan, SECRETS, time.time))

    def check(self, script: Exchanged) -> None:
        """Raises Refused unless the exchange goes through."""
        call = self._call()
        for message in (*script.request, *script.answer):
            reply = call.receive(message)
            assert isinstance(reply, bytes), "a bench without media waits for none"
            reason = refused(reply)
            if reason:
                raise Refused(reason)

    def cost(self, script: Exchanged, count: int) -> Cost:
        """Of `count` exchanges, side by side."""
        calls: list[ExtProcCall] = []

        def ask() -> None:
            calls.extend(self._call() for _ in range(count))
            _feed(calls, script.request)

        asked = _cpu(ask)
        answered = _cpu(lambda: _feed(calls, script.answer))
        return Cost(asked / count, answered / count)


def _feed(calls: Sequence[ExtProcCall], messages: Sequence[bytes]) -> None:
    for call in calls:
        for message in messages:
            call.receive(message)


def _cpu(work: Callable[[], None]) -> float:
    before = time.process_time_ns()
    work()
    return (time.process_time_ns() - before) / NANO


@contextmanager
def settled() -> Iterator[None]:
    """As in a worker: what was loaded before is not looked at by the garbage collector."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def costs(core: Core, scripts: Sequence[Exchanged], size: Plan, count: int) -> list[Cost]:
    """The medians, each repeat going through all scripts, so that a drift hits all alike."""
    found: list[list[Cost]] = [[] for _ in scripts]
    for _ in range(size.pick(2, 9)):
        for script, costs in zip(scripts, found, strict=True):
            costs.append(core.cost(script, count))
    return [
        Cost(middle([c.request for c in costs]), middle([c.answer for c in costs]))
        for costs in found
    ]


def rows(size: Plan) -> Iterator[Row]:
    """The core's rows."""
    core = Core()
    wanted = [each for each in _budgets() if size.wants(each[0])]
    scripts = [exchanged(case, MODEL, case.target.name) for _, case, _ in wanted]
    for script in scripts:
        core.check(script)
    with settled():
        found = costs(core, scripts, size, size.pick(5, 200))
        for (name, _, budget), cost in zip(wanted, found, strict=True):
            yield Row(name=name, unit="µs", measured=cost.all, budget=budget)
        yield from _embedding(core, size)
        yield from _session(core, size)
        yield from _growth(core, size)


def _embedding(core: Core, size: Plan) -> Iterator[Row]:
    for name, script in _vectors():
        if size.wants(name):
            core.check(script)
            cost = costs(core, [script], size, size.pick(1, 5))[0]
            yield Row(name=name, unit="µs", measured=cost.all)


def _session(core: Core, size: Plan) -> Iterator[Row]:
    name = "core, a frame of a realtime session"
    if size.wants(name):
        script = sessions.session(MODEL)
        core.check(script)
        cost = costs(core, [script], size, size.pick(1, 20))[0]
        note = "6 KB of sound each; the provider says once in 50 what was used"
        measured = cost.answer / sessions.FRAMES
        yield Row(name=name, unit="µs", measured=measured, budget=8, note=note)


def _budgets() -> list[tuple[str, Case, float | None]]:
    return [
        ("core, 1 KB, same dialect", _case(*SAME, KILO), 35),
        ("core, 1 KB, translated", _case(*TRANSLATED, KILO), 80),
        ("core, 1 KB, translated back", _case(*BACK, KILO), 80),
        ("core, 100 KB, same dialect", _case(*SAME, HUNDRED), None),
        ("core, 100 KB, translated", _case(*TRANSLATED, HUNDRED), None),
        ("core, 100 KB, translated back", _case(*BACK, HUNDRED), None),
    ]


EMBEDDINGS = "openai.embeddings"
VECTORS = {
    "same": EMBEDDINGS,
    "translated (base64)": "gemini.batch_embed_contents",
}
"""What 100 texts, asked for in OpenAI's format, are embedded in."""


def _vectors() -> list[tuple[str, Exchanged]]:
    client = vectors.plain(EMBEDDINGS)
    return [
        (f"core, embeddings, batch of {vectors.BATCH}, {kind}", embedded(client, target, MODEL))
        for kind, target in VECTORS.items()
    ]


def _case(client: str, target: str, size: int = KILO, chunks: int = 0) -> Case:
    return Case(client=CHATS[client], target=CHATS[target], size=size, chunks=chunks)


def _growth(core: Core, size: Plan) -> Iterator[Row]:
    steps = (50, 200, 800) if size.quick else (50, 200, 800, 3200)
    sizes = (64_000, 256_000) if size.quick else (64_000, 256_000, 1_024_000, 4_096_000)
    for kind, pair in (("same dialect", SAME), ("translated", TRANSLATED)):
        name = f"growth with chunks of a stream, {kind}"
        if size.wants(name):
            found = _total(core, [_case(*pair, chunks=count) for count in steps], size)
            yield _exponent(name, steps, [cost.answer for cost in found])
        name = f"growth with bytes of a body, {kind}"
        if size.wants(name):
            found = _total(core, [_case(*pair, wanted) for wanted in sizes], size)
            yield _exponent(name, sizes, [cost.request for cost in found])


def _total(core: Core, cases: Sequence[Case], size: Plan) -> list[Cost]:
    scripts = [exchanged(case, MODEL, case.target.name) for case in cases]
    return costs(core, scripts, size, size.pick(1, 5))


def _exponent(name: str, steps: Sequence[int], values: Sequence[float]) -> Row:
    note = ", ".join(
        f"{step:,}: {value:,.0f} µs" for step, value in zip(steps, values, strict=True)
    )
    return Row(name=name, unit="exponent", measured=exponent(steps, values), note=note)


def pairs(size: Plan) -> Iterator[Pair]:
    """Every client dialect to every provider dialect."""
    core = Core()
    with settled():
        for client in CHATS.values():
            for target in CHATS.values():
                yield _pair(core, client, target, size)


WORST: dict[str, tuple[tuple[str, ...], float]] = {
    "1 KB": (("request_1k", "answer"), 80),
    "100 KB": (("request_100k", "answer"), 700),
    "chunk": (("chunk",), 14),
}
"""What of a pair is held against which budget: those of translated exchanges."""


def worst(pairs: Sequence[Pair]) -> Iterator[Row]:
    """The pair that costs most."""
    for name, (parts, budget) in WORST.items():
        costs = {
            f"{pair.client} to {pair.provider}": sum(getattr(pair, part) for part in parts)
            for pair in pairs
            if None not in [getattr(pair, part) for part in parts]
        }
        if costs:
            dearest = max(costs, key=lambda pair: costs[pair])
            row = f"core, {name}, worst pair"
            yield Row(name=row, unit="µs", measured=costs[dearest], budget=budget, note=dearest)


def _pair(core: Core, client: ChatDialect, target: ChatDialect, size: Plan) -> Pair:
    def measured(case: Case, count: int) -> Cost | None:
        script = exchanged(case, MODEL, target.name)
        try:
            core.check(script)
        except Refused:
            return None
        return costs(core, [script], size, count)[0]

    def each(cost: Cost | None, part: str, count: int = 1) -> float | None:
        whole: float | None = None if cost is None else getattr(cost, part)
        return None if whole is None else whole / count

    small = measured(Case(client=client, target=target), size.pick(3, 100))
    large = measured(Case(client=client, target=target, size=HUNDRED), size.pick(1, 10))
    stream = measured(Case(client=client, target=target, chunks=CHUNKS), size.pick(1, 10))
    return Pair(
        client=client.name,
        provider=target.name,
        request_1k=each(small, "request"),
        request_100k=each(large, "request"),
        answer=each(small, "answer"),
        chunk=each(stream, "answer", CHUNKS),
    )
