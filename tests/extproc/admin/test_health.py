"""What the management API knows of how backends do."""

import os
from pathlib import Path

import pytest

from extproc.admin import probed
from extproc.admin.health import Health, Trouble, ejected, worst
from extproc.admin.probed import Probed
from extproc.admin.providers import provider
from extproc.config.load import parse
from extproc.credentials import snapshot
from extproc.exchange.compile import wanted_identities
from extproc.lab.local import free_port
from tests.extproc.telemetry.collector import Collector

NOW = 1_000.0
OWN = {"provider": "vllm", "base_url": "http://127.0.0.1:9"}
CLOUD = {"provider": "vertex", "project": "p", "region": "us-central1", "credential": {"gcp": {}}}


def host(backend: str, **health: object) -> dict:
    """As Envoy 1.40 says it."""
    return {
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 9}},
        "health_status": {"eds_health_status": "HEALTHY", **health},
        "locality": {"zone": backend},
    }


def clusters(*hosts: dict, name: str = "ai/a+b@1") -> dict:
    return {"cluster_statuses": [{"name": name, "host_statuses": [*hosts]}, {"name": "ai/empty"}]}


def gateway(place: Path, port: int = 1):
    return parse(
        {
            "version": 1,
            "backends": {"own": OWN, "cloud": CLOUD},
            "envoy": {"admin_port": port},
            "extproc": {"sockets": str(place)},
        }
    )


def test_who_is_passed_over_is_told():
    failed = {"failed_outlier_check": True}
    said = clusters(host("a", **failed), host("b"), host("b", **failed), host("c"))
    said["cluster_statuses"] += clusters(host("a"), host("b"), name="ws/a+b@1")["cluster_statuses"]
    found = ejected(said)
    assert {name: (one.status, one.fatal) for name, one in found.items()} == {
        "a": ("ejected", True),
        "b": ("ejected", False),
    }
    assert found["b"].text == "Envoy passes over 1 of 2 addresses"
    assert ejected(clusters(host("a", **failed), name="extproc")) == {}


@pytest.mark.parametrize(
    ("entry", "status", "error"),
    [
        (snapshot.Entry(parts={"token": "t"}, expires=NOW + 60), "success", False),
        (snapshot.Entry(failures=3), "token_missing", True),
        (snapshot.Entry(parts={"token": "t"}, expires=NOW - 1, failures=1), "token_missing", True),
        (
            snapshot.Entry(parts={"token": "t"}, expires=NOW + 60, failures=1),
            "token_not_refreshed",
            False,
        ),
    ],
)
def test_what_becomes_of_tokens_is_told(tmp_path, entry, status, error):
    made = gateway(tmp_path)
    (key,) = wanted_identities(made)
    snapshot.write(tmp_path / snapshot.NAME, {key: entry})
    troubles = Health(asks_envoy=False, clock=lambda: NOW)(made)
    found = provider("cloud", made, os.environ, troubles)
    assert found is not None
    if found.status != "credential_missing":  # where the package for it is not installed
        assert (found.status, found.provider_status == "error") == (status, error)
    own = provider("own", made, os.environ, troubles)
    assert own is not None
    assert own.status == "success"


def test_an_envoy_that_is_away_or_says_anything_else_is_no_failure(tmp_path):
    assert Health(asks_envoy=True)(gateway(tmp_path, free_port())) == {}
    with Collector(status=200) as other:
        port = int(other.url.rpartition(":")[2])
        assert Health(asks_envoy=True)(gateway(tmp_path, port)) == {}


def probing(place: Path, **backends: object):
    known = {"own": {**OWN, "probe": {"every": "60s"}}, **backends}
    return parse({"version": 1, "backends": known, "extproc": {"sockets": str(place)}})


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (Probed(NOW - 5), "success"),
        (Probed(NOW - 5, "status 401: no", 1, NOW - 5), "probe_failed"),
        (Probed(NOW - 5_000, "status 401: no", 1, NOW - 5_000), "success"),
    ],
    ids=["answers", "does not", "has not been asked for long"],
)
def test_what_a_probe_has_found_is_told(tmp_path, found, status):
    made = probing(tmp_path)
    probed.write(tmp_path / probed.NAME, {"own": found, "gone": found})
    troubles = Health(asks_envoy=False, clock=lambda: NOW)(made)
    told = provider("own", made, os.environ, troubles)
    assert told is not None
    assert (told.status, told.provider_status == "error") == (status, status != "success")
    assert ("1970-01-01T00:16:35Z: status 401: no" in told.description) == (status != "success")
    assert troubles.keys() <= {"own"}


def test_why_there_is_no_token_is_told_with_the_time(tmp_path):
    made = gateway(tmp_path)
    (key,) = wanted_identities(made)
    entry = snapshot.Entry(failures=3, failed=NOW - 5, problem="TransportError: refused")
    snapshot.write(tmp_path / snapshot.NAME, {key: entry})
    told = Health(asks_envoy=False, clock=lambda: NOW)(made)["cloud"]
    wanted = "no token after 3 attempts; at 1970-01-01T00:16:35Z: TransportError: refused"
    assert told.text == wanted


def test_of_several_troubles_a_fatal_one_is_told():
    mild, fatal = Trouble("a", "", fatal=False), Trouble("b", "", fatal=True)
    assert worst({"x": fatal}, {"x": mild})["x"] is fatal
    assert worst({"x": mild}, {"x": fatal})["x"] is fatal
