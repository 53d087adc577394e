"""Fetching is tested on the event loop of the workers that fetch."""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

from tests.extproc.fetch.servers import running


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def server():
    async with running() as one:
        yield one
