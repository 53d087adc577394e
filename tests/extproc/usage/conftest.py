"""Databases to store records in."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

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


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A PostgreSQL of the test's own; the URL of an empty database."""
    if not BIN:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    root = os.geteuid() == 0
    command = _command if root else lambda *words: [*map(str, words)]
    # Those above a test's own directory are for their owner only.
    place = Path(tempfile.mkdtemp(prefix="extproc-"))
    data, port = place / "d", free_port()
    if root:
        owner = pwd.getpwnam(NOBODY)
        os.chown(place, owner.pw_uid, owner.pw_gid)
    made = command(BIN[-1] / "initdb", "-D", data, "-A", "trust", "-U", "us", "-N", "-E", "UTF8")
    subprocess.run(made, check=True, capture_output=True, timeout=100)
    options = ["-D", data, "-p", port, "-k", place, "-h", "127.0.0.1", "-F"]
    running = subprocess.Popen(
        command(BIN[-1] / "postgres", *options),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    ready = [BIN[-1] / "pg_isready", "-h", "127.0.0.1", "-p", str(port)]
    try:
        until(lambda: subprocess.run(ready, capture_output=True, check=False).returncode == 0, "it")
        yield f"postgresql://us:never-shown@127.0.0.1:{port}/postgres"
    finally:
        running.terminate()
        running.wait(30)
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> str:
    """Of an empty store."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/usage.db"
    from sqlalchemy import create_engine, text

    found: str = request.getfixturevalue("server")
    engine = create_engine(found.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(text("DROP VIEW IF EXISTS exchanges"))
        connection.execute(text("DROP TABLE IF EXISTS attempts, raw"))
    engine.dispose()
    return found


@pytest.fixture
def store(url):
    made = Store(url)
    yield made
    made.close()
