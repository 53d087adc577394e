"""How backends do: whom Envoy passes over, who does not answer, which identities get no tokens."""

import http.client
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import orjson
import structlog

from extproc.admin import probed
from extproc.admin.probed import Probed, moment
from extproc.config import Gateway
from extproc.credentials import snapshot
from extproc.exchange.compile import wanted_identities

log = structlog.get_logger()

PATIENCE = 1.0
"""Seconds that Envoy may take to answer."""
LARGEST = 16 * 1024 * 1024
FRESH = 2.0
"""Seconds for which an answer of Envoy's is good."""
OLD = 3
"""Times that a probe may not have been made before the last one says nothing."""
CLUSTERS = "/clusters?format=json"
OURS = ("ai/", "ws/")
"""How the names of providers' clusters begin."""


class Trouble(msgspec.Struct, frozen=True):
    """What is wrong with a backend."""

    status: str
    """In a word of the management API's."""
    text: str
    fatal: bool
    """Whether no request is served."""


Troubles = Mapping[str, Trouble]
"""By the names of backends."""


class Health:
    """What is known now of all backends."""

    def __init__(self, *, asks_envoy: bool, clock: Callable[[], float] = time.time) -> None:
        """`asks_envoy`: on this machine there is one, whose admin interface answers."""
        self._asks_envoy = asks_envoy
        self._clock = clock
        self._ejected: Troubles = {}
        self._asked = 0.0

    def __call__(self, gateway: Gateway) -> Troubles:
        """The worst of each backend that has any; never raises."""
        now = self._clock()
        if self._asks_envoy and not 0 <= now - self._asked < FRESH:
            self._asked = now
            self._ejected = _ejected_now(gateway.envoy.admin_port)
        return worst(self._ejected, troubles(gateway, now))


def worst(*found: Troubles) -> Troubles:
    """Of each backend, the first that is fatal, else the last one."""
    told: dict[str, Trouble] = {}
    for name, trouble in (pair for each in found for pair in each.items()):
        if name not in told or not told[name].fatal:
            told[name] = trouble
    return told


def troubles(gateway: Gateway, now: float) -> Troubles:
    """What is known without Envoy: of tokens, and of probes."""
    return worst(tokens(gateway, now), _of_probes(gateway, now))


def probes(gateway: Gateway, now: float) -> Mapping[str, Probed]:
    """What the last probes have found; what is too old says nothing."""
    settings = {name: one.probe for name, one in gateway.backends.items() if one.probe}
    if not settings:
        return {}
    found = probed.read(Path(gateway.extproc.sockets) / probed.NAME)
    return {
        name: found[name]
        for name, one in settings.items()
        if name in found and now - found[name].at < OLD * (one.every + one.timeout)
    }


def _of_probes(gateway: Gateway, now: float) -> Troubles:
    return {
        name: Trouble("probe_failed", one.told, fatal=True)
        for name, one in probes(gateway, now).items()
        if one.failure
    }


def tokens(gateway: Gateway, now: float) -> Troubles:
    """Of identities whose tokens were not got, or not got anew."""
    wanted = wanted_identities(gateway)
    if not wanted:
        return {}
    entries = snapshot.read(Path(gateway.extproc.sockets) / snapshot.NAME)
    found: dict[str, Trouble] = {}
    for key, one in wanted.items():
        entry = entries.get(key)
        trouble = None if entry is None else _of_token(entry, now)
        found |= dict.fromkeys(one.backends, trouble) if trouble else {}
    return found


def _of_token(entry: snapshot.Entry, now: float) -> Trouble | None:
    why = f"; at {moment(entry.failed)}: {entry.problem}" if entry.problem else ""
    if entry.failures and not entry.valid(now):
        said = f"no token after {entry.failures} attempts{why}"
        return Trouble("token_missing", said, fatal=True)
    if entry.failures:
        left = "" if entry.expires is None else f", good for {entry.expires - now:.0f} s"
        said = f"the token was not refreshed in {entry.failures} attempts{left}{why}"
        return Trouble("token_not_refreshed", said, fatal=False)
    return None


def _ejected_now(port: int) -> Troubles:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", CLUSTERS)
        return ejected(orjson.loads(connection.getresponse().read(LARGEST)))
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        log.warning("Envoy does not say how its hosts do", problem=type(error).__name__)
        return {}
    finally:
        connection.close()


def ejected(said: Any) -> Troubles:
    """Whom Envoy passes over for failures in a row, on the way of some models at least
    (https://www.envoyproxy.io/docs/envoy/latest/api-v3/admin/v3/clusters.proto)."""
    found: dict[str, Trouble] = {}
    for cluster in said["cluster_statuses"]:
        if not cluster["name"].startswith(OURS):
            continue
        for name, failed in _by_backend(cluster).items():
            worse = name not in found or all(failed)
            if any(failed) and worse:
                found[name] = _of_hosts(failed)
    return found


def _by_backend(cluster: Any) -> dict[str, list[bool]]:
    hosts: dict[str, list[bool]] = {}
    for host in cluster.get("host_statuses", ()):
        name = host.get("locality", {}).get("zone", "")
        failed = host.get("health_status", {}).get("failed_outlier_check", False)
        hosts.setdefault(name, []).append(failed is True)
    return hosts


def _of_hosts(failed: list[bool]) -> Trouble:
    text = f"Envoy passes over {sum(failed)} of {len(failed)} addresses"
    return Trouble("ejected", text, fatal=all(failed))
