"""No content of a file is more than a refused configuration."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from extproc.config import ConfigError, load, load_clients, problems, refusing
from extproc.config.process import Clients
from extproc.process import configuration
from tests.extproc.config.conftest import RIGHT
from tests.extproc.config.mutations import ROOT, examples, mutants, prefixes

EXAMPLES = examples()
CLIENTS = ROOT / "envoy" / "teams.clients.yaml"


def told(file: Path, data: bytes) -> list[str]:
    """What `check` tells of `data`, in words, where no environment variable is set."""
    file.write_bytes(data)
    found = [problem.message for problem in problems(file, environment={})]
    assert not [message for message in found if "fault of extproc" in message]
    return [message for message in found if not message.endswith("is not set")]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_file_with_one_node_changed_is_refused_in_words_or_taken(name, tmp_path):
    file = tmp_path / "gateway.yaml"
    shutil.copy(CLIENTS, tmp_path)
    found = [told(file, data) or configuration.load(file) for data in mutants(EXAMPLES[name])]
    taken = [one for one in found if isinstance(one, configuration.Loaded)]
    assert 0 < len(taken) < len(found) / 5


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_file_that_is_half_written_is_refused_in_words_or_taken(name, tmp_path):
    file = tmp_path / "gateway.yaml"
    whole = EXAMPLES[name].encode()
    said = [told(file, data) for data in prefixes(EXAMPLES[name])]
    # Most prefixes break off in the middle of something.
    assert len(said) == len(whole)
    assert sum(map(bool, said)) > len(whole) / 2


@pytest.mark.parametrize("item", ["null", "7", "[]", "x"])
def test_an_item_that_is_no_route_is_told_with_its_line(folder, item):
    (problem,) = folder.said(f"{RIGHT}  - {item}\n")
    assert problem.startswith("gateway.yaml:14: routes[1]: must be a mapping")


HOSTILE = {
    "nothing": b"",
    "binary": bytes(range(256)) * 100,
    "half of a character": b"version: 1\nbackends: {\xe2\x82",
    "UTF-16": "version: 1\n".encode("utf-16"),
    "tabs": b"version: 1\nbackends:\n\tone: 1\n",
    "deep lists": b"a: " + b"[" * 100_000,
    "deep mappings": b"{a: " * 100_000,
    "a bomb of aliases": b"\n".join(
        [
            b"a0: &a0 [x]",
            *(b"a%d: &a%d [%s]" % (n, n, b",".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 12)),
        ]
    ),
    "an anchor inside itself": b"version: 1\nbackends: &b {one: *b}\n",
    "keys that stand twice": b"version: 1\nversion: 1\n",
    "keys that are no text": b"? [a]\n: 1\n",
    "a path with a NUL": b'backends: {a: {provider: openai, credential: {api_key: "file:/\\0"}}}',
    "a path with half a pair": b'{"version": 1, "clients": {"api_keys": {"file": "\\ud800"}}}',
    "a mapping of numbers": b"\n".join(b"%d: {1: 2}" % n for n in range(1_000)),
    "one long key": b"a" * 1_000_000 + b": 1",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused_in_words(name, tmp_path):
    assert told(tmp_path / "gateway.yaml", HOSTILE[name])


def test_a_file_of_100_megabytes_is_refused_by_its_size(tmp_path):
    file = tmp_path / "gateway.yaml"
    with file.open("wb") as huge:
        huge.truncate(100_000_000)
    assert "larger than" in str(problems(file)[0])


def test_a_directory_is_refused_in_words(tmp_path):
    with pytest.raises(ConfigError, match="is a directory"):
        load(tmp_path)


@pytest.fixture(params=["nobody writes", "somebody keeps silent"])
def pipe(request, tmp_path) -> Iterator[Path]:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writers = [] if request.param == "nobody writes" else [os.open(path, os.O_RDWR)]
    yield path
    for writer in writers:
        os.close(writer)


def test_a_pipe_without_an_end_is_waited_for_in_vain(pipe, monkeypatch):
    monkeypatch.setattr("extproc.config.document.PATIENCE", 0.1)
    assert "no end of it within 0.1 s" in str(problems(pipe)[0])


def test_a_pipe_that_ends_is_a_configuration(tmp_path):
    command = [sys.executable, "-m", "extproc", "check", "--config", "/dev/stdin"]
    done = subprocess.run(
        command,
        input=RIGHT,
        text=True,
        capture_output=True,
        env={**os.environ, "ONE": "x"},
        timeout=60,
        check=False,
    )
    assert "no problems" in done.stdout, done.stderr


def test_a_secret_that_is_a_pipe_is_missing(folder, pipe):
    said = folder.changed("env:ONE", f"file:{pipe}")
    assert "cannot be read: no end of it within 0.2 s" in said[0]


def test_clients_that_are_no_mapping_are_refused_in_words(folder):
    clients = Clients.model_validate({"api_keys": {"file": "clients.yaml"}})
    for data in (*VALUES, b"a: [null]", b"a: {b: null}"):
        folder.clients.write_bytes(data)
        with pytest.raises(ConfigError) as refused:
            load_clients(clients, folder.gateway)
        assert "fault of extproc" not in str(refused.value)


VALUES = (b"", b"7", b"[]", b"[null]", b"a: null", b"null: null", b"\xff")


def test_a_fault_of_ours_is_a_refusal_without_the_files_values(tmp_path):
    file = tmp_path / "gateway.yaml"
    with pytest.raises(ConfigError) as refused, refusing(file):
        int("sk-secret")
    said = str(refused.value)
    assert "ValueError in test_mutations.py" in said
    assert "sk-secret" not in said
