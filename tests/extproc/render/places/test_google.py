"""GKE, behind Google's load balancer."""

from pathlib import Path

from extproc.render.places import google, kubernetes
from tests.extproc.render.places.sources import documents, source


def test_the_pods_are_those_of_any_kubernetes(tmp_path: Path) -> None:
    there = source(tmp_path)
    found = documents(google.render(there, ["ai.test"]).text)
    assert found[: len(found) - 4] == documents(kubernetes.render(there).text)


def test_google_waits_as_long_as_envoy_does(tmp_path: Path) -> None:
    settings = {"envoy": {"timeouts": {"request": "90.5s"}}, "listen": {"port": 9000}}
    found = documents(google.render(source(tmp_path, **settings), ["ai.test"]).text)
    kinds = {one["kind"]: one.get("spec", {}) for one in found}
    assert kinds["GCPBackendPolicy"]["default"]["timeoutSec"] == 91
    check = kinds["HealthCheckPolicy"]["default"]["config"]
    assert check == {"type": "HTTP", "httpHealthCheck": {"port": 9000, "requestPath": "/healthz"}}
    assert kinds["HTTPRoute"]["hostnames"] == ["ai.test"]
    (rule,) = kinds["HTTPRoute"]["rules"]
    (service,) = kinds["Service"]["ports"]
    assert rule["backendRefs"] == [{"name": "ai-gateway", "port": service["port"]}]
    for policy in ("GCPBackendPolicy", "HealthCheckPolicy"):
        assert kinds[policy]["targetRef"]["name"] == "ai-gateway"
