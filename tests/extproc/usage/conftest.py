"""Databases to store records in."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from extproc.lab.local import free_port
from extproc.usage.store import Store
from tests.extproc.process.server import until

BIN = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
NOBODY = "postgres"
"""PostgreSQL refuses to be run by root."""


def _command(*words: object) -> list[str]:
    own = [*map(str, words)]
    return ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", *own]


class Postgres:
    """One of a test's own, with an empty database; a context manager."""

    def __init__(self) -> None:
        root = os.geteuid() == 0
        self._command = _command if root else lambda *words: [*map(str, words)]
        # Those above a test's own directory are for their owner only.
        self._place = Path(tempfile.mkdtemp(prefix="extproc-"))
        self._port = free_port()
        if root:
            owner = pwd.getpwnam(NOBODY)
            os.chown(self._place, owner.pw_uid, owner.pw_gid)
        options = ("-D", self._data, "-A", "trust", "-U", "us", "-N", "-E", "UTF8")
        made = self._command(BIN[-1] / "initdb", *options)
        subprocess.run(made, check=True, capture_output=True, timeout=100)

    @property
    def _data(self) -> Path:
        return self._place / "d"

    @property
    def url(self) -> str:
        return f"postgresql://us:never-shown@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Returns when it answers."""
        options = ["-D", self._data, "-p", self._port, "-k", self._place, "-h", "127.0.0.1", "-F"]
        self._running = subprocess.Popen(
            self._command(BIN[-1] / "postgres", *options),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self._answers, "PostgreSQL")

    def _answers(self) -> bool:
        ready = [BIN[-1] / "pg_isready", "-h", "127.0.0.1", "-p", str(self._port)]
        return subprocess.run(ready, capture_output=True, check=False).returncode == 0

    def stop(self) -> None:
        """Breaks all connections (an immediate shutdown)."""
        self._running.send_signal(signal.SIGQUIT)
        self._running.wait(30)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._place, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running one."""
    if not BIN:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with Postgres() as found:
        yield found


def emptied(url: str) -> str:
    """The same database, without anything of ours."""
    from sqlalchemy import create_engine, text

    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(text("DROP VIEW IF EXISTS exchanges"))
        connection.execute(text("DROP TABLE IF EXISTS attempts, raw, refused"))
    engine.dispose()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> str:
    """Of an empty store."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/usage.db"
    return emptied(request.getfixturevalue("postgres").url)


@pytest.fixture
def store(url):
    made = Store(url)
    yield made
    made.close()
