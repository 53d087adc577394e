"""A gateway that has something to show: requests served, failed, refused, and paid for."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import openai

from extproc.lab.local import Local, free_port
from extproc.lab.simulator import RunningSimulator

KEY = "adm-0123456789"
DORA, MAX = "key-of-dora", "key-of-max"
ENV = {**os.environ, "ADMIN": KEY, "KEY": "sk-key-of-the-gateway", "DORAS": DORA, "MAXS": MAX}
OWN = {"api_key": "env:KEY"}
BUDGET = 1_000_000


def config(clients: Path, port: int, first: str, second: str) -> dict:
    return {
        "backends": {
            "openai": {"provider": "openai", "base_url": first, "credential": OWN},
            "claude": {"provider": "anthropic", "base_url": second, "credential": OWN},
            "away": {"provider": "groq", "credential": {"api_key": "env:NOT_THERE"}},
        },
        "routes": [
            {
                "models": ["smart", "gpt-4o*"],
                "backends": [{"backend": "openai", "model": "gpt-4o-mini"}],
                "price": {"input": 150.0, "output": 600.0},
            },
            {
                "models": ["deep"],
                "backends": [
                    {"backend": "openai", "model": "broken"},
                    {"backend": "claude", "model": "claude-sonnet-4-5", "priority": 1},
                ],
                "price": {"input": 300.0, "output": 1_500.0},
            },
            {"models": ["lost"], "backends": [{"backend": "openai", "model": "broken"}]},
            {"models": ["fast"], "backends": [{"backend": "away", "model": "llama"}]},
        ],
        "limits": [
            {"per": "client", "tokens": BUDGET, "every": "day"},
            {"per": "header:x-team", "cost_usd": 50, "every": "month"},
        ],
        "clients": {"api_keys": {"file": str(clients)}},
        "usage": {"store": "sqlite:///usage.db"},
        "admin": {"port": port, "key": "env:ADMIN", "write": True},
    }


class World:
    """The gateway, and how it is asked."""

    def __init__(self, local: Local, port: int) -> None:
        self.local = local
        self.page = f"http://127.0.0.1:{port}/"

    def ask(self, model: str, key: str = DORA, **more) -> None:
        """A conversation by OpenAI's SDK; what fails, fails."""
        url = f"{self.local.url}/v1"
        client = openai.OpenAI(base_url=url, api_key=key, max_retries=0, timeout=30)
        messages = [{"role": "user", "content": "Why is the sky blue?"}]
        answer = client.chat.completions.create(model=model, messages=messages, **more)
        if more.get("stream"):
            assert [*answer]

    def api(self, path: str, method: str = "GET", **more) -> dict:
        """What the API answers, by itself."""
        headers = {"authorization": f"Bearer {KEY}"}
        answer = httpx.request(
            method, f"{self.page}api/{path}", headers=headers, timeout=60, **more
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def until(self, path: str, seen, what: str) -> dict:
        """What the API answers once that is `seen`."""
        found: list[dict] = []

        def look() -> bool:
            found[:] = [self.api(path)]
            return bool(seen(found[0]))

        self.local.wait_for(look, what)
        return found[0]

    def work(self) -> None:
        """Requests of all kinds, until they are on record."""
        for _ in range(3):
            self.ask("smart")
        self.ask("smart", MAX, stream=True)
        self.ask("deep", MAX)
        for _ in range(2):
            try:
                self.ask("lost")
            except openai.InternalServerError:
                continue
        self.until("traffic", lambda said: sum(one["requests"] for one in said["minutes"]) >= 7, "")


@contextmanager
def world(directory: Path) -> Iterator[World]:
    """One that runs; what it asks of Envoy is found at once."""
    clients, port = directory / "clients.yaml", free_port()
    clients.write_text("dora: env:DORAS\nmax: env:MAXS\n")
    fail = {"broken": {"status": 503, "message": "the model is overloaded"}}
    with (
        RunningSimulator(by_model=fail) as first,
        RunningSimulator() as second,
        Local(config(clients, port, first.url, second.url), ENV, static=False) as local,
    ):
        one = World(local, port)
        local.wait_for(lambda: _listens(one.page), "the page")
        yield one


def _listens(page: str) -> bool:
    try:
        return httpx.get(page, timeout=5).status_code == 200
    except httpx.TransportError:
        return False
