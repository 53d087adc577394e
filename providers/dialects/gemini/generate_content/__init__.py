"""The gemini.generate_content dialect: Google's generateContent and streamGenerateContent.

https://ai.google.dev/api/generate-content
"""

from functools import partial
from urllib.parse import parse_qs

import msgspec

from providers.bridging.chat import ChatDialect
from providers.bridging.counting import counting
from providers.bridging.dialect import Endpoint
from providers.bridging.tool_names import Rule
from providers.dialects.gemini.errors import parse_error, render_error
from providers.dialects.gemini.generate_content.count import (
    edits as count_edits,
)
from providers.dialects.gemini.generate_content.count import (
    edits_for_vertex,
    parse,
    wrap,
    wrap_for_vertex,
)
from providers.dialects.gemini.generate_content.edits import edits
from providers.dialects.gemini.generate_content.known import TOP
from providers.dialects.gemini.generate_content.native_tools import knows
from providers.dialects.gemini.generate_content.parser import Parser
from providers.dialects.gemini.generate_content.relay import ArrayRelay, SseRelay
from providers.dialects.gemini.generate_content.renderer import ArrayRenderer, Renderer
from providers.dialects.gemini.generate_content.request import parse_request, render_request
from providers.dialects.gemini.generate_content.response import (
    parse_response,
    render_response,
    watch,
)
from providers.dialects.gemini.generate_content.told import ANSWERS
from providers.dialects.gemini.kept_ids import ASKED
from providers.dialects.gemini.media import FETCHED
from providers.dialects.gemini.names import CARRIES, NAME, NAMES
from providers.models.gemini import schemas_of
from providers.neutral import listing
from providers.operations import Operation


def variant(query: str) -> ChatDialect:
    """The dialect as the query of a client's path wants its streams told."""
    said = parse_qs(query)
    # Every system parameter has both names: https://cloud.google.com/apis/docs/system-parameters.
    return DIALECT if "sse" in (*said.get("alt", ()), *said.get("$alt", ())) else ARRAY


EXPRESS = "publishers/google"
"""Vertex AI with an API key, which stands for a project
(https://cloud.google.com/vertex-ai/generative-ai/docs/start/express-mode/overview)."""
VERTEX = f"projects/*/locations/*/{EXPRESS}"
PLACES = (
    "v1",
    "v1beta",
    "v1alpha",
    *(f"{version}/{owner}" for owner in (VERTEX, EXPRESS) for version in ("v1", "v1beta1")),
)
MODELS = tuple(f"/{place}/models/{{model}}" for place in PLACES)
"""Where clients of the Gemini API and of Vertex AI find a model."""


def endpoints(verb: str, *, stream: bool) -> tuple[Endpoint, ...]:
    """All places of `verb`."""
    return tuple(Endpoint(path=f"{place}:{verb}", stream=stream) for place in MODELS)


DIALECT = ChatDialect(
    name=NAME,
    operation=Operation.CHAT,
    client=(
        *endpoints("generateContent", stream=False),
        *endpoints("streamGenerateContent", stream=True),
    ),
    upstream=(
        Endpoint(path="/models/{model}:generateContent", stream=False),
        Endpoint(path="/models/{model}:streamGenerateContent?alt=sse", stream=True),
    ),
    members=TOP,
    answers=ANSWERS,
    carries=CARRIES,
    names=NAMES,
    opened=frozenset({"generationConfig", "toolConfig"}),
    knows=knows,
    schemas=lambda request: schemas_of(request.known_as),
    tool_names=Rule(allowed="a-zA-Z0-9_.:-", longest=128, first="a-zA-Z_"),
    listing=listing.GEMINI,
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
    edits=edits,
    variant=variant,
    fetches=FETCHED,
    ids=lambda body: ASKED,
)

ON_VERTEX = msgspec.structs.replace(
    DIALECT, host="vertex", client=(), render_request=partial(render_request, vertex=True)
)

ARRAY = msgspec.structs.replace(
    DIALECT, stream_type="application/json", renderer=ArrayRenderer, relay=ArrayRelay
)
"""The same for a client that did not ask for `alt=sse`: its stream is a JSON array in pieces."""

COUNT = counting(
    DIALECT,
    name="gemini.count_tokens",
    client=endpoints("countTokens", stream=False),
    upstream=(Endpoint(path="/models/{model}:countTokens", stream=False),),
    parse_request=parse,
    wrap=wrap,
    number="totalTokens",
    edits=count_edits,
)

VERTEX_COUNT = counting(
    DIALECT,
    name=COUNT.name,
    host="vertex",
    client=(),
    upstream=COUNT.upstream,
    parse_request=parse,
    wrap=wrap_for_vertex,
    number="totalTokens",
    edits=edits_for_vertex,
)

DIALECTS = (DIALECT, COUNT)
