"""The clouds at home, in the environment of a test."""

import os
from collections.abc import Iterator

import pytest

from tests.extproc.credentials.clouds_at_home import Clouds, running

FOREIGN = ("AWS_", "AZURE_", "GOOGLE_", "GCE_", "IDENTITY_", "MSI_", "CLOUDSDK_")


@pytest.fixture
def clouds(tmp_path, monkeypatch) -> Iterator[Clouds]:
    for name in os.environ:
        if name.startswith(FOREIGN):
            monkeypatch.delenv(name)
    with running(tmp_path) as (found, environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield found
