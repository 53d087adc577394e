"""`extproc serve` as a process: what it listens on, and how it ends."""

import socket
import time

import grpc
import pytest

from extproc.lab.local import free_port
from extproc.process.service import HEALTH, SERVING
from tests.extproc.process.server import orphans, serving, until
from tests.extproc.transport.certificates import Authority


def check(channel: grpc.Channel) -> bytes:
    call = channel.unary_unary(HEALTH)
    return call(b"", timeout=20, wait_for_ready=True)


@pytest.mark.parametrize("transport", ["lean", "grpcio"])
def test_it_answers_health_checks_on_its_socket_and_ends_at_sigterm(place, transport):
    with serving(place, transport=transport) as server:
        with grpc.insecure_channel(f"unix:{place}/s/worker-0.sock") as channel:
            assert check(channel) == SERVING
        assert server.stop() == 0


def test_a_tcp_port_wants_the_clients_certificate(place):
    authority = Authority(place)
    certificate, key = authority.issue("server")
    mine, my_key = authority.issue("client")
    port = free_port()
    tls = {"certificate": str(certificate), "key": str(key), "client_ca": str(place / "ca.pem")}
    with serving(place, tcp={"host": "127.0.0.1", "port": port, "tls": tls}):
        root = (place / "ca.pem").read_bytes()
        known = grpc.ssl_channel_credentials(root, my_key.read_bytes(), mine.read_bytes())
        with grpc.secure_channel(f"127.0.0.1:{port}", known) as channel:
            assert check(channel) == SERVING
        unknown = grpc.ssl_channel_credentials(root)
        with (
            grpc.secure_channel(f"127.0.0.1:{port}", unknown) as channel,
            pytest.raises(grpc.RpcError),
        ):
            channel.unary_unary(HEALTH)(b"", timeout=5)


def test_the_sockets_are_for_their_owner_only(place):
    with serving(place):
        path = place / "s" / "worker-0.sock"
        until(path.exists, "the socket")
        assert path.parent.stat().st_mode & 0o077 == 0
        with socket.socket(socket.AF_UNIX) as one:
            one.connect(str(path))


@pytest.mark.parametrize("moment", [0.0, 0.01, 0.05, 0.3])
def test_no_child_outlives_a_parent_that_was_killed(place, moment):
    with serving(place, workers=3):
        until((place / "s" / "worker-2.sock").exists, "the sockets")
        time.sleep(moment)
    until(lambda: not orphans(place), "the children's end")
