"""Each rule about credentials: a right configuration, one thing changed, what is then said."""

import sys

import pytest

from tests.extproc.config.test_rules import ONE


def test_a_region_is_needed_for_the_signature_even_with_a_base_url(folder):
    credential = "{aws: {bearer: env:ONE}}"
    changed = f"    provider: bedrock\n    credential: {credential}\n    base_url: https://h\n"
    (said,) = folder.changed(ONE, changed)
    assert said == "gateway.yaml:3: backends.one.region: required by the provider bedrock"


@pytest.mark.parametrize(
    ("lines", "package", "says"),
    [
        (
            "provider: bedrock\n    region: eu-west-1\n    credential: {aws: {}}",
            "botocore",
            "aws: needs the package botocore, not installed: pip install 'extproc[aws]'",
        ),
        (
            "provider: vertex\n    region: global\n    project: p\n    credential: {gcp: {}}",
            "google.auth",
            "gcp: needs the package google.auth, not installed: pip install 'extproc[google]'",
        ),
        (
            "provider: azure\n    instance: i\n    credential: {entra: {}}",
            "azure.identity",
            "entra: needs the package azure.identity, not installed: pip install 'extproc[azure]'",
        ),
    ],
)
def test_an_sdk_that_is_missing_hides_nothing_else_and_is_not_hidden(
    folder, monkeypatch, lines, package, says
):
    assert folder.changed(ONE, f"    {lines}\n") == []
    monkeypatch.setitem(sys.modules, package, None)
    other, identity = folder.changed(ONE, f"    {lines}\n    max_in_flight: 0\n")[::-1]
    assert f"backends.one.credential.{says}" in identity + other
    assert "max_in_flight: must be at least 1" in identity + other


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("bedrock-runtime.eu-west-1.amazonaws.com", "eu-west-1"),
        ("bedrock-runtime-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("bedrock-agent-runtime.ap-southeast-2.amazonaws.com", "ap-southeast-2"),
        ("bedrock-runtime.us-east-1.api.aws", "us-east-1"),
        ("bedrock-runtime.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("vpce-0a-1b.bedrock-runtime.eu-central-1.vpce.amazonaws.com", "eu-central-1"),
    ],
)
def test_a_host_of_amazons_tells_its_region(folder, host, region):
    text = f"    provider: bedrock\n    credential: {{aws: {{}}}}\n    base_url: https://{host}\n"
    assert folder.changed(ONE, text) == []
    assert folder.changed(ONE, f"{text}    region: {region}\n") == []
    (said,) = folder.changed(ONE, f"{text}    region: sa-east-1\n")
    assert said.endswith(
        f"backends.one.region: the host of base_url is in {region}, and asks for it"
    )


def test_a_credential_may_be_left_out_only_where_none_is_needed(folder):
    (said,) = folder.changed("    credential: {api_key: env:ONE}\n", "")
    assert said == (
        "gateway.yaml:3: backends.one.credential: required by the provider openai; "
        "allowed: none, forward, api_key, header, oauth"
    )


@pytest.mark.parametrize(
    ("credential", "says"),
    [
        ("nonne", "names no kind of credential; did you mean 'none'? allowed: none, forward"),
        ("{}", "names no kind of credential; allowed: none, forward, {api_key: …}"),
        ("5", "names no kind of credential; allowed"),
        ("{aws: {}}", "the provider openai takes no such credential; allowed: none, forward"),
        ("{header: X, fallback: {gcp: {}}}", "the provider openai takes no such credential"),
        ("{api_key: []}", "must hold at least 1"),
        ("{api_key: [{ref: env:ONE, weight: 0}]}", "must be at least 1"),
        ("{header: X, fallback: {header: Y}}", "names no kind of credential"),
        ("{oauth: {token_url: 'https://t'}}", "needs client_id and client_secret, or apikey"),
        ("{oauth: {token_url: 'https://t', client_id: c}}", "are given together"),
        ("{oauth: {token_url: t, apikey: env:ONE}}", "must begin with http:// or https://"),
        (
            "{oauth: {token_url: 'https://t', client_id: c, client_secret: env:ONE, "
            "apikey: env:ONE}}",
            "cannot stand beside client_secret",
        ),
        (
            "{header: {access_key_id: a, secret_access_key: b}}",
            "the provider openai takes one key: {header: NAME}",
        ),
    ],
)
def test_a_credential_that_cannot_be_used_is_refused(folder, credential, says):
    (said,) = folder.changed("{api_key: env:ONE}", credential)
    assert "backends.one.credential" in said
    assert says in said


@pytest.mark.parametrize(
    ("options", "key", "says"),
    [
        ("{access_key_id: env:ONE}", "secret_access_key", "given together"),
        ("{session_token: env:ONE}", "access_key_id", "is needed with session_token"),
        ("{session_name: me}", "role_arn", "is needed with session_name"),
        ("{role_arn: nonsense}", "role_arn", "must be a role's ARN"),
        ("{external_id: x1}", "role_arn", "is needed with external_id"),
        ("{sts_endpoint: 'https://sts.test'}", "role_arn", "is needed with sts_endpoint"),
        ("{bearer: env:ONE, profile: p}", "profile", "cannot stand beside bearer"),
    ],
)
def test_parts_of_an_aws_identity_belong_together(folder, options, key, says):
    changed = f"    provider: bedrock\n    region: r\n    credential: {{aws: {options}}}\n"
    (said,) = folder.changed(ONE, changed)
    assert f"backends.one.credential.aws.{key}: " in said
    assert says in said


def test_parts_of_an_entra_identity_belong_together(folder):
    said = folder.changed("{api_key: env:ONE}", "{entra: {client_secret: env:ONE}}")
    keys = [line.split(": ")[1].removeprefix("backends.one.credential") for line in said]
    assert sorted(keys) == ["", ".entra.client_id", ".entra.tenant_id"]
