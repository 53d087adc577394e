"""Hosts that can be ones of a private network."""

import pytest

from extproc.config.private import is_private


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:8.8.8.8",
        "64:ff9b::a00:1",
        "localhost",
        "LocalHost.",
        "a.localhost",
        "redis",
        "metadata.google.internal",
        "printer.local",
        "0x7f000001",
        "0x7f.1",
        "router.home.arpa",
    ],
)
def test_what_leads_inside_is_private(host):
    assert is_private(host)


@pytest.mark.parametrize(
    "host",
    ["8.8.8.8", "2606:4700::1111", "api.openai.com", "API.example.com.", "local.example.com"],
)
def test_what_everybody_means_the_same_by_is_not(host):
    assert not is_private(host)
