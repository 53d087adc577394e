"""Who may use a route's models."""

from extproc.config.process import Clients
from tests.extproc.config.conftest import RIGHT

CLIENTS = "clients: {api_keys: {file: clients.yaml}, groups: {team: [a, b]}}\n"
KEYS = "{a: env:ONE, b: env:TWO}\n"
BOTH = {"ONE": "1", "TWO": "2"}


def test_it_needs_clients(folder):
    (said,) = folder.added("    clients: [a]\n")
    assert said == "gateway.yaml:14: routes[0].clients: needs `clients`, or nobody is any of them"


def test_a_group_exists(folder):
    (said,) = folder.said(f"{RIGHT}    clients: ['group:teem', a]\n{CLIENTS}", KEYS, BOTH)
    assert said.startswith("gateway.yaml:14: routes[0].clients[0]: there is no such group")
    assert "did you mean 'team'?" in said
    assert folder.said(f"{RIGHT}    clients: group:team\n{CLIENTS}", KEYS, BOTH) == []


def test_who_has_no_key_is_nobody(folder):
    clients = CLIENTS.replace("[a, b]", "[a, d]")
    said = folder.said(f"{RIGHT}    clients: [a, c]\n{clients}", KEYS, BOTH)
    assert said == [
        "gateway.yaml:14: routes[0].clients[1]: no client of this name has a key",
        "gateway.yaml:15: clients.groups.team[1]: no client of this name has a key",
    ]


def test_names_are_names(folder):
    (said,) = folder.said(f"{RIGHT}    clients: ['group:a b']\n{CLIENTS}", KEYS, BOTH)
    assert "must be a client's name, or group:NAME" in said


def test_groups_are_the_clients_in_them():
    clients = Clients.model_validate(
        {"api_keys": {"file": "c"}, "groups": {"team": ["a", "b"], "none": []}}
    )
    assert clients.named(["group:team", "c", "group:none"]) == {"a", "b", "c"}
    assert clients.named([]) == frozenset()
