"""A simulator and the official client before it."""

from collections.abc import Iterator

import httpx
import openai
import pytest

from extproc.lab.simulator import RunningSimulator


@pytest.fixture
def sim() -> Iterator[RunningSimulator]:
    with RunningSimulator() as running:
        yield running


@pytest.fixture
def client(sim) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{sim.url}/v1", api_key="key", max_retries=0) as made:
        yield made


@pytest.fixture
def web(sim) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sim.url, timeout=10) as made:
        yield made
