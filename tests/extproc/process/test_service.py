"""The ext_proc service over both transports, where a request's body must wait for its media."""

import asyncio
import json
from pathlib import Path

import grpc
import grpc.aio
import pytest
from envoy.service.ext_proc.v3 import external_processor_pb2 as pb

from extproc.exchange.proof import BACKEND, CALL
from extproc.process.service import EXT_PROC, HEALTH, ExtProcCall, Health, services
from extproc.transport import Endpoint
from providers.errors import InvalidRequest
from providers.neutral.media import Data
from tests.extproc.transport.services import SERVE, until
from tests.plans import CHAT, exchange, plan, served

URL = "https://media.test/a.png"
PIXEL = Data(base64="iVBORw0KGgo=", media_type="image/png")
FILTER = "envoy.filters.http.ext_proc"


def picture(url=URL):
    """A request's body."""
    parts = [{"type": "text", "text": "hi"}, {"type": "image_url", "image_url": {"url": url}}]
    return {"model": "small", "messages": [{"role": "user", "content": parts}]}


def headers():
    message = pb.ProcessingRequest()
    for name, value in ((":method", "POST"), (":path", CHAT)):
        message.request_headers.headers.headers.add(key=name, raw_value=value.encode())
    fields = message.attributes[FILTER].fields
    fields[BACKEND].string_value = "up"
    fields[CALL].string_value = f"body\n{CHAT}\nsmall"
    return message.SerializeToString()


def body(content):
    message = pb.ProcessingRequest()
    message.request_body.body = json.dumps(content).encode()
    message.request_body.end_of_stream = True
    return message.SerializeToString()


def response_headers(status):
    message = pb.ProcessingRequest()
    message.response_headers.headers.headers.add(key=":status", raw_value=b"%d" % status)
    return message.SerializeToString()


class Media:
    """A fetcher that waits to be told to go on."""

    def __init__(self):
        self.asked = []
        self.given_up = 0
        self.gate = asyncio.Event()
        self.failure = None

    async def __call__(self, links, backend):
        self.asked.append(links)
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        if self.failure is not None:
            raise self.failure
        return {link.url: PIXEL for link in links}


@pytest.fixture
def media():
    return Media()


def new_call(media):
    made = plan(backends={"up": served(provider="ollama", dialects={"chat": "ollama.chat"})})
    return lambda: ExtProcCall(exchange(made, fetching=True), media)


@pytest.fixture(params=["lean", "grpcio"])
async def server(request, media, tmp_path: Path):
    path = tmp_path / "socket"
    server = await SERVE[request.param](
        services(new_call(media), Health()), Endpoint(path=str(path))
    )
    server.path = path
    yield server
    await server.drain(0)


@pytest.fixture
async def channel(server):
    async with grpc.aio.insecure_channel(f"unix:{server.path}") as channel:
        yield channel


def same(message):
    return message


def stream(channel, **options):
    return channel.stream_stream(EXT_PROC, same, pb.ProcessingResponse.FromString)(**options)


async def asked(channel, content):
    """A stream whose request's headers are answered, and whose body is sent."""
    call = stream(channel)
    await call.write(headers())
    assert (await call.read()).WhichOneof("response") == "request_headers"
    await call.write(body(content))
    return call


def sent(reply):
    """The body that goes to the provider."""
    return json.loads(reply.request_body.response.body_mutation.body)


async def test_a_body_waits_for_its_media_and_other_streams_do_not(channel, media):
    waiting = await asked(channel, picture())
    await until(lambda: media.asked)
    other = await asked(channel, {"model": "small", "messages": []})
    assert (await other.read()).WhichOneof("response") == "request_body"
    assert await channel.unary_unary(HEALTH, same, same)(b"") == b"\x08\x01"
    media.gate.set()
    assert sent(await waiting.read())["messages"][0]["images"] == [PIXEL.base64]
    for call in (waiting, other):
        await call.done_writing()
        assert await call.read() is grpc.aio.EOF
        assert await call.code() is grpc.StatusCode.OK


async def test_what_comes_meanwhile_is_answered_afterwards_in_order(channel, media):
    call = await asked(channel, picture())
    await call.write(response_headers(200))
    await until(lambda: media.asked)
    media.gate.set()
    kinds = [(await call.read()).WhichOneof("response") for _ in range(2)]
    assert kinds == ["request_body", "response_headers"]


async def test_a_refused_fetch_is_a_400_in_the_clients_form(channel, media):
    media.failure = InvalidRequest("image_url: not there", param="image_url")
    media.gate.set()
    reply = await (await asked(channel, picture())).read()
    assert reply.immediate_response.status.code == 400
    error = json.loads(reply.immediate_response.body)["error"]
    assert (error["message"], error["param"]) == ("image_url: not there", "image_url")


async def test_a_bug_in_a_fetch_is_a_500_and_no_silence(channel, media):
    media.failure = ZeroDivisionError("secret details")
    media.gate.set()
    call = await asked(channel, picture())
    reply = await call.read()
    assert reply.immediate_response.status.code == 500
    assert b"secret" not in reply.immediate_response.body
    # Envoy may return it through the response path.
    await call.write(response_headers(500))
    assert (await call.read()).WhichOneof("response") == "response_headers"


async def test_a_cancelled_stream_gives_up_its_fetch(channel, media):
    call = await asked(channel, picture())
    await until(lambda: media.asked)
    call.cancel()
    await until(lambda: media.given_up == 1)


async def test_a_lost_connection_gives_up_its_fetches(server, media):
    async with grpc.aio.insecure_channel(f"unix:{server.path}") as channel:
        calls = [await asked(channel, picture()) for _ in range(3)]
        await until(lambda: len(media.asked) == len(calls))
    await until(lambda: media.given_up == 3)


async def test_a_drain_waits_for_a_fetch(server, channel, media):
    call = await asked(channel, picture())
    await until(lambda: media.asked)
    drained = asyncio.create_task(server.drain(30))
    await until(lambda: not server.path.exists())
    media.gate.set()
    assert sent(await call.read())["messages"][0]["images"] == [PIXEL.base64]
    await call.done_writing()
    assert await call.code() is grpc.StatusCode.OK
    await asyncio.wait_for(drained, 10)


async def test_a_drain_waits_no_longer_than_its_grace(server, channel, media):
    call = await asked(channel, picture())
    await until(lambda: media.asked)
    await asyncio.wait_for(server.drain(0.2), 10)
    await until(lambda: media.given_up == 1)
    assert await call.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)


async def test_a_body_without_media_makes_no_task(media):
    call = new_call(media)()
    assert isinstance(call.receive(headers()), bytes)
    before = asyncio.all_tasks()
    assert isinstance(call.receive(body({"model": "small", "messages": []})), bytes)
    assert asyncio.all_tasks() == before
