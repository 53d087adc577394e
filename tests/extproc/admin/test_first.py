"""The files of a first start."""

import tempfile
from pathlib import Path

import pytest

from extproc.admin.first import Unable, begin
from extproc.config import load, problems
from extproc.config.references import resolve


@pytest.fixture
def place():
    """A short name: sockets have a place in it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        yield Path(directory)


def test_a_first_configuration_has_no_problems_and_a_key_that_nobody_else_reads(place):
    config = place / "gateway.yaml"
    said = "\n".join(begin(config))
    assert "extproc run" in said
    assert problems(config) == []
    found = load(config)
    assert found.admin is not None
    assert found.admin.write
    assert found.usage is not None
    assert len(resolve(found.admin.key, {})) >= 32
    assert resolve(found.admin.key, {}) not in said
    assert {(place / name).stat().st_mode & 0o777 for name in ("gateway.yaml", "admin.key")} == {
        0o600
    }


def test_what_is_there_stays(place):
    config = place / "gateway.yaml"
    config.write_text("version: 1\n")
    with pytest.raises(Unable, match="is there already"):
        list(begin(config))
    assert config.read_text() == "version: 1\n"
    assert not (place / "admin.key").exists()


def test_a_place_that_cannot_be_is_said(place):
    with pytest.raises(Unable, match="too long"):
        list(begin(place / ("x" * 80) / "gateway.yaml"))
    with pytest.raises(Unable, match="No such file"):
        list(begin(place / "nowhere" / "gateway.yaml"))
