"""Every message that the vendors' SDKs know has a fate in sessions between two formats.

A new one in an SDK fails here, until somebody has said what becomes of it.
"""

import typing

import pytest
from google.genai import types
from openai.types.beta import realtime as beta
from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent

from providers.dialects.gemini import live_client, live_setting
from tests.providers.bridging.pairs import Pair, kinds

CARRIED = {
    "conversation.item.create",
    "input_audio_buffer.append",
    "input_audio_buffer.commit",
    "response.create",
    "session.update",
}
ANSWERED = {"response.cancel", "input_audio_buffer.clear"}
"""By the gateway, in the words of OpenAI."""
REFUSED = {
    "conversation.item.delete",
    "conversation.item.retrieve",
    "conversation.item.truncate",
    "output_audio_buffer.clear",
    "transcription_session.update",
}
"""With an error event that names the type."""

READ = {
    "conversation.item.input_audio_transcription.completed",
    "conversation.item.input_audio_transcription.delta",
    "error",
    "input_audio_buffer.speech_started",
    "response.created",
    "response.done",
    "response.output_audio.delta",
    "response.output_audio_transcript.delta",
    "response.output_text.delta",
    "session.updated",
}
REPEATED = {
    "conversation.item.added",
    "conversation.item.done",
    "conversation.item.created",
    "conversation.created",
    "input_audio_buffer.committed",
    "input_audio_buffer.speech_stopped",
    "response.content_part.added",
    "response.content_part.done",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.output_item.added",
    "response.output_item.done",
    "response.output_text.done",
    "session.created",
}
"""Say again, or say before, what others say: a Live session has one message for all of it."""
NOT_ASKED_FOR = {
    "conversation.item.deleted",
    "conversation.item.input_audio_transcription.segment",
    "conversation.item.retrieved",
    "conversation.item.truncated",
    "input_audio_buffer.cleared",
    "input_audio_buffer.dtmf_event_received",
    "input_audio_buffer.timeout_triggered",
    "mcp_list_tools.completed",
    "mcp_list_tools.failed",
    "mcp_list_tools.in_progress",
    "output_audio_buffer.cleared",
    "output_audio_buffer.started",
    "output_audio_buffer.stopped",
    "response.mcp_call.completed",
    "response.mcp_call.failed",
    "response.mcp_call.in_progress",
    "response.mcp_call_arguments.delta",
    "response.mcp_call_arguments.done",
    "transcription_session.updated",
}
"""Answers to what the gateway never says to OpenAI, or what is of calls over WebRTC or SIP."""
NO_WORDS = {"conversation.item.input_audio_transcription.failed", "rate_limits.updated"}
"""A Live session has none for it, and goes on: a transcript that was not made, what is left."""
OLDER = {
    "response.audio.delta",
    "response.audio.done",
    "response.audio_transcript.delta",
    "response.audio_transcript.done",
    "response.text.delta",
    "response.text.done",
}
"""The beta's names, which OpenAI says to who asks for the beta alone."""


def named(union: object) -> set[str]:
    found = set()
    for one in typing.get_args(typing.get_args(union)[0]):
        found |= set(typing.get_args(one.model_fields["type"].annotation))
    return found


def test_all_that_an_openai_client_may_say_has_a_fate():
    known = named(RealtimeClientEvent) | named(beta.RealtimeClientEvent)
    assert known == CARRIED | ANSWERED | REFUSED


def test_all_that_openai_may_say_has_a_fate():
    known = named(RealtimeServerEvent) | named(beta.RealtimeServerEvent)
    assert known == READ | REPEATED | NOT_ASKED_FOR | NO_WORDS | OLDER


@pytest.mark.parametrize("kind", sorted(REFUSED))
def test_what_is_refused_is_named_and_the_session_goes_on(kind):
    one = Pair("openai.realtime", "gemini.live")
    one.client({"type": kind, "event_id": "mine"})
    error = one.to_client[-1]["error"]
    assert (error["param"], error["event_id"]) == ("type", "mine")
    assert kind in error["message"]
    assert [*one.client({"type": "response.create"})[0]] == ["setup"]


@pytest.mark.parametrize("kind", sorted(REPEATED | NOT_ASKED_FOR | NO_WORDS | OLDER))
def test_what_is_not_for_a_live_client_does_not_disturb_it(kind):
    one = Pair("gemini.live", "openai.realtime")
    one.client({"setup": {"model": "models/talk"}})
    one.provider({"type": "session.updated", "session": {}})
    assert one.provider({"type": kind, "event_id": "e", "item": {}, "response": {}}) == []
    assert one.closed is None


BETA = ["modalities", "voice", "input_audio_format", "output_audio_format", "turn_detection"]


@pytest.mark.parametrize("member", [*BETA, "input_audio_transcription"])
def test_the_betas_members_of_a_session_are_refused_by_name(member):
    one = Pair("openai.realtime", "gemini.live")
    one.client({"type": "session.update", "session": {member: "x"}})
    error = one.to_client[-1]["error"]
    assert (error["param"], error["code"]) == (f"session.{member}", "unknown_parameter")


SETUP = live_setting.KNOWN | live_setting.HINTS | live_setting.RESUMPTION
LIVE = {
    types.LiveClientMessage: (live_client.KINDS, {"context_update"}),
    types.LiveClientSetup: (SETUP, {"avatar_config"}),
    types.LiveClientRealtimeInput: (live_client.INPUT, {"video"}),
    types.LiveClientContent: (live_client.CONTENT, set()),
}
"""(what is read or named, what is refused)"""
SAID = {
    types.LiveServerMessage: (
        {"setup_complete", "server_content", "tool_call", "tool_call_cancellation"}
        | {"usage_metadata", "go_away"},
        {"session_resumption_update", "voice_activity_detection_signal", "voice_activity"},
    ),
    types.LiveServerContent: (
        {"model_turn", "turn_complete", "turn_complete_reason", "interrupted"}
        | {"generation_complete", "input_transcription", "output_transcription"},
        {"grounding_metadata", "url_context_metadata", "waiting_for_input"}
        | {"interim_input_transcription", "interaction_status"},
    ),
}
"""(what is read, what nobody has asked for in the setup)"""


@pytest.mark.parametrize("kind", LIVE, ids=lambda kind: kind.__name__)
def test_all_that_a_live_client_may_say_has_a_fate(kind):
    read, refused = LIVE[kind]
    assert {name for name in kind.model_fields if name not in read} == refused


@pytest.mark.parametrize("kind", SAID, ids=lambda kind: kind.__name__)
def test_all_that_gemini_may_say_has_a_fate(kind):
    read, unasked = SAID[kind]
    assert set(kind.model_fields) == read | unasked


@pytest.mark.parametrize(
    "message",
    [
        {"contextUpdate": {}},
        {"setup": {"model": "models/talk", "avatarConfig": {}}},
        {"realtimeInput": {"video": {"mimeType": "image/png", "data": "AAAA"}}},
    ],
)
def test_what_openai_cannot_take_ends_a_live_session_in_words(message):
    one = Pair("gemini.live", "openai.realtime")
    if "realtimeInput" in message:
        one.client({"setup": {"model": "models/talk"}})
    one.client(message)
    assert one.closed is not None
    assert one.closed[0] == 1007
    ((_, inner),) = message.items()
    assert {"contextUpdate", "avatarConfig", "video"} & set(
        one.closed[1].replace(".", " ").split()
    ), inner


def test_only_the_response_under_way_is_cancelled_by_its_id():
    one = Pair("openai.realtime", "gemini.live")
    one.client({"type": "response.create"})
    id = one.to_client[-1]["response"]["id"]
    one.client({"type": "response.cancel", "response_id": "resp_other"})
    assert one.to_client[-1]["error"]["code"] == "response_cancel_not_active"
    one.client({"type": "response.cancel", "response_id": id})
    assert one.to_client[-1]["response"]["status"] == "cancelled"


def test_how_closely_a_picture_is_looked_at_is_named():
    one = Pair("openai.realtime", "gemini.live")
    url = "data:image/png;base64,AAAA"
    part = {"type": "input_image", "image_url": url, "detail": "high"}
    item = {"type": "message", "role": "user", "content": [part]}
    one.client({"type": "conversation.item.create", "item": item})
    assert kinds(one.to_client)[1:] == ["conversation.item.added", "conversation.item.done"]
    assert one.to_client[1]["x_ai_dropped_params"] == ["item.content[0].detail"]
