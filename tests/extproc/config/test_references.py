import os

import pytest

from extproc.config import SecretRef, Unresolved, load_clients, resolve
from extproc.config.references import MAX_BYTES
from tests.extproc.config.conftest import RIGHT

CLIENTS = RIGHT + "clients: {api_keys: {file: clients.yaml}}\n"


def why_not(reference, environment=None):
    with pytest.raises(Unresolved) as caught:
        resolve(SecretRef(reference), environment or {})
    return str(caught.value)


def test_a_secret_comes_from_the_environment_without_white_space_around_it():
    assert resolve(SecretRef("env:A"), {"A": " secret\n"}) == "secret"


def test_a_secret_comes_from_a_file(tmp_path):
    file = tmp_path / "key"
    file.write_text("secret\n")
    assert resolve(SecretRef(f"file:{file}"), {}) == "secret"


def test_a_variable_that_is_not_set_is_named():
    assert why_not("env:A") == "the environment variable A is not set"


def test_a_secret_that_is_empty_is_none():
    assert why_not("env:A", {"A": " \n"}) == "env:A is empty"


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    assert why_not(f"file:{tmp_path}/a").endswith("/a cannot be read: no such file or directory")
    assert why_not(f"file:{tmp_path}").endswith("cannot be read: is a directory")


def test_a_file_that_is_no_text_is_not_shown(tmp_path):
    file = tmp_path / "key"
    file.write_bytes(b"secret\xff")
    assert why_not(f"file:{file}") == f"the file {file} is not UTF-8"


def test_a_file_that_is_too_large_for_a_secret_is_not_read_whole(tmp_path):
    file = tmp_path / "key"
    with file.open("wb") as sparse:
        os.truncate(sparse.fileno(), 100 * MAX_BYTES)
    assert why_not(f"file:{file}") == f"the file {file} is larger than {MAX_BYTES} bytes"


def test_a_secret_of_a_backend_that_does_not_resolve_is_a_problem(folder):
    assert folder.said(RIGHT, environment={}) == [
        "gateway.yaml:5: backends.one.credential.api_key: the environment variable ONE is not set"
    ]


def test_each_key_of_a_pool_is_looked_at(folder):
    text = RIGHT.replace("{api_key: env:ONE}", "\n      api_key:\n      - env:ONE\n      - env:TWO")
    (said,) = folder.said(text)
    assert said.startswith("gateway.yaml:8: backends.one.credential.api_key[1]: the environment")


def test_the_limiters_storage_is_looked_at(folder):
    (said,) = folder.added("limiter: {storage: env:REDIS}\n")
    assert said == "gateway.yaml:14: limiter.storage: the environment variable REDIS is not set"


def test_a_reference_is_looked_at_where_other_things_are_wrong(folder):
    said = folder.said(RIGHT.replace("version: 1", "version: 2"), environment={})
    assert [line.split(": ")[1] for line in said] == ["version", "backends.one.credential.api_key"]


def test_clients_are_read_from_the_file_beside(folder):
    gateway = folder.load(CLIENTS)
    folder.clients.write_text("alice: env:A\nbob: [env:B, file:/c]\n")
    assert load_clients(gateway.clients, folder.gateway) == {
        "alice": ("env:A",),
        "bob": ("env:B", "file:/c"),
    }


def test_without_clients_everybody_may_call(folder):
    assert load_clients(folder.load(RIGHT).clients, folder.gateway) == {}


def test_a_limit_per_client_is_allowed_where_clients_are_known(folder):
    limit = "limits: [{per: client, tokens: 1, every: day}]\n"
    assert folder.said(CLIENTS + limit, clients="alice: env:ONE\n") == []


@pytest.mark.parametrize(
    ("clients", "said"),
    [
        ("alice: sk-1\n", "1: alice: a secret is named, never written here: env:NAME or"),
        ("alice: env:ONE\nbob: []\n", "2: bob: must hold at least 1"),
        ("alice: env:ONE\nbob: 5\n", "2: bob[0]: must be text"),
        ("'a b': env:ONE\n", "1: a b: must be a client's name"),
        ("alice: env:ONE\nalice: env:ONE\n", "2: alice: the key stands twice"),
        ("alice: env:NO\n", "1: alice: the environment variable NO is not set"),
        ("a: env:ONE\nb:\n- file:/no\n", "3: b[0]: the file /no cannot be read"),
        ("a: env:ONE\nb: [env:TWO, env:SAME]\n", "2: b[1]: the same key as one of the client a"),
        ("", "1: the file is empty"),
    ],
)
def test_the_clients_file_is_checked(folder, clients, said):
    environment = {"ONE": "1", "TWO": "2", "SAME": "1"}
    (found,) = folder.said(CLIENTS, clients=clients, environment=environment)
    assert found.startswith(f"clients.yaml:{said}".replace("bob[0]", "bob"))


def test_one_bad_client_does_not_hide_another(folder):
    found = folder.said(CLIENTS, clients="a: sk-1\nb: env:NO\n")
    assert [line.split(": ")[0] for line in found] == ["clients.yaml:1", "clients.yaml:2"]


def test_a_missing_clients_file_is_a_problem(folder):
    (said,) = folder.said(CLIENTS)
    assert said == "clients.yaml: cannot be read: no such file or directory"
