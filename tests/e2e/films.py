"""A gateway before those who make films."""

import os

import openai

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator

ENV = {
    **os.environ,
    "KEY_A": "sk-key-of-a",
    "KEY_B": "sk-key-of-b",
    "IDS": "a secret that signs ids",
    "ANN": "key-of-ann",
    "BOB": "key-of-bob",
}


class Gateway:
    """Some providers behind one gateway."""

    def __init__(self, local: Local, **simulators: RunningSimulator) -> None:
        self.local = local
        self.simulators = simulators

    def client(self, key: str = "any", **headers: str) -> openai.OpenAI:
        return openai.OpenAI(
            base_url=f"{self.local.url}/v1",
            api_key=key,
            max_retries=0,
            timeout=30,
            default_headers=headers,
        )

    def record(self, **wanted: object) -> dict:
        return self.local.record(**wanted)


def backend(provider: str, name: str, simulator: RunningSimulator, **more: object) -> dict:
    credential = {"api_key": f"env:KEY_{name.upper()}"}
    return {"provider": provider, "base_url": simulator.url, "credential": credential, **more}


def route(model: str, backend: str, upstream: str) -> dict:
    entry = {"backend": backend, "model": upstream}
    return {"models": [model], "backends": [entry], "price": {"second": 0.1}}


def done(client: openai.OpenAI, id: str) -> openai.types.Video:
    """The film, after as many looks as the simulator wants."""
    for _ in range(3):
        video = client.videos.retrieve(id)
    return video
