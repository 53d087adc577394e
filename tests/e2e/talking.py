"""What tests of realtime sessions share: gateways that hold them, and the vendors' clients."""

import asyncio
import base64
import json
import os
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import openai
from google import genai
from google.genai import types

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.extproc.transport.certificates import Authority

ENV = {**os.environ, "KEY": "sk-key-of-the-gateway"}
KEY = {"api_key": "env:KEY"}
WAIT = 20
PRICE = {"input": 2.0, "output": 10.0}
UPSTREAM = {
    "openai": "gpt-realtime",
    "gemini": "gemini-2.0-live",
    "vertex": "gemini-2.0-live",
}
SOUND = base64.b64encode(b"\0\1" * 2400).decode()
CREATE = '{"type": "response.create"}'
LIVE = "ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"


class Talking:
    def __init__(self, local: Local, sim: RunningSimulator) -> None:
        self.local, self.sim = local, sim
        self.url = f"ws://127.0.0.1:{local.port}"

    def client(self) -> openai.AsyncOpenAI:
        return openai.AsyncOpenAI(base_url=f"{self.local.url}/v1", api_key="of-the-client")

    def record(self, **wanted) -> dict:
        return self.local.record(**wanted)


def translating(sim: RunningSimulator) -> dict:
    """The configuration of a gateway whose backends speak OpenAI's format and Google's."""
    backends = {
        "openai": {"provider": "openai", "base_url": sim.url, "credential": KEY},
        "gemini": {"provider": "gemini", "base_url": sim.url, "credential": KEY},
        "vertex": {
            "provider": "vertex",
            "project": "p",
            "region": "r",
            "base_url": sim.url,
            "credential": {"gcp": {"access_token": "env:KEY"}},
        },
    }
    return {
        "backends": backends,
        "routes": [
            {
                "models": [f"{name}-*"],
                "backends": [{"backend": name, "model": UPSTREAM[name]}],
                "price": PRICE,
            }
            for name in backends
        ],
        "limits": [{"per": "header:x-user", "tokens": 20, "every": "month"}],
        "limiter": {"storage": "memory"},
    }


@contextmanager
def translated() -> Iterator[Talking]:
    """Such a gateway."""
    with (
        RunningSimulator(keys=frozenset({ENV["KEY"]})) as sim,
        Local(translating(sim), ENV) as local,
    ):
        yield Talking(local, sim)


@asynccontextmanager
async def in_tls(port: int, directory: Path) -> AsyncIterator[tuple[str, ssl.SSLContext]]:
    """(URL, what to trust): TLS before a port, for Google's SDK talks in nothing else."""
    certificate, key = Authority(directory).issue("door")
    inside = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    inside.load_cert_chain(certificate, key)

    async def pass_on(reader, writer) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def through(reader, writer) -> None:
        behind = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pass_on(reader, behind[1]), pass_on(behind[0], writer))

    async with await asyncio.start_server(through, "127.0.0.1", 0, ssl=inside) as server:
        at = server.sockets[0].getsockname()[1]
        trusted = ssl.create_default_context(cafile=str(directory / "ca.pem"))
        yield f"https://127.0.0.1:{at}", trusted


def plain_to_provider(request) -> None:
    """Nothing of the client's own, and nothing of ours, has gone to the provider."""
    assert "of-the-client" not in f"{request.target} {request.headers}"
    assert not [name for name, _ in request.headers if name.startswith(("x-ai-", "x-stainless"))]
    assert not request.header("sec-websocket-extensions")


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


@asynccontextmanager
async def live(talking, directory, model: str, **config) -> AsyncIterator:
    """A session of Google's SDK."""
    async with in_tls(talking.local.port, directory) as (url, trusted):
        http = types.HttpOptions(
            base_url=url, headers={"x-ai-model": model}, async_client_args={"ssl": trusted}
        )
        client = genai.Client(api_key="of-the-client", http_options=http)
        async with client.aio.live.connect(model=model, config=config) as session:
            yield session


async def heard(session) -> list:
    """All messages of a turn."""

    async def every() -> list:
        return [message async for message in session.receive()]

    return await asyncio.wait_for(every(), WAIT)


def turn(text: str) -> types.Content:
    return types.Content(role="user", parts=[types.Part(text=text)])


async def answered(socket) -> dict:
    """The end of one more response."""
    await socket.send(CREATE)
    while True:
        event = json.loads(await asyncio.wait_for(socket.recv(), WAIT))
        if event["type"] == "response.done":
            return event
