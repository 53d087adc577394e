"""Every way to an identity, by the clouds' own SDKs, from token servers that say what clouds do."""

import contextlib
import hashlib
import json
import socket
import subprocess
import sys
import threading
import time

import google.auth.exceptions
import pytest

from extproc.config import parse
from extproc.credentials.clouds import oauth
from extproc.credentials.identity import NoToken, Token
from extproc.credentials.keeping import asker
from extproc.exchange.compile import wanted_identities
from tests.extproc.credentials.clouds_at_home import service_account

ROLE = "arn:aws:iam::123456789012:role/gateway"


def ask(kind, **given) -> Token:
    usual = {"aws": {"region": "eu-west-1"}, "entra": {"cloud": "public"}}
    return asker(kind)({**usual.get(kind, {}), **given})


def lives(token: Token) -> float:
    assert token.expires is not None
    return token.expires - time.time()


def an_hour(token: Token) -> bool:
    return 3590 < lives(token) <= 3601


# AWS


def test_aws_environment(clouds, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-env")
    assert ask("aws").parts == {"access_key_id": "AKIDENV", "secret_access_key": "of-env"}
    assert ask("aws").expires is None


def test_aws_shared_file_and_profile_are_read_anew(clouds, tmp_path):
    file = tmp_path / "aws-credentials"
    text = "[default]\naws_access_key_id=A\naws_secret_access_key=s\n"
    file.write_text(text)
    assert ask("aws").parts["access_key_id"] == "A"
    file.write_text(f"{text}[other]\naws_access_key_id=B\naws_secret_access_key=t\n")
    assert ask("aws", profile="other").parts == {"access_key_id": "B", "secret_access_key": "t"}


def test_aws_profile_that_assumes_a_role(clouds, tmp_path):
    (tmp_path / "aws-credentials").write_text(
        "[base]\naws_access_key_id=A\naws_secret_access_key=s\n"
    )
    (tmp_path / "aws-config").write_text(
        f"[profile other]\nrole_arn={ROLE}\nsource_profile=base\nexternal_id=e-1\n"
    )
    token = ask("aws", profile="other")
    assert token.parts["session_token"].startswith("session-")
    assert an_hour(token)
    assert clouds.asked[-1].form["ExternalId"] == "e-1"


def test_aws_web_identity(clouds, monkeypatch, tmp_path):
    (tmp_path / "jwt").write_text("a-jwt")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "jwt"))
    monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
    assert an_hour(ask("aws"))
    (asked,) = clouds.asked
    assert asked.host == "sts.eu-west-1.amazonaws.com"
    assert asked.form["Action"] == "AssumeRoleWithWebIdentity"
    assert asked.form["WebIdentityToken"] == "a-jwt"


def test_aws_container_and_pod_identity(clouds, monkeypatch, tmp_path):
    (tmp_path / "pod").write_text("pod-token")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{clouds.url}/v1/credentials")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(tmp_path / "pod"))
    token = ask("aws")
    assert an_hour(token)
    assert token.parts["session_token"].startswith("session-")
    assert clouds.asked[-1].headers["authorization"] == "pod-token"


def test_aws_instance(clouds, monkeypatch):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "false")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", clouds.url)
    assert an_hour(ask("aws"))
    assert clouds.asked[-1].headers["x-aws-ec2-metadata-token"] == "imds-token"


def test_aws_sso(clouds, tmp_path):
    (tmp_path / "aws-config").write_text(
        "[profile sso]\nsso_start_url=https://me.awsapps.test/start\nsso_region=eu-west-1\n"
        "sso_account_id=123456789012\nsso_role_name=r\n"
    )
    cache = tmp_path / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    name = hashlib.sha1(b"https://me.awsapps.test/start").hexdigest()
    cached = {"accessToken": "sso-token", "expiresAt": "2099-01-01T00:00:00Z"}
    (cache / f"{name}.json").write_text(json.dumps(cached))
    # botocore looks where HOME was when it was imported.
    given = {"region": "eu-west-1", "profile": "sso"}
    asking = f"from extproc.credentials.clouds.aws import ask; print(ask({given}).expires)"
    said = subprocess.run([sys.executable, "-c", asking], capture_output=True, check=True)
    assert an_hour(Token({}, float(said.stdout)))
    assert clouds.asked[-1].headers["x-amz-sso_bearer_token"] == "sso-token"


def test_aws_role_with_a_static_key(clouds):
    given = {"access_key_id": "AKIDBASE", "secret_access_key": "s", "role_arn": ROLE}
    token = ask("aws", **given, session_name="me", external_id="tenant-7")
    assert an_hour(token)
    (asked,) = clouds.asked
    assert asked.host == "sts.eu-west-1.amazonaws.com"
    assert "Credential=AKIDBASE/" in asked.headers["authorization"]
    form = asked.form
    assert (form["Action"], form["RoleArn"], form["RoleSessionName"], form["ExternalId"]) == (
        "AssumeRole",
        ROLE,
        "me",
        "tenant-7",
    )


def test_aws_role_at_an_endpoint_of_ones_own(clouds):
    given = {"access_key_id": "A", "secret_access_key": "s", "role_arn": ROLE}
    assert an_hour(ask("aws", **given, sts_endpoint=clouds.url))
    assert clouds.asked[-1].host == "127.0.0.1"
    assert clouds.asked[-1].form["RoleSessionName"] == "extproc"


def test_aws_bedrock_key_in_the_environment_is_preferred_but_not_to_what_is_configured(
    clouds, monkeypatch
):
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "bedrock-key")
    assert ask("aws").parts == {"bearer": "bedrock-key"}
    given = {"access_key_id": "A", "secret_access_key": "s", "role_arn": ROLE}
    assert "session_token" in ask("aws", **given).parts


def test_aws_without_any_credentials(clouds):
    with pytest.raises(NoToken, match="finds no credentials"):
        ask("aws")


# Google


def test_google_service_account(clouds, tmp_path):
    token = ask("gcp", service_account=service_account(tmp_path / "clouds.key"))
    assert an_hour(token)
    assert token.parts["bearer"].startswith("token-")
    asked = clouds.asked[-1]
    assert asked.host == "oauth2.googleapis.com"
    assert asked.form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"


def test_google_application_default_credentials(clouds, tmp_path, monkeypatch):
    file = tmp_path / "adc.json"
    file.write_text(service_account(tmp_path / "clouds.key"))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    assert an_hour(ask("gcp"))


def test_google_metadata_server(clouds, monkeypatch):
    host = f"127.0.0.1:{clouds.port}"
    for name in ("GCE_METADATA_HOST", "GCE_METADATA_ROOT", "GCE_METADATA_IP"):
        monkeypatch.setenv(name, host)
    monkeypatch.setenv("NO_GCE_CHECK", "false")
    assert an_hour(ask("gcp"))
    assert clouds.asked[-1].path.endswith("/service-accounts/default/token")


def federation(tmp_path, **more) -> str:
    (tmp_path / "subject").write_text("a-jwt")
    return json.dumps(
        {
            "type": "external_account",
            "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": "https://sts.googleapis.com/v1/token",
            "credential_source": {"file": str(tmp_path / "subject")},
            **more,
        }
    )


def test_google_workload_identity_federation(clouds, tmp_path):
    assert an_hour(ask("gcp", service_account=federation(tmp_path)))
    asked = clouds.asked[-1]
    assert asked.host == "sts.googleapis.com"
    assert asked.form["subject_token"] == "a-jwt"


def test_google_federation_that_impersonates(clouds, tmp_path):
    url = (
        "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"
        "her@p.iam.gserviceaccount.com:generateAccessToken"
    )
    text = federation(tmp_path, service_account_impersonation_url=url)
    token = ask("gcp", service_account=text)
    assert token.parts["bearer"].startswith("impersonated-")
    assert [asked.host for asked in clouds.asked] == [
        "sts.googleapis.com",
        "iamcredentials.googleapis.com",
    ]


USER = {"client_id": "c", "client_secret": "s", "refresh_token": "r-1"}
GENERATES = (
    "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"
    "her@p.iam.gserviceaccount.com:generateAccessToken"
)


def test_google_user_of_a_workforce(clouds):
    place = {"token_url": "https://sts.googleapis.com/v1/oauthtoken", "audience": "//iam/locations"}
    whole = {"type": "external_account_authorized_user", **USER, **place}
    assert an_hour(ask("gcp", service_account=json.dumps(whole)))
    asked = clouds.asked[-1]
    assert (asked.host, asked.path) == ("sts.googleapis.com", "/v1/oauthtoken")
    assert asked.form == {"grant_type": "refresh_token", "refresh_token": "r-1"}


def test_google_file_of_an_account_in_whose_name_a_user_asks(clouds):
    whole = {
        "type": "impersonated_service_account",
        "service_account_impersonation_url": GENERATES,
        "source_credentials": {"type": "authorized_user", **USER},
    }
    token = ask("gcp", service_account=json.dumps(whole))
    assert token.parts["bearer"].startswith("impersonated-")
    assert an_hour(token)
    assert [asked.host for asked in clouds.asked] == [
        "oauth2.googleapis.com",
        "iamcredentials.googleapis.com",
    ]
    assert json.loads(clouds.asked[-1].body)["scope"] == [
        "https://www.googleapis.com/auth/cloud-platform"
    ]


@pytest.mark.parametrize("source", [None, "x", {"type": "another"}, {}])
def test_google_file_of_an_account_in_nobodys_name(clouds, source):
    whole = {
        "type": "impersonated_service_account",
        "service_account_impersonation_url": GENERATES,
        "source_credentials": source,
    }
    with pytest.raises((NoToken, google.auth.exceptions.GoogleAuthError)):
        ask("gcp", service_account=json.dumps(whole))
    assert not clouds.asked


def test_google_impersonation(clouds, tmp_path):
    key = service_account(tmp_path / "clouds.key")
    token = ask("gcp", service_account=key, impersonate="her@p.iam.gserviceaccount.com")
    assert token.parts["bearer"].startswith("impersonated-")
    assert an_hour(token)
    asked = clouds.asked[-1]
    assert asked.path.endswith("/her@p.iam.gserviceaccount.com:generateAccessToken")
    assert json.loads(asked.body)["lifetime"] == "3600s"
    assert asked.headers["authorization"].startswith("Bearer token-")


@pytest.mark.parametrize("text", ["no JSON", "[]"])
def test_google_key_that_is_none_is_refused_unseen(clouds, text):
    with pytest.raises(NoToken) as caught:
        ask("gcp", service_account=text)
    assert text not in str(caught.value)


# Microsoft

APPLICATION = {"tenant_id": "tenant-1", "client_id": "client-1"}


def test_entra_client_secret(clouds):
    token = ask("entra", **APPLICATION, client_secret="shh")
    assert an_hour(token)
    asked = clouds.asked[-1]
    assert asked.host == "login.microsoftonline.com"
    assert asked.path == "/tenant-1/oauth2/v2.0/token"
    assert asked.form["client_secret"] == "shh"
    assert asked.form["scope"] == "https://cognitiveservices.azure.com/.default"


@pytest.mark.parametrize(
    ("cloud", "host", "scope"),
    [
        ("government", "login.microsoftonline.us", "https://cognitiveservices.azure.us/.default"),
        ("china", "login.chinacloudapi.cn", "https://cognitiveservices.azure.cn/.default"),
    ],
)
def test_entra_of_other_clouds(clouds, cloud, host, scope):
    assert an_hour(ask("entra", **APPLICATION, client_secret="shh", cloud=cloud))
    assert (clouds.asked[-1].host, clouds.asked[-1].form["scope"]) == (host, scope)


def test_entra_authority_and_scope_of_ones_own(clouds):
    own = {"authority": f"https://127.0.0.1:{clouds.tls_port}", "scope": "https://ai.test/.default"}
    assert an_hour(ask("entra", **APPLICATION, client_secret="shh", **own))
    assert clouds.asked[-1].host == "127.0.0.1"
    assert clouds.asked[-1].form["scope"] == "https://ai.test/.default"


def test_entra_certificate(clouds, tmp_path):
    pem = (tmp_path / "clouds.key").read_text() + (tmp_path / "clouds.pem").read_text()
    assert an_hour(ask("entra", **APPLICATION, certificate=pem))
    asked = clouds.asked[-1]
    assert asked.form["client_assertion"].count(".") == 2
    assert "client_secret" not in asked.form


def test_entra_federated_token(clouds):
    assert an_hour(ask("entra", **APPLICATION, federated_token="a-jwt"))
    assert clouds.asked[-1].form["client_assertion"] == "a-jwt"


@pytest.mark.parametrize("given", [{}, {"client_id": "mine"}])
def test_entra_managed_identity(clouds, monkeypatch, given):
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", clouds.url)
    assert an_hour(ask("entra", managed_identity="True", **given))
    query = clouds.asked[-1].query
    assert query["resource"] == ["https://cognitiveservices.azure.com"]
    assert query.get("client_id") == ([given["client_id"]] if given else None)


def test_entra_chain_of_the_environment(clouds, monkeypatch):
    monkeypatch.setenv("AZURE_TENANT_ID", "tenant-2")
    monkeypatch.setenv("AZURE_CLIENT_ID", "client-2")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "shh")
    assert an_hour(ask("entra"))
    assert clouds.asked[-1].path == "/tenant-2/oauth2/v2.0/token"


def test_entra_chain_with_a_workload_identity(clouds, monkeypatch, tmp_path):
    (tmp_path / "jwt").write_text("a-jwt")
    monkeypatch.setenv("AZURE_TENANT_ID", "tenant-3")
    monkeypatch.setenv("AZURE_CLIENT_ID", "client-3")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "jwt"))
    assert an_hour(ask("entra", client_id="client-4"))
    assert clouds.asked[-1].form["client_assertion"] == "a-jwt"
    assert clouds.asked[-1].form["client_id"] == "client-4"


# OAuth


def test_oauth_client_in_the_header(clouds):
    client = {"client_id": "a client", "client_secret": "s:/%", "auth_style": "header"}
    token = ask("oauth", token_url=f"{clouds.url}/oidc/v1/token", **client, scope="all-apis")
    assert an_hour(token)
    asked = clouds.asked[-1]
    assert asked.form == {"grant_type": "client_credentials", "scope": "all-apis"}
    # base64("a+client:s%3A%2F%25")
    assert asked.headers["authorization"] == "Basic YStjbGllbnQ6cyUzQSUyRiUyNQ=="


def test_oauth_client_in_the_body(clouds):
    client = {"client_id": "c", "client_secret": "s", "auth_style": "body", "audience": "a"}
    assert an_hour(ask("oauth", token_url=f"{clouds.url}/token", **client))
    assert clouds.asked[-1].form == {
        "grant_type": "client_credentials",
        "client_id": "c",
        "client_secret": "s",
        "audience": "a",
    }
    assert "authorization" not in clouds.asked[-1].headers


def test_oauth_api_key_of_ibm(clouds):
    assert an_hour(ask("oauth", token_url=f"{clouds.url}/identity/token", apikey="k"))
    assert clouds.asked[-1].form == {
        "grant_type": "urn:ibm:params:oauth:grant-type:apikey",
        "apikey": "k",
    }


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "no JSON"),
        (200, "[]"),
        (200, '{"access_token": 7}'),
        (200, '{"access_token": "two\\nlines"}'),
        (401, '{"error": "invalid_client", "error_description": "no"}'),
        (302, ""),
        (503, "<html>"),
        (200, "[" * 100_000),
    ],
)
def test_oauth_answer_that_is_no_token(clouds, status, body):
    clouds.failing = (status, body)
    client = {"client_id": "c", "client_secret": "s", "auth_style": "body"}
    with pytest.raises(NoToken):
        ask("oauth", token_url=f"{clouds.url}/token", **client)


def test_oauth_server_that_does_not_end_is_not_listened_to(monkeypatch):
    monkeypatch.setattr(oauth, "TIMEOUT", 1.0)
    for pause, words in ((0.0, "longer than"), (0.2, "has taken longer")):
        piece = b" " * (1 if pause else 65_536)
        with socket.create_server(("127.0.0.1", 0)) as server:
            told = threading.Thread(target=drip, args=(server, piece, pause))
            told.start()
            url = f"http://127.0.0.1:{server.getsockname()[1]}/token"
            with pytest.raises(NoToken, match=words):
                ask("oauth", token_url=url, client_id="c", client_secret="s", auth_style="body")
            told.join(30)
            assert not told.is_alive()


def drip(server: socket.socket, piece: bytes, pause: float) -> None:
    """Answers the one request with `piece`, until nobody listens."""
    peer, _ = server.accept()
    with peer, contextlib.suppress(OSError):
        peer.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
        while True:
            peer.sendall(piece)
            time.sleep(pause)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("60", 60), (60.5, 60.5), (None, 300), ("soon", 300), ("NaN", 300), (-5, 300), (1e99, 300)],
)
def test_oauth_token_lives_as_long_as_is_said(clouds, said, seconds):
    clouds.failing = (200, json.dumps({"access_token": "t", "expires_in": said}))
    client = {"client_id": "c", "client_secret": "s", "auth_style": "body"}
    token = ask("oauth", token_url=f"{clouds.url}/token", **client)
    assert seconds - 10 < lives(token) <= seconds


@pytest.mark.parametrize("kind", ["aws", "gcp", "entra"])
def test_what_the_configuration_says_reaches_who_asks(kind):
    place = {
        "aws": {"provider": "bedrock", "region": "eu-west-1"},
        "gcp": {"provider": "vertex", "region": "global", "project": "p"},
        "entra": {"provider": "azure", "instance": "i"},
    }[kind]
    backend = {**place, "credential": {kind: {}}}
    gateway = parse({"version": 1, "backends": {"b": backend, "c": backend}})
    ((_, wanted),) = wanted_identities(gateway).items()
    assert wanted.backends == ("b", "c")
    assert wanted.identity.kind == kind
