"""The Envoy configurations that people copy."""

from pathlib import Path

import pytest
import yaml

from tests.extproc.render.examples import rendered, sources, target
from tests.extproc.render.support import validate

CA = str(Path(__file__).parent / "certificates" / "ca.pem")
HINT = "make it anew: python -m tests.extproc.render.examples"


@pytest.mark.parametrize("source", sources(), ids=lambda path: path.stem)
def test_an_example_is_what_its_gateway_yaml_gives(source: Path) -> None:
    assert target(source).read_text() == rendered(source), HINT


@pytest.mark.parametrize("source", sources(), ids=lambda path: path.stem)
def test_envoy_accepts_an_example(source: Path, tmp_path: Path) -> None:
    assert validate(rendered(source, ca=CA), tmp_path) == ""


@pytest.mark.parametrize("source", sources(), ids=lambda path: path.stem)
def test_every_cluster_and_filter_of_an_example_says_what_it_is_for(source: Path) -> None:
    text = rendered(source)
    document = yaml.safe_load(text)
    clusters = document["static_resources"]["clusters"]
    manager = document["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]
    filters = [
        one for one in manager["typed_config"]["http_filters"] if "router" not in one["name"]
    ]
    lines = [line.strip() for line in text.splitlines()]
    for thing in clusters + filters:
        where = lines.index(next(x for x in lines if x in named(thing["name"])))
        assert lines[where - 1].startswith("# "), thing["name"]


def named(name: str) -> tuple[str, str]:
    return f"- name: {name}", f'- name: "{name}"'


def test_an_example_names_no_secret() -> None:
    assert all("sk-" not in rendered(source) for source in sources())
