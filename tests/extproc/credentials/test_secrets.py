"""Secrets are resolved, rotated and read again, and never shown."""

import os
from collections import Counter

import pytest
from structlog.testing import capture_logs

from extproc.credentials.pool import Share
from extproc.credentials.secrets import Credentials, Weighted
from providers.errors import Unavailable


def key(reference: str, weight: int = 1) -> Weighted:
    return Weighted({"key": reference}, weight)


def test_a_pool_is_taken_in_turn_by_weight(monkeypatch):
    monkeypatch.setenv("ONE", "first")
    monkeypatch.setenv("TWO", "second")
    made = Credentials({"b": (key("env:ONE", 3), key("env:TWO"))})
    taken = [made.get("b")["key"] for _ in range(8)]
    assert Counter(taken) == {"first": 6, "second": 2}
    assert taken[:4] != ["first", "first", "first", "second"]


def test_a_key_that_does_not_resolve_is_passed_over(monkeypatch):
    monkeypatch.setenv("ONE", "first")
    monkeypatch.delenv("GONE", raising=False)
    made = Credentials({"b": (key("env:GONE"), key("env:ONE"))})
    assert {made.get("b")["key"] for _ in range(4)} == {"first"}


def test_a_backend_without_any_secret_says_why_to_the_operator_alone(monkeypatch):
    monkeypatch.delenv("GONE", raising=False)
    with capture_logs() as logs:
        made = Credentials({"b": (key("env:GONE"), key("file:/run/nowhere/key"))})
        for _ in range(3):
            with pytest.raises(Unavailable) as caught:
                made.get("b")
    assert caught.value.message == "the backend 'b' has no credential now"
    assert [log["event"] for log in logs] == ["a credential does not resolve", "no credential"]
    for log in logs:
        assert "GONE" in log["problem"]
        assert "/run/nowhere/key" in log["problem"]


def test_a_file_is_read_again_when_it_changes(tmp_path):
    file = tmp_path / "key"
    file.write_text("old\n")
    made = Credentials({"b": (key(f"file:{file}"),)})
    assert made.get("b")["key"] == "old"
    assert not made.refresh()
    fresh = tmp_path / "fresh"
    fresh.write_text("new\n")
    fresh.replace(file)
    assert made.refresh()
    assert made.get("b")["key"] == "new"


def test_a_file_that_comes_later_is_found(tmp_path):
    file = tmp_path / "key"
    made = Credentials({"b": (key(f"file:{file}"),)})
    with pytest.raises(Unavailable):
        made.get("b")
    file.write_text("here")
    assert made.refresh()
    assert made.get("b")["key"] == "here"


@pytest.mark.parametrize("value", ["two\nlines", "bell\x07", "schl\u00fcssel"])
def test_a_secret_that_is_no_header_value_is_refused_unseen(monkeypatch, value):
    monkeypatch.setenv("ODD", value)
    made = Credentials({"b": (key("env:ODD"),)})
    with pytest.raises(Unavailable) as caught:
        made.get("b")
    assert value not in str(caught.value)


def test_no_repr_shows_a_secret(monkeypatch):
    monkeypatch.setenv("ONE", "sk-very-secret")
    made = Credentials({"b": (key("env:ONE"),)})
    share = Share(0, {"key": "sk-very-secret"})
    assert "very-secret" not in repr(made) + repr(made._pools) + repr(share)
    assert os.environ["ONE"] == "sk-very-secret"
