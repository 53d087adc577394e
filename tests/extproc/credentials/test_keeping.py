"""Tokens are asked for ahead of their end, kept while they are good, and handed on as a whole."""

import os
import socket
import stat
import subprocess
import sys
import time

import msgspec
import pytest
from structlog.testing import capture_logs

from extproc.config.credential import Aws, Gcp, OAuth
from extproc.credentials import snapshot
from extproc.credentials.identity import Identity, Token, Wanted, identity_of
from extproc.credentials.keeping import Keeper, Keeping, due
from extproc.credentials.saying import said
from extproc.credentials.secrets import Credentials, Weighted
from extproc.credentials.snapshot import Entry
from providers.errors import Unavailable
from tests.extproc.credentials.clouds_at_home import MARK, waited

SECRET = f"client-{MARK}-secret"


def oauth(url: str, **more: str) -> Identity:
    options = {"token_url": url, "client_id": "c", "auth_style": "body", **more}
    return Identity("oauth", options, {"client_secret": "env:CLIENT_SECRET"})


@pytest.fixture
def identity(clouds, monkeypatch) -> Identity:
    monkeypatch.setenv("CLIENT_SECRET", SECRET)
    return oauth(f"{clouds.url}/token")


def keeper(identity: Identity, entry: Entry = Entry()) -> Keeper:  # noqa: B008
    return Keeper(Wanted(identity, ("b",)), entry, lambda: None)


@pytest.mark.parametrize("lives", [10.0, 300.0, 3600.0, 86_400.0])
def test_a_token_is_asked_for_ahead_of_the_end_of_the_last_one_not_at_one_moment_for_all(lives):
    moments = {due(1e9 + lives, 1e9) for _ in range(50)}
    assert len(moments) > 40
    assert all(lives * 0.7 <= moment < lives for moment in moments)
    assert all(moment <= lives - min(lives * 0.2, 720) for moment in moments)


def test_what_has_no_known_end_is_looked_at_every_minute():
    assert all(48 <= due(None, 1e9) <= 72 for _ in range(50))


def test_failures_are_tried_again_ever_later_and_a_good_token_stays(clouds, identity):
    one = keeper(identity)
    assert one._pause() > 2_000
    kept = one.entry
    clouds.failing = (503, f'{{"error": "{SECRET}"}}')
    with capture_logs() as logs:
        pauses = [one._pause() for _ in range(8)]
    told = {"failed": one.entry.failed, "problem": one.entry.problem}
    assert one.entry == msgspec.structs.replace(kept, failures=8, **told)
    assert "503" in one.entry.problem
    assert SECRET not in one.entry.problem
    assert one.entry.failed > kept.refreshed
    assert pauses[0] <= 1.2
    assert 24 <= pauses[-1] <= 36
    (told,) = logs
    assert (told["event"], told["log_level"]) == ("a token was not refreshed", "warning")
    assert MARK not in str(logs)
    clouds.failing = None
    assert one._pause() > 2_000
    assert one.entry.failures == 0
    assert one.entry.parts != kept.parts


def test_the_end_of_the_last_good_token_is_told_at_once(clouds, identity):
    clouds.failing = (503, "{}")
    old = Entry({"bearer": "old"}, time.time() + 0.3, time.time())
    one = keeper(identity, old)
    with capture_logs() as logs:
        one._pause()
        time.sleep(0.4)
        one._pause()
        one._pause()
    assert [entry["log_level"] for entry in logs] == ["warning", "error"]


def test_a_clock_that_is_ahead_of_the_clouds_does_no_harm(clouds, monkeypatch):
    """By two hours: what lives an hour has ended when it comes."""
    clouds.skew = -7200
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "A")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    role = "arn:aws:iam::123456789012:role/r"
    one = keeper(Identity("aws", {"region": "eu-west-1", "role_arn": role}, {}))
    with capture_logs() as logs:
        pause = one._pause()
    assert one.entry.valid(time.time())
    assert 200 < pause < 300
    assert "is the clock right?" in logs[0]["event"]


def test_all_tokens_are_handed_on_in_a_file_for_ones_own_eyes(clouds, identity, tmp_path):
    path = tmp_path / snapshot.NAME
    keeping = Keeping(path)
    wanted = {identity.key: Wanted(identity, ("b",))}
    keeping.take(wanted)
    waited(path.exists, "the file")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    made = Credentials({"b": (Weighted({}, identity=identity, plain={"region": "r"}),)}, path)
    secret = made.get("b")
    assert secret["region"] == "r"
    assert secret["bearer"].startswith("token-")
    assert made.standing("b").expires > time.time() + 3500
    keeping.take({})
    assert snapshot.read(path) == {}, "who is no longer needed leaves nothing"


def test_a_changed_file_of_a_secret_is_noticed(clouds, tmp_path):
    file = tmp_path / "secret"
    file.write_text("one")
    options = {"token_url": f"{clouds.url}/token", "client_id": "c", "auth_style": "body"}
    identity = Identity("oauth", options, {"client_secret": f"file:{file}"})
    keeping = Keeping(tmp_path / snapshot.NAME)
    keeping.take({identity.key: Wanted(identity, ("b",))})
    waited(lambda: clouds.asked, "the first token")
    (tmp_path / "fresh").write_text("two")
    (tmp_path / "fresh").replace(file)
    waited(lambda: keeping.look() or len(clouds.asked) > 1, "the next token")
    assert clouds.asked[-1].form["client_secret"] == "two"
    keeping.take({})


def test_one_token_server_that_is_silent_holds_up_no_other(clouds, identity, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mute = oauth(f"http://127.0.0.1:{silent.getsockname()[1]}/token")
        path = tmp_path / snapshot.NAME
        keeping = Keeping(path)
        keeping.take({one.key: Wanted(one, ("b",)) for one in (mute, identity)})
        waited(lambda: identity.key in snapshot.read(path), "the token")
        keeping.take({})


def test_without_a_token_the_client_learns_no_more_than_that(identity, tmp_path):
    path = tmp_path / snapshot.NAME
    ended = Entry({"bearer": "x"}, time.time() - 1, 1.0, 3)
    snapshot.write(path, {identity.key: ended})
    with capture_logs() as logs:
        made = Credentials({"b": (Weighted({}, identity=identity),)}, path)
        with pytest.raises(Unavailable) as caught:
            made.get("b")
    assert caught.value.message == "the backend 'b' has no credential now"
    assert logs[-1]["problem"] == "the identity (oauth) has no token"
    assert made.standing("b").failures == 3


def test_a_token_is_not_used_beyond_its_end(identity, tmp_path):
    path = tmp_path / snapshot.NAME
    snapshot.write(path, {identity.key: Entry({"bearer": "x"}, time.time() + 0.5)})
    made = Credentials({"b": (Weighted({}, identity=identity),)}, path)
    assert made.get("b") == {"bearer": "x"}
    assert not made.refresh()
    waited(made.refresh, "its end")
    with pytest.raises(Unavailable):
        made.get("b")


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff", b'{"k": {"parts": 7}}'])
def test_a_file_that_is_not_ours_holds_nothing(tmp_path, text):
    path = tmp_path / snapshot.NAME
    path.write_bytes(text)
    assert snapshot.read(path) == {}


def test_a_link_in_the_place_of_the_file_is_not_followed(tmp_path):
    other = tmp_path / "other"
    other.write_text("mine")
    path = tmp_path / snapshot.NAME
    path.with_suffix(".new").symlink_to(other)
    path.symlink_to(other)
    snapshot.write(path, {"k": Entry({"bearer": "x"})})
    assert other.read_text() == "mine"
    assert not path.is_symlink()


def test_an_sdk_may_say_a_secret_and_the_log_does_not():
    environ = {"AZURE_CLIENT_SECRET": "of-the-environment", "HOME": "/home/me"}
    words = f"{SECRET} of-the-environment eyJhbGciOiJSUzI1.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl /home/me"
    line = said(ValueError(f"{words}\nline two\x1b[2J {'x' * 500}"), [SECRET], environ)
    assert SECRET not in line
    assert "of-the-environment" not in line
    assert "eyJhbGci" not in line
    assert line.startswith("ValueError: [redacted] [redacted] [redacted]")
    assert "/home/me line two" in line
    assert line.isprintable()
    assert len(line) < 350


def test_no_repr_shows_a_token():
    shown = repr(Token({"bearer": SECRET}, 1.0)) + repr(Entry({"bearer": SECRET}))
    assert MARK not in shown


def test_an_identity_has_one_key_whatever_backends_have_it():
    one = Gcp.model_validate({"gcp": {"impersonate": "me@p.iam.gserviceaccount.com"}})
    other = Gcp.model_validate({"gcp": {}})
    keys = [identity_of(each).key for each in (one, one, other)]
    assert keys[0] == keys[1] != keys[2]
    static = Aws.model_validate({"aws": {"bearer": "env:A"}})
    assert identity_of(static) is None
    client = {"token_url": "https://t/x", "client_id": "env:ID", "client_secret": "file:/s"}
    made = identity_of(OAuth.model_validate({"oauth": client}))
    assert made.secrets == {"client_id": "env:ID", "client_secret": "file:/s"}
    assert "client_id" not in made.options


def test_the_sdks_of_clouds_are_loaded_by_nobody_who_does_not_ask_them():
    modules = "extproc.process.serve, extproc.process.worker, extproc.process.identities"
    names = "{'botocore', 'google.auth', 'azure', 'msal', 'httpx', 'requests'}"
    command = [sys.executable, "-c", f"import sys, {modules}; print({names} & {{*sys.modules}})"]
    found = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    assert found.stdout == "set()\n"
