"""Tokens by a backend's proxy: every SDK asks it by CONNECT, whatever the environment says."""

import json
from base64 import b64encode
from collections.abc import Iterator

import pytest
import requests

from extproc.config import Gateway
from extproc.credentials.clouds.by_proxy import Way, way_of
from extproc.credentials.keeping import Keeper
from extproc.credentials.snapshot import Entry
from extproc.exchange.compile import wanted_identities
from tests.e2e.connecting import Connecting, secured
from tests.extproc.credentials.clouds_at_home import Clouds, service_account, waited
from tests.extproc.credentials.test_clouds import ROLE, an_hour, ask

PASSWORD = "open: ses@me/%hush"
WHO = f"Basic {b64encode(f'ann:{PASSWORD}'.encode()).decode()}"
SIGNED = {"proxy_username": "ann", "proxy_password": PASSWORD}


@pytest.fixture
def proxy(clouds: Clouds, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connecting]:
    """The only way to the clouds; the environment's leads nowhere, or says that none is needed."""
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "*")
    with Connecting(clouds.tls_port, who=WHO) as found:
        yield found


def kinds(tmp_path) -> dict[str, tuple[dict[str, str], str]]:
    """Kind of identity → what asks for one, and the host that gives it."""
    account = service_account(tmp_path / "clouds.key")
    application = {"tenant_id": "t-1", "client_id": "c-1", "client_secret": "of-ours"}
    server = {"token_url": "https://localhost/token", "auth_style": "body"}
    return {
        "aws": (
            {"access_key_id": "A", "secret_access_key": "s", "role_arn": ROLE},
            "sts.eu-west-1.amazonaws.com",
        ),
        "gcp": ({"service_account": account}, "oauth2.googleapis.com"),
        "entra": (application, "login.microsoftonline.com"),
        "oauth": ({**server, "client_id": "c-1", "client_secret": "of-ours"}, "localhost"),
    }


KINDS = ("aws", "gcp", "entra", "oauth")
BRISK = ("aws", "gcp", "oauth")
"""Those that try a refused request no more often; Microsoft's SDK asks as Google's does here."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_is_asked_for_by_the_proxy(clouds, proxy, tmp_path, kind):
    given, host = kinds(tmp_path)[kind]
    by = {"proxy_url": f"http://127.0.0.1:{proxy.port}", **SIGNED}
    assert an_hour(ask(kind, **given, **by))
    assert {asked.host for asked in clouds.asked} == {host}
    assert {said[""].rpartition(" ")[0] for said in proxy.asked} == {f"CONNECT {host}:443"}
    assert {said["proxy-authorization"] for said in proxy.asked} == {WHO.lower()}
    assert not any("proxy-authorization" in asked.headers for asked in clouds.asked)


@pytest.mark.parametrize("kind", KINDS)
def test_the_proxy_is_spoken_to_by_tls_and_must_be_who_it_says(clouds, proxy, tmp_path, kind):
    given, _ = kinds(tmp_path)[kind]
    pem, key = tmp_path / "clouds.pem", tmp_path / "clouds.key"
    with secured(proxy.port, str(pem), str(key)) as front:
        by = {"proxy_url": f"https://127.0.0.1:{front.port}", **SIGNED}
        assert an_hour(ask(kind, **given, **by))
        assert an_hour(ask(kind, **given, **by, proxy_ca=str(pem)))
        assert an_hour(ask(kind, **given, **by, proxy_ca_pem=pem.read_text()))


@pytest.mark.parametrize("kind", BRISK)
def test_a_proxy_that_others_vouch_for_is_told_nothing(clouds, proxy, tmp_path, kind):
    given, _ = kinds(tmp_path)[kind]
    pem, key = tmp_path / "clouds.pem", tmp_path / "clouds.key"
    with secured(proxy.port, str(pem), str(key)) as front:
        by = {"proxy_url": f"https://127.0.0.1:{front.port}", **SIGNED}
        other = requests.certs.where()
        with pytest.raises(Exception, match=r"(?i)certificate|ssl|proxy"):
            ask(kind, **given, **by, proxy_ca=other)
        assert not proxy.asked


@pytest.mark.parametrize("kind", BRISK)
def test_a_proxy_that_refuses_gives_no_token(clouds, proxy, tmp_path, kind):
    given, _ = kinds(tmp_path)[kind]
    with pytest.raises(Exception, match=r"(?i)407|proxy"):
        ask(kind, **given, proxy_url=f"http://127.0.0.1:{proxy.port}")
    assert not clouds.asked
    assert proxy.asked


def test_what_the_machine_says_of_itself_is_asked_directly(clouds, proxy, monkeypatch):
    by = {"proxy_url": "http://127.0.0.1:9"}
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{clouds.url}/v1/credentials")
    assert an_hour(ask("aws", **by))
    place = f"127.0.0.1:{clouds.port}"
    for name in ("GCE_METADATA_ROOT", "GCE_METADATA_IP", "GCE_METADATA_HOST"):
        monkeypatch.setenv(name, place)
    monkeypatch.delenv("NO_GCE_CHECK")
    assert an_hour(ask("gcp", **by))
    url = f"{clouds.url}/token"
    assert an_hour(ask("oauth", token_url=url, auth_style="body", client_id="c", client_secret="s"))
    assert not proxy.asked


def gateway(by: object) -> Gateway:
    one = {
        "provider": "openai",
        "credential": {
            "oauth": {
                "token_url": "https://localhost/token",
                "client_id": "c-1",
                "client_secret": "env:OF_OURS",
            }
        },
    }
    backends = {"by": {**one, "proxy": by}, "not": one}
    return Gateway.model_validate(
        {
            "version": 1,
            "backends": backends,
            "routes": [{"models": [name], "backends": [{"backend": name}]} for name in backends],
        }
    )


def test_a_backend_s_proxy_is_its_identity_s_unless_it_says_no():
    by = {"url": "http://p.test:3128", "username": "ann", "password": "env:PROXY"}
    one, other = (wanted.identity for wanted in wanted_identities(gateway(by)).values())
    assert one.options["proxy_url"] == "http://p.test:3128"
    assert one.secrets["proxy_password"] == "env:PROXY"
    assert way_of(other.options) is None
    (shared,) = wanted_identities(gateway({**by, "tokens": False})).values()
    assert shared.backends == ("by", "not")
    assert way_of(shared.identity.options) is None


def test_the_keeper_reads_the_proxy_s_password_and_never_says_it(
    clouds, proxy, monkeypatch, capsys
):
    monkeypatch.setenv("OF_OURS", "of-ours")
    monkeypatch.setenv("PROXY", PASSWORD)
    by = {"url": f"http://127.0.0.1:{proxy.port}", "username": "ann", "password": "env:PROXY"}
    wanted = next(iter(wanted_identities(gateway(by)).values()))
    keeper = Keeper(wanted, Entry(), lambda: None)
    keeper.start()
    try:
        waited(lambda: keeper.entry.parts, "a token")
    finally:
        keeper.stop()
    monkeypatch.setenv("PROXY", f"{PASSWORD}-of-yesterday")
    second = Keeper(wanted, Entry(), lambda: None)
    second.start()
    try:
        waited(lambda: second.entry.failures, "a refusal")
    finally:
        second.stop()
    assert "407" in second.entry.problem
    said = json.dumps(second.entry.problem) + capsys.readouterr().out
    assert "hush" not in said
    assert WHO.removeprefix("Basic ") not in said


@pytest.mark.parametrize("kind", BRISK)
def test_letters_beyond_ascii_are_told_as_envoy_tells_them(clouds, proxy, tmp_path, kind):
    given, _ = kinds(tmp_path)[kind]
    by = {"proxy_url": f"http://127.0.0.1:{proxy.port}", "proxy_username": "ann"}
    with pytest.raises(Exception, match=r"(?i)407|beyond ASCII|proxy"):
        ask(kind, **given, **by, proxy_password="öffne")
    said = [asked["proxy-authorization"] for asked in proxy.asked]
    told = f"basic {b64encode('ann:öffne'.encode()).decode().lower()}"
    assert {*said} == ({told} if kind != "aws" else set())


def test_credentials_are_written_into_a_url_as_urls_want_it():
    way = Way("http://p.test:3128", "a b", "c:d@e/f", None)
    assert way.whole == "http://a%20b:c%3Ad%40e%2Ff@p.test:3128"
    assert Way("https://p.test", "", "", None).whole == "https://p.test"
