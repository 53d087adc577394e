"""The gemini.generate_content dialect: Google's generateContent and streamGenerateContent.

https://ai.google.dev/api/generate-content
"""

from urllib.parse import parse_qs

import msgspec

from providers.dialect import Dialect, Endpoint
from providers.dialects.gemini_generate_content.errors import parse_error, render_error
from providers.dialects.gemini_generate_content.names import CARRIES, NAME, NAMES
from providers.dialects.gemini_generate_content.parser import Parser
from providers.dialects.gemini_generate_content.relay import ArrayRelay, SseRelay
from providers.dialects.gemini_generate_content.renderer import ArrayRenderer, Renderer
from providers.dialects.gemini_generate_content.request import parse_request, render_request
from providers.dialects.gemini_generate_content.response import (
    parse_response,
    render_response,
    watch,
)
from providers.operations import Operation


def variant(query: str) -> Dialect:
    """The dialect as the query of a client's path wants its streams told."""
    return DIALECT if "sse" in parse_qs(query).get("alt", ()) else ARRAY


DIALECT = Dialect(
    name=NAME,
    operation=Operation.CHAT,
    client=tuple(
        endpoint
        for version in ("v1", "v1beta")
        for endpoint in (
            Endpoint(path=f"/{version}/models/{{model}}:generateContent", stream=False),
            Endpoint(path=f"/{version}/models/{{model}}:streamGenerateContent", stream=True),
        )
    ),
    upstream=(
        Endpoint(path="/models/{model}:generateContent", stream=False),
        Endpoint(path="/models/{model}:streamGenerateContent?alt=sse", stream=True),
    ),
    carries=CARRIES,
    names=NAMES,
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    render_response=render_response,
    parser=Parser,
    renderer=Renderer,
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
    relay=SseRelay,
    variant=variant,
)

ARRAY = msgspec.structs.replace(
    DIALECT, stream_type="application/json", renderer=ArrayRenderer, relay=ArrayRelay
)
"""The same for a client that did not ask for `alt=sse`: its stream is a JSON array in pieces."""

DIALECTS = (DIALECT,)
