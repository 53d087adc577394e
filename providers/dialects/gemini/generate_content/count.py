"""What surrounds a request whose tokens are to be counted.

The Gemini API takes contents alone, or a whole request as `generateContentRequest`
(https://ai.google.dev/api/tokens); Vertex AI takes some of its members side by side
(https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/count-tokens).
"""

from typing import Any

from providers.dialects.gemini.generate_content import fields
from providers.dialects.gemini.generate_content.request import parse_request
from providers.neutral.chat import ChatRequest
from providers.wire.members import Json
from providers.wire.splice import REMOVED

WHOLE = "generateContentRequest"
VERTEX = fields.spellings(("contents", "generationConfig", "systemInstruction", "tools"))
"""The members of a request that Vertex AI counts."""


def parse(body: Json, path_model: str, path_stream: bool) -> ChatRequest:
    """A client's request in either form."""
    inner = fields.find(body, WHOLE)
    if inner is not None and not isinstance(inner, dict):
        fields.wrong(WHOLE, "an object")
    return parse_request(body if inner is None else inner, path_model, path_stream)


def wrap(body: Json, model: str) -> Json:
    """For the Gemini API."""
    return {WHOLE: {"model": f"models/{model}", **body}}


def wrap_for_vertex(body: Json, model: str) -> Json:
    """For Vertex AI."""
    return {name: value for name, value in body.items() if name in VERTEX}


def edits(body: Json, model: str, usage: bool) -> dict[str, Any]:
    """The model that stands in a whole request, too."""
    inner = fields.find(body, WHOLE)
    if not isinstance(inner, dict):
        return {}
    changed = {**inner, "model": f"models/{model}"}
    return {name: changed for name in (WHOLE, fields.snake(WHOLE)) if name in body}


def edits_for_vertex(body: Json, model: str, usage: bool) -> dict[str, Any]:
    """A whole request's members, side by side."""
    inner = fields.find(body, WHOLE)
    if not isinstance(inner, dict):
        return {}
    gone = {name: REMOVED for name in (WHOLE, fields.snake(WHOLE)) if name in body}
    return {**wrap_for_vertex(inner, model), **gone}
