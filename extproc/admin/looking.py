"""What is seen of the gateway at work: traffic, spend, failures, health, and who serves what."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

import extproc
from extproc.admin import answers, envoy
from extproc.admin.health import Troubles, probes, troubles
from extproc.admin.probed import Probed
from extproc.admin.providers import FINE, lacking
from extproc.config import Gateway, Unresolved, split
from extproc.config.credential_rules import installed
from extproc.config.shadow import SHADOW
from extproc.usage.place import store_url

HOUR, DAY = 3_600, 86_400
DEAR = 0.1
"""Seconds after which a question is a dear one, whose answer is told again for a while."""
SHARE = 20
"""That while, as a multiple of what it took."""
ROWS = 500
"""Rows of a sum that are told."""
RECORDED = "nothing is recorded: say `usage: {store: sqlite:///usage.db}` and start again"

Question = Callable[[Any], Any]


class Looking:
    """What can be said of a gateway, by its configuration, its records and its Envoy."""

    def __init__(
        self,
        gateway: Callable[[], Gateway],
        config: Path,
        *,
        write: bool = False,
        environment: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`gateway`: the configuration in force; `config`: where it stands."""
        self.gateway = gateway
        self.environment = environment
        self._config = config
        self._write = write
        self._clock = clock
        self._stores: dict[str, Any] = {}
        """URL → the store there, opened once."""
        self._dear: dict[str, tuple[float, Any]] = {}
        """What was asked → until when the answer is told again, and the answer."""

    def status(self) -> answers.Status:
        """What there is to be seen."""
        found = self.gateway()
        return answers.Status(
            version=extproc.__version__,
            write=self._write,
            recorded=found.usage is not None,
            backends=len(found.backends),
            routes=len(found.routes),
            clients=found.clients is not None,
            listener=listener(found),
        )

    def traffic(self, minutes: int) -> answers.Traffic:
        """The last minutes."""
        from extproc.usage import recent

        now = self._clock()
        rows, problem = self._ask(
            f"traffic {minutes}", lambda engine: recent.minutes(engine, now - minutes * 60), []
        )
        return answers.Traffic(
            now=now, minutes=[answers.Minute(**row) for row in rows], problem=problem
        )

    def spend(self, by: Sequence[str], days: int) -> answers.Spend:
        """Sums of the last days, by groups."""
        from extproc.usage import report

        since = self._clock() - days * DAY
        rows, problem = self._ask(
            f"spend {by} {days}",
            lambda engine: report.rows(engine, by, since, float("inf"), ROWS + 1),
            [],
        )
        found = [_spent(row, by) for row in rows[:ROWS]]
        if "day" in by:
            found.sort(key=lambda one: one.group["day"])
        return answers.Spend(rows=found, cut=len(rows) > ROWS, problem=problem)

    def errors(self, hours: int, most: int) -> answers.Errors:
        """What has failed lately."""
        from extproc.usage import recent

        since = self._clock() - hours * HOUR
        rows, problem = self._ask(
            f"errors {hours} {most}", lambda engine: recent.troubles(engine, since, most), []
        )
        return answers.Errors(errors=[answers.Error(**row) for row in rows], problem=problem)

    def backends(self) -> answers.Backends:
        """How all of them do."""
        from extproc.usage import recent

        found, now = self.gateway(), self._clock()
        port = found.envoy.admin_port
        told = Told(
            hosts=envoy.hosts(port),
            used=self._ask("used", lambda engine: recent.backends(engine, now - HOUR), {})[0],
            troubles=troubles(found, now),
            probes=probes(found, now),
            failed=self._ask("failed", lambda engine: recent.last_failures(engine, now - DAY), {})[
                0
            ],
        )
        made = [health(name, found, told, self.environment) for name in found.backends]
        return answers.Backends(envoy=envoy.figures(port), backends=made)

    def _ask(self, name: str, question: Question, otherwise: Any) -> tuple[Any, str]:
        """What the store says, or why it says nothing; where it has much to count, it is not asked
        for each look anew."""
        began = time.monotonic()
        until, told = self._dear.get(name, (0.0, None))
        if began < until:
            return told, ""
        settings = self.gateway().usage
        if settings is None or not installed("sqlalchemy"):
            return otherwise, RECORDED
        from extproc.usage.store import NOTHING, Store, StoreError

        try:
            url = store_url(settings, self._config, self.environment)
            if url not in self._stores:
                self._stores[url] = Store(url)
            told = self._stores[url].ask(question)
        except (StoreError, Unresolved) as error:
            return otherwise, "" if str(error) == NOTHING else f"usage.store: {error}"
        self._keep(name, told, time.monotonic() - began)
        return told, ""

    def _keep(self, name: str, told: Any, took: float) -> None:
        if len(self._dear) >= ROWS:
            self._dear.clear()
        if took > DEAR:
            self._dear[name] = time.monotonic() + SHARE * took, told


class Told(msgspec.Struct, frozen=True):
    """What is known of all backends at once."""

    hosts: envoy.Hosts | None
    troubles: Troubles
    probes: Mapping[str, Probed]
    used: Mapping[str, Mapping[str, Any]]
    failed: Mapping[str, Mapping[str, Any]]


def health(
    name: str, gateway: Gateway, told: Told, environment: Mapping[str, str]
) -> answers.Health:
    """How one backend does."""
    backend = gateway.backends[name]
    models = [
        str(model)
        for route in gateway.routes
        if any(entry.backend == name for entry in (*route.backends, route.shadow) if entry)
        for model in route.models
    ]
    missing = "; ".join(lacking(name, backend, environment))
    trouble, probe = told.troubles.get(name, FINE), told.probes.get(name)
    hosts = None if told.hosts is None else [*_hosts(name, told.hosts)]
    status = _status(hosts, missing, models)
    used, failed = told.used.get(name), told.failed.get(name)
    return answers.Health(
        name=name,
        provider=backend.provider,
        status="unhealthy" if trouble.fatal and not missing else status,
        problem=missing or trouble.text,
        probe=answers.Probe(**msgspec.structs.asdict(probe)) if probe else None,
        models=models[:ROWS],
        hosts=hosts or [],
        attempts=int(used["attempts"]) if used else 0,
        failed=int(used["failed"] or 0) if used else 0,
        duration_ms=round(float(used["duration_ms"] or 0), 1) if used else 0,
        last_error=answers.Error(**failed) if failed else None,
    )


def _hosts(name: str, hosts: envoy.Hosts) -> Iterator[answers.Host]:
    """Also where it gets copies of requests only."""
    yield from hosts.get(name) or hosts.get(name + SHADOW) or ()


def _status(hosts: list[answers.Host] | None, problem: str, models: list[str]) -> Any:
    if problem:
        return "lacking"
    if not models:
        return "unused"
    if not hosts:
        return "unknown"
    sound = [host.healthy for host in hosts]
    return "healthy" if all(sound) else "degraded" if any(sound) else "unhealthy"


def _spent(row: Mapping[str, Any], by: Sequence[str]) -> answers.Spent:
    return answers.Spent(
        group={name: str(row[name]) for name in by},
        **{name: row[name] for name in answers.Spent.model_fields if name != "group"},
    )


def routes(gateway: Gateway) -> answers.Routes:
    """Who serves what."""
    found = [
        answers.Route(
            models=list(map(str, route.models)),
            backends=[
                answers.RouteBackend(
                    backend=one.backend,
                    model=str(one.model or ""),
                    weight=one.weight,
                    priority=one.priority,
                )
                for one in route.backends
            ],
            balance=route.balance.policy,
            attempts=route.attempts,
            price=_price(route.price.model_dump()) if route.price else None,
        )
        for route in gateway.routes
    ]
    return answers.Routes(routes=found, names=exact(gateway))


def _price(said: Mapping[str, Any]) -> dict[str, float]:
    return {unit: usd for unit, usd in said.items() if isinstance(usd, float) and usd}


def exact(gateway: Gateway) -> list[str]:
    """The names of models that clients can say, but for those that only fit a pattern."""
    names = [model for route in gateway.routes for model in route.models]
    return [name for name in names if split(name).kind == "exact"]


def listener(gateway: Gateway) -> str:
    """Where the gateway is found from this machine."""
    address = str(gateway.listen.address)
    inside = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104
    host = f"[{inside}]" if ":" in inside else inside
    return f"{'https' if gateway.listen.tls else 'http'}://{host}:{gateway.listen.port}"
