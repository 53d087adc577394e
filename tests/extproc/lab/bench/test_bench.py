"""A smoke run of the whole benchmark, as one starts it: what is measured is not judged here."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from extproc.lab.bench.bodies import CHATS

COMMAND = (sys.executable, "-m", "extproc", "bench", "--quick")
LIMIT = 480
"""Seconds."""


def bench(*arguments: str) -> str:
    """What a run prints."""
    command = (*COMMAND, *arguments)
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(LIMIT + 10)
def test_every_row_has_a_number(tmp_path):
    output = tmp_path / "results.json"
    printed = bench("--json", str(output), "--docs", str(tmp_path))
    results = json.loads(output.read_bytes())
    rows = {row["name"]: row for row in results["rows"]}
    assert len(rows) == len(results["rows"])
    assert all(isinstance(row["measured"], float) for row in rows.values())
    assert rows["core, 1 KB, same dialect"]["budget"] == 35
    assert rows["server, 1 KB, translated"]["reference"] > 0
    assert rows["Envoy, 1 KB, over Envoy alone"]["budget"] == 65
    assert {row["budget"] for name, row in rows.items() if "256 streams," in name} == {6, 14}
    assert len(results["pairs"]) == len(CHATS) ** 2
    assert results["machine"]["envoy"].startswith("1.")
    page = (tmp_path / "speed.md").read_text()
    for name in rows:
        assert name in printed
        assert name in page
    ET.parse(tmp_path / "speed.svg")


def test_only_rows_with_a_word_in_their_names_are_measured():
    lines = bench("core, 1 KB, translated", "latency, 1 client, added, median").splitlines()
    measured = [line for line in lines if line.startswith(("core", "server", "growth", "latency"))]
    assert len(measured) == 4
    assert all(line.startswith("core, 1 KB, translated") for line in measured[:2])
    assert all("µs with us" in line for line in measured[2:])
