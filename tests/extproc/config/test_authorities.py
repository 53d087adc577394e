"""Certificates that stand in gateway.yaml itself."""

import pytest

from extproc.config import ConfigError
from extproc.config.load import parse
from extproc.render.tls import client_side
from extproc.render.upstream import place_of
from tests.extproc.transport.certificates import Authority


def gateway(**tls):
    backend = {"provider": "vllm", "base_url": "https://vllm.example.com", "tls": tls}
    routes = [{"models": ["m"], "backends": [{"backend": "own"}]}]
    return parse({"version": 1, "backends": {"own": backend}, "routes": routes})


@pytest.fixture
def pem(tmp_path):
    Authority(tmp_path)
    return (tmp_path / "ca.pem").read_text()


def test_they_are_what_envoy_trusts(pem):
    said = gateway(ca_pem=pem).backends["own"].tls
    assert said.ca_pem == pem
    socket = client_side(place_of("https://vllm.example.com"), said, ca="/ca", http2=False)
    trusted = socket.typed_config.unpack().common_tls_context.validation_context.trusted_ca
    assert (trusted.inline_string, trusted.filename) == (pem, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "{0}-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "{0}and more",
    ],
)
def test_nothing_else_is_taken(pem, text):
    with pytest.raises(ConfigError, match="certificate"):
        gateway(ca_pem=text.format(pem))


def test_a_file_and_a_text_are_one_too_many(pem):
    with pytest.raises(ConfigError, match="said by `ca` already"):
        gateway(ca_pem=pem, ca="/ca.pem")
