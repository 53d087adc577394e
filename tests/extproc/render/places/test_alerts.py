"""Each alert is for metrics that there are, and fires on what it is for, and on nothing else."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from prometheus_client import CollectorRegistry, generate_latest

from extproc.render.places.alerts import ALERTS, alerts
from extproc.telemetry.metrics import EVENTS, Metrics
from tests.extproc.usage.test_store import record

PROMTOOL = shutil.which("promtool")
GATEWAY = 'envoy_http_downstream_rq_xx{envoy_http_conn_manager_prefix="gateway",'
FIRST = "gen_ai_server_time_to_first_token_seconds_bucket"
SERIES: dict[str, list[tuple[str, str]]] = {
    "GatewayGone": [('up{job="extproc",instance="a:9464"}', "0x40")],
    "NoWorkerAnswers": [
        ('envoy_cluster_membership_healthy{envoy_cluster_name="extproc",instance="e"}', "0x40")
    ],
    "ClientsGetErrors": [
        (f'{GATEWAY}envoy_response_code_class="2"}}', "0+90x40"),
        (f'{GATEWAY}envoy_response_code_class="5"}}', "0+10x40"),
    ],
    "BackendFails": [
        ('extproc_attempts_total{extproc_backend="one"}', "0+70x40"),
        ('extproc_attempts_total{extproc_backend="one",error_type="overloaded"}', "0+30x40"),
    ],
    "FirstTokenIsSlow": [
        (f'{FIRST}{{gen_ai_request_model="smart",le="7.5"}}', "0+9x40"),
        (f'{FIRST}{{gen_ai_request_model="smart",le="10.0"}}', "0+10x40"),
        (f'{FIRST}{{gen_ai_request_model="smart",le="+Inf"}}', "0+10x40"),
    ],
    "BudgetNearlyUsed": [('extproc_events_total{extproc_event="budget nearly used"}', "0x25 1x15")],
    "CredentialFails": [('extproc_events_total{extproc_event="token not refreshed"}', "0x25 1x15")],
    "ProbeFails": [('extproc_events_total{extproc_event="probe failed"}', "0x25 1x15")],
    "ConfigurationRefused": [
        ('extproc_events_total{extproc_event="configuration refused"}', "0x25 1x15")
    ],
    "ProcessesDie": [('extproc_events_total{extproc_event="process died"}', "0x25 1x15")],
    "LimiterFails": [
        ('extproc_events_total{extproc_event="rate limit store failed"}', "0x25 1x15")
    ],
    "RecordsWait": [("extproc_usage_waiting", "60x40"), ("extproc_usage_capacity", "100x40")],
    "RecordsLost": [("extproc_records_lost_total", "0x25 3x15")],
}
"""Alert → what it is for, a value a minute; at half an hour it fires."""
QUIET = [
    ('up{job="extproc"}', "1x40"),
    ('envoy_cluster_membership_healthy{envoy_cluster_name="extproc"}', "2x40"),
    (f'{GATEWAY}envoy_response_code_class="2"}}', "0+99x40"),
    (f'{GATEWAY}envoy_response_code_class="5"}}', "0+1x40"),
    ('extproc_attempts_total{extproc_backend="one"}', "0+50x40"),
    ('extproc_attempts_total{extproc_backend="one",error_type="invalid_request"}', "0+50x40"),
    (f'{FIRST}{{gen_ai_request_model="smart",le="1.0"}}', "0+10x40"),
    (f'{FIRST}{{gen_ai_request_model="smart",le="+Inf"}}', "0+10x40"),
    *((f'extproc_events_total{{extproc_event="{event}"}}', "0x40") for event in EVENTS.values()),
    ('extproc_events_total{extproc_event="configuration accepted"}', "0+1x40"),
    ("extproc_usage_waiting", "10x40"),
    ("extproc_usage_capacity", "100x40"),
    ("extproc_records_lost_total", "7x40"),
]


def written() -> set[str]:
    """The names that Prometheus reads of the server."""
    registry = CollectorRegistry()
    gauges = dict.fromkeys(("usage.waiting", "usage.capacity"), lambda: 1.0)
    metrics = Metrics([PrometheusMetricReader(registry=registry)], gauges)
    metrics.add(record(1, stream=True, ttft_ms=20.0, error_type="server"))
    found = generate_latest(registry).decode()
    metrics.close()
    return set(re.findall(r"^(\w+)[{ ]", found, re.MULTILINE))


def test_there_is_each_metric_and_each_event_that_they_look_at():
    queries = "\n".join(alert.query for alert in ALERTS)
    assert set(re.findall(r"\b(?:extproc|gen_ai)_\w+(?=[{\[ ])", queries)) <= written()
    for events in re.findall(r'extproc_event=~"([^"]+)"', queries):
        found = [event for event in EVENTS.values() if re.fullmatch(events, event)]
        assert len(found) > events.count("|")


def test_each_has_an_example():
    assert [alert.name for alert in ALERTS] == [*SERIES]


def firing(name: str, series: list[tuple[str, str]], *alerted: str) -> dict[str, Any]:
    """A test of promtool's: whether `name` fires with these series."""
    return {
        "interval": "1m",
        "input_series": [{"series": one, "values": values} for one, values in series],
        "promql_expr_test": [
            {
                "expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}}) or vector(0)',
                "eval_time": "30m",
                "exp_samples": [{"labels": "{}", "value": len(alerted)}],
            }
        ],
    }


def test_each_fires_on_what_it_is_for_and_on_nothing_else(tmp_path: Path):
    if PROMTOOL is None:
        pytest.skip("promtool is not installed: apt-get install prometheus")
    quiet = [firing(alert.name, QUIET) for alert in ALERTS]
    loud = [firing(name, series, name) for name, series in SERIES.items()]
    (tmp_path / "alerts.yaml").write_text(yaml.safe_dump(alerts()))
    document = {"rule_files": ["alerts.yaml"], "evaluation_interval": "1m", "tests": quiet + loud}
    (tmp_path / "tests.yaml").write_text(yaml.safe_dump(document))
    done = subprocess.run(
        [PROMTOOL, "test", "rules", "tests.yaml"],
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
