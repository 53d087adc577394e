"""Real agents and frameworks through a real Envoy to every kind of provider: `make agents`."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agents.clients.order import order
from tests.agents.programs import PROGRAMS, settle
from tests.agents.world import UPSTREAMS, gateway

CLIENTS = Path(__file__).parent / "clients"
INSTALLED = Path(os.environ.get("AGENTS", ".agents")).absolute()
"""Where `make agents` has put the clients."""
LIMIT = 240
"""Seconds for one run of a program; on a busy machine some take a minute only to begin."""
pytestmark = pytest.mark.timeout(2 * LIMIT + 60)
FRAMEWORKS = {
    "with_ai_sdk.mjs": ("openai", "chat", "anthropic", "google", "bedrock", "compatible"),
    "with_langchain.py": ("openai", "responses", "anthropic", "google", "bedrock"),
    "with_pydantic_ai.py": ("chat", "responses", "anthropic", "google", "bedrock"),
    "with_instructor.py": ("openai", "anthropic", "google"),
    "with_openai_agents.py": ("chat", "responses"),
    "with_llama_index.py": ("openai", "anthropic"),
    "with_litellm.py": ("openai", "anthropic", "gemini"),
}
"""Driver → the formats that it speaks."""


@pytest.fixture(scope="module", params=UPSTREAMS)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with gateway(request.param) as running:
        yield running


def run(command: list[str], work: Path, environment: dict[str, str]) -> str:
    """What a command says; fails where it fails or takes too long."""
    done = subprocess.run(
        command,
        cwd=work,
        env={"PATH": f"{INSTALLED}/node_modules/.bin:{os.environ['PATH']}", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_agent_reads_a_file_and_is_asked_again(name: str, url: str, tmp_path: Path):
    program = PROGRAMS[name]
    work = settle(program, tmp_path, url)
    environment = {"HOME": str(tmp_path), "TERM": "dumb", **program.environment(url)}
    said = run([*program.command, program.reads], work, environment)
    assert "teal" in said
    assert "heard" in run([*program.more, order("and then?")], work, environment)


TROUBLES = [
    {"status": 429, "retry_after": 1},
    {"status": 503},
    {"drop": "mid", "after": 2, "text": "one two three four five six"},
]
"""What a provider does to the first requests for an answer."""


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_agent_asks_again_where_its_provider_fails(name: str, url: str, tmp_path: Path):
    program = PROGRAMS[name]
    work = settle(program, tmp_path, url)
    environment = {"HOME": str(tmp_path), "TERM": "dumb", **program.environment(url)}
    asked = order("what now?", fails=TROUBLES)
    assert "heard" in run([*program.command, asked], work, environment)


@pytest.mark.parametrize(
    ("driver", "client"), [(name, each) for name, spoken in FRAMEWORKS.items() for each in spoken]
)
def test_a_framework_does_all_that_it_can(driver: str, client: str, url: str, tmp_path: Path):
    copy = shutil.copytree(CLIENTS, INSTALLED / "drivers", dirs_exist_ok=True)
    by = "node" if driver.endswith(".mjs") else f"{INSTALLED}/python/bin/python"
    said = run([by, str(copy / driver), client, url], tmp_path, {"HOME": str(tmp_path)})
    failed = [line for line in said.splitlines() if line.startswith("failed")]
    assert not failed, "\n".join(failed)
    assert "ok" in said
