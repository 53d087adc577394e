"""Places where a server may run."""

from pathlib import Path

import pytest


@pytest.fixture
def place(tmp_path_factory) -> Path:
    """A directory whose path is short enough for a socket."""
    return tmp_path_factory.mktemp("s")
