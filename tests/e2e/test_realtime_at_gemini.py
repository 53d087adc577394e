"""OpenAI's clients whose sessions Gemini holds, by the SDK through a real Envoy."""

import asyncio
import base64
from collections.abc import Iterator

import pytest
from openai.types.websocket_connection_options import WebSocketConnectionOptions

from providers.wire.g711 import law
from tests.e2e.listener import needs_translated_sessions
from tests.e2e.talking import SOUND, Talking, plain_to_provider, say, translated, until

pytestmark = needs_translated_sessions


@pytest.fixture(scope="module")
def talking() -> Iterator[Talking]:
    with translated() as one:
        yield one


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


def test_openais_sdk_hears_gemini_on_a_telephone(talking):
    async def talk() -> list:
        async with talking.client().realtime.connect(model="gemini-phone") as connection:
            format = {"type": "audio/pcmu"}
            audio = {"input": {"format": format}, "output": {"format": format}}
            await connection.session.update(session={"type": "realtime", "audio": audio})
            await connection.input_audio_buffer.append(audio="/w" * 400)
            await connection.input_audio_buffer.commit()
            return await until(connection, "response.done")

    events = asyncio.run(talk())
    deltas = [event.delta for event in events if event.type == "response.output_audio.delta"]
    # Three times a tenth of a second, 8,000 bytes a second; 256 is nearest to 0xee.
    sounds = b"".join(map(base64.b64decode, deltas))
    assert len(sounds) == 2400
    assert set(sounds[100:-100]) == set(law("u").encode(b"\0\1"))


def test_openais_sdk_is_greeted_though_it_waits(talking):
    """By the pings that keep its connection alive, for Gemini says nothing by itself."""

    async def talk() -> list:
        keeping: WebSocketConnectionOptions = {"ping_interval": 0.2}
        manager = talking.client().realtime.connect(
            model="gemini-waits", websocket_connection_options=keeping
        )
        async with manager as connection:
            greeted = await until(connection, "session.created")
            await connection.response.create()
            return greeted + await until(connection, "response.done")

    events = asyncio.run(talk())
    assert [event.type for event in events].count("session.created") == 1
    assert events[-1].response.status == "completed"


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
