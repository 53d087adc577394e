"""A real Envoy asks and charges the embedded limiter as the descriptor plan says."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import grpc.aio

from extproc.ratelimit.descriptors import header_rules, rate_limits
from extproc.ratelimit.limiter import Limiter
from extproc.ratelimit.memory import Memory
from extproc.ratelimit.wire import SHOULD_RATE_LIMIT
from tests.extproc.ratelimit.queries import Clock, limit

CONFIG = Path(__file__).with_name("envoy.yaml")
ENVOY = shutil.which("envoy", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")


class Gateway:
    """An Envoy that serves one route, on Unix sockets in `directory`."""

    def __init__(self, directory, limits, **route):
        self.directory = directory
        text = CONFIG.read_text()
        text = text.replace("RULES", json.dumps(header_rules(limits)))
        text = text.replace("LIMITS", json.dumps(rate_limits(limits, **route)))
        self._file = directory / "envoy.yaml"
        self._file.write_text(text.replace("DIRECTORY", str(directory)))

    async def get(self, socket="gateway", **headers):
        """(status, headers, body) of a GET; header values may be bytes."""
        reader, writer = await asyncio.open_unix_connection(self.directory / socket)
        lines = [b"GET /ready HTTP/1.1", b"host: x", b"connection: close"]
        for name, value in headers.items():
            raw = value if isinstance(value, bytes) else value.encode()
            lines.append(name.replace("_", "-").encode() + b": " + raw)
        writer.write(b"\r\n".join([*lines, b"", b""]))
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        first, *rest = head.decode().split("\r\n")
        return int(first.split()[1]), dict(line.split(": ", 1) for line in rest), body

    @asynccontextmanager
    async def running(self):
        command = [ENVOY, "-c", self._file, "--concurrency", "1", "--disable-hot-restart"]
        with subprocess.Popen([*command, "-l", "error"]) as process:
            try:
                async with asyncio.timeout(30):
                    while not await self._ready():
                        assert process.poll() is None, "envoy ended"
                        await asyncio.sleep(0.05)
                yield self
            finally:
                process.terminate()

    async def _ready(self):
        try:
            return (await self.get("admin"))[0] == 200
        except OSError:
            return False


class Watched:
    """A limiter that says how often it was asked."""

    def __init__(self, limiter):
        self._limiter = limiter
        self.asked = 0

    def should_rate_limit(self, message):
        reply = self._limiter.should_rate_limit(message)
        self.asked += 1
        return reply


@asynccontextmanager
async def gateway(factory, *limits, models=("m",), backends=("a", "b")):
    directory = factory.mktemp("e")
    clock = Clock()
    watched = Watched(Limiter(limits, Memory(clock), clock=clock))
    server = grpc.aio.server()

    async def answer(message, context):
        return watched.should_rate_limit(message)

    service, method = SHOULD_RATE_LIMIT.strip("/").split("/")
    handler = grpc.unary_unary_rpc_method_handler(answer)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {method: handler}),)
    )
    server.add_insecure_port(f"unix:{directory}/limiter")
    await server.start()
    try:
        envoy = Gateway(directory, limits, models=models, backends=backends)
        async with envoy.running():
            yield envoy, watched
    finally:
        await server.stop(None)


async def until_asked(watched, times):
    async with asyncio.timeout(10):
        while watched.asked < times:
            await asyncio.sleep(0.01)


async def test_what_is_used_is_charged_and_refused_when_spent(tmp_path_factory):
    spend = limit(amount=50, per=("header:x-user-id", "model"))
    async with gateway(tmp_path_factory, spend, models=None) as (envoy, watched):
        for asked, remaining in [(2, 50), (4, 21)]:
            status, headers, _ = await envoy.get(x_user_id="me", x_ai_model="m")
            assert status == 200
            assert headers["x-ratelimit-remaining-tokens"] == str(remaining)
            assert "retry-after" not in headers
            await until_asked(watched, asked)
        status, headers, body = await envoy.get(x_user_id="me", x_ai_model="m")
        assert status == 429
        assert headers["retry-after"] == "60"
        assert headers["x-ratelimit-limit"] == '50, 50;w=60;name="total_tokens"'
        assert headers["x-ratelimit-remaining"] == "0"
        assert headers["x-ratelimit-reset"] == "60"
        assert headers["x-ratelimit-reset-tokens"] == "1m0s"
        assert json.loads(body)["error"]["message"] == (
            "Rate limit reached: 50 tokens per minute for each x-user-id and model. "
            "Try again in 1m0s."
        )
        assert (await envoy.get(x_user_id="you", x_ai_model="m"))[0] == 200
        assert (await envoy.get(x_ai_model="m"))[0] == 200
    assert "429 tokens\n" in (envoy.directory / "log").read_text()


async def test_cost_requests_and_the_chosen_backend_are_counted(tmp_path_factory):
    limits = [
        limit("cost_usd", 2, per=("client",)),
        limit("requests", 3, per=("client",)),
        limit(amount=30, per=("backend",), name="by-backend"),
    ]
    async with gateway(tmp_path_factory, *limits) as (envoy, watched):
        told = []
        for asked in (2, 4, 5):
            status, headers, _ = await envoy.get(x_ai_client="acme")
            told.append((status, headers["x-ratelimit-remaining-requests"]))
            await until_asked(watched, asked)
        assert told == [(200, "2"), (200, "1"), (429, "1")]
        # Backend b is spent, but a is not: another client goes on.
        assert (await envoy.get(x_ai_client="other"))[0] == 200


async def test_a_header_that_is_not_utf_8_is_limited_like_any_other(tmp_path_factory):
    async with gateway(tmp_path_factory, limit("requests", 1, per=("header:x-user-id",))) as (
        envoy,
        _,
    ):
        answers = [await envoy.get(x_user_id=b"\xff\xfe") for _ in range(2)]
        assert [status for status, _, _ in answers] == [200, 429]
