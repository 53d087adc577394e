"""Gemini's Live API: sessions over WebSocket, by the Gemini API and on Vertex AI.

https://ai.google.dev/api/live, https://cloud.google.com/vertex-ai/generative-ai/docs/live-api
"""

import re

import msgspec

from providers.bridging.dialect import Endpoint, Seen
from providers.bridging.session import SessionDialect, Told, named
from providers.dialects.gemini.errors import parse_error, render_error
from providers.dialects.gemini.generate_content.answers import parse_usage
from providers.errors import InvalidRequest
from providers.operations import Operation
from providers.wire.members import Json

NAME = "gemini.live"
SETUP = "setup"
OTHERS = {
    "candidatesTokenCount": "responseTokenCount",
    "candidatesTokensDetails": "responseTokensDetails",
}
"""What a count is called in answers that are no sessions → in sessions."""


def told(message: Json) -> Told:
    """Counts come with a turn, and may grow until it ends."""
    content = message.get("serverContent")
    ends = isinstance(content, dict) and content.get("turnComplete") is True
    raw = message.get("usageMetadata")
    if not isinstance(raw, dict):
        return Told(ends=ends)
    renamed = {ours: raw[theirs] for ours, theirs in OTHERS.items() if theirs in raw}
    return Told(usage=parse_usage({**raw, **renamed}), ends=ends)


def called(message: Json) -> str:
    """The model in a client's first message."""
    setup = message.get(SETUP)
    return named(setup.get("model")) if isinstance(setup, dict) else ""


def opened(message: Json, name: str) -> Json:
    """The same with the provider's name; raises InvalidRequest."""
    setup = message.get(SETUP)
    if not isinstance(setup, dict):
        raise InvalidRequest("the first message of a session must be its setup")
    return {**message, SETUP: {**setup, "model": name}}


LIVE = SessionDialect(
    name=NAME,
    operation=Operation.REALTIME,
    client=(),
    upstream=(
        Endpoint(
            path="/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
        ),
    ),
    place=re.compile(
        r"/ws/google\.(?:ai\.generativelanguage|cloud\.aiplatform)\.[\w.]+[./]BidiGenerateContent\w*"
    ),
    parse_error=parse_error,
    render_error=render_error,
    watch=lambda body: Seen(),
    told=told,
    words=(b'"usageMetadata"', b'"turnComplete"'),
    growing=b'"modelTurn"',
    mixed=True,
    opened=opened,
    called=called,
    named="models/{model}",
    own_headers=frozenset({"x-goog-user-project"}),
)

VERTEX = msgspec.structs.replace(
    LIVE,
    host="vertex",
    upstream=(
        Endpoint(path="/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent"),
    ),
    named="projects/{project}/locations/{region}/publishers/google/models/{model}",
)

SESSIONS = (LIVE,)
