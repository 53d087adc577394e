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
