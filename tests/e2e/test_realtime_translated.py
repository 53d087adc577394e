"""Sessions whose two sides speak different formats, by the vendors' SDKs through a real Envoy."""

import asyncio
import base64
import os
from collections.abc import Iterator

import openai
import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.test_realtime import ENV, KEY, PRICE, WAIT, Talking, plain_to_provider

SOUND = base64.b64encode(b"\0\1" * 2400).decode()


@pytest.fixture(scope="module")
def talking() -> Iterator[Talking]:
    with RunningSimulator(keys=frozenset({ENV["KEY"]})) as sim:
        backends = {
            "gemini": {"provider": "gemini", "base_url": sim.url, "credential": KEY},
            "vertex": {
                "provider": "vertex",
                "project": "p",
                "region": "r",
                "base_url": sim.url,
                "credential": {"gcp": {"access_token": "env:KEY"}},
            },
        }
        config = {
            "backends": backends,
            "routes": [
                {
                    "models": [f"{name}-*"],
                    "backends": [{"backend": name, "model": "gemini-2.0-live"}],
                    "price": PRICE,
                }
                for name in backends
            ],
        }
        with Local(config, {**os.environ, **ENV}) as local:
            yield Talking(local, sim)


async def until(connection, last: str) -> list:
    """All events up to one of this type."""
    found: list = []
    while not found or found[-1].type != last:
        found.append(await asyncio.wait_for(connection.recv(), WAIT))
    return found


async def say(connection, text: str) -> None:
    part = {"type": "input_text", "text": text}
    await connection.conversation.item.create(
        item={"type": "message", "role": "user", "content": [part]}
    )


@pytest.mark.parametrize("name", ["gemini", "vertex"])
def test_openais_sdk_writes_with_gemini(talking, name):
    model = f"{name}-written"

    async def talk() -> list:
        async with talking.client().realtime.connect(model=model) as connection:
            setting = {"type": "realtime", "instructions": "hi", "output_modalities": ["text"]}
            await connection.session.update(session=setting)
            await say(connection, "hello")
            await connection.response.create()
            first = await until(connection, "response.done")
            await say(connection, "again")
            await connection.response.create()
            return first + await until(connection, "response.done")

    events = asyncio.run(talk())
    kinds = [event.type for event in events]
    assert kinds[:6] == [
        "session.created",
        "session.updated",
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
        "response.output_item.added",
    ]
    assert len({event.event_id for event in events}) == len(events)
    done = [event.response for event in events if event.type == "response.done"]
    assert [one.output[0].content[0].text for one in done] == ["sim says this"] * 2
    assert [(one.usage.input_tokens, one.usage.output_tokens) for one in done] == [(9, 3), (12, 3)]
    record = talking.record(request_model=model)
    assert (record["input_tokens"], record["output_tokens"]) == (21, 6)
    assert record["cost_nanousd"] == 21 * 2000 + 6 * 10000
    assert record["estimated"] is False
    plain_to_provider(talking.sim.requests[-1])
