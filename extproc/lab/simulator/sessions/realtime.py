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


def _fault(message: str) -> Said:
    return {"type": "error", "error": {"type": "invalid_request_error", "message": message}}


class Talk:
    """One session."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._asked = PROMPT
        self._heard = 0

    def said(self, event: Said) -> Answers:
        """What is answered to an event."""
        kind = event.get("type")
        if kind not in KNOWN:
            yield _fault(f"Invalid value: '{kind}'.")
        elif kind == "session.update":
            yield self._updated(event.get("session", {}))
        elif kind == "input_audio_buffer.append":
            self._heard += len(base64.b64decode(event["audio"]))
        elif kind == "input_audio_buffer.commit":
            yield self._transcribed()
        elif kind == "response.create":
            yield from self._response(event.get("response") or {})

    def _updated(self, session: Said) -> Said:
        if session.get("model", self._model) != self._model:
            return _fault("Cannot update a conversation's model.")
        return {"type": "session.updated", "session": {"model": self._model, **session}}

    def _transcribed(self) -> Said:
        return {
            "type": "conversation.item.input_audio_transcription.completed",
            "item_id": "item_1",
            "content_index": 0,
            "transcript": "heard",
            "usage": {"type": "duration", "seconds": self._heard / BYTES_A_SECOND},
        }

    def _response(self, wanted: Said) -> Answers:
        response = {"id": "resp_1", "object": "realtime.response", "model": self._model}
        yield {"type": "response.created", "response": {**response, "status": "in_progress"}}
        sounds = "audio" in wanted.get("output_modalities", ())
        kind = "response.output_audio.delta" if sounds else "response.output_text.delta"
        for _ in range(ANSWER):
            yield {"type": kind, "response_id": "resp_1", "delta": SOUND if sounds else WORD}
        usage = {
            "total_tokens": self._asked + ANSWER,
            "input_tokens": self._asked,
            "output_tokens": ANSWER,
            "input_token_details": {"text_tokens": self._asked, "audio_tokens": 0},
            "output_token_details": {
                "text_tokens": 0 if sounds else ANSWER,
                "audio_tokens": ANSWER if sounds else 0,
            },
        }
        self._asked += ANSWER
        done = {**response, "status": "completed", "output": [], "usage": usage}
        yield {"type": "response.done", "response": done}
