"""compose.yaml says what the command line takes, and declares and locks what it uses."""

import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from extproc.cli import parser
from extproc.config import load
from extproc.render.places.compose import document, render
from extproc.render.places.dashboard import dashboard
from extproc.render.places.pod import Source
from tests.docs import compose_file
from tests.extproc.render.places.sources import source

ROOT = Path(__file__).parent.parent
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = ["render", "extproc", "simulator"]
ONCE = {"volumes", "render"}


def test_it_is_what_its_gateway_yaml_gives():
    assert (ROOT / "compose.yaml").read_text() == compose_file(), "run: python -m tests.docs"


@pytest.mark.parametrize("name", OURS)
def test_its_commands_are_commands(name):
    options = parser().parse_args(SERVICES[name]["command"])
    assert name == "simulator" or options.config == Path("/etc/extproc/gateway.yaml")


def mounted(service: dict[str, Any]) -> list[str]:
    """Volumes; what is bound is a file of the repository."""
    volumes = service.get("volumes", [])
    for one in volumes:
        assert isinstance(one, str) or (ROOT / one["source"]).is_file()
    return [one.split(":")[0] for one in volumes if isinstance(one, str)]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_what_a_service_uses_is_there(name):
    service = SERVICES[name]
    for other, when in service.get("depends_on", {}).items():
        ends = when["condition"] == "service_completed_successfully"
        assert ends == (other in ONCE)
        assert ends or "healthcheck" in SERVICES[other]
    assert set(mounted(service)) <= COMPOSE["volumes"].keys()
    assert {one["source"] for one in service.get("configs", [])} <= COMPOSE["configs"].keys()
    network = service.get("network_mode", "none")
    assert network == "none" or network.removeprefix("service:") in SERVICES


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"volumes"}))
def test_nobody_may_do_more_than_he_must(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert name in ONCE or "healthcheck" in service


def test_envoy_and_the_server_share_the_sockets():
    shared = "sockets:/run/extproc"
    assert shared in SERVICES["envoy"]["volumes"]
    assert shared in SERVICES["extproc"]["volumes"]


def test_only_clients_reach_it_from_other_machines():
    assert SERVICES["envoy"]["ports"] == ["8080:8080", "127.0.0.1:9090:9090"]
    others = [
        port for name in SERVICES.keys() - {"envoy"} for port in SERVICES[name].get("ports", [])
    ]
    assert all(port.startswith("127.0.0.1:") for port in others)


def test_prometheus_asks_envoy_and_the_server():
    text = COMPOSE["configs"]["prometheus"]["content"]
    jobs = {job["job_name"]: job for job in yaml.safe_load(text)["scrape_configs"]}
    assert jobs["envoy"]["metrics_path"] == "/stats/prometheus"
    assert jobs["envoy"]["static_configs"] == [{"targets": ["127.0.0.1:9901"]}]
    assert jobs["extproc"]["static_configs"] == [{"targets": ["extproc:9464"]}]


def test_grafana_has_the_dashboard():
    assert json.loads(COMPOSE["configs"]["dashboard"]["content"]) == dashboard()
    (provider,) = yaml.safe_load(COMPOSE["configs"]["dashboards"]["content"])["providers"]
    targets = [one["target"] for one in SERVICES["grafana"]["configs"]]
    assert f"{provider['options']['path']}/gateway.json" in targets
    places = [tuple(panel["gridPos"].values()) for panel in dashboard()["panels"]]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_envoys_health_is_asked_for_by_a_shell(status, healthy):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        kind, *command = SERVICES["envoy"]["healthcheck"]["test"]
        assert kind == "CMD"
        command[-1] = command[-1].replace("8080", str(server.server_address[1]))
        done = subprocess.run(command, timeout=20, check=False)
    assert (done.returncode == 0) == healthy


def test_another_gateway_yaml_gets_what_it_needs(tmp_path):
    found = document(source(tmp_path))
    services = found["services"]
    assert "simulator" not in services
    assert services["extproc"]["environment"] == {"REDIS_URL": "redis://redis:6379/0"}
    sources = [one["source"] for one in services["extproc"]["volumes"] if isinstance(one, dict)]
    assert sources == [str(tmp_path / "gateway.yaml"), str(tmp_path / "clients.yaml")]
    assert "redis" not in document(source(tmp_path, limiter={}))["services"]


def test_it_says_which_secrets_and_files_it_needs(tmp_path):
    said = "\n".join(render(source(tmp_path)).warnings)
    assert "KEY_A, OPENAI_API_KEY, SOMEONES_KEY" in said
    assert "/keys/b" in said


def test_compose_sees_no_variable_in_what_is_written(tmp_path):
    path = tmp_path / "gateway.yaml"
    path.write_text('version: 1\nextproc: {sockets: "/run/a"}\n')
    text = render(Source(load(path), Path("a${b}/gateway.yaml"), "", "i:1")).text
    assert "a$${b}/gateway.yaml" in text
    assert "$" not in text.replace("$$", "")


def test_the_image_is_built_of_what_is_there():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    copied = [
        line.split()[1:-1] for line in lines if line.startswith("COPY") and "--from" not in line
    ]
    assert all((ROOT / name).exists() for names in copied for name in names)
    kept = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] == "!"
    }
    assert {name for names in copied for name in names} == kept
    assert "USER 10001:10001" in lines
