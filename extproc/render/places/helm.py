"""The objects of `kubernetes` as a Helm chart: what differs between clusters is a value.

Made of the same objects: where one of their values may be another, a template stands instead.
https://helm.sh/docs/chart_template_guide/ (checked 2026-11)
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import extproc
from extproc.config.gateway import Gateway
from extproc.render.places import kubernetes
from extproc.render.places.helm_values import HELPERS, NOTES, SCHEMA, values
from extproc.render.places.objects import LABELS, NAME, SILENT
from extproc.render.places.pod import Source
from extproc.render.text import Writer
from extproc.render.typed import Json

CHART = f"""\
# Made by `python -m tests.docs` of what `extproc render kubernetes` prints.
apiVersion: v2
name: {NAME}
description: "An AI gateway: Envoy, and beside it the server that translates, signs and counts."
type: application
version: {extproc.__version__}
appVersion: "{extproc.__version__}"
kubeVersion: ">=1.30.0-0"
"""

RELEASE, NAMESPACE = "{{ .Release.Name | quote }}", "{{ .Release.Namespace | quote }}"
PORT = '{{ include "ai-gateway.port" . }}'
SOCKETS = '{{ include "ai-gateway.sockets" . }}'
READY, FILES, REPLICAS = "READY", "FILES", "REPLICAS"
"""Keys that stand for lines."""
LINES = {
    f"{READY}: true": ('{{ include "ai-gateway.ready" . }}',),
    f"{FILES}: true": (
        "{{- range $name, $text := .Values.files }}",
        "{{ $name | quote }}: {{ $text | toJson }}",
        "{{- end }}",
    ),
    f"{REPLICAS}: true": (
        "{{- if not .Values.autoscaling.enabled }}",
        "replicas: {{ .Values.replicas }}",
        "{{- end }}",
    ),
}
EACH = re.compile(r'^( *)- "EACH (\S+) (.*)"$', re.MULTILINE)
"""An item of a list that stands for any number of them: of which value, and how each is told."""
TEMPLATE = re.compile(r'"<<((?:[^"\\]|\\.)*)>>"')
ONLY_IF = {
    "HorizontalPodAutoscaler": "autoscaling",
    "PodDisruptionBudget": "podDisruptionBudget",
    "NetworkPolicy": "networkPolicy",
}
"""Objects that there are only where a value says so."""


def chart(gateway: Gateway, path: Path) -> Mapping[str, str]:
    """File → its text; `path` is that of what is served where nobody says anything else."""
    source = Source(gateway, path, "<namespace>", "<image>")
    text = path.read_text("utf-8")
    found = {
        "Chart.yaml": CHART,
        "values.yaml": values(text),
        "values.schema.json": json.dumps(SCHEMA, indent=2) + "\n",
        "templates/_helpers.tpl": HELPERS,
        "templates/NOTES.txt": NOTES,
    }
    for one in kubernetes.objects(source):
        kind = one["kind"]
        changed = CHANGES[kind](_own(json.loads(json.dumps(one)), source))
        found[f"templates/{kind.lower()}.yaml"] = _template(changed, ONLY_IF.get(kind))
    return found


def said(expression: str) -> str:
    """A value that is a template."""
    return f"<<{expression}>>"


def value(name: str, how: str = "") -> str:
    """One of values.yaml, by its dotted name."""
    return said(f"{{{{ .Values.{name}{how} }}}}")


def _template(thing: Json, only_if: str | None) -> str:
    text = Writer(SILENT, {}).write(thing)
    text = EACH.sub(r"\1{{- range .Values.\2 }}\n\1- \3\n\1{{- end }}", text)
    text = TEMPLATE.sub(lambda found: str(json.loads(f'"{found[1]}"')), text)
    for line, instead in LINES.items():
        text = re.sub(rf"^( *){line}$", partial(_lines, instead), text, flags=re.MULTILINE)
    return f"{{{{- if .Values.{only_if}.enabled }}}}\n{text}{{{{- end }}}}\n" if only_if else text


def _lines(instead: Sequence[str], found: re.Match[str]) -> str:
    return "\n".join(found[1] + one for one in instead)


def _own(thing: Any, source: Source) -> Any:
    """With the release's names, and those of its images and sockets."""
    sockets = source.gateway.extproc.sockets
    known = {
        NAME: said(RELEASE),
        source.namespace: said(NAMESPACE),
        source.image: said('"{{ .Values.image.repository }}:{{ .Values.image.tag }}"'),
        kubernetes.ENVOY: value("envoy.image", " | quote"),
        sockets: said(SOCKETS),
        f"{sockets}/worker-0.sock": said(f"{SOCKETS}/worker-0.sock"),
    }
    if thing == LABELS:
        return {"app.kubernetes.io/name": NAME, "app.kubernetes.io/instance": said(RELEASE)}
    if isinstance(thing, dict):
        return {key: _own(one, source) for key, one in thing.items()}
    if isinstance(thing, list):
        return [_own(one, source) for one in thing]
    return known.get(thing, thing) if isinstance(thing, str) else thing


def _service_account(thing: Json) -> Json:
    thing["metadata"]["annotations"] = value("serviceAccount.annotations", " | toJson")
    return thing


def _config_map(thing: Json) -> Json:
    thing["data"] = {"gateway.yaml": value("config", " | toJson"), FILES: True}
    return thing


def _deployment(thing: Json) -> Json:
    spec = thing["spec"]["template"]["spec"]
    thing["spec"] = {REPLICAS: True, **thing["spec"]}
    thing["spec"]["template"]["metadata"]["annotations"] = value("podAnnotations", " | toJson")
    spec["terminationGracePeriodSeconds"] = said("{{ add (mul 2 (int .Values.drain)) 10 }}")
    spec["securityContext"]["sysctls"] = said('{{ include "ai-gateway.sysctls" . }}')
    for name in ("nodeSelector", "tolerations", "affinity", "imagePullSecrets"):
        spec[name] = value(name, " | toJson")
    spec["volumes"].append("EACH extraVolumes {{ toJson . }}")
    render, server = spec["initContainers"]
    (envoy,) = spec["containers"]
    for one in (render, server):
        one["imagePullPolicy"] = value("image.pullPolicy")
        one["resources"] = value("resources", " | toJson")
    for one in (server, envoy):
        one["volumeMounts"].append("EACH extraVolumeMounts {{ toJson . }}")
    secret = {"name": value("secret.name", " | quote"), "optional": value("secret.optional")}
    server["envFrom"] = [{"secretRef": secret}]
    server["env"] = value("env", " | toJson")
    _envoy(envoy)
    return thing


def _envoy(envoy: Json) -> None:
    envoy["resources"] = value("envoy.resources", " | toJson")
    envoy["ports"][0]["containerPort"] = said(PORT)
    envoy["lifecycle"]["preStop"]["sleep"]["seconds"] = said("{{ max (int .Values.drain) 1 }}")
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        del envoy[name]["httpGet"]
        envoy[name][READY] = True


def _service(thing: Json) -> Json:
    thing["metadata"]["annotations"] = value("service.annotations", " | toJson")
    thing["spec"]["type"] = value("service.type")
    thing["spec"]["ports"][0]["port"] = value("service.port")
    return thing


def _scaling(thing: Json) -> Json:
    spec = thing["spec"]
    spec |= {"minReplicas": value("autoscaling.min"), "maxReplicas": value("autoscaling.max")}
    spec["metrics"][0]["resource"]["target"]["averageUtilization"] = value("autoscaling.cpu")
    return thing


def _budget(thing: Json) -> Json:
    thing["spec"]["maxUnavailable"] = value("podDisruptionBudget.maxUnavailable")
    return thing


def _network(thing: Json) -> Json:
    spec = thing["spec"]
    spec["ingress"][0]["ports"][0]["port"] = said(PORT)
    dns = [port for port in spec["egress"][0]["ports"] if port["port"] == kubernetes.DNS]
    each = "EACH networkPolicy.egressPorts {protocol: TCP, port: {{ . }}}"
    spec["egress"][0]["ports"] = [*dns, each]
    return thing


CHANGES: Mapping[str, Callable[[Json], Json]] = {
    "ServiceAccount": _service_account,
    "ConfigMap": _config_map,
    "Deployment": _deployment,
    "Service": _service,
    "HorizontalPodAutoscaler": _scaling,
    "PodDisruptionBudget": _budget,
    "NetworkPolicy": _network,
}
