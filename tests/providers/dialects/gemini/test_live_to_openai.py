"""A client of Gemini's Live API before OpenAI's realtime sessions."""

import base64

import pytest

from tests.providers.bridging.pairs import Pair

UPDATED = {"type": "session.updated", "event_id": "e", "session": {"type": "realtime"}}
CREATED = {"type": "response.created", "response": {"status": "in_progress"}}
SOUND = "AAEAAQ=="
WRITTEN = {"generationConfig": {"responseModalities": ["TEXT"]}}
MANUAL = {"realtimeInputConfig": {"automaticActivityDetection": {"disabled": True}}}
GO_ON = {"clientContent": {"turnComplete": True}}


def pair(setup: dict | None = None, **opened) -> Pair:
    """A session that is set up."""
    one = Pair("gemini.live", "openai.realtime", **opened)
    if setup is not None:
        one.client({"setup": {"model": "models/talk", **setup}})
        one.provider(UPDATED)
    return one


def session(setup: dict) -> dict:
    """What the provider gets of a setup."""
    return pair(setup).to_provider[0]["session"]


def done(status: str = "completed", **more) -> dict:
    return {"type": "response.done", "response": {"status": status, **more}}


def turn(*parts: dict, role: str = "user") -> dict:
    return {"clientContent": {"turns": [{"role": role, "parts": [*parts]}]}}


def test_a_whole_setup():
    made = session(
        {
            "systemInstruction": {"parts": [{"text": "be"}, {"text": "brief"}]},
            "generationConfig": {
                "responseModalities": ["AUDIO"],
                "maxOutputTokens": 100,
                "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "marin"}}},
            },
            "tools": [
                {
                    "function_declarations": [
                        {
                            "name": "look",
                            "description": "looks",
                            "parameters": {
                                "type": "OBJECT",
                                "properties": {"at": {"type": "STRING"}},
                            },
                        }
                    ]
                }
            ],
            "realtimeInputConfig": {
                "automaticActivityDetection": {"silenceDurationMs": 300},
                "activityHandling": "NO_INTERRUPTION",
            },
            "inputAudioTranscription": {},
        }
    )
    pcm = {"type": "audio/pcm", "rate": 24000}
    assert made == {
        "type": "realtime",
        "instructions": "be\n\nbrief",
        "output_modalities": ["audio"],
        "max_output_tokens": 100,
        "tools": [
            {
                "type": "function",
                "name": "look",
                "description": "looks",
                "parameters": {"type": "object", "properties": {"at": {"type": "string"}}},
            }
        ],
        "audio": {
            "input": {
                "format": pcm,
                "turn_detection": {
                    "type": "server_vad",
                    "silence_duration_ms": 300,
                    "interrupt_response": False,
                },
                "transcription": {"model": "gpt-4o-mini-transcribe"},
            },
            "output": {"format": pcm, "voice": "marin"},
        },
    }


def test_what_nobody_follows_is_named():
    one = pair(
        {
            "generation_config": {
                "temperature": 0.5,
                "top_k": 3,
                "speechConfig": {
                    "languageCode": "de",
                    "voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Puck"}},
                },
            },
            "contextWindowCompression": {"slidingWindow": {}},
            "sessionResumption": {},
            "realtimeInputConfig": {"automaticActivityDetection": {"prefixPaddingMs": 20}},
            "inputAudioTranscription": {"languageCodes": ["de"]},
        }
    )
    assert one.to_client == [
        {
            "setupComplete": {
                "xAiDroppedParams": [
                    "contextWindowCompression",
                    "sessionResumption",
                    "generationConfig.temperature",
                    "generationConfig.topK",
                    "generationConfig.speechConfig.languageCode",
                    "generationConfig.speechConfig.voiceConfig",
                    "realtimeInputConfig.automaticActivityDetection.prefixPaddingMs",
                    "inputAudioTranscription.languageCodes",
                ]
            }
        }
    ]


@pytest.mark.parametrize(
    "setup",
    [
        {"sessionResumption": {"handle": "h"}},
        {"avatarConfig": {}},
        {"nonsense": 1},
        {"generationConfig": {"responseModalities": ["TEXT", "AUDIO"]}},
        {"generationConfig": {"nonsense": 1}},
        {"tools": [{"googleSearch": {}}]},
        {"systemInstruction": {"parts": [{"inlineData": {}}]}},
        {"model": "models/other"},
    ],
)
def test_a_setup_that_cannot_be_carried_ends_the_session(setup):
    one = pair(setup)
    assert one.closed is not None
    assert one.closed[0] == 1007
    assert one.to_provider == []


def test_a_model_that_a_header_names_counts():
    one = pair({"model": "models/other"}, by_header=True)
    assert one.closed is None


@pytest.mark.parametrize(
    "message",
    [
        GO_ON,
        {"setup": {}, "clientContent": {}},
        {"foo": {}},
        {"setup": 7},
    ],
)
def test_the_first_message_is_a_setup(message):
    one = pair()
    one.client(message)
    assert one.closed is not None
    assert one.closed[0] == 1007


@pytest.mark.parametrize(
    "message",
    [
        {"setup": {}},
        {"clientContent": {"nonsense": 1}},
        {"clientContent": {"turns": [{"role": "system", "parts": []}]}},
        turn({"fileData": {"fileUri": "x"}}),
        turn({"inlineData": {"mimeType": "video/mp4", "data": ""}}),
        {"realtimeInput": {"video": {"mimeType": "image/png", "data": ""}}},
        {"realtimeInput": {"audio": {"mimeType": "audio/mp3", "data": ""}}},
        {"realtimeInput": {"audio": {"mimeType": "audio/pcm;rate=96000", "data": ""}}},
        {"realtimeInput": {"audio": {"mimeType": "audio/pcm", "data": "?"}}},
        {"realtimeInput": {"audio": {"mimeType": "audio/pcm", "data": "AAAA" * 65_537}}},
        {"realtimeInput": {"activityStart": {}}},
        {"toolResponse": {"functionResponses": [{"id": "f", "name": "look", "response": {}}]}},
    ],
)
def test_what_cannot_be_carried_ends_the_session_and_goes_to_nobody(message):
    one = pair(WRITTEN)
    assert one.client(message) == []
    assert one.closed is not None
    assert one.closed[0] == 1007
    assert one.client(GO_ON) == []


def test_turns_are_items():
    one = pair(WRITTEN)
    picture = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}
    call = {"functionCall": {"id": "c", "name": "look", "args": {"at": 1}}}
    result = {"functionResponse": {"id": "c", "name": "look", "response": {"result": "seen"}}}
    asked = one.client(
        turn({"text": "one"}, picture),
        turn({"text": "two"}, call, role="model"),
        turn(result),
        GO_ON,
    )
    assert [event.get("item") for event in asked] == [
        {
            "type": "message",
            "role": "user",
            "content": [
                {"type": "input_text", "text": "one"},
                {"type": "input_image", "image_url": "data:image/png;base64,AAAA"},
            ],
        },
        {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "two"}],
        },
        {"type": "function_call", "call_id": "c", "name": "look", "arguments": '{"at":1}'},
        {"type": "function_call_output", "call_id": "c", "output": "seen"},
        None,
    ]
    assert asked[-1] == {"type": "response.create"}


def test_text_that_is_said_now_is_answered():
    asked = pair(WRITTEN).client({"realtimeInput": {"text": "hi"}})
    assert [event["type"] for event in asked] == ["conversation.item.create", "response.create"]


def test_sound_comes_at_openais_rate():
    one = pair({})
    data = base64.b64encode(b"\0\1" * 1612).decode()
    blob = {"mimeType": "audio/pcm;rate=16000", "data": data}
    (asked,) = one.client({"realtimeInput": {"audio": blob}})
    heard = base64.b64decode(asked["audio"])
    # 12 samples wait for those that follow; the first ones are made of silence, too.
    assert (len(heard), heard[60:]) == (4800, b"\0\1" * 2370)
    blob = {"mimeType": "audio/pcm;rate=8000", "data": "AAE="}
    assert one.client({"realtimeInput": {"audio": blob}}) == []
    as_it_is = {"mime_type": "audio/pcm;rate=24000", "data": SOUND}
    (asked,) = one.client({"realtime_input": {"media_chunks": [as_it_is]}})
    assert asked["audio"] == SOUND
    (silence,) = one.client({"realtimeInput": {"audioStreamEnd": True}})
    assert base64.b64decode(silence["audio"]) == bytes(48_000)


def test_the_client_says_when_its_user_speaks():
    one = pair(MANUAL)
    blob = {"mimeType": "audio/pcm;rate=24000", "data": SOUND}
    asked = one.client(
        {"realtimeInput": {"activityStart": {}}},
        {"realtimeInput": {"audio": blob}},
        {"realtimeInput": {"activityEnd": {}}},
    )
    assert [event["type"] for event in asked] == [
        "input_audio_buffer.append",
        "input_audio_buffer.commit",
        "response.create",
    ]
    one.provider(CREATED)
    assert one.client({"realtimeInput": {"activityStart": {}}}) == [{"type": "response.cancel"}]


def test_an_answer_in_sound_and_in_writing():
    one = pair({"outputAudioTranscription": {}, "inputAudioTranscription": {}})
    one.client(GO_ON)
    heard = "conversation.item.input_audio_transcription"
    told = one.provider(
        CREATED,
        {"type": f"{heard}.delta", "item_id": "i", "delta": "good"},
        {"type": f"{heard}.completed", "item_id": "i", "transcript": "good"},
        {"type": f"{heard}.completed", "item_id": "j", "transcript": "day"},
        {"type": "response.output_audio.delta", "delta": SOUND},
        {"type": "response.output_audio_transcript.delta", "delta": "hi"},
        {"type": "rate_limits.updated", "rate_limits": []},
        done(usage={"input_tokens": 9, "output_tokens": 3}),
    )
    contents = [message["serverContent"] for message in told]
    sound = {"mimeType": "audio/pcm;rate=24000", "data": SOUND}
    assert contents == [
        {"inputTranscription": {"text": "good"}},
        {"inputTranscription": {"text": "day"}},
        {"modelTurn": {"role": "model", "parts": [{"inlineData": sound}]}},
        {"outputTranscription": {"text": "hi"}},
        {"generationComplete": True},
        {"turnComplete": True},
    ]
    used = told[-1]["usageMetadata"]
    assert (used["promptTokenCount"], used["responseTokenCount"]) == (9, 3)


def test_transcripts_that_nobody_wants_are_not_told():
    one = pair({})
    one.client(GO_ON)
    told = one.provider({"type": "response.output_audio_transcript.delta", "delta": "hi"})
    assert told == []


def test_a_user_interrupts():
    one = pair(WRITTEN)
    one.client(GO_ON)
    told = one.provider(CREATED, {"type": "input_audio_buffer.speech_started"})
    assert told == [{"serverContent": {"interrupted": True}}]
    told = one.provider(done("cancelled", status_details={"reason": "turn_detected"}))
    assert told == [{"serverContent": {"turnComplete": True}}]
    told = one.provider({"type": "input_audio_buffer.speech_started"})
    assert told == []


def test_new_content_ends_an_answer_and_is_answered_after_it():
    one = pair(WRITTEN)
    one.client(GO_ON)
    one.provider(CREATED)
    assert one.client(GO_ON) == [{"type": "response.cancel"}]
    assert one.client(GO_ON) == []
    seen = len(one.to_provider)
    told = one.provider(done("cancelled"))
    assert [*([*one["serverContent"]] for one in told)] == [["interrupted"], ["turnComplete"]]
    assert one.to_provider[seen:] == [{"type": "response.create"}]


def test_an_answer_that_has_begun_by_itself_is_ended_for_what_is_new():
    one = pair(WRITTEN)
    one.client(GO_ON)
    seen = len(one.to_provider)
    code = "conversation_already_has_active_response"
    one.provider({"type": "error", "error": {"type": "invalid_request_error", "code": code}})
    assert one.to_provider[seen:] == [{"type": "response.cancel"}]
    one.provider(done("cancelled"))
    assert one.to_provider[seen + 1 :] == [{"type": "response.create"}]
    assert one.closed is None


def test_calls_and_their_results():
    one = pair(WRITTEN)
    one.client(GO_ON)
    call = {"type": "function_call", "call_id": "f", "name": "look", "arguments": '{"at":1}'}
    (told,) = one.provider(CREATED, done(output=[call], usage={"input_tokens": 1}))
    assert told["toolCall"] == {"functionCalls": [{"id": "f", "name": "look", "args": {"at": 1}}]}
    result = {"id": "f", "name": "look", "response": {"result": "seen"}}
    asked = one.client({"toolResponse": {"functionResponses": [result]}})
    assert [event["type"] for event in asked] == ["conversation.item.create", "response.create"]
    assert asked[0]["item"] == {"type": "function_call_output", "call_id": "f", "output": "seen"}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"type": "invalid_request_error", "message": "no"}, 1007),
        ({"type": "server_error", "message": "no"}, 1011),
    ],
)
def test_an_error_ends_the_session(error, code):
    one = pair(WRITTEN)
    one.provider({"type": "error", "error": error})
    assert one.closed == (code, "no")
    one = pair(WRITTEN)
    one.provider(done("failed", status_details={"error": error}))
    assert one.closed == (code, "no")


@pytest.mark.parametrize("code", ["response_cancel_not_active", "input_audio_buffer_commit_empty"])
def test_errors_about_what_the_client_has_not_said_are_not_told(code):
    one = pair(WRITTEN)
    error = {"type": "invalid_request_error", "code": code, "message": "no"}
    assert one.provider({"type": "error", "error": error}) == []
    assert one.closed is None


def test_an_answer_that_is_not_whole_says_so():
    one = pair(WRITTEN)
    one.client(GO_ON)
    details = {"type": "incomplete", "reason": "content_filter"}
    *_, last = one.provider(CREATED, done("incomplete", status_details=details))
    assert last["serverContent"]["turnCompleteReason"] == "RESPONSE_REJECTED"
