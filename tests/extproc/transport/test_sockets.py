"""Socket files: ours are made and removed, everybody else's stay."""

import socket
from pathlib import Path

import pytest

from extproc.transport import Endpoint, sockets


def test_a_unix_socket_takes_connections(path: Path) -> None:
    with sockets.listen(Endpoint(path=str(path))), socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(path))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_tcp_socket_takes_connections(host: str) -> None:
    with (
        sockets.listen(Endpoint(host=host)) as listener,
        socket.create_connection(listener.getsockname()[:2]) as peer,
    ):
        assert peer.getpeername() == listener.getsockname()


def test_a_socket_of_another_kind_is_left_alone(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(str(path))
        with pytest.raises(OSError, match="in use"):
            sockets.listen(Endpoint(path=str(path)))
        assert path.is_socket()


def test_a_directory_that_is_missing_is_an_error(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sockets.listen(Endpoint(path=str(path / "below")))


def test_only_our_own_file_is_removed(path: Path) -> None:
    with sockets.listen(Endpoint(path=str(path))):
        ours = sockets.identity(str(path))
        path.unlink()
        with sockets.listen(Endpoint(path=str(path))):
            sockets.unlink(str(path), ours)
            assert path.is_socket()
            sockets.unlink(str(path), sockets.identity(str(path)))
            assert not path.exists()


def test_a_file_that_is_gone_already_is_no_error(path: Path) -> None:
    with sockets.listen(Endpoint(path=str(path))):
        ours = sockets.identity(str(path))
        path.unlink()
        sockets.unlink(str(path), ours)
    assert sockets.identity(str(path)) is None
