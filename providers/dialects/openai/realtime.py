"""OpenAI's realtime sessions over WebSocket, and of those who hold them in its format.

https://platform.openai.com/docs/guides/realtime-websocket,
https://platform.openai.com/docs/api-reference/realtime-server-events
"""

import re

from providers.bridging.dialect import Endpoint, Seen
from providers.bridging.session import SessionDialect, Told
from providers.dialects.openai.realtime_client import RealtimeClient
from providers.dialects.openai.realtime_provider import RealtimeProvider
from providers.dialects.openai.usage import parse_usage
from providers.errors import ApiError
from providers.operations import Operation
from providers.usage import Units, Usage
from providers.wire.compatible_errors import error_body, parse_error, render_error
from providers.wire.members import Json, string

NAME = "openai.realtime"
MOST_SECONDS = 86_400.0
LAST_EVENT = "event_farewell"
"""The id of an event of the gateway's own, after which nothing comes."""


def told(event: Json) -> Told:
    """`response.done` says what a response used; transcripts of what was heard are paid beside."""
    response = event.get("response")
    if isinstance(response, dict):
        usage = parse_usage(response.get("usage"))
        return Told(usage=usage, model=string(response.get("model")))
    session = event.get("session")
    if isinstance(session, dict):
        return Told(model=string(session.get("model")))
    return _heard(event.get("usage"))


def _heard(raw: object) -> Told:
    usage = parse_usage(raw)
    seconds = raw.get("seconds") if isinstance(raw, dict) else None
    if usage is None and isinstance(seconds, int | float) and 0 <= seconds <= MOST_SECONDS:
        usage = Usage(units=Units(seconds=float(seconds)))
    return Told(usage=usage)


def complaint(error: ApiError) -> Json:
    """The event that tells of an error."""
    return {"type": "error", "event_id": LAST_EVENT, **error_body(error)}


REALTIME = SessionDialect(
    name=NAME,
    operation=Operation.REALTIME,
    client=(),
    upstream=(Endpoint(path="/realtime?model={model}"),),
    place=re.compile(r"/(?:openai/)?(?:v1/)?realtime"),
    parse_error=parse_error,
    render_error=render_error,
    watch=lambda body: Seen(),
    told=told,
    words=(b'"usage"', b'"session.created"'),
    growing=b'.delta"',
    complaint=complaint,
    # https://github.com/openai/openai-node: what browsers say instead of headers; xAI has its own.
    protocols=(
        "openai-insecure-api-key.",
        "openai-ephemeral-api-key.",
        "openai-organization.",
        "openai-project.",
        "xai-client-secret.",
    ),
    client_side=RealtimeClient,
    provider_side=RealtimeProvider,
    spoken=("realtime",),
    # A call that goes on elsewhere has its model, and a transcription is told it later.
    unnamed=frozenset({"call_id", "intent"}),
    own_headers=frozenset({"openai-organization", "openai-project", "openai-beta"}),
)

SESSIONS = (REALTIME,)
