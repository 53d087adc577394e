"""TLS on both sides of a real Envoy."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from extproc.render.tls import SYSTEM_CA, system_ca
from tests.extproc.render.support import Envoy, Provider, backend, route, running

CERTIFICATES = Path(__file__).parent / "certificates"
CA = str(CERTIFICATES / "ca.pem")
OTHER_CA = str(CERTIFICATES / "other.pem")
SERVER = {
    "certificate": str(CERTIFICATES / "server.pem"),
    "key": str(CERTIFICATES / "server.key"),
}
CLIENT = {
    "certificate": str(CERTIFICATES / "client.pem"),
    "key": str(CERTIFICATES / "client.key"),
}


def server_context(*, client_ca: bool = False) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(SERVER["certificate"], SERVER["key"])
    context.set_alpn_protocols(["http/1.1"])
    if client_ca:
        context.load_verify_locations(CA)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest.fixture(scope="module")
def envoy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Envoy]:
    names: list[str | None] = []
    context = server_context()
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    secure, mutual, plain = (
        Provider(tls=context),
        Provider(tls=server_context(client_ca=True)),
        Provider(),
    )

    def https(provider: Provider, host: str = "localhost", **tls: Any) -> dict[str, Any]:
        return backend(provider.port, base_url=f"https://{host}:{provider.port}", tls=tls)

    settings = {
        "backends": {
            "own-ca": https(secure, ca=CA),
            "system-ca": https(secure),
            "insecure": https(secure, insecure=True),
            "address": https(secure, "127.0.0.1", ca=CA),
            "sni": https(secure, "127.0.0.1", ca=CA, sni="provider.test"),
            "wrong-name": https(secure, ca=CA, sni="other.test"),
            "mutual": https(mutual, ca=CA, **CLIENT),
            "no-certificate": https(mutual, ca=CA),
            "plain": backend(plain.port),
        },
        "routes": [
            *(
                route([name], name)
                for name in (
                    "own-ca",
                    "system-ca",
                    "insecure",
                    "address",
                    "sni",
                    "wrong-name",
                    "mutual",
                    "no-certificate",
                )
            ),
            route(["mixed"], "wrong-name", "plain"),
            route(["both"], "wrong-name", "own-ca"),
        ],
    }
    with running(settings, tmp_path_factory.mktemp("tls"), ca=OTHER_CA) as envoy:
        envoy.server_names = names
        yield envoy
    for provider in (secure, mutual, plain):
        provider.stop()


@pytest.mark.parametrize(
    ("model", "status", "name"),
    [
        ("own-ca", 200, "localhost"),
        ("insecure", 200, "localhost"),
        ("address", 200, None),
        ("sni", 200, "provider.test"),
        ("wrong-name", 503, "other.test"),
        ("system-ca", 503, "localhost"),
    ],
)
def test_a_providers_certificate_is_checked(
    envoy: Envoy, model: str, status: int, name: str | None
) -> None:
    assert envoy.chat(model).status == status
    assert envoy.server_names[-1] == name


def test_a_client_certificate_is_shown_where_there_is_one(envoy: Envoy) -> None:
    assert envoy.chat("mutual").status == 200
    assert envoy.chat("no-certificate").status in (502, 503)


def test_backends_with_and_without_tls_stand_in_one_route(envoy: Envoy) -> None:
    assert envoy.chat("mixed").status == 200
    assert envoy.server.asked[-1].backend == "plain"
    assert envoy.chat("both").status == 200
    assert envoy.server.asked[-1].backend == "own-ca"


def test_clients_are_served_by_https(tmp_path: Path) -> None:
    provider = Provider()
    settings = {
        "listen": {"tls": SERVER},
        "backends": {"b": backend(provider.port)},
        "routes": [route(["m"], "b")],
    }
    with running(settings, tmp_path) as envoy:
        envoy.tls = ssl.create_default_context(cafile=CA)
        assert envoy.chat("m").status == 200
    provider.stop()


def test_clients_must_show_a_certificate_where_that_is_asked(tmp_path: Path) -> None:
    provider = Provider()
    settings = {
        "listen": {"tls": {**SERVER, "client_ca": CA}},
        "backends": {"b": backend(provider.port)},
        "routes": [route(["m"], "b")],
    }
    with running(settings, tmp_path) as envoy:
        envoy.tls = ssl.create_default_context(cafile=CA)
        with pytest.raises(OSError):
            envoy.chat("m")
        envoy.tls.load_cert_chain(CLIENT["certificate"], CLIENT["key"])
        assert envoy.chat("m").status == 200
    provider.stop()


def test_the_authorities_of_the_system_are_found(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("")
    assert system_ca([str(tmp_path / "absent"), str(bundle)]) == str(bundle)
    assert system_ca([str(tmp_path / "absent")]) == SYSTEM_CA[0]
