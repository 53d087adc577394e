"""A Redis of one's own."""

import shutil
import socket
import subprocess
import time
from contextlib import suppress

import pytest


class Server:
    """A redis-server on a Unix socket; its data are gone when it stops."""

    def __init__(self, directory):
        self.socket = directory / "redis.sock"
        self.url = f"redis+unix://{self.socket}"
        self._process = None

    def start(self):
        binary = shutil.which("redis-server")
        assert binary, "these tests need redis-server (apt-get install redis-server)"
        quiet = ["--port", "0", "--save", "", "--dir", "/", "--enable-debug-command", "yes"]
        command = [binary, *quiet, "--unixsocket", self.socket]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not self._answers():
            assert self._process.poll() is None, "redis-server ended"
            assert time.monotonic() < deadline, "redis-server did not start"
            time.sleep(0.02)

    def _answers(self):
        with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
            client.connect(str(self.socket))
            client.sendall(b"PING\r\n")
            return client.recv(7) == b"+PONG\r\n"

    def sleep(self, seconds):
        """Lets it do nothing else for so long; returns when it has begun."""
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.socket))
            client.sendall(b"PING\r\nDEBUG SLEEP %.2f\r\n" % seconds)
            assert client.recv(7) == b"+PONG\r\n"

    @property
    def pid(self):
        return self._process.pid

    def stop(self):
        if self._process:
            self._process.terminate()
            self._process.wait(10)
            self._process = None


@pytest.fixture
def redis_server(tmp_path_factory):
    # A Unix socket's path must be short.
    server = Server(tmp_path_factory.mktemp("r"))
    server.start()
    yield server
    server.stop()
