"""A gateway.yaml that is right, and ways to make it wrong."""

import os
from pathlib import Path

import pytest

from extproc.config import load, problems

RIGHT = """\
version: 1
backends:
  one:
    provider: openai
    credential: {api_key: env:ONE}
  two:
    provider: vllm
    base_url: http://127.0.0.1:8000
routes:
  - models: [small, gpt-4*, "/^claude-.*/"]
    backends:
      - backend: one
      - {backend: two, model: up, priority: 1}
"""

ENVIRONMENT = {"ONE": "secret-one"}


class Folder:
    """A directory with a gateway.yaml, perhaps a clients.yaml."""

    def __init__(self, path: Path) -> None:
        self.gateway = path / "gateway.yaml"
        self.clients = path / "clients.yaml"

    def write(self, text, clients=None):
        self.gateway.write_text(text)
        if clients is not None:
            self.clients.write_text(clients)
        return self.gateway

    def load(self, text):
        return load(self.write(text))

    def problems(self, text, clients=None, environment=ENVIRONMENT):
        return problems(self.write(text, clients), environment=environment)

    def said(self, text, clients=None, environment=ENVIRONMENT):
        """The problems as `check` prints them, without the directory."""
        found = self.problems(text, clients, environment)
        return [str(problem).replace(str(self.gateway.parent) + os.sep, "") for problem in found]

    def changed(self, old, new):
        """What is said when `old` in the right configuration becomes `new`."""
        assert old in RIGHT
        return self.said(RIGHT.replace(old, new, 1))

    def added(self, text):
        """What is said when `text` stands after the right configuration."""
        return self.said(RIGHT + text)


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)
