"""Clients that hang up at random moments, by the thousand: `python -m tests.e2e.storm --help`."""

import argparse
import asyncio
import itertools
import json
import random
import socket
import struct
import sys
from collections import Counter
from collections.abc import Sequence

from tests.e2e.conftest import MESSAGES
from tests.e2e.tapes.clients import CLIENTS
from tests.e2e.tapes.providers import TAPES

SMALL, LARGE = 1_000, 100_000
PATIENCE = 60.0
"""Seconds that one client may take on a machine that is busy."""
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER that makes close() send RST instead of FIN."""


def requests() -> list[bytes]:
    """Each size, whole and streamed, ready to send."""
    made = []
    for size in (SMALL, LARGE):
        for stream in (False, True):
            filler = [{"role": "system", "content": "x" * size}]
            order = '[[sim: {"tokens": 40}]] go'
            messages = [*filler, {**MESSAGES[0], "content": order}]
            body = json.dumps({"model": "robust", "stream": stream, "messages": messages})
            head = (
                "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nx-user-id: storm\r\n"
                f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
            )
            made.append(head.encode() + body.encode())
    return made


def translated() -> list[bytes]:
    """Each client's dialect to each provider's that is played, whole and streamed."""
    made = []
    for client, provider, way in itertools.product(CLIENTS, TAPES, ("whole", "streamed")):
        path, body = CLIENTS[client].request(provider, way == "streamed")
        head = (
            f"POST {path} HTTP/1.1\r\nhost: gateway\r\nx-user-id: storm\r\n"
            f"user-agent: case/{client}/{provider}/{way}\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


async def one(port: int, data: bytes, chance: random.Random) -> str:
    """One client: how it left."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        moment = chance.random()
        if moment < 0.25:
            writer.write(data[: chance.randrange(len(data))])
            await writer.drain()
            return "left while asking"
        writer.write(data)
        await writer.drain()
        if moment < 0.5:
            await asyncio.sleep(chance.random() * 0.01)
            return "left before the answer"
        if moment < 0.8:
            await reader.read(chance.randrange(1, 4_000))
            return "left in the answer"
        head = await reader.readuntil(b"\r\n\r\n")
        return f"stayed for {head.split(b' ', 2)[1].decode()}"
    except (ConnectionError, asyncio.IncompleteReadError):
        return "was left"
    finally:
        if chance.random() < 0.5:
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.transport.abort() if chance.random() < 0.5 else writer.close()


async def storm(
    port: int, count: int, clients: int = 32, seed: int = 1, made: Sequence[bytes] = ()
) -> Counter[str]:
    """`count` requests by `clients` at a time; `made`: what they ask."""
    chance = random.Random(seed)
    bodies = made or requests()
    ways: Counter[str] = Counter()
    left = iter(range(count))

    async def client() -> None:
        for _ in left:
            async with asyncio.timeout(PATIENCE):
                ways[await one(port, chance.choice(bodies), chance)] += 1

    await asyncio.gather(*(client() for _ in range(clients)))
    return ways


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=32)
    options = parser.parse_args()
    print(asyncio.run(storm(options.port, options.count, options.clients)), file=sys.stderr)


if __name__ == "__main__":
    main()
