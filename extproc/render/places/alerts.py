"""What Prometheus wakes somebody for, over Envoy's metrics and the server's."""

from collections.abc import Sequence

import msgspec

from extproc.render.typed import Json


class Alert(msgspec.Struct, frozen=True):
    """One rule."""

    name: str
    query: str
    lasting: str
    """For how long it must hold."""
    severity: str
    summary: str


OURS = "invalid_request|not_found|too_large|context_length|cut"
"""Kinds of failure that clients bring about."""


def _happened(events: str, within: str = "10m") -> str:
    found = f'extproc_events_total{{extproc_event=~"{events}"}}'
    return f"sum by (extproc_event) (increase({found}[{within}])) > 0"


ALERTS: Sequence[Alert] = (
    Alert(
        "GatewayGone",
        'up{job=~"envoy|extproc"} == 0',
        "2m",
        "critical",
        "{{ $labels.job }} is not to be reached at {{ $labels.instance }}",
    ),
    Alert(
        "NoWorkerAnswers",
        'sum by (instance) (envoy_cluster_membership_healthy{envoy_cluster_name="extproc"}) == 0',
        "1m",
        "critical",
        "Envoy at {{ $labels.instance }} finds no worker that is healthy",
    ),
    Alert(
        "ClientsGetErrors",
        "sum(rate(envoy_http_downstream_rq_xx"
        '{envoy_http_conn_manager_prefix="gateway",envoy_response_code_class="5"}[5m]))'
        " / sum(rate(envoy_http_downstream_rq_xx"
        '{envoy_http_conn_manager_prefix="gateway"}[5m])) > 0.05',
        "5m",
        "critical",
        "{{ $value | humanizePercentage }} of the requests are answered with a 5xx",
    ),
    Alert(
        "BackendFails",
        "sum by (extproc_backend) (rate(extproc_attempts_total"
        f'{{error_type!="",error_type!~"{OURS}"}}[5m]))'
        " / sum by (extproc_backend) (rate(extproc_attempts_total[5m])) > 0.2",
        "5m",
        "warning",
        "{{ $value | humanizePercentage }} of the attempts at {{ $labels.extproc_backend }} fail",
    ),
    Alert(
        "FirstTokenIsSlow",
        "histogram_quantile(0.95, sum by (le, gen_ai_request_model)"
        " (rate(gen_ai_server_time_to_first_token_seconds_bucket[10m]))) > 7.5",
        "10m",
        "warning",
        "5 in 100 streams of {{ $labels.gen_ai_request_model }} begin after {{ $value }} s or more",
    ),
    Alert(
        "BudgetNearlyUsed",
        _happened("budget nearly used"),
        "0m",
        "info",
        "A limit of tokens or cost has a tenth left, or less; the log says which",
    ),
    Alert(
        "CredentialFails",
        _happened("token not refreshed|token missing|credential missing"),
        "0m",
        "warning",
        "{{ $labels.extproc_event }}: the log says whose",
    ),
    Alert(
        "ProbeFails",
        _happened("probe failed"),
        "0m",
        "warning",
        "A backend does not answer as it should; the log and the management API say which",
    ),
    Alert(
        "ConfigurationRefused",
        _happened("configuration (refused|refused by Envoy|not taken)|Envoy refused"),
        "0m",
        "warning",
        "{{ $labels.extproc_event }}: the one before is in force",
    ),
    Alert(
        "ProcessesDie",
        _happened("process (died|hung)"),
        "0m",
        "warning",
        "{{ $labels.extproc_event }}: another one took its place",
    ),
    Alert(
        "LimiterFails",
        _happened("rate limit store failed|limiter stood still"),
        "0m",
        "warning",
        "{{ $labels.extproc_event }}: requests are treated as limiter.on_error says",
    ),
    Alert(
        "RecordsWait",
        "extproc_usage_waiting / extproc_usage_capacity > 0.5",
        "1m",
        "warning",
        "The spool of usage is {{ $value | humanizePercentage }} full: is its store away?",
    ),
    Alert(
        "RecordsLost",
        "increase(extproc_records_lost_total[10m]) > 0",
        "0m",
        "critical",
        "{{ $value }} records of usage will never be stored",
    ),
)


def alerts() -> Json:
    """https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/"""
    return {"groups": [{"name": "ai-gateway", "rules": [*map(_rule, ALERTS)]}]}


def _rule(alert: Alert) -> Json:
    return {
        "alert": alert.name,
        "expr": alert.query,
        "for": alert.lasting,
        "labels": {"severity": alert.severity},
        "annotations": {"summary": alert.summary},
    }
