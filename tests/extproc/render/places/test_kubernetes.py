"""What `kubectl apply` is given."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from extproc.render.places.kubernetes import render
from extproc.render.places.objects import Impossible
from extproc.render.places.rendering import rendering
from tests.extproc.render.places.sources import CLIENTS, ENVIRON, documents, source

PLACES = ["kubernetes", "istio", "envoy-gateway"]
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""RFC 1123."""


def things(directory: Path, **settings: Any) -> dict[str, dict[str, Any]]:
    return {one["kind"]: one for one in documents(render(source(directory, **settings)).text)}


def pod(directory: Path, **settings: Any) -> dict[str, Any]:
    found: dict[str, Any] = things(directory, **settings)["Deployment"]["spec"]["template"]["spec"]
    return found


def containers(pod: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in [*pod["initContainers"], *pod["containers"]]}


def test_all_that_a_deployment_needs_is_there(tmp_path: Path) -> None:
    assert things(tmp_path).keys() == {
        "ServiceAccount",
        "ConfigMap",
        "Deployment",
        "Service",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
        "NetworkPolicy",
    }


@pytest.mark.parametrize("place", PLACES)
def test_names_are_kubernetes_own_whatever_backends_are_called(place: str, tmp_path: Path) -> None:
    found = documents(rendering(place, source(tmp_path), None, ENVIRON).text)
    names = [one["metadata"]["name"] for one in found]
    assert all(LABEL.fullmatch(name) for name in names)
    kinds = [(one["kind"], one["metadata"]["name"]) for one in found]
    assert len(set(kinds)) == len(kinds)


def test_the_files_are_as_they_were(tmp_path: Path) -> None:
    data = things(tmp_path)["ConfigMap"]["data"]
    assert data["gateway.yaml"] == (tmp_path / "gateway.yaml").read_text()
    assert yaml.safe_load(data["clients.yaml"]) == CLIENTS


def test_a_file_that_no_configmap_can_hold_must_be_mounted(tmp_path: Path) -> None:
    (tmp_path / "our keys").mkdir()
    (tmp_path / "our keys" / "a b.yaml").write_text(yaml.safe_dump(CLIENTS))
    clients = {"api_keys": {"file": "our keys/a b.yaml"}}
    found = render(source(tmp_path, clients=clients))
    config = next(one for one in documents(found.text) if one["kind"] == "ConfigMap")
    assert config["data"].keys() == {"gateway.yaml"}
    assert "mount the file that is named: our keys/a b.yaml" in found.warnings


def test_nothing_in_a_file_breaks_out_of_the_yaml(tmp_path: Path) -> None:
    there = source(tmp_path)
    hostile = there.path.read_text() + "# \x1b\n---\nkind: Secret\n# \t: {[&*!|>'\"%@`\n  \n"
    there.path.write_text(hostile)
    (config,) = (one for one in documents(render(there).text) if one["kind"] == "ConfigMap")
    assert config["data"]["gateway.yaml"] == hostile


def test_no_container_may_do_more_than_it_must(tmp_path: Path) -> None:
    for one in containers(pod(tmp_path)).values():
        security = one["securityContext"]
        assert security["runAsNonRoot"] is True
        assert security["readOnlyRootFilesystem"] is True
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert one["resources"]["limits"]["memory"]
    assert pod(tmp_path)["automountServiceAccountToken"] is False


def test_secrets_come_by_reference_one_for_each_variable(tmp_path: Path) -> None:
    env = containers(pod(tmp_path))["extproc"]["env"]
    assert [one["name"] for one in env] == ["KEY_A", "OPENAI_API_KEY", "REDIS_URL", "SOMEONES_KEY"]
    for one in env:
        assert one["valueFrom"] == {
            "secretKeyRef": {"name": "ai-gateway-secrets", "key": one["name"]}
        }


def test_what_is_mounted_is_a_volume_and_what_is_probed_a_port(tmp_path: Path) -> None:
    found = pod(tmp_path)
    volumes = {one["name"] for one in found["volumes"]}
    for one in containers(found).values():
        assert {mount["name"] for mount in one["volumeMounts"]} <= volumes
    envoy = containers(found)["envoy"]
    ports = {port["name"] for port in envoy["ports"]}
    assert envoy["readinessProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
    service = things(tmp_path)["Service"]["spec"]
    assert {port["targetPort"] for port in service["ports"]} == ports == {"http"}


def test_envoy_lives_as_long_as_streams_may_and_the_server_longer(tmp_path: Path) -> None:
    found = pod(tmp_path, extproc={"drain": "45s"})
    envoy, server = containers(found)["envoy"], containers(found)["extproc"]
    assert envoy["lifecycle"] == {"preStop": {"sleep": {"seconds": 45}}}
    assert server["restartPolicy"] == "Always"
    assert found["terminationGracePeriodSeconds"] >= 90


def test_only_the_providers_ports_are_open(tmp_path: Path) -> None:
    policy = things(tmp_path)["NetworkPolicy"]["spec"]
    assert [one["port"] for one in policy["ingress"][0]["ports"]] == [8080, 9464]
    assert [one["port"] for one in policy["egress"][0]["ports"]] == [53, 53, 443, 6379, 8000]


def test_tls_of_clients_is_tls_of_probes(tmp_path: Path) -> None:
    tls = {"certificate": "/tls/a.pem", "key": "/tls/a.key"}
    envoy = containers(pod(tmp_path, listen={"tls": tls}))["envoy"]
    assert envoy["readinessProbe"]["httpGet"]["scheme"] == "HTTPS"
    strict = containers(pod(tmp_path, listen={"tls": {**tls, "client_ca": "/tls/ca.pem"}}))
    assert strict["envoy"]["readinessProbe"]["tcpSocket"] == {"port": "http"}


def test_a_low_port_is_allowed_to_who_is_not_root(tmp_path: Path) -> None:
    assert "sysctls" not in pod(tmp_path)["securityContext"]
    low = pod(tmp_path, listen={"port": 80})["securityContext"]["sysctls"]
    assert low == [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]


def test_what_somebody_must_still_do_is_said(tmp_path: Path) -> None:
    settings = {"limiter": {}, "extproc": {}, "listen": {"tls": {"certificate": "/a", "key": "/b"}}}
    said = "\n".join(render(source(tmp_path, **settings)).warnings)
    for wanted in ("OPENAI_API_KEY", "/keys/b", "/a", "/b", "memory", "auto"):
        assert wanted in said


@pytest.mark.parametrize(
    "settings",
    [
        {"listen": {"port": 0}},
        {"listen": {"address": "127.0.0.1"}},
        {"extproc": {"sockets": "/run/$(HOME)"}},
    ],
)
def test_what_no_pod_can_do_is_refused(tmp_path: Path, settings: dict[str, Any]) -> None:
    with pytest.raises(Impossible):
        render(source(tmp_path, **settings))
