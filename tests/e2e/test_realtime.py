"""Realtime sessions by the vendors' own SDKs through a real Envoy: OpenAI, Azure, xAI, Gemini."""

import asyncio
import base64
from collections.abc import Iterator

import openai
import pytest
import websockets
from google import genai
from google.genai import types
from websockets.asyncio.client import connect

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.listener import needs_translated_sessions
from tests.e2e.talking import ENV, KEY, PRICE, WAIT, Talking, in_tls, plain_to_provider


def backends(url: str) -> dict:
    return {
        "openai": {"provider": "openai", "base_url": url, "credential": KEY},
        "xai": {"provider": "xai", "base_url": url, "credential": KEY},
        "azure": {"provider": "azure", "instance": "i", "base_url": url, "credential": KEY},
        "dated": {
            "provider": "azure",
            "instance": "i",
            "api_version": "2024-10-01-preview",
            "base_url": url,
            "credential": KEY,
        },
        "gemini": {"provider": "gemini", "base_url": url, "credential": KEY},
        "vertex": {
            "provider": "vertex",
            "project": "p",
            "region": "r",
            "base_url": url,
            "credential": {"gcp": {"access_token": "env:KEY"}},
        },
        "mute": {"provider": "groq", "base_url": url, "credential": KEY},
        "silent": {
            "provider": "openai",
            "base_url": url,
            "credential": KEY,
            "operations": ["chat"],
        },
    }


UPSTREAM = {"gemini": "gemini-2.0-live", "vertex": "gemini-2.0-live"}


@pytest.fixture(scope="module")
def talking() -> Iterator[Talking]:
    with RunningSimulator(keys=frozenset({ENV["KEY"]})) as sim:
        made = backends(sim.url)
        config = {
            "backends": made,
            "routes": [
                {
                    "models": [f"at-{name}", f"{name}-*"],
                    "backends": [{"backend": name, "model": UPSTREAM.get(name, "gpt-realtime")}],
                    "price": PRICE,
                }
                for name in made
            ],
        }
        with Local(config, ENV) as local:
            yield Talking(local, sim)


async def ask(connection, **response) -> list[str]:
    """The types of all events up to the end of one response."""
    await connection.response.create(response=response or openai.omit)
    found = []
    while not found or found[-1] != "response.done":
        event = await asyncio.wait_for(connection.recv(), WAIT)
        found.append(event.type)
    return found


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("openai", "/v1/realtime?model=gpt-realtime"),
        ("xai", "/v1/realtime?model=gpt-realtime"),
        ("azure", "/openai/v1/realtime?model=gpt-realtime"),
        (
            "dated",
            "/openai/realtime?api-version=2024-10-01-preview&deployment=gpt-realtime",
        ),
    ],
)
def test_openais_sdk_talks_to_every_vendor_of_its_format(talking, name, target):
    model = f"{name}-text"

    async def talk() -> None:
        async with talking.client().realtime.connect(model=model) as connection:
            greeting = await asyncio.wait_for(connection.recv(), WAIT)
            assert greeting.type == "session.created"
            await connection.session.update(session={"type": "realtime", "instructions": "hi"})
            assert (await asyncio.wait_for(connection.recv(), WAIT)).type == "session.updated"
            assert (await ask(connection)).count("response.output_text.delta") == 5
            await ask(connection)

    asyncio.run(talk())
    record = talking.record(request_model=model)
    # Twice: 12 and 17 tokens asked, 5 answered.
    assert (record["input_tokens"], record["output_tokens"]) == (29, 10)
    assert record["cost_nanousd"] == 29 * 2000 + 10 * 10000
    assert record["estimated"] is False
    assert (record["status"], record["operation"], record["backend"]) == (101, "realtime", name)
    request = talking.sim.requests[-1]
    assert request.target == target
    assert request.header("api-key" if name in ("azure", "dated") else "authorization").endswith(
        ENV["KEY"]
    )
    plain_to_provider(request)


def test_sound_passes_both_ways_and_what_was_heard_is_charged(talking):
    sound = base64.b64encode(b"\0\1" * 240_000).decode()

    async def talk() -> None:
        async with talking.client().realtime.connect(model="openai-sound") as connection:
            await asyncio.wait_for(connection.recv(), WAIT)
            await connection.input_audio_buffer.append(audio=sound)
            await connection.input_audio_buffer.commit()
            speech = await asyncio.wait_for(connection.recv(), WAIT)
            assert speech.type == "input_audio_buffer.speech_started"
            heard = await asyncio.wait_for(connection.recv(), WAIT)
            assert heard.usage.seconds == 10
            events = await ask(connection, output_modalities=["audio"])
            assert events.count("response.output_audio.delta") == 5

    asyncio.run(talk())
    record = talking.record(request_model="openai-sound")
    assert (record["input_tokens"], record["output_tokens"]) == (12, 5)


@pytest.mark.parametrize("farewell", [(1001, "going away"), ()])
def test_a_provider_hangs_up_and_what_was_used_is_charged(talking, farewell):
    model = f"openai-left-{len(farewell)}"

    async def talk() -> int | None:
        async with connect(f"{talking.url}/v1/realtime?model={model}") as socket:
            await asyncio.wait_for(socket.recv(), WAIT)
            await socket.send('{"type": "response.create"}')
            while '"response.done"' not in await asyncio.wait_for(socket.recv(), WAIT):
                pass
            talking.sim.hang_up(*farewell)
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await asyncio.wait_for(socket.recv(), WAIT)
            return closed.value.rcvd.code if closed.value.rcvd else None

    assert asyncio.run(talk()) == (farewell[0] if farewell else None)
    assert talking.record(request_model=model)["total_tokens"] == 17


def test_a_client_that_drops_the_connection_is_charged(talking):
    async def talk() -> None:
        socket = await connect(f"{talking.url}/openai/v1/realtime?model=openai-dropped")
        await socket.send('{"type": "response.create"}')
        while '"response.done"' not in await asyncio.wait_for(socket.recv(), WAIT):
            pass
        socket.transport.abort()

    asyncio.run(talk())
    assert talking.record(request_model="openai-dropped")["total_tokens"] == 17


@pytest.mark.parametrize("name", ["gemini", "vertex"])
@pytest.mark.parametrize("modality", ["TEXT", "AUDIO"])
def test_googles_sdk_talks_live(talking, name, modality, tmp_path):
    model = f"{name}-{modality.lower()}"

    async def talk() -> list[bytes | str | None]:
        async with in_tls(talking.local.port, tmp_path) as (url, trusted):
            http = types.HttpOptions(
                base_url=url, headers={"x-ai-model": model}, async_client_args={"ssl": trusted}
            )
            client = genai.Client(api_key="of-the-client", http_options=http)
            config = {"response_modalities": [modality]}
            async with client.aio.live.connect(model=model, config=config) as session:
                turn = types.Content(role="user", parts=[types.Part(text="hello")])
                await session.send_client_content(turns=turn, turn_complete=True)
                return [part.data or part.text async for part in session.receive()]

    said = [part for part in asyncio.run(asyncio.wait_for(talk(), WAIT)) if part]
    assert said == ["sim ", "says ", "this"] if modality == "TEXT" else len(said) == 3
    record = talking.record(request_model=model)
    assert (record["input_tokens"], record["output_tokens"]) == (9, 3)
    assert record["estimated"] is False
    request = talking.sim.requests[-1]
    assert ("google.cloud.aiplatform" in request.target) == (name == "vertex")
    plain_to_provider(request)


def test_a_first_message_that_names_another_model_ends_the_session(talking):
    place = "ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"

    async def talk(model: str, setup: str) -> None:
        async with connect(f"{talking.url}/{place}?model={model}") as socket:
            await socket.send(setup)
            # The provider's farewell is lost where it closes the connection with it.
            with pytest.raises(websockets.ConnectionClosed):
                await asyncio.wait_for(socket.recv(), WAIT)

    for number, setup in enumerate(
        ['{"setup": {"model": "models/at-openai"}}', "no json", '{"realtimeInput": {}}']
    ):
        asyncio.run(talk(f"gemini-odd-{number}", setup))
        record = talking.record(request_model=f"gemini-odd-{number}")
        assert record["error_type"] == "invalid_request"
        assert record["total_tokens"] == 0


def test_a_first_message_in_pieces_is_one_message(talking):
    place = "ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"

    async def talk() -> bytes:
        async with connect(f"{talking.url}/{place}?model=at-gemini&key=of-the-client") as socket:
            await socket.ping()
            await socket.send(['{"setup": {"mo', 'del": "models/at-', 'gemini"}}'])
            return await asyncio.wait_for(socket.recv(), WAIT)

    assert b"setupComplete" in asyncio.run(talk())
    plain_to_provider(talking.sim.requests[-1])


def test_browsers_keys_stay_here_and_the_protocol_is_agreed(talking):
    offered = ["realtime", "openai-insecure-api-key.of-the-client", "openai-project.mine"]

    async def talk() -> str | None:
        url = f"{talking.url}/v1/realtime?model=at-openai"
        async with connect(url, subprotocols=offered) as socket:
            return socket.subprotocol

    assert asyncio.run(talk()) == "realtime"
    request = talking.sim.requests[-1]
    assert request.header("sec-websocket-protocol") == "realtime"
    plain_to_provider(request)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/realtime", 400),
        ("/v1/realtime?model=", 400),
        ("/v1/realtime?model=nobody", 404),
        ("/v1/realtime?model=at-mute", 404),
        ("/v1/realtime?model=at-silent", 404),
        pytest.param(
            "/v1/realtime?model=at-gemini&intent=transcription",
            400,
            marks=needs_translated_sessions,
        ),
        ("/v1/chat/completions?model=at-openai", 403),
        ("/healthz", 403),
    ],
)
def test_no_session_begins_elsewhere(talking, path, status):
    async def talk() -> int:
        with pytest.raises(websockets.InvalidStatus) as refused:
            await connect(f"{talking.url}{path}")
        return refused.value.response.status_code

    assert asyncio.run(talk()) == status


def test_what_the_provider_refuses_is_said(talking):
    async def talk() -> websockets.http11.Response:
        with pytest.raises(websockets.InvalidStatus) as refused:
            url = f"{talking.url}/v1/realtime?model=openai-odd"
            await connect(url, subprotocols=["something"])
        return refused.value.response

    response = asyncio.run(talk())
    assert response.status_code == 400
    assert b"Unknown sub-protocol" in response.body
    assert talking.record(request_model="openai-odd")["error_type"] == "invalid_request"
