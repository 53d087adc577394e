"""Which secrets of the server's machine metadata may name."""

import pytest

from extproc.config import ConfigError, Gateway, parse
from extproc.config.nameable import unnameable


def naming(*references: str) -> Gateway:
    backend = {"provider": "openai", "credential": {"api_key": [*references]}}
    return parse({"version": 1, "backends": {"a": backend}})


def refused(allowed: list[str] | None, *references: str) -> list[str]:
    """Those of `references` that may not be named."""
    found = [flaw.location[-2] for flaw in unnameable(naming(*references), allowed)]
    return [one for number, one in enumerate(references) if number in found]


def test_by_default_the_usual_names_of_providers_keys_may_be_named():
    good = ("env:OPENAI_API_KEY", "env:ANTHROPIC_API_KEY", "env:HF_TOKEN", "env:AZURE_API_KEY")
    assert refused(None, *good) == []
    bad = ("env:DATABASE_URL", "env:OPENAI_API_KEY_2", "env:STRIPE_API_KEY", "env:openai_api_key")
    assert refused(None, *bad) == [*bad]
    files = ("file:/run/secrets/openai", "file:/proc/self/environ")
    assert refused(None, *files) == [*files]


def test_an_operator_says_which_instead():
    allowed = ["env:AI_*", "env:ONE", "file:/keys/", "file:/etc/ai.key"]
    good = (
        "env:AI_",
        "env:AI_KEY",
        "env:ONE",
        "file:/keys/a",
        "file:/keys/a/b",
        "file:/etc/ai.key",
    )
    assert refused(allowed, *good) == []
    bad = ("env:AI", "env:ONE_MORE", "env:OPENAI_API_KEY", "file:/keys", "file:/keys2/a")
    bad += ("file:/etc/ai.key.old", "file:/etc/ai.key/x", "file:/AI_KEY")
    assert refused(allowed, *bad) == [*bad]
    assert refused([], "env:OPENAI_API_KEY") == ["env:OPENAI_API_KEY"]


@pytest.mark.parametrize("way", ["../x", "a/../../x", "..", "a/b/../../../etc/passwd", "./../x"])
def test_no_way_leads_out_of_a_folder(way: str):
    assert refused(["file:/keys/"], f"file:/keys/{way}") == [f"file:/keys/{way}"]


def test_secrets_are_found_wherever_they_stand():
    aws = {"access_key_id": "env:A", "secret_access_key": "env:B", "session_token": "env:C"}
    header = {"header": "x-key", "fallback": {"api_key": [{"ref": "env:D", "weight": 2}]}}
    backends = {
        "a": {"provider": "bedrock", "region": "eu-west-1", "credential": {"aws": aws}},
        "b": {"provider": "openai", "credential": header},
    }
    flaws = [*unnameable(parse({"version": 1, "backends": backends}), ["env:E*"])]
    assert [".".join(map(str, flaw.location)) for flaw in flaws] == [
        "backends.a.credential.aws.access_key_id",
        "backends.a.credential.aws.secret_access_key",
        "backends.a.credential.aws.session_token",
        "backends.b.credential.fallback.api_key.0.ref",
    ]


@pytest.mark.parametrize(
    "wrong", ["env:", "env:A*B", "env:1", "A_*", "file:/", "file:/a/../", "file:/a/*", "file:/a//b"]
)
def test_what_would_allow_something_else_is_refused(wrong: str):
    with pytest.raises(ConfigError, match=r"metadata_secrets\[0\]: must be env:NAME"):
        parse({"version": 1, "extproc": {"metadata_secrets": [wrong]}})
