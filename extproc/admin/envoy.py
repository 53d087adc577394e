"""What Envoy's admin interface says: which addresses it uses, and how many requests there were.

https://www.envoyproxy.io/docs/envoy/latest/operations/admin (checked 2026-11)
"""

import http.client
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import orjson

from extproc.admin import answers

PATIENCE = 2.0
"""Seconds that it may take to answer."""
LONGEST = 32 * 1024 * 1024
"""Bytes of an answer."""
CLUSTERS = "/clusters?format=json"
FIGURES = (
    "/stats?format=json&filter="
    "^http\\.gateway\\.downstream_rq_(total|active)$|ratelimit\\.over_limit$"
)
TOTAL, ACTIVE = (f"http.gateway.downstream_rq_{what}" for what in ("total", "active"))
REASONS = {
    "failed_outlier_check": "too many failures in a row",
    "failed_active_health_check": "its health check fails",
    "failed_active_degraded_check": "its health check says degraded",
    "pending_dynamic_removal": "it is being removed",
    "pending_active_hc": "it has not been checked yet",
    "excluded_via_immediate_hc_fail": "its health check fails",
    "active_hc_timeout": "its health check timed out",
}
"""Flags of a host → words; with none of them it gets requests."""

Hosts = Mapping[str, list[answers.Host]]


def hosts(port: int) -> Hosts | None:
    """Backend → its addresses, in all clusters together; None: Envoy does not answer."""
    said = _asked(port, CLUSTERS)
    if said is None:
        return None
    found: dict[str, dict[str, answers.Host]] = defaultdict(dict)
    for cluster in said.get("cluster_statuses", ()):
        for host in cluster.get("host_statuses", ()):
            backend = host.get("locality", {}).get("zone", "")
            one = _host(host)
            if backend:
                known = found[backend].get(one.address)
                found[backend][one.address] = _joined(known, one) if known else one
    return {backend: [*of_one.values()] for backend, of_one in found.items()}


def _host(host: Mapping[str, Any]) -> answers.Host:
    where = host.get("address", {}).get("socket_address", {})
    counted = {one["name"]: int(one.get("value", 0)) for one in host.get("stats", ())}
    state = host.get("health_status", {})
    why = [words for flag, words in REASONS.items() if state.get(flag)]
    return answers.Host(
        address=f"{where.get('address', '')}:{where.get('port_value', '')}",
        healthy=not why and state.get("eds_health_status") in (None, "HEALTHY", "UNKNOWN"),
        why="; ".join(why),
        requests=counted.get("rq_total", 0),
        failed=counted.get("rq_error", 0),
        unreachable=counted.get("cx_connect_fail", 0),
    )


def _joined(one: answers.Host, other: answers.Host) -> answers.Host:
    """The same address in two clusters; where either does not use it, it is told so."""
    return answers.Host(
        address=one.address,
        healthy=one.healthy and other.healthy,
        why=one.why or other.why,
        requests=one.requests + other.requests,
        failed=one.failed + other.failed,
        unreachable=one.unreachable + other.unreachable,
    )


def figures(port: int) -> answers.Envoy:
    """How much Envoy has to do."""
    said = _asked(port, FIGURES)
    if said is None:
        return answers.Envoy(heard=False, requests=0, active=0, refused=0)
    counted = {one["name"]: one["value"] for one in said.get("stats", ()) if "value" in one}
    return answers.Envoy(
        heard=True,
        requests=counted.pop(TOTAL, 0),
        active=counted.pop(ACTIVE, 0),
        refused=sum(counted.values()),
    )


def _asked(port: int, path: str) -> dict[str, Any] | None:
    """What it says there; None where nothing of use comes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        data = answer.read(LONGEST)
        said = orjson.loads(data) if answer.status == 200 else None
    except (OSError, http.client.HTTPException, orjson.JSONDecodeError):
        return None
    finally:
        connection.close()
    return said if isinstance(said, dict) else None
