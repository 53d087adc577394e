"""What Prometheus reads, examples of traces included."""

import shutil
import subprocess
import time
from urllib.parse import quote

import httpx
import pytest
import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from extproc.config.telemetry import Prometheus, Telemetry, Traces
from extproc.lab.local import free_port
from extproc.telemetry import readers
from extproc.telemetry.metrics import Metrics
from extproc.telemetry.traces import Spans
from tests.extproc.process.server import until
from tests.extproc.usage.test_store import record

TRACE = "a" * 32
OPEN = {"accept": "application/openmetrics-text; version=1.0.0"}
NAME = "gen_ai_server_time_to_first_token_seconds_bucket"


@pytest.fixture
def port():
    """Of metrics with one traced attempt, and one that is not."""
    settings = Prometheus(port=free_port())
    made = Metrics([*readers.readers(Telemetry(prometheus=settings))], {"processes": lambda: 4.0})
    stop = readers.listen(settings)
    spans = Spans(Traces(endpoint="http://127.0.0.1:9"))
    one = record(1, stream=True, ttft_ms=20.0, traceparent=f"00-{TRACE}-{'b' * 16}-01")
    made.add(one, spans.span(one, 0.0))
    made.add(record(2, stream=True, ttft_ms=700.0, request_model="other"))
    yield settings.port
    stop()
    made.close()


def test_openmetrics_have_examples_where_traces_are(port):
    answer = httpx.get(f"http://127.0.0.1:{port}/metrics", headers=OPEN)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    families = {one.name: one for one in text_string_to_metric_families(answer.text)}
    family = families[NAME.removesuffix("_bucket")]
    found = {sample.labels["le"]: sample.exemplar for sample in family.samples if sample.exemplar}
    assert [*found] == ["0.02"]
    assert found["0.02"].labels["trace_id"] == TRACE
    assert found["0.02"].value == pytest.approx(0.02)
    assert abs(float(found["0.02"].timestamp) - time.time()) < 60
    assert "python_gc_objects_collected" in families


def test_classic_text_has_none(port):
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    assert NAME in text
    assert "trace_id" not in text


@pytest.mark.skipif(not shutil.which("prometheus"), reason="apt-get install prometheus")
def test_prometheus_keeps_them(port, tmp_path):
    job = {"job_name": "extproc", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
    config = {"global": {"scrape_interval": "1s"}, "scrape_configs": [job]}
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    at = free_port()
    command = [
        "prometheus",
        f"--config.file={tmp_path}/prometheus.yml",
        f"--storage.tsdb.path={tmp_path}/data",
        f"--web.listen-address=127.0.0.1:{at}",
        "--enable-feature=exemplar-storage",
    ]
    url = f"http://127.0.0.1:{at}/api/v1/query_exemplars?query={quote(NAME)}"
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as running:
        try:
            until(lambda: kept(url), "an exemplar")
            (series,) = kept(url)
        finally:
            running.terminate()
    (one,) = series["exemplars"]
    assert one["labels"] == {"trace_id": TRACE, "span_id": one["labels"]["span_id"]}


def kept(url):
    """What is there; nothing while it begins."""
    begun, now = time.time() - 300, time.time() + 60
    try:
        answer = httpx.get(f"{url}&start={begun}&end={now}", timeout=5)
    except httpx.TransportError:
        return []
    return answer.json()["data"] if answer.status_code == 200 else []
