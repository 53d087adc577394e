"""compose.yaml says what the command line takes and declares what it uses."""

from pathlib import Path

import pytest
import yaml

from extproc.cli import parser

COMPOSE = yaml.safe_load((Path(__file__).parent.parent / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]


@pytest.mark.parametrize("name", ["render", "extproc"])
def test_its_commands_are_commands(name):
    assert parser().parse_args(SERVICES[name]["command"]).config == Path(
        "/etc/extproc/gateway.yaml"
    )


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_what_a_service_uses_is_there(name):
    service = SERVICES[name]
    for other in service.get("depends_on", {}):
        assert other in SERVICES
    for volume in service["volumes"]:
        source = volume.split(":")[0]
        assert source.startswith("./") or source in COMPOSE["volumes"]


def test_envoy_and_the_server_share_the_sockets():
    shared = "sockets:/run/extproc"
    assert shared in SERVICES["envoy"]["volumes"]
    assert shared in SERVICES["extproc"]["volumes"]
