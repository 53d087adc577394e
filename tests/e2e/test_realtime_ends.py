"""How sessions between formats end, and frames that make it hard, through a real Envoy."""

import asyncio
import json
from collections.abc import Iterator

import pytest
import websockets
from websockets.asyncio.client import connect

from providers.wire.websocket import LARGEST
from tests.e2e.listener import needs_translated_sessions
from tests.e2e.talking import CREATE, LIVE, WAIT, Talking, answered, plain_to_provider, translated

pytestmark = needs_translated_sessions


@pytest.fixture(scope="module")
def talking() -> Iterator[Talking]:
    with translated() as one:
        yield one


def test_a_budget_that_gemini_uses_up_ends_openais_session(talking):
    async def talk() -> tuple[list, websockets.Close | None]:
        url = f"{talking.url}/v1/realtime?model=gemini-limited"
        events = []
        async with connect(url, additional_headers={"x-user": "tom"}) as socket:
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await socket.send(CREATE)
                while True:
                    events.append(json.loads(await asyncio.wait_for(socket.recv(), WAIT)))
                    done = [event["type"] == "response.done" for event in events]
                    if done[-1] and sum(done) == 1:
                        await socket.send(CREATE)
            return events, closed.value.rcvd

    events, closed = asyncio.run(talk())
    assert [event["type"] for event in events[-2:]] == ["response.done", "error"]
    assert events[-1]["error"]["type"] == "tokens"
    assert closed is not None
    assert (closed.code, closed.reason[:18]) == (1008, "Rate limit reached")
    # 9 and 3 tokens, then 12 and 3: a session may exceed a budget by one answer.
    record = talking.record(request_model="gemini-limited", total_tokens=27)
    assert record["error_type"] == "rate_limit"


def test_a_budget_that_openai_uses_up_ends_googles_session(talking):
    async def talk() -> websockets.Close | None:
        url = f"{talking.url}/{LIVE}?model=openai-limited"
        async with connect(url, additional_headers={"x-user": "ann"}) as socket:
            await socket.send('{"setup": {"model": "models/openai-limited"}}')
            await asyncio.wait_for(socket.recv(), WAIT)
            with pytest.raises(websockets.ConnectionClosed) as closed:
                while True:
                    await socket.send('{"clientContent": {"turnComplete": true}}')
                    while b"turnComplete" not in await asyncio.wait_for(socket.recv(), WAIT):
                        pass
            return closed.value.rcvd

    closed = asyncio.run(talk())
    assert closed is not None
    assert (closed.code, closed.reason[:18]) == (1008, "Rate limit reached")
    assert talking.record(request_model="openai-limited", total_tokens=39)


@pytest.mark.parametrize("farewell", [(1011, "out of order"), ()])
def test_gemini_hangs_up_and_an_openai_client_learns_why(talking, farewell):
    model = f"gemini-left-{len(farewell)}"

    async def talk() -> tuple[list, websockets.Close | None]:
        events = []
        async with connect(f"{talking.url}/v1/realtime?model={model}") as socket:
            await answered(socket)
            talking.sim.hang_up(*farewell)
            with pytest.raises(websockets.ConnectionClosed) as closed:
                while True:
                    events.append(json.loads(await asyncio.wait_for(socket.recv(), WAIT)))
            return events, closed.value.rcvd

    events, closed = asyncio.run(talk())
    said = [event["error"]["message"] for event in events if event["type"] == "error"]
    assert said == ["out of order"] * bool(farewell)
    assert (closed.code if closed else None) == (farewell[0] if farewell else None)
    assert talking.record(request_model=model)["total_tokens"] == 12


def test_an_openai_client_that_drops_the_connection_is_charged(talking):
    async def talk() -> None:
        socket = await connect(f"{talking.url}/v1/realtime?model=gemini-dropped")
        await answered(socket)
        socket.transport.abort()

    asyncio.run(talk())
    assert talking.record(request_model="gemini-dropped")["total_tokens"] == 12


def test_a_client_that_says_goodbye_hears_it_from_the_provider(talking):
    async def talk() -> websockets.Close | None:
        async with connect(f"{talking.url}/v1/realtime?model=gemini-goodbye") as socket:
            await answered(socket)
        return socket.protocol.close_rcvd

    closed = asyncio.run(talk())
    assert closed is None or closed.code == 1000
    assert talking.record(request_model="gemini-goodbye")["total_tokens"] == 12


def test_a_client_that_waits_is_greeted_when_it_pings(talking):
    offered = ["realtime", "openai-insecure-api-key.of-the-client"]

    async def talk() -> tuple[str, str | None]:
        url = f"{talking.url}/v1/realtime?model=gemini-greeted"
        async with connect(url, subprotocols=offered) as socket:
            await (await socket.ping())
            greeting = json.loads(await asyncio.wait_for(socket.recv(), WAIT))
            return greeting["type"], socket.subprotocol

    assert asyncio.run(talk()) == ("session.created", "realtime")
    request = talking.sim.requests[-1]
    assert not request.header("sec-websocket-protocol")
    plain_to_provider(request)


def test_messages_in_pieces_and_long_ones_are_whole_on_the_other_side(talking):
    text = "x" * 300_000
    part = {"type": "input_text", "text": text}
    item = json.dumps(
        {
            "type": "conversation.item.create",
            "item": {"type": "message", "role": "user", "content": [part]},
        }
    )

    async def talk() -> list:
        events = []
        async with connect(f"{talking.url}/v1/realtime?model=gemini-pieces") as socket:
            await socket.send([item[:7], item[7:150_000], item[150_000:]])
            await socket.ping()
            await socket.send([CREATE[:3], CREATE[3:]])
            while not events or events[-1]["type"] != "response.done":
                events.append(json.loads(await asyncio.wait_for(socket.recv(), WAIT)))
        return events

    events = asyncio.run(talk())
    assert events[1]["item"]["content"][0]["text"] == text
    assert events[-1]["response"]["output"][0]["content"][0]["transcript"] == "sim says this"


def test_a_message_that_is_too_long_ends_the_session(talking):
    async def talk() -> websockets.Close | None:
        async with connect(f"{talking.url}/v1/realtime?model=gemini-long") as socket:
            await answered(socket)
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await socket.send("x" * (LARGEST + 1))
                while True:
                    await asyncio.wait_for(socket.recv(), WAIT)
            return closed.value.rcvd

    closed = asyncio.run(talk())
    assert closed is not None
    assert closed.code == 1009
    assert talking.record(request_model="gemini-long")["error_type"] == "too_large"
