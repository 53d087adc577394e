"""Gemini's Live API: sessions over WebSocket, by the Gemini API and on Vertex AI.

https://ai.google.dev/api/live, https://cloud.google.com/vertex-ai/generative-ai/docs/live-api
"""

import re

import msgspec

from providers.bridging.dialect import Endpoint, Seen
from providers.bridging.session import SessionDialect, named
from providers.dialects.gemini.errors import parse_error, render_error
from providers.dialects.gemini.live_client import LiveClient
from providers.dialects.gemini.live_provider import LiveProvider
from providers.dialects.gemini.live_usage import told
from providers.errors import InvalidRequest
from providers.operations import Operation
from providers.wire.members import Json

NAME = "gemini.live"
SETUP = "setup"


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
    client_side=LiveClient,
    provider_side=LiveProvider,
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
