"""Listening sockets, and the socket files of those that have one."""

import errno
import os
import socket
import stat
from pathlib import Path

from extproc.transport import Endpoint

BACKLOG = 1024


def listen(endpoint: Endpoint) -> socket.socket:
    """A bound, listening socket; OSError if the address is taken."""
    if endpoint.listener is not None:
        return endpoint.listener.dup()
    if endpoint.path:
        return _listen_unix(Path(endpoint.path))
    family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
    return socket.create_server((endpoint.host, endpoint.port), family=family, backlog=BACKLOG)


def _listen_unix(path: Path) -> socket.socket:
    remove_stale(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def remove_stale(path: Path) -> None:
    """Removes the socket file of a server that is gone; anything else stays where it is."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        except FileNotFoundError:
            return
        except OSError as error:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE), str(path)) from error
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE), str(path))


def identity(path: str) -> tuple[int, int] | None:
    """Which socket file stands at a path, so that only our own is removed later."""
    try:
        found = Path(path).lstat()
    except FileNotFoundError:
        return None
    return (found.st_dev, found.st_ino) if stat.S_ISSOCK(found.st_mode) else None


def unlink(path: str, ours: tuple[int, int] | None) -> None:
    """Removes the socket file if it is still the one that we made."""
    if ours is not None and identity(path) == ours:
        Path(path).unlink(missing_ok=True)
