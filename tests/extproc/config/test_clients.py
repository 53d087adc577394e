"""Who may call, by one file or by all in a directory."""

import pytest

from extproc.config import load, load_clients
from tests.extproc.config.conftest import RIGHT

CONFIG = RIGHT + "clients: {api_keys: {file: callers}}\n"
ENVIRONMENT = {"ONE": "secret-one", "ANN": "key-of-ann", "BOB": "key-of-bob"}


@pytest.fixture
def callers(folder):
    place = folder.gateway.parent / "callers"
    place.mkdir()
    return place


def said(folder, environment=ENVIRONMENT):
    return folder.said(CONFIG, environment=environment)


def test_all_files_of_a_directory_are_read_in_order(folder, callers):
    (callers / "b.yaml").write_text("bob: [env:BOB, file:/run/bob]\n")
    (callers / "a.json").write_text('{"ann": "env:ANN"}')
    (callers / "notes.txt").write_text("nothing")
    (callers / "..data.yaml").write_text("eve: env:EVE\n")
    gateway = load(folder.write(CONFIG))
    keys = load_clients(gateway.clients, folder.gateway)
    assert keys == {"ann": ("env:ANN",), "bob": ("env:BOB", "file:/run/bob")}


def test_an_empty_directory_lets_nobody_in(folder, callers):
    gateway = load(folder.write(CONFIG))
    assert load_clients(gateway.clients, folder.gateway) == {}
    assert said(folder) == []


def test_a_client_stands_in_one_file(folder, callers):
    (callers / "a.yaml").write_text("ann: env:ANN\n")
    (callers / "b.yaml").write_text("bob: env:BOB\nann: env:BOB\n")
    assert "callers/b.yaml:2: ann: is in another file, too" in said(folder)


def test_a_key_of_two_clients_is_found_across_files(folder, callers):
    (callers / "a.yaml").write_text("ann: env:ANN\n")
    (callers / "b.yaml").write_text("bob: env:ANN\n")
    (problem,) = said(folder)
    assert problem.startswith("callers/b.yaml:1: bob: ")


def test_each_file_is_told_what_is_wrong_in_it(folder, callers):
    (callers / "a.yaml").write_text("ann: env:NOWHERE\n")
    (callers / "b.yaml").write_text("bob: 5\n")
    problems = said(folder)
    assert any(problem.startswith("callers/a.yaml:1: ann: ") for problem in problems)
    assert any(problem.startswith("callers/b.yaml:1: bob: ") for problem in problems)


def test_too_many_files_are_refused(folder, callers, monkeypatch):
    monkeypatch.setattr("extproc.config.clients.MOST", 1)
    for name in ("a", "b"):
        (callers / f"{name}.yaml").write_text(f"{name}: env:ANN\n")
    assert said(folder) == ["callers: holds more than 1 files"]
