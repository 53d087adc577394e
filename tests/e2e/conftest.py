"""A real Envoy, the server, and simulated providers behind them, for each transport."""

import os
from collections import Counter
from collections.abc import Iterator

import openai
import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.listener import IN_LISTENER, Placed

TRANSPORTS = ("lean", "grpcio")
"""Both are tried where connections, streams, sizes or ends matter; else the one by default."""
ENV = {**os.environ, "KEY_A": "sk-key-of-a", "KEY_B": "sk-key-of-b"}
APART = pytest.StashKey[Counter[str]]()
MESSAGES = [{"role": "user", "content": "hello there"}]


if IN_LISTENER:
    Local.placed = Placed.placed


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What a filter of somebody's listener does not do by nature is not asked of it."""
    if not IN_LISTENER:
        return
    apart = [item for item in items if item.get_closest_marker("at_clusters")]
    config.hook.pytest_deselected(items=apart)
    config.stash[APART] = Counter(item.get_closest_marker("at_clusters").args[0] for item in apart)
    items[:] = [item for item in items if not item.get_closest_marker("at_clusters")]


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    """Why they were not."""
    for why, count in config.stash.get(APART, {}).items():
        terminalreporter.write_line(f"at clusters alone: {why} ({count})")


class Gateway:
    """A running gateway with its two providers."""

    def __init__(self, local: Local, a: RunningSimulator, b: RunningSimulator) -> None:
        self.local = local
        self.a = a
        self.b = b

    def client(self, **options) -> openai.OpenAI:
        settings = {"api_key": "client-key", "max_retries": 0, "timeout": 30, **options}
        return openai.OpenAI(base_url=f"{self.local.url}/v1", **settings)

    def async_client(self, **options) -> openai.AsyncOpenAI:
        settings = {"api_key": "client-key", "max_retries": 0, "timeout": 30, **options}
        return openai.AsyncOpenAI(base_url=f"{self.local.url}/v1", **settings)

    def record(self, **wanted) -> dict:
        """The newest access log record that has all of `wanted`."""
        return self.local.record(**wanted)


def config(a: str, b: str, **more) -> dict:
    """Two backends, and routes that use one of them, both, or each after the other."""
    return {
        "backends": {
            "a": {"provider": "openai", "base_url": a, "credential": {"api_key": "env:KEY_A"}},
            "b": {
                "provider": "openai-compatible",
                "base_url": f"{b}/api/v1",
                "credential": {"api_key": "env:KEY_B"},
            },
        },
        "routes": [
            {
                "models": ["small"],
                "backends": [{"backend": "a", "model": "gpt-4o-mini"}],
                "price": {"input": 2.5, "output": 10},
            },
            {"models": ["same"], "backends": [{"backend": "a"}]},
            {"models": ["other"], "backends": [{"backend": "b", "model": "llama"}]},
            {
                "models": ["robust", "tough-*", "/^any-[0-9]+$/"],
                "backends": [
                    {"backend": "a", "model": "gpt-4o"},
                    {"backend": "b", "model": "llama", "priority": 1},
                ],
                "retry": {
                    "attempts": 2,
                    "on": ["5xx", "429", "connect-failure", "reset", "timeout"],
                    "per_try_timeout": "2s",
                },
            },
        ],
        **more,
    }


def start(transport: str, **more) -> Iterator[Gateway]:
    """A gateway on `transport`; `more` goes into gateway.yaml."""
    extproc = {"transport": transport, **more.pop("extproc", {})}
    with (
        RunningSimulator(name="a") as a,
        RunningSimulator(name="b") as b,
        Local(config(a.url, b.url, extproc=extproc, **more), ENV) as local,
    ):
        yield Gateway(local, a, b)


@pytest.fixture(scope="module", params=TRANSPORTS)
def gateway(request) -> Iterator[Gateway]:
    yield from start(request.param)
