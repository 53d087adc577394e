"""OpenAI's realtime sessions, Azure's and xAI's.

https://platform.openai.com/docs/api-reference/realtime-client-events
"""

import base64
import re

from extproc.lab.simulator.http1 import Request
from extproc.lab.simulator.sessions.talk import Answers, Denied, Opened, Said

PLACE = re.compile(r"/v1/realtime|/openai/v1/realtime|/openai/realtime")
PROTOCOLS = ("realtime", "openai-beta.realtime-v1")
KNOWN = frozenset(
    {
        "session.update",
        "input_audio_buffer.append",
        "input_audio_buffer.commit",
        "input_audio_buffer.clear",
        "conversation.item.create",
        "conversation.item.delete",
        "conversation.item.retrieve",
        "conversation.item.truncate",
        "response.create",
        "response.cancel",
        "output_audio_buffer.clear",
    }
)
WORD = "sim "
SOUND = base64.b64encode(b"\0\1" * 2400).decode()
"""A tenth of a second."""
PROMPT, ANSWER = 12, 5
BYTES_A_SECOND = 48_000


def key(request: Request) -> str:
    """The credential, wherever it stands."""
    bearer = request.header("authorization").removeprefix("Bearer ")
    return bearer or request.header("api-key")


def opened(request: Request, model: str) -> Opened:
    """The answer to a handshake; raises Denied."""
    query = request.query
    dated = request.path == "/openai/realtime"
    named = "deployment" if dated else "model"
    if dated and "api-version" not in query:
        raise Denied(404, "Resource not found")
    if not query.get(named) and not {"intent", "call_id"} & query.keys():
        raise Denied(400, f"You must provide a {named} parameter.")
    if "call_id" in query and "model" in query:
        raise Denied(400, "You cannot provide both a model and a call_id.")
    offered = [one.strip() for one in request.header("sec-websocket-protocol").split(",") if one]
    odd = [one for one in offered if one not in PROTOCOLS]
    if odd:
        raise Denied(400, f"Unknown sub-protocol {odd[0]!r}.")
    session = {"type": "realtime", "object": "realtime.session", "model": model}
    return Opened(
        protocol="realtime" if "realtime" in offered else "",
        greeting=({"type": "session.created", "event_id": "event_1", "session": session},),
    )


def named(request: Request) -> str:
    """The model that the query names."""
    return request.query.get("model") or request.query.get("deployment", "")


SESSION = frozenset(
    (
        "type",
        "model",
        "instructions",
        "output_modalities",
        "audio",
        "tools",
        "tool_choice",
        "max_output_tokens",
        "parallel_tool_calls",
        "prompt",
        "reasoning",
        "tracing",
        "truncation",
        "include",
    )
)
INPUT = frozenset({"format", "transcription", "turn_detection", "noise_reduction"})
OUTPUT = frozenset({"format", "voice", "speed"})
DETECTION = {"type": "server_vad", "silence_duration_ms": 500, "interrupt_response": True}
ITEMS = frozenset({"message", "function_call", "function_call_output"})
SLOWLY = "slowly"
"""A response to this is not over before something else is said."""


def _fault(message: str, code: str | None = None) -> Said:
    error = {"type": "invalid_request_error", "message": message, "code": code}
    return {"type": "error", "error": error}


class Talk:
    """One session."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._asked = PROMPT
        self._heard = 0
        self._new = 0
        """Bytes of sound that were not committed."""
        self._session: Said = {}
        self._told = ""
        """What the user has written since the last response."""
        self._calls: set[str] = set()
        self._active = False

    def said(self, event: Said) -> Answers:
        """What is answered to an event."""
        kind = event.get("type")
        if kind not in KNOWN:
            yield _fault(f"Invalid value: '{kind}'.")
        elif kind == "session.update":
            yield self._updated(event.get("session", {}))
        elif kind == "conversation.item.create":
            yield from self._added(event.get("item") or {})
        elif kind == "input_audio_buffer.append":
            yield from self._appended(base64.b64decode(event["audio"], validate=True))
        elif kind == "input_audio_buffer.commit":
            yield from self._committed()
        elif kind == "response.create":
            yield from self._response(event.get("response") or {})
        elif kind == "response.cancel":
            yield from self._cancelled()

    def _updated(self, session: Said) -> Said:
        if session.get("model", self._model) != self._model:
            return _fault("Cannot update a conversation's model.")
        audio = session.get("audio") or {}
        unknown = [*(session.keys() - SESSION), *(audio.get("input", {}).keys() - INPUT)]
        unknown += audio.get("output", {}).keys() - OUTPUT
        if unknown:
            return _fault(f"Unknown parameter: 'session.{unknown[0]}'.", "unknown_parameter")
        self._session = {**self._session, **session}
        return {"type": "session.updated", "session": {"model": self._model, **session}}

    def _added(self, item: Said) -> Answers:
        if item.get("type") not in ITEMS:
            yield _fault(f"Invalid value: '{item.get('type')}'.")
            return
        if item["type"] == "function_call_output":
            if item.get("call_id") not in self._calls:
                yield _fault("Tool call ID not found in conversation.", "invalid_tool_call_id")
                return
            self._calls.discard(item["call_id"])
        if item["type"] == "function_call":
            self._calls.add(item["call_id"])
        if item.get("role") == "user":
            self._told += "".join(part.get("text", "") for part in item["content"])
        yield {"type": "conversation.item.added", "item": {"id": "item_1", **item}}
        yield {"type": "conversation.item.done", "item": {"id": "item_1", **item}}

    def _input(self) -> Said:
        heard: Said = (self._session.get("audio") or {}).get("input") or {}
        return heard

    def _appended(self, data: bytes) -> Answers:
        self._heard += len(data)
        self._new += len(data)
        detects = self._input().get("turn_detection", DETECTION) is not None
        if not detects:
            return
        if any(data):
            yield {"type": "input_audio_buffer.speech_started", "item_id": "item_1"}
            yield from self._cancelled("turn_detected")
        elif len(data) >= BYTES_A_SECOND and self._new > len(data):
            yield from self._committed()
            yield from self._response({})

    def _committed(self) -> Answers:
        if not self._new:
            yield _fault("buffer too small", "input_audio_buffer_commit_empty")
            return
        self._new = 0
        yield {
            "type": "conversation.item.input_audio_transcription.completed",
            "item_id": "item_1",
            "content_index": 0,
            "transcript": "heard",
            "usage": {"type": "duration", "seconds": self._heard / BYTES_A_SECOND},
        }

    def _named(self) -> Said:
        return {"id": "resp_1", "object": "realtime.response", "model": self._model}

    def _cancelled(self, reason: str = "client_cancelled") -> Answers:
        if not self._active:
            if reason == "client_cancelled":
                yield _fault("no active response found", "response_cancel_not_active")
            return
        self._active = False
        details = {"type": "cancelled", "reason": reason}
        usage = self._used(1, sounds=False)
        done = {**self._named(), "status": "cancelled", "status_details": details, "output": []}
        yield {"type": "response.done", "response": {**done, "usage": usage}}

    def _response(self, wanted: Said) -> Answers:
        if self._active:
            code = "conversation_already_has_active_response"
            yield _fault("Conversation already has an active response", code)
            return
        told, self._told = self._told, ""
        named = self._named()
        yield {"type": "response.created", "response": {**named, "status": "in_progress"}}
        tools = [tool["name"] for tool in self._session.get("tools") or []]
        called = next((name for name in tools if name in told), "")
        if called:
            yield self._done([self._call(called)], sounds=False)
            return
        modalities = wanted.get("output_modalities") or self._session.get("output_modalities")
        sounds = "audio" in (modalities or ())
        kind = "response.output_audio.delta" if sounds else "response.output_text.delta"
        self._active = SLOWLY in told
        for _ in range(1 if self._active else ANSWER):
            yield {"type": kind, "response_id": "resp_1", "delta": SOUND if sounds else WORD}
            if sounds:
                kind_of_text = "response.output_audio_transcript.delta"
                yield {"type": kind_of_text, "response_id": "resp_1", "delta": WORD}
        if not self._active:
            yield self._done([], sounds=sounds)

    def _call(self, name: str) -> Said:
        id = f"call_{self._asked}"
        self._calls.add(id)
        arguments = '{"place":"here"}'
        return {"type": "function_call", "call_id": id, "name": name, "arguments": arguments}

    def _done(self, output: list[Said], *, sounds: bool) -> Said:
        usage = self._used(ANSWER, sounds=sounds)
        done = {**self._named(), "status": "completed", "output": output, "usage": usage}
        return {"type": "response.done", "response": done}

    def _used(self, count: int, *, sounds: bool) -> Said:
        asked = self._asked
        self._asked += count
        return {
            "total_tokens": asked + count,
            "input_tokens": asked,
            "output_tokens": count,
            "input_token_details": {"text_tokens": asked, "audio_tokens": 0},
            "output_token_details": {
                "text_tokens": 0 if sounds else count,
                "audio_tokens": count if sounds else 0,
            },
        }
