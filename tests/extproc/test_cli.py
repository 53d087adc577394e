"""The commands that a person types."""

import os
import subprocess
import sys
from typing import NamedTuple

import orjson
import pytest
import yaml

from extproc.cli import PARTS, PLACES, main

GOOD = """
version: 1
backends:
  one: {provider: openai, credential: {api_key: env:ONE_KEY}}
routes:
  - {models: [small], backends: [{backend: one}]}
limits:
  - {per: "header:x-user-id", tokens: 1000, every: minute}
"""
BAD = GOOD.replace("provider: openai", "provder: openai").replace("minute", "fortnight")


class Done(NamedTuple):
    """What a command has said."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ONE_KEY", "sk-secret-of-one")

    def call(*words: str, config: str = GOOD) -> Done:
        (tmp_path / "gateway.yaml").write_text(config)
        code = main(words)
        return Done(code, *capfd.readouterr())

    return call


def test_it_is_a_program(tmp_path):
    (tmp_path / "gateway.yaml").write_text(GOOD)
    done = subprocess.run(
        [sys.executable, "-m", "extproc", "models"],
        cwd=tmp_path,
        env={**os.environ, "ONE_KEY": "sk-secret-of-one"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split() == ["small"]


def test_check_finds_nothing_wrong(run):
    done = run("check")
    assert done.returncode == 0
    assert "no problems" in done.stdout


def test_check_says_every_problem_at_once_with_its_line_and_ends_with_2(run):
    done = run("check", config=BAD)
    assert done.returncode == 2
    assert "gateway.yaml:4" in done.stderr
    assert "did you mean 'provider'" in done.stderr
    assert "limits" in done.stderr
    assert "sk-secret" not in done.stderr + done.stdout


@pytest.mark.parametrize("command", [["serve"], ["render", "envoy"], ["models"]])
def test_a_bad_configuration_ends_any_command_with_2(run, command):
    done = run(*command, config=BAD)
    assert done.returncode == 2
    assert "gateway.yaml" in done.stderr


def test_what_metadata_may_name_is_checked_before_anything_is_served(run):
    done = run("serve", "--metadata", "--secret", "env:AI_*", "--secret", "AI_KEY")
    assert done.returncode == 2
    assert "extproc.metadata_secrets[1]: must be env:NAME" in done.stderr


def test_the_bootstrap_goes_to_a_file_that_only_its_owner_reads(run, tmp_path):
    done = run("render", "envoy", "--output", "envoy.yaml")
    assert done.returncode == 0, done.stderr
    file = tmp_path / "envoy.yaml"
    assert "static_resources" in file.read_text()
    assert "sk-secret" not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_schema_is_json(run):
    assert orjson.loads(run("schema").stdout)["title"] == "gateway.yaml"


def test_the_limits_are_rendered_for_envoyproxys_service(run):
    done = run("render", "ratelimit")
    assert done.returncode == 0
    assert "domain: extproc" in done.stdout


def test_models_and_providers_are_listed(run):
    assert run("models").stdout.split() == ["small"]
    assert orjson.loads(run("models", "--json").stdout)["data"][0]["id"] == "small"
    assert "anthropic" in run("providers").stdout


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_rendered_for_an_envoy_that_runs(run, part):
    done = run("render", "envoy", "--part", part, "--domain", "ai.test")
    assert done.returncode == 0, done.stderr
    assert isinstance(yaml.safe_load(done.stdout), dict)
    assert ("ai.test" in done.stdout) == (part in ("routes", "placed"))


@pytest.mark.parametrize("place", PLACES)
def test_a_place_is_rendered(run, place):
    config = f"{GOOD}extproc: {{workers: 2}}\n"
    done = run("render", place, "--namespace", "team-a", "--image", "i:1", config=config)
    assert done.returncode == 0, done.stderr
    assert list(yaml.safe_load_all(done.stdout))
    assert "sk-secret" not in done.stdout


def test_what_a_place_cannot_do_ends_with_2(run):
    done = run("render", "istio")
    assert done.returncode == 2
    assert "extproc.workers" in done.stderr


RECORDED = GOOD + "usage: {store: sqlite:///usage.db}\n"


@pytest.mark.parametrize(
    ("words", "config", "said"),
    [
        ([], GOOD, "usage: nothing is recorded"),
        ([], RECORDED, "usage.store: nothing has been stored there yet"),
        (["--by", "weather"], RECORDED, "--by: must be different ones of client, model"),
        (["--by", "day,day"], RECORDED, "--by: must be different ones"),
        (["--since", "yesterday"], RECORDED, "--since, --until: must be a duration"),
    ],
)
def test_usage_says_why_there_is_no_report(run, words, config, said):
    done = run("usage", *words, config=config)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
