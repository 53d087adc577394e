"""Frames and messages that nobody should send, in sessions between two formats."""

import copy
from collections.abc import Iterator

import pytest

from providers.errors import BadAnswer
from providers.wire.websocket import BINARY, CONTINUATION, TEXT, frame
from tests.providers.bridging.pairs import KEY, Pair, kinds

CREATE = b'{"type": "response.create"}'
JUNK = (None, True, -1, 1.5, 10**30, "", "x", "\ud83d\ude00", [], [1], [[]], {}, {"x": 1}, [{}])


def opening(first: int, data: bytes) -> bytes:
    return bytes([first]) + data[1:]


HOSTILE = {
    "not masked": (frame(TEXT, CREATE), "a frame is not masked"),
    "compressed": (opening(0xC1, frame(TEXT, CREATE, KEY)), "a frame of no known kind"),
    "of no kind": (frame(0x3, CREATE, KEY), "a frame of no known kind"),
    "control of no kind": (frame(0xB, b"", KEY), "a frame of no known kind"),
    "goes on": (frame(CONTINUATION, CREATE, KEY), "a message has no beginning"),
    "begins twice": (
        opening(0x01, frame(TEXT, b"{", KEY)) + frame(TEXT, CREATE, KEY),
        "a message begins within another",
    ),
    "ping of much": (frame(0x9, bytes(126), KEY), "a control frame is too long"),
    "close of much": (frame(0x8, bytes(70_000), KEY), "a control frame is too long"),
    "ping in pieces": (opening(0x09, frame(0x9, b"", KEY)), "a control frame is in pieces"),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("formats", [("openai.realtime", "gemini.live"), None])
def test_what_is_no_websocket_ends_the_session(name, formats):
    one = Pair(*(formats or ("gemini.live", "openai.realtime")))
    data, why = HOSTILE[name]
    one.asked(data)
    assert one.closed == (1002, why)
    # Nothing behind it is read.
    one.asked(frame(TEXT, CREATE, KEY))
    assert one.to_provider == []
    assert one.interpreter.error is not None
    assert one.interpreter.error.cause.value == "invalid_request"


def test_a_provider_that_masks_its_frames_ends_the_session():
    one = Pair("openai.realtime", "gemini.live")
    one.told(frame(TEXT, b"{}", KEY))
    assert one.closed == (1011, "a frame is masked")
    assert one.to_client[-1]["error"]["type"] == "server_error"


@pytest.mark.parametrize("data", [b"\xff", b'{"type": "\xc3\x28"}'])
def test_what_is_no_text_ends_the_session(data):
    one = Pair("openai.realtime", "gemini.live")
    one.asked(frame(TEXT, data, KEY))
    assert one.closed == (1007, "the message is not UTF-8")


def test_a_message_may_come_as_bytes():
    one = Pair("openai.realtime", "gemini.live")
    one.asked(frame(BINARY, CREATE, KEY))
    assert [*one.to_provider[0]] == ["setup"]


AUDIO = {"input": {"format": {"type": "audio/pcmu"}, "transcription": {"model": "m"}}}
AUDIO["input"]["turn_detection"] = {"type": "server_vad", "silence_duration_ms": 5}
AUDIO["output"] = {"format": {"type": "audio/pcma"}, "voice": "v", "speed": 1.0}
TOOL = {"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}}
SESSION = {"type": "realtime", "instructions": "i", "output_modalities": ["audio"]}
SESSION |= {"audio": AUDIO, "tools": [TOOL], "tool_choice": "auto", "max_output_tokens": 9}
PART = {"type": "input_audio", "audio": "AAAA", "transcript": "t"}
PICTURE = {"type": "input_image", "image_url": "data:image/png;base64,AAAA"}
SPEECH = {"type": "message", "id": "a", "role": "user", "content": [PART, PICTURE]}
OPENAI = [
    {"type": "session.update", "event_id": "e", "session": SESSION},
    {"type": "conversation.item.create", "previous_item_id": None, "item": SPEECH},
    {
        "type": "conversation.item.create",
        "item": {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
    },
    {
        "type": "conversation.item.create",
        "item": {"type": "function_call_output", "call_id": "c", "output": "o"},
    },
    {"type": "input_audio_buffer.append", "audio": "AAAA"},
    {"type": "response.create", "response": {"metadata": {"a": "b"}, "conversation": "auto"}},
]
SCHEMA = {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}, "required": ["a"]}
VOICE = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "alloy"}}}
SETUP = {
    "model": "models/talk",
    "generationConfig": {"responseModalities": ["AUDIO"], "speechConfig": VOICE, "topK": 1},
    "systemInstruction": {"parts": [{"text": "i"}]},
    "tools": [{"functionDeclarations": [{"name": "f", "parameters": SCHEMA}]}],
    "realtimeInputConfig": {"automaticActivityDetection": {"silenceDurationMs": 5}},
    "inputAudioTranscription": {},
    "sessionResumption": {},
}
BLOB = {"mimeType": "audio/pcm;rate=16000", "data": "AAAA"}
CALL = {"functionCall": {"id": "c", "name": "f", "args": {}}}
RESULT = {"functionResponse": {"id": "c", "name": "f", "response": {"output": "o"}}}
PARTS = [{"text": "t"}, {"inlineData": BLOB}, CALL, RESULT]
LIVE = [
    {"setup": SETUP},
    {"clientContent": {"turns": [{"role": "user", "parts": PARTS}], "turnComplete": True}},
    {"realtimeInput": {"audio": BLOB, "mediaChunks": [BLOB], "text": "t"}},
    {"toolResponse": {"functionResponses": [RESULT["functionResponse"]]}},
]
CONTENT = {
    "modelTurn": {"parts": [{"text": "t"}, {"inlineData": BLOB}]},
    "inputTranscription": {"text": "t"},
    "outputTranscription": {"text": "t"},
    "interrupted": True,
    "generationComplete": True,
    "turnComplete": True,
    "turnCompleteReason": "R",
}
COUNTS = [{"modality": "AUDIO", "tokenCount": 1}]
USED = {"promptTokenCount": 1, "responseTokenCount": 1, "promptTokensDetails": COUNTS}
FROM_GEMINI = [
    {"setupComplete": {}},
    {"serverContent": CONTENT, "usageMetadata": USED},
    {"toolCall": {"functionCalls": [CALL["functionCall"]]}},
    {"toolCallCancellation": {"ids": ["c"]}},
    {"goAway": {"timeLeft": "1s"}},
]
DETAILS = {"type": "failed", "reason": "r", "error": {"type": "t", "code": "c", "message": "m"}}
OUTPUT = [{"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}]
COST = {"input_tokens": 1, "output_tokens": 1, "input_token_details": {"audio_tokens": 1}}
DONE = {"status": "completed", "status_details": DETAILS, "output": OUTPUT, "usage": COST}
FROM_OPENAI = [
    {"type": "session.updated", "session": {}},
    {"type": "response.created", "response": {}},
    {"type": "response.output_audio.delta", "delta": "AAAA"},
    {"type": "conversation.item.input_audio_transcription.delta", "item_id": "i", "delta": "d"},
    {"type": "response.done", "response": DONE},
    {"type": "error", "error": {"type": "t", "code": "c", "message": "m", "param": "p"}},
]


def spoilt(value: object) -> Iterator[object]:
    """The same with one place after the other, at any depth, that holds something else."""
    yield from JUNK
    places = value.items() if isinstance(value, dict) else []
    places = [*places, *(enumerate(value) if isinstance(value, list) else [])]
    for place, inner in places:
        for other in spoilt(inner):
            changed = copy.copy(value)
            changed[place] = other
            yield changed


@pytest.mark.parametrize("number", range(len(OPENAI)))
def test_no_event_of_openais_clients_is_a_bug(number):
    for bad in spoilt(OPENAI[number]):
        one = Pair("openai.realtime", "gemini.live", typed=False)
        one.client(*OPENAI[:number])
        one.provider({"setupComplete": {}})
        one.client(bad)
        told = kinds(one.to_client)
        assert told[0] == "session.created"


@pytest.mark.parametrize("number", range(len(LIVE)))
def test_no_message_of_googles_clients_is_a_bug(number):
    for bad in spoilt(LIVE[number]):
        one = Pair("gemini.live", "openai.realtime", typed=False)
        one.client(*LIVE[:number])
        one.provider(FROM_OPENAI[0])
        one.client(bad)
        assert one.closed is None or one.closed[0] in (1007, 1008)


@pytest.mark.parametrize("number", range(len(FROM_GEMINI)))
def test_no_message_of_gemini_is_a_bug(number):
    for bad in spoilt(FROM_GEMINI[number]):
        one = Pair("openai.realtime", "gemini.live", typed=False)
        one.client(OPENAI[-1])
        one.provider(*FROM_GEMINI[:number])
        one.provider(bad)
        assert one.closed is None


@pytest.mark.parametrize("number", range(len(FROM_OPENAI)))
def test_no_event_of_openai_is_a_bug(number):
    for bad in spoilt(FROM_OPENAI[number]):
        one = Pair("gemini.live", "openai.realtime", typed=False)
        one.client(LIVE[0])
        one.provider(*FROM_OPENAI[:number])
        one.provider(bad)
        assert one.closed is None or one.closed[0] in (1007, 1008, 1011, 1013)


@pytest.mark.parametrize("data", ["x", "no!", "AAA"])
def test_sound_that_is_no_base64_ends_a_telephones_session(data):
    one = Pair("openai.realtime", "gemini.live", typed=False)
    one.client(OPENAI[0])
    part = {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": data}}
    one.provider({"setupComplete": {}})
    with pytest.raises(BadAnswer, match="not Base64"):
        one.provider({"serverContent": {"modelTurn": {"parts": [part]}}})
