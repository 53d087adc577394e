"""The chart in deploy/helm: by its text, and, where Helm is installed, by what that makes of it."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from extproc.config import load
from extproc.render.places import kubernetes
from extproc.render.places.pod import SECRET, Source
from tests.extproc.render.places.sources import documents, source

CHART = Path(__file__).parents[4] / "deploy/helm"
HELM = os.environ.get("HELM") or shutil.which("helm")
TEMPLATES = {path.name: path.read_text() for path in sorted((CHART / "templates").iterdir())}
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
ACTION = re.compile(r"\{\{-? *(.*?) *-?\}\}", re.DOTALL)
OPENS = {"if", "range", "define", "with"}
needs_helm = pytest.mark.skipif(HELM is None, reason="Helm is not installed: put it on PATH")


def leaves(value: Any, name: str = "") -> Iterator[str]:
    """The dotted names of all that can be said."""
    if isinstance(value, dict) and value and not name.endswith(".resources"):
        for key, item in value.items():
            yield from leaves(item, f"{name}.{key}")
    else:
        yield name


def actions() -> list[str]:
    return [found for text in TEMPLATES.values() for found in ACTION.findall(text)]


def test_whatever_a_template_reads_has_a_value():
    named = {name for one in actions() for name in re.findall(r"\.Values((?:\.\w+)+)", one)}
    for name in named:
        value = VALUES
        for part in name[1:].split("."):
            value = value[part]


def test_whatever_has_a_value_is_read_by_a_template():
    said = " ".join(actions())
    for name in leaves(VALUES):
        assert f".Values{name}" in said, name


@pytest.mark.parametrize("file", TEMPLATES)
def test_what_a_template_opens_it_closes(file):
    depth = 0
    for one in ACTION.findall(TEMPLATES[file]):
        word = one.split()[0]
        depth += (word in OPENS) - (word == "end")
        assert depth >= 0
    assert depth == 0


@pytest.mark.parametrize("file", [name for name in TEMPLATES if name.endswith(".yaml")])
def test_nothing_stands_for_something_else_any_more(file):
    assert not re.search("<|EACH|READY|FILES|REPLICAS", TEMPLATES[file])


def test_values_are_as_their_schema_says():
    schema = json.loads((CHART / "values.schema.json").read_text())
    Draft7Validator.check_schema(schema)
    valid = Draft7Validator(schema)
    assert valid.is_valid(VALUES)
    assert schema["properties"].keys() - VALUES.keys() == {"global"}
    for wrong in ({"repilcas": 2}, {"image": {"name": "x"}}, {"service": {"type": "Loud"}}):
        assert not valid.is_valid({**VALUES, **wrong})


def helm(*words: object) -> subprocess.CompletedProcess[str]:
    assert HELM is not None
    command = [HELM, "template", "ai-gateway", CHART, "--namespace", "team-a", *words]
    return subprocess.run(
        [*map(str, command)], capture_output=True, text=True, timeout=60, check=False
    )


def made(*words: object) -> dict[str, dict[str, Any]]:
    """What Helm makes of the chart, by kind."""
    found = helm(*words)
    assert found.returncode == 0, found.stderr
    return {one["kind"]: one for one in documents(found.stdout)}


def alike(value: Any) -> Any:
    """Without what a chart has beside all else: its release, and what is empty."""
    if isinstance(value, dict):
        kept = {key: alike(one) for key, one in value.items() if key != "imagePullPolicy"}
        kept.pop("app.kubernetes.io/instance", None)
        return {key: one for key, one in kept.items() if one not in ([], {}, None)}
    return [alike(one) for one in value] if isinstance(value, list) else value


def server(deployment: Any) -> Any:
    return deployment["spec"]["template"]["spec"]["initContainers"][1]


def with_the_secret_whole(deployment: Any) -> Any:
    """As the chart has it: not each of its keys."""
    one = server(deployment)
    one["env"] = []
    one["envFrom"] = [{"secretRef": {"name": SECRET, "optional": False}}]
    return deployment


SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {"limiter": {"storage": "memory"}},
    "secured": {"listen": {"port": 443, "tls": {"certificate": "/c.pem", "key": "/k.pem"}}},
    "mutual": {
        "listen": {"tls": {"certificate": "/c.pem", "key": "/k.pem", "client_ca": "/a.pem"}},
        "extproc": {"workers": 2, "sockets": "/run/ours", "drain": "5s"},
    },
}


@needs_helm
@pytest.mark.parametrize("name", SETTINGS)
def test_helm_makes_the_objects_that_kubernetes_gets(name, tmp_path):
    there: Source = source(tmp_path, **SETTINGS[name])
    wanted = {one["kind"]: json.loads(json.dumps(one)) for one in kubernetes.objects(there)}
    with_the_secret_whole(wanted["Deployment"])
    ports = [one["port"] for one in wanted["NetworkPolicy"]["spec"]["egress"][0]["ports"]]
    found = made(
        *("--set-file", f"config={there.path}"),
        *("--set-file", rf"files.clients\.yaml={tmp_path / 'clients.yaml'}"),
        *("--set", "image.repository=registry.test/extproc", "--set-string", "image.tag=1"),
        *("--set", f"service.port={kubernetes.service_port(there.gateway)}"),
        *("--set", f"drain={there.gateway.extproc.drain:g}"),
        *("--set-json", f"networkPolicy.egressPorts={[port for port in ports if port != 53]}"),
    )
    service = found["Service"]["spec"]
    assert service.pop("type") == "ClusterIP"
    (envoy,) = found["Deployment"]["spec"]["template"]["spec"]["containers"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        if there.gateway.listen.tls is None:  # where Kubernetes says the scheme by itself
            assert envoy[probe]["httpGet"].pop("scheme") == "HTTP"
    assert alike(found) == alike(wanted)


@needs_helm
def test_what_is_served_by_default_is_a_gateway(tmp_path):
    data = made()["ConfigMap"]["data"]
    assert data.keys() == {"gateway.yaml"}
    file = tmp_path / "gateway.yaml"
    file.write_text(data["gateway.yaml"])
    assert load(file).backends


@needs_helm
def test_values_decide_what_there_is():
    off = [f"{name}.enabled=false" for name in ("autoscaling", "podDisruptionBudget")]
    words = [*off, "networkPolicy.enabled=false", "replicas=3", "service.type=LoadBalancer"]
    volume = {"name": "tls", "secret": {"secretName": "tls"}}
    found = made(
        *(word for one in words for word in ("--set", one)),
        *("--set-json", f"extraVolumes={json.dumps([volume])}"),
        *("--set-json", 'extraVolumeMounts=[{"name": "tls", "mountPath": "/tls"}]'),
        *("--set-json", 'env=[{"name": "A", "value": "b: {{ c }}"}]'),
        *("--set-json", 'serviceAccount.annotations={"a/b": "c"}'),
    )
    assert found.keys() == {"ServiceAccount", "ConfigMap", "Deployment", "Service"}
    assert found["Deployment"]["spec"]["replicas"] == 3
    assert found["Service"]["spec"]["type"] == "LoadBalancer"
    assert found["ServiceAccount"]["metadata"]["annotations"] == {"a/b": "c"}
    spec = found["Deployment"]["spec"]["template"]["spec"]
    assert volume in spec["volumes"]
    for one in (server(found["Deployment"]), *spec["containers"]):
        assert {"name": "tls", "mountPath": "/tls"} in one["volumeMounts"]
    assert server(found["Deployment"])["env"] == [{"name": "A", "value": "b: {{ c }}"}]


@needs_helm
@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--set", "repilcas=2"), "repilcas"),
        (("--set-string", "config=a: [b"), "config:"),
        (("--set", "service.type=Loud"), "type"),
    ],
)
def test_what_cannot_be_right_is_refused(words, why):
    found = helm(*words)
    assert found.returncode != 0
    assert why in found.stderr
