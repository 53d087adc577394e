"""Sessions whose two sides speak different formats, by the vendors' SDKs through a real Envoy."""

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
import websockets
from google import genai
from google.genai import errors, types
from websockets.asyncio.client import connect

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from providers.wire.websocket import LARGEST
from tests.e2e.test_realtime import ENV, KEY, PRICE, WAIT, Talking, in_tls, plain_to_provider

UPSTREAM = {
    "openai": "gpt-realtime",
    "gemini": "gemini-2.0-live",
    "vertex": "gemini-2.0-live",
}
MANY = 100
SOUND = base64.b64encode(b"\0\1" * 2400).decode()


@pytest.fixture(scope="module")
def talking() -> Iterator[Talking]:
    with RunningSimulator(keys=frozenset({ENV["KEY"]})) as sim:
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
        config = {
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


def test_openais_sdk_hears_gemini_speak(talking):
    async def talk() -> list:
        async with talking.client().realtime.connect(model="gemini-spoken") as connection:
            heard = {"transcription": {"model": "whisper-1"}, "turn_detection": None}
            setting = {"type": "realtime", "audio": {"input": heard}}
            await connection.session.update(session=setting)
            await connection.input_audio_buffer.append(audio=SOUND)
            await connection.input_audio_buffer.append(audio=SOUND)
            await connection.input_audio_buffer.commit()
            await connection.response.create()
            return await until(connection, "response.done")

    events = asyncio.run(talk())
    by_kind = {event.type: event for event in events}
    updated = by_kind["session.updated"]
    assert updated.x_ai_dropped_params == ["audio.input.transcription.model"]
    sounds = [event.delta for event in events if event.type == "response.output_audio.delta"]
    assert sounds == [SOUND] * 3
    transcript = by_kind["response.output_audio_transcript.done"].transcript
    assert transcript == "sim says this"
    committed = by_kind["input_audio_buffer.committed"]
    heard = by_kind["conversation.item.input_audio_transcription.delta"]
    assert (heard.item_id, heard.delta) == (committed.item_id, "heard")
    usage = by_kind["response.done"].response.usage
    assert usage.output_token_details.audio_tokens == 3
    record = talking.record(request_model="gemini-spoken")
    assert (record["input_tokens"], record["output_tokens"]) == (9, 3)


def test_gemini_finds_out_by_itself_who_speaks(talking):
    async def talk() -> list:
        async with talking.client().realtime.connect(model="gemini-detected") as connection:
            await connection.input_audio_buffer.append(audio=SOUND)
            await connection.input_audio_buffer.commit()
            return await until(connection, "response.done")

    kinds = [event.type for event in asyncio.run(talk())]
    assert kinds.index("input_audio_buffer.committed") < kinds.index("response.created")


def test_gemini_calls_a_function_of_an_openai_client(talking):
    tool = {"type": "function", "name": "weather", "parameters": {"type": "object"}}

    async def talk() -> tuple[list, list]:
        async with talking.client().realtime.connect(model="gemini-calls") as connection:
            setting = {"type": "realtime", "tools": [tool], "output_modalities": ["text"]}
            await connection.session.update(session=setting)
            await say(connection, "the weather, please")
            await connection.response.create()
            first = await until(connection, "response.done")
            call = first[-1].response.output[0]
            assert (call.type, call.name) == ("function_call", "weather")
            assert call.arguments == '{"place":"here"}'
            output = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
            await connection.conversation.item.create(item=output)
            await connection.response.create()
            return first, await until(connection, "response.done")

    first, second = asyncio.run(talk())
    assert "response.function_call_arguments.done" in [event.type for event in first]
    assert second[-1].response.output[0].content[0].text == "sim says this"


def test_a_user_interrupts_gemini(talking):
    async def talk() -> list:
        async with talking.client().realtime.connect(model="gemini-broken") as connection:
            await say(connection, "tell it slowly")
            await connection.response.create()
            events = await until(connection, "response.output_audio.delta")
            await connection.input_audio_buffer.append(audio=SOUND)
            return events + await until(connection, "response.done")

    events = asyncio.run(talk())
    assert events[-1].response.status == "cancelled"
    assert events[-1].response.status_details.reason == "turn_detected"
    kinds = [event.type for event in events]
    assert kinds.index("input_audio_buffer.speech_started") < kinds.index("response.done")


def test_what_gemini_cannot_take_is_an_error_and_the_session_goes_on(talking):
    async def talk() -> list:
        async with talking.client().realtime.connect(model="gemini-odd") as connection:
            setting = {"type": "realtime", "output_modalities": ["text"]}
            await connection.session.update(session={**setting, "tool_choice": "required"})
            await connection.session.update(session={**setting, "temperatur": 1})
            await connection.session.update(session=setting)
            await connection.session.update(session={**setting, "instructions": "otherwise"})
            await connection.conversation.item.truncate(
                item_id="item", content_index=0, audio_end_ms=1
            )
            await connection.response.create()
            return await until(connection, "response.done")

    events = asyncio.run(talk())
    faults = [event.error for event in events if event.type == "error"]
    assert [fault.param for fault in faults] == [
        "tool_choice",
        "session.temperatur",
        "session",
        "type",
    ]
    assert "instructions" in faults[2].message
    assert events[-1].response.status == "completed"


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


@pytest.mark.parametrize("modality", ["TEXT", "AUDIO"])
def test_googles_sdk_talks_with_openai(talking, modality, tmp_path):
    model = f"openai-{modality.lower()}"

    async def talk() -> tuple[list, list]:
        setting = {
            "response_modalities": [modality],
            "system_instruction": "hi",
            "output_audio_transcription": {},
        }
        async with live(talking, tmp_path, model, **setting) as session:
            await session.send_client_content(turns=turn("hello"))
            first = await heard(session)
            await session.send_client_content(turns=turn("again"))
            return first, await heard(session)

    first, second = asyncio.run(talk())
    said = [message.text for message in first if message.text]
    sounds = [message.data for message in first if message.data]
    assert (said, len(sounds)) == ((["sim "] * 5, 0) if modality == "TEXT" else ([], 5))
    written = [m.server_content.output_transcription for m in first if m.server_content]
    assert len(list(filter(None, written))) == (0 if modality == "TEXT" else 5)
    used = [messages[-1].usage_metadata for messages in (first, second)]
    assert [(u.prompt_token_count, u.response_token_count) for u in used] == [(12, 5), (17, 5)]
    record = talking.record(request_model=model)
    assert (record["input_tokens"], record["output_tokens"]) == (29, 10)
    request = talking.sim.requests[-1]
    assert request.target == "/v1/realtime?model=gpt-realtime"
    plain_to_provider(request)


def test_openai_hears_what_googles_sdk_records(talking, tmp_path):
    sound = types.Blob(data=b"\0\1" * 1600, mime_type="audio/pcm;rate=16000")

    async def talk() -> list:
        setting = {"response_modalities": ["TEXT"], "input_audio_transcription": {}}
        async with live(talking, tmp_path, "openai-heard", **setting) as session:
            await session.send_realtime_input(audio=sound)
            await session.send_realtime_input(audio_stream_end=True)
            return await heard(session)

    messages = asyncio.run(talk())
    written = [m.server_content.input_transcription for m in messages if m.server_content]
    assert [one.text for one in written if one] == ["heard"]
    record = talking.record(request_model="openai-heard")
    assert (record["input_tokens"], record["output_tokens"]) == (12, 5)


def test_googles_sdk_says_itself_when_its_user_speaks(talking, tmp_path):
    sound = types.Blob(data=b"\0\1" * 2400, mime_type="audio/pcm;rate=24000")

    async def talk() -> list:
        detection = {"automatic_activity_detection": {"disabled": True}}
        setting = {"response_modalities": ["TEXT"], "realtime_input_config": detection}
        async with live(talking, tmp_path, "openai-manual", **setting) as session:
            await session.send_realtime_input(activity_start=types.ActivityStart())
            await session.send_realtime_input(audio=sound)
            await session.send_realtime_input(activity_end=types.ActivityEnd())
            return await heard(session)

    assert [message.text for message in asyncio.run(talk()) if message.text] == ["sim "] * 5


def test_openai_calls_a_function_of_googles_sdk(talking, tmp_path):
    tool = {"function_declarations": [{"name": "weather", "parameters": {"type": "OBJECT"}}]}

    async def talk() -> tuple[list, list]:
        setting = {"response_modalities": ["TEXT"], "tools": [tool]}
        async with live(talking, tmp_path, "openai-calls", **setting) as session:
            await session.send_client_content(turns=turn("the weather, please"))
            messages = []
            async for message in session.receive():
                messages.append(message)
                if message.tool_call:
                    call = message.tool_call.function_calls[0]
                    result = types.FunctionResponse(
                        id=call.id, name=call.name, response={"result": "sunny"}
                    )
                    await session.send_tool_response(function_responses=[result])
            return call, messages

    call, messages = asyncio.run(asyncio.wait_for(talk(), WAIT))
    assert (call.name, call.args) == ("weather", {"place": "here"})
    assert [message.text for message in messages if message.text] == ["sim "] * 5


def test_what_is_new_ends_what_openai_says(talking, tmp_path):
    async def talk() -> tuple[list, list]:
        setting = {"response_modalities": ["TEXT"]}
        async with live(talking, tmp_path, "openai-broken", **setting) as session:
            await session.send_client_content(turns=turn("tell it slowly"))
            await asyncio.wait_for(anext(session.receive()), WAIT)
            await session.send_client_content(turns=turn("stop"))
            return await heard(session), await heard(session)

    broken, whole = asyncio.run(talk())
    assert broken[0].server_content.interrupted
    assert len([message for message in whole if message.text]) == 5


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"tools": [{"google_search": {}}]}, "google"),
        ({"session_resumption": {"handle": "h"}}, "resumed"),
        ({"response_modalities": ["IMAGE"]}, "text or in audio"),
    ],
)
def test_what_openai_cannot_take_ends_googles_session(talking, setting, words, tmp_path):
    model = f"openai-odd-{len(words)}"

    async def talk() -> errors.APIError:
        with pytest.raises(errors.APIError) as ended:
            async with live(talking, tmp_path, model, **setting):
                pass
        return ended.value

    error = asyncio.run(asyncio.wait_for(talk(), WAIT))
    assert error.code == 1007
    assert words in str(error)
    assert talking.record(request_model=model)["error_type"] == "invalid_request"


CREATE = '{"type": "response.create"}'
LIVE = "ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"


async def answered(socket) -> dict:
    """The end of one more response."""
    await socket.send(CREATE)
    while True:
        event = json.loads(await asyncio.wait_for(socket.recv(), WAIT))
        if event["type"] == "response.done":
            return event


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


def test_many_sessions_are_translated_at_once(talking):
    async def one(number: int) -> int:
        async with connect(f"{talking.url}/v1/realtime?model=gemini-many") as socket:
            for _ in range(2):
                await answered(socket)
            if number % 2:
                socket.transport.abort()
            return 1

    async def all_of_them() -> int:
        return sum(await asyncio.gather(*map(one, range(MANY))))

    assert asyncio.run(all_of_them()) == MANY

    def told() -> bool:
        found = [r for r in talking.local.records() if r["request_model"] == "gemini-many"]
        return len(found) == MANY and all(r["total_tokens"] == 27 for r in found)

    talking.local.wait_for(told, "a record for each session")
