"""What a chart's users can say, and what its templates make of gateway.yaml."""

from textwrap import indent

import extproc
from extproc.render.places import kubernetes, pod
from extproc.render.places.objects import SILENT
from extproc.render.text import Writer
from extproc.render.typed import Json

HELPERS = """\
{{/* gateway.yaml is text: Helm would write 1000000 as 1e+06. What objects need is read here. */}}
{{- define "ai-gateway.config" -}}
{{- $said := fromYaml .Values.config -}}
{{- if hasKey $said "Error" }}{{ fail (printf "config: %s" (get $said "Error")) }}{{ end -}}
{{- toJson $said -}}
{{- end }}

{{- define "ai-gateway.port" -}}
{{- dig "listen" "port" 8080 (fromJson (include "ai-gateway.config" .)) | int -}}
{{- end }}

{{- define "ai-gateway.sockets" -}}
{{- dig "extproc" "sockets" "/run/extproc" (fromJson (include "ai-gateway.config" .)) -}}
{{- end }}

{{/* A kubelet has no certificate to show. */}}
{{- define "ai-gateway.ready" -}}
{{- $tls := dig "listen" "tls" (dict) (fromJson (include "ai-gateway.config" .)) | default dict -}}
{{- if get $tls "client_ca" -}}
tcpSocket: {port: http}
{{- else -}}
httpGet: {path: /healthz, port: http, scheme: {{ if $tls }}HTTPS{{ else }}HTTP{{ end }}}
{{- end -}}
{{- end }}

{{- define "ai-gateway.sysctls" -}}
{{- if lt (include "ai-gateway.port" . | int) 1024 -}}
[{name: net.ipv4.ip_unprivileged_port_start, value: "0"}]
{{- else -}}
[]
{{- end -}}
{{- end }}
"""

NOTES = """\
The gateway is at http://{{ .Release.Name }}.{{ .Release.Namespace }}:{{ .Values.service.port }}, or
https where config says listen.tls. What env:NAME names in it is the key NAME of the Secret
{{ .Values.secret.name }}.
"""

TEXT = """\
# gateway.yaml as it is: `--set-file config=gateway.yaml`.
config: |
{config}
# Files beside it, by their names: `--set-file 'files.clients\\.yaml=clients.yaml'`.
files: {{}}

# Holds what `env:NAME` names there, each under its name; optional: it need not be there.
secret: {{name: {secret}, optional: false}}
# More variables of the server, as a container has them.
env: []

image: {{repository: extproc, tag: "{version}", pullPolicy: IfNotPresent}}
imagePullSecrets: []
# Of the server.
resources:
{resources}
envoy:
  image: {envoy}
  resources:
{envoy_resources}

# Where nothing scales.
replicas: 2
autoscaling: {{enabled: true, min: 2, max: 10, cpu: 70}}
podDisruptionBudget: {{enabled: true, maxUnavailable: 1}}

service: {{type: ClusterIP, port: 80, annotations: {{}}}}
# For the identity of a cloud.
serviceAccount: {{annotations: {{}}}}
# Out: names, and these TCP ports: of providers, of clouds' identities, of a Redis.
networkPolicy: {{enabled: true, egressPorts: [443]}}

# Seconds for which requests go on after a pod is to end: extproc.drain of config.
drain: 30

# Files that config names (`file:/path`, certificates), for server and Envoy.
extraVolumes: []
extraVolumeMounts: []
podAnnotations: {{}}
nodeSelector: {{}}
tolerations: []
affinity: {{}}
"""


def values(config: str) -> str:
    """values.yaml; `config` is the gateway.yaml of who says none."""
    resources = Writer(SILENT, {}).write(pod.RESOURCES)
    return TEXT.format(
        config=indent(config.strip(), "  "),
        secret=pod.SECRET,
        version=extproc.__version__,
        envoy=kubernetes.ENVOY,
        resources=indent(resources.rstrip(), "  "),
        envoy_resources=indent(resources.rstrip(), "    "),
    )


def _closed(**properties: Json) -> Json:
    return {"type": "object", "additionalProperties": False, "properties": properties}


STRING, BOOL, WHOLE = {"type": "string"}, {"type": "boolean"}, {"type": "integer", "minimum": 0}
LIST, OBJECT, NUMBER = {"type": "array"}, {"type": "object"}, {"type": "integer", "minimum": 1}
NAMED = {"type": "string", "minLength": 1}

SCHEMA: Json = {
    "$schema": "https://json-schema.org/draft-07/schema#",
    **_closed(
        **{"global": OBJECT},
        config=NAMED,
        files={"type": "object", "additionalProperties": STRING},
        secret=_closed(name=NAMED, optional=BOOL),
        env=LIST,
        image=_closed(
            repository=NAMED, tag=NAMED, pullPolicy={"enum": ["Always", "IfNotPresent", "Never"]}
        ),
        imagePullSecrets=LIST,
        resources=OBJECT,
        envoy=_closed(image=NAMED, resources=OBJECT),
        replicas=WHOLE,
        autoscaling=_closed(enabled=BOOL, min=NUMBER, max=NUMBER, cpu=NUMBER),
        podDisruptionBudget=_closed(
            enabled=BOOL, maxUnavailable={"anyOf": [WHOLE, {"type": "string", "pattern": "%$"}]}
        ),
        service=_closed(
            type={"enum": ["ClusterIP", "NodePort", "LoadBalancer"]},
            port=NUMBER,
            annotations=OBJECT,
        ),
        serviceAccount=_closed(annotations=OBJECT),
        networkPolicy=_closed(enabled=BOOL, egressPorts={"type": "array", "items": NUMBER}),
        drain=WHOLE,
        extraVolumes=LIST,
        extraVolumeMounts=LIST,
        podAnnotations=OBJECT,
        nodeSelector=OBJECT,
        tolerations=LIST,
        affinity=OBJECT,
    ),
}
"""A value with another name is refused, not passed over."""
