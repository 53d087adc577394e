"""One page of Grafana, over Envoy's metrics and the server's."""

from collections.abc import Sequence

from extproc.render.typed import Json

SOURCE = {"type": "prometheus", "uid": "prometheus"}

PROVIDERS = '{envoy_cluster_name=~"(ai|ws)/.*"}'
"""Their clusters, by the names that they are rendered with."""

PANELS: Sequence[tuple[str, str, str, str]] = (
    (
        "Requests by status",
        "reqps",
        "{{envoy_response_code_class}}xx",
        "sum by (envoy_response_code_class) (rate(envoy_http_downstream_rq_xx"
        '{envoy_http_conn_manager_prefix="gateway"}[1m]))',
    ),
    (
        "Time to an answer, of 99 in 100",
        "ms",
        "milliseconds",
        "histogram_quantile(0.99, sum by (le) (rate(envoy_http_downstream_rq_time_bucket"
        '{envoy_http_conn_manager_prefix="gateway"}[5m])))',
    ),
    (
        "Requests to providers, by cluster",
        "reqps",
        "{{envoy_cluster_name}}",
        f"sum by (envoy_cluster_name) (rate(envoy_cluster_upstream_rq_total{PROVIDERS}[1m]))",
    ),
    (
        "Attempts made again, by cluster",
        "reqps",
        "{{envoy_cluster_name}}",
        f"sum by (envoy_cluster_name) (rate(envoy_cluster_upstream_rq_retry{PROVIDERS}[1m]))",
    ),
    (
        "Workers that answer",
        "short",
        "workers",
        'sum(envoy_cluster_membership_healthy{envoy_cluster_name="extproc"})',
    ),
    (
        "Requests over a limit",
        "reqps",
        "refused",
        "sum(rate(envoy_cluster_ratelimit_over_limit[1m]))",
    ),
    (
        "Tokens, by backend and kind",
        "short",
        "{{extproc_backend}} {{gen_ai_token_type}}",
        "sum by (extproc_backend, gen_ai_token_type) (rate(extproc_tokens_total[1m]))",
    ),
    (
        "USD an hour, by backend",
        "currencyUSD",
        "{{extproc_backend}}",
        "sum by (extproc_backend) (rate(extproc_cost_USD_total[5m])) * 3600",
    ),
    (
        "Time to the first token, of 95 in 100, by model",
        "s",
        "{{gen_ai_request_model}}",
        "histogram_quantile(0.95, sum by (le, gen_ai_request_model)"
        " (rate(gen_ai_server_time_to_first_token_seconds_bucket[5m])))",
    ),
    (
        "Failures, by backend and kind",
        "reqps",
        "{{extproc_backend}} {{error_type}}",
        'sum by (extproc_backend, error_type) (rate(extproc_attempts_total{error_type!=""}[1m]))',
    ),
)
"""Title, unit, legend and query."""

WIDTH, HEIGHT = 12, 8


def dashboard() -> Json:
    """https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/"""
    return {
        "uid": "extproc",
        "title": "AI gateway",
        "schemaVersion": 39,
        "timezone": "browser",
        "refresh": "10s",
        "time": {"from": "now-30m", "to": "now"},
        "panels": [_panel(number, *panel) for number, panel in enumerate(PANELS)],
    }


def _panel(number: int, title: str, unit: str, legend: str, query: str) -> Json:
    row, column = divmod(number, 24 // WIDTH)
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": title,
        "datasource": SOURCE,
        "gridPos": {"x": column * WIDTH, "y": row * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [{"refId": "A", "datasource": SOURCE, "expr": query, "legendFormat": legend}],
    }
