"""A client of OpenAI's realtime sessions before Gemini Live."""

import pytest

from providers.errors import BadAnswer
from tests.providers.bridging.pairs import Pair, kinds

CREATE = {"type": "response.create"}
READY = {"setupComplete": {}}
DONE = {"serverContent": {"turnComplete": True}}
SOUND = "AAEAAQ=="
MANUAL = {"type": "realtime", "audio": {"input": {"turn_detection": None}}}
TEXT = {"type": "realtime", "output_modalities": ["text"]}


def pair(session: dict | None = None) -> Pair:
    """A session that is set up."""
    one = Pair("openai.realtime", "gemini.live")
    if session is not None:
        one.client({"type": "session.update", "session": session})
        one.provider(READY)
    return one


def setup(session: dict) -> dict:
    one = Pair("openai.realtime", "gemini.live")
    asked = one.client({"type": "session.update", "session": {"type": "realtime", **session}})
    assert kinds(one.to_client) == ["session.created", "session.updated"]
    return asked[0]["setup"]


def item(*parts: dict, role: str = "user") -> dict:
    made = {"type": "message", "role": role, "content": [*parts]}
    return {"type": "conversation.item.create", "item": made}


def words(text: str) -> dict:
    return {"type": "input_text", "text": text}


def wrote(text: str) -> dict:
    return {"serverContent": {"modelTurn": {"parts": [{"text": text}]}}}


def spoke(data: str) -> dict:
    inline = {"mimeType": "audio/pcm;rate=24000", "data": data}
    return {"serverContent": {"modelTurn": {"parts": [{"inlineData": inline}]}}}


def error(one: Pair, *events: dict) -> dict:
    seen = len(one.to_client)
    one.client(*events)
    found = [event["error"] for event in one.to_client[seen:] if event["type"] == "error"]
    assert len(found) == 1
    return found[0]


def test_a_whole_setup():
    made = setup(
        {
            "instructions": "be brief",
            "output_modalities": ["audio"],
            "max_output_tokens": 100,
            "temperature": 0.7,
            "tools": [
                {
                    "type": "function",
                    "name": "look",
                    "description": "looks",
                    "parameters": {"type": "object", "properties": {}},
                }
            ],
            "audio": {
                "input": {
                    "format": {"type": "audio/pcm", "rate": 24000},
                    "transcription": {},
                    "turn_detection": {
                        "type": "server_vad",
                        "silence_duration_ms": 300,
                        "interrupt_response": False,
                    },
                },
                "output": {"voice": "Puck"},
            },
        }
    )
    assert made == {
        "model": "models/gemini-live",
        "generationConfig": {
            "responseModalities": ["AUDIO"],
            "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Puck"}}},
            "temperature": 0.7,
            "maxOutputTokens": 100,
        },
        "systemInstruction": {"parts": [{"text": "be brief"}]},
        "tools": [
            {
                "functionDeclarations": [
                    {
                        "name": "look",
                        "description": "looks",
                        "parametersJsonSchema": {"type": "object", "properties": {}},
                    }
                ]
            }
        ],
        "realtimeInputConfig": {
            "automaticActivityDetection": {"silenceDurationMs": 300},
            "activityHandling": "NO_INTERRUPTION",
        },
        "inputAudioTranscription": {},
        "outputAudioTranscription": {},
    }


def test_what_nobody_follows_is_named():
    one = Pair("openai.realtime", "gemini.live")
    heard = {
        "noise_reduction": {"type": "near_field"},
        "turn_detection": {"type": "semantic_vad", "eagerness": "low"},
    }
    session = {
        "type": "realtime",
        "tracing": "auto",
        "truncation": "disabled",
        "audio": {"input": heard, "output": {"voice": "alloy", "speed": 1.5}},
    }
    one.client({"type": "session.update", "session": session})
    assert sorted(one.to_client[-1]["x_ai_dropped_params"]) == [
        "audio.input.noise_reduction",
        "audio.input.turn_detection.eagerness",
        "audio.input.turn_detection.type",
        "audio.output.speed",
        "audio.output.voice",
        "tracing",
        "truncation",
    ]


@pytest.mark.parametrize(
    ("session", "param"),
    [
        ({"type": "transcription"}, "type"),
        ({"model": "other"}, "session.model"),
        ({"prompt": {"id": "p"}}, "session.prompt"),
        ({"nonsense": 1}, "session.nonsense"),
        ({"output_modalities": ["text", "audio"]}, "session.output_modalities"),
        ({"tools": [{"type": "mcp"}]}, "session.tools[0].type"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"max_output_tokens": -1}, "session.max_output_tokens"),
        ({"audio": {"input": {"format": {"type": "audio/opus"}}}}, "session.audio.input.format"),
        ({"audio": {"input": {"format": {"type": ["audio/pcmu"]}}}}, "session.audio.input.format"),
        (
            {"audio": {"output": {"format": {"type": "audio/pcma", "rate": 16000}}}},
            "session.audio.output.format",
        ),
        (
            {
                "audio": {
                    "input": {"turn_detection": {"type": "server_vad", "create_response": False}}
                }
            },
            "session.audio.input.turn_detection.create_response",
        ),
        (
            {
                "audio": {
                    "input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 5000}}
                }
            },
            "session.audio.input.turn_detection.idle_timeout_ms",
        ),
    ],
)
def test_what_cannot_be_carried_is_refused_and_another_update_may_follow(session, param):
    one = pair()
    event = {"type": "session.update", "event_id": "e1", "session": session}
    fault = error(one, event)
    assert (fault["param"], fault["event_id"]) == (param, "e1")
    assert one.to_provider == []
    assert [*one.client({"type": "session.update", "session": TEXT})[0]] == ["setup"]


def test_a_later_update_may_only_say_the_same():
    one = pair(TEXT)
    one.client({"type": "session.update", "session": {**TEXT, "tracing": "auto"}})
    assert one.to_client[-1]["type"] == "session.updated"
    fault = error(one, {"type": "session.update", "session": {**TEXT, "instructions": "x"}})
    assert "instructions" in fault["message"]
    assert len(one.to_provider) == 1


def test_the_conversation_is_told_item_by_item():
    one = pair(TEXT)
    call = {"type": "function_call", "call_id": "c", "name": "look", "arguments": '{"a":1}'}
    output = {"type": "function_call_output", "call_id": "c", "output": "seen"}
    picture = {"type": "input_image", "image_url": "data:image/png;base64,AAAA"}
    asked = one.client(
        item(words("one"), picture, {"type": "input_audio", "audio": SOUND}),
        item({"type": "output_text", "text": "two"}, role="assistant"),
        {"type": "conversation.item.create", "item": call},
        {"type": "conversation.item.create", "item": output},
        CREATE,
    )
    turns = [turn for one in asked for turn in one["clientContent"].get("turns", [])]
    sound = {"mimeType": "audio/pcm;rate=24000", "data": SOUND}
    assert turns == [
        {
            "role": "user",
            "parts": [
                {"text": "one"},
                {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
                {"inlineData": sound},
            ],
        },
        {"role": "model", "parts": [{"text": "two"}]},
        {
            "role": "model",
            "parts": [{"functionCall": {"id": "c", "name": "look", "args": {"a": 1}}}],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"id": "c", "name": "look", "response": {"output": "seen"}}}
            ],
        },
    ]
    assert [one["clientContent"]["turnComplete"] for one in asked] == [False] * 4 + [True]
    added = [e for e in one.to_client if e["type"] == "conversation.item.added"]
    before = [event["previous_item_id"] for event in added]
    assert before == [None, *(event["item"]["id"] for event in added[:-1])]
    assert "audio" not in added[0]["item"]["content"][2]


def test_a_systems_message_is_an_instruction_before_the_session_has_begun():
    one = pair()
    asked = one.client(item(words("be kind"), role="system"), item(words("hi")))
    assert asked[0]["setup"]["systemInstruction"] == {"parts": [{"text": "be kind"}]}
    assert error(one, item(words("now"), role="system"))["param"] == "item.role"


@pytest.mark.parametrize(
    ("made", "param"),
    [
        ({"type": "mcp_call"}, "item.type"),
        ({"type": "function_call_output", "call_id": "c", "output": ""}, "item.call_id"),
        ({"type": "message", "role": "user", "content": []}, "item.content"),
        (
            {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": "?"}]},
            "item.content[0].audio",
        ),
        (
            {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_image", "image_url": "https://x/y.png"}],
            },
            "item.content[0].image_url",
        ),
    ],
)
def test_items_that_cannot_be_carried_are_refused(made, param):
    one = pair(TEXT)
    assert error(one, {"type": "conversation.item.create", "item": made})["param"] == param
    assert len(one.to_provider) == 1


@pytest.mark.parametrize(
    "kind",
    [
        "conversation.item.delete",
        "conversation.item.retrieve",
        "conversation.item.truncate",
        "output_audio_buffer.clear",
        "input_audio_buffer.clear",
    ],
)
def test_events_that_cannot_be_carried_are_refused(kind):
    one = pair(MANUAL)
    one.client({"type": "input_audio_buffer.append", "audio": SOUND})
    assert error(one, {"type": kind})["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("response", "param"),
    [
        ({"instructions": "otherwise"}, "response.instructions"),
        ({"conversation": "none"}, "response.conversation"),
        ({"input": []}, "response.input"),
        ({"output_modalities": ["audio"]}, "response.output_modalities"),
    ],
)
def test_a_response_of_its_own_kind_is_refused(response, param):
    one = pair(TEXT)
    assert error(one, {**CREATE, "response": response})["param"] == param


def test_a_response_may_say_what_holds_anyway():
    one = pair(TEXT)
    wanted = {"output_modalities": ["text"], "conversation": "auto", "metadata": {"a": "b"}}
    one.client({**CREATE, "response": wanted})
    one.provider(wrote("hi"), DONE)
    assert one.to_client[-1]["response"]["metadata"] == {"a": "b"}


def test_one_answer_at_a_time():
    one = pair(TEXT)
    one.client(CREATE)
    assert error(one, CREATE)["code"] == "conversation_already_has_active_response"
    one.provider(DONE)
    assert one.client(CREATE) == [{"clientContent": {"turnComplete": True}}]


def test_the_client_says_when_its_user_speaks():
    one = pair(MANUAL)
    append = {"type": "input_audio_buffer.append", "audio": SOUND}
    asked = one.client(append, append, {"type": "input_audio_buffer.commit"}, CREATE)
    sound = {"realtimeInput": {"audio": {"mimeType": "audio/pcm;rate=24000", "data": SOUND}}}
    start, end = {"realtimeInput": {"activityStart": {}}}, {"realtimeInput": {"activityEnd": {}}}
    assert asked == [start, sound, sound, end]
    one.provider(spoke(SOUND), DONE)
    assert one.client(append)[0] == start
    one.client({"type": "input_audio_buffer.commit"})
    fault = error(one, {"type": "input_audio_buffer.commit"})
    assert fault["code"] == "input_audio_buffer_commit_empty"
    one.client({"type": "input_audio_buffer.clear"})
    assert one.to_client[-1]["type"] == "input_audio_buffer.cleared"


def test_gemini_finds_out_when_the_user_speaks():
    one = pair({"type": "realtime", "audio": {"input": {"transcription": {}}}})
    one.client({"type": "input_audio_buffer.append", "audio": SOUND * 1})
    seen = len(one.to_client)
    heard = {"serverContent": {"inputTranscription": {"text": "good "}}}
    late = {"serverContent": {"inputTranscription": {"text": "day"}}}
    one.provider(heard, spoke(SOUND), late, DONE)
    events = one.to_client[seen:]
    told = kinds(events)
    assert told[:8] == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "conversation.item.input_audio_transcription.delta",
        "response.created",
        "response.output_item.added",
    ]
    assert told[-2:] == [
        "response.done",
        "conversation.item.input_audio_transcription.completed",
    ]
    assert events[-1]["transcript"] == "good day"
    assert events[-1]["item_id"] == events[0]["item_id"]


def test_sound_and_its_transcript_are_one_part():
    one = pair(MANUAL)
    one.client(CREATE)
    seen = len(one.to_client)
    narrated = {"serverContent": {"outputTranscription": {"text": "hello"}}}
    one.provider(spoke(SOUND), narrated, {"serverContent": {"generationComplete": True}}, DONE)
    assert kinds(one.to_client[seen:]) == [
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_audio.delta",
        "response.output_audio_transcript.delta",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "conversation.item.done",
        "response.done",
    ]


def test_thoughts_are_not_said():
    one = pair(TEXT)
    one.client(CREATE)
    parts = [{"text": "hm", "thought": True}, {"text": "yes"}]
    one.provider({"serverContent": {"modelTurn": {"parts": parts}}}, DONE)
    assert one.to_client[-1]["response"]["output"][0]["content"][0]["text"] == "yes"


def test_usage_comes_with_its_turn_wherever_it_stands():
    one = pair(TEXT)
    one.client(CREATE)
    usage = {
        "promptTokenCount": 9,
        "responseTokenCount": 3,
        "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 2}],
    }
    one.provider(wrote("hi"), {"usageMetadata": usage}, DONE)
    told = one.to_client[-1]["response"]["usage"]
    assert (told["input_tokens"], told["output_tokens"], told["total_tokens"]) == (9, 3, 12)
    assert told["output_token_details"] == {"text_tokens": 1, "audio_tokens": 2}
    one.client(CREATE)
    one.provider(wrote("hi"), DONE)
    assert one.to_client[-1]["response"]["usage"] is None


def called(*ids: str) -> dict:
    calls = [{"id": id, "name": "look", "args": {}} for id in ids]
    return {"toolCall": {"functionCalls": calls}}


def output(id: str) -> dict:
    made = {"type": "function_call_output", "call_id": id, "output": '{"a": 1}'}
    return {"type": "conversation.item.create", "item": made}


def test_calls_end_a_response_and_their_results_go_together():
    one = pair(TEXT)
    one.client(CREATE)
    one.provider(called("f1", "f2"))
    done = one.to_client[-1]["response"]
    assert [item["call_id"] for item in done["output"]] == ["f1", "f2"]
    assert one.client(output("f1"), output("f2")) == []
    (asked,) = one.client(CREATE)
    found = asked["toolResponse"]["functionResponses"]
    assert [one["id"] for one in found] == ["f1", "f2"]
    assert found[0]["response"] == {"a": 1}
    one.provider(wrote("so"), DONE)
    assert one.to_client[-1]["response"]["status"] == "completed"


def test_an_answer_without_end_is_no_answer():
    one = pair(TEXT)
    one.client(CREATE)
    with pytest.raises(BadAnswer, match="256 items"):
        for _ in range(129):
            one.provider(wrote("a"), spoke(SOUND))


def test_a_call_that_is_taken_back_needs_no_result():
    one = pair(TEXT)
    one.client(CREATE)
    one.provider(called("f1"), {"toolCallCancellation": {"ids": ["f1"]}})
    assert error(one, output("f1"))["param"] == "item.call_id"


def test_a_user_interrupts():
    one = pair(TEXT)
    one.client(CREATE)
    one.provider(wrote("I was"), {"serverContent": {"interrupted": True}})
    assert one.to_client[-1]["type"] == "input_audio_buffer.speech_started"
    one.provider(DONE)
    done = one.to_client[-1]["response"]
    assert (done["status"], done["status_details"]["reason"]) == ("cancelled", "turn_detected")
    assert done["output"][0]["status"] == "incomplete"


def test_a_client_cancels_and_hears_no_more_of_it():
    one = pair(TEXT)
    fault = error(one, {"type": "response.cancel"})
    assert fault["code"] == "response_cancel_not_active"
    one.client(CREATE)
    one.provider(wrote("I"))
    one.client({"type": "response.cancel"})
    done = one.to_client[-1]["response"]
    assert (done["status"], done["status_details"]["reason"]) == ("cancelled", "client_cancelled")
    assert one.provider(wrote("was"), DONE) == []
    one.client(CREATE)
    one.provider(wrote("new"), DONE)
    assert one.to_client[-1]["response"]["output"][0]["content"][0]["text"] == "new"


def test_an_answer_that_has_failed():
    one = pair(TEXT)
    one.client(CREATE)
    one.provider(
        {"serverContent": {"turnComplete": True, "turnCompleteReason": "PROHIBITED_INPUT_CONTENT"}}
    )
    done = one.to_client[-1]["response"]
    assert done["status"] == "failed"
    assert done["status_details"]["error"]["code"] == "prohibited_input_content"


def test_a_provider_that_will_go_says_so():
    one = pair(TEXT)
    (event,) = one.provider({"goAway": {"timeLeft": "10s"}})
    assert "10s" in event["error"]["message"]
