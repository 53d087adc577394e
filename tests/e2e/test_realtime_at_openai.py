"""Google's clients whose sessions OpenAI holds, by the SDK through a real Envoy."""

import asyncio
from collections.abc import Iterator

import pytest
from google.genai import errors, types

from tests.e2e.listener import needs_translated_sessions
from tests.e2e.talking import WAIT, Talking, heard, live, plain_to_provider, translated, turn

pytestmark = needs_translated_sessions


@pytest.fixture(scope="module")
def talking() -> Iterator[Talking]:
    with translated() as one:
        yield one


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
