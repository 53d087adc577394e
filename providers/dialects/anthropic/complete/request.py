"""A request of Anthropic's Text Completions API, both ways.

https://platform.claude.com/docs/en/api/complete
"""

from typing import Any

from providers.bridging.fidelity import Feature, lose
from providers.dialects.anthropic.complete.frame import framed, turns
from providers.errors import InvalidRequest
from providers.neutral.chat import ChatRequest
from providers.neutral.prompts import prompt_of
from providers.wire import members
from providers.wire.members import Json

NAME = "anthropic.complete"

DEFAULT_MAX_TOKENS = 4_096
"""What is asked for where the request does not say: the API wants a number."""

READ = frozenset(
    {
        "model",
        "prompt",
        "max_tokens_to_sample",
        "stop_sequences",
        "temperature",
        "top_p",
        "top_k",
        "metadata",
        "stream",
    }
)
"""Every member that the neutral conversation has a place for; the others are extras."""

HOTTEST = 1
"""The largest temperature that the API takes."""


def parse_request(body: Json, path_model: str, path_stream: bool) -> ChatRequest:
    """What the client asks for; raises InvalidRequest naming the member that is wrong."""
    limit = members.integer(body, "max_tokens_to_sample")
    if limit is None:
        raise InvalidRequest("max_tokens_to_sample is required", param="max_tokens_to_sample")
    metadata = members.mapping(body, "metadata") or {}
    extras = {name: value for name, value in body.items() if name not in READ}
    rest = {name: value for name, value in metadata.items() if name != "user_id"}
    return ChatRequest(
        model=members.text(body, "model") or path_model,
        messages=turns(members.required_text(body, "prompt")),
        stream=bool(members.boolean(body, "stream")) or path_stream,
        max_tokens=limit,
        temperature=members.number(body, "temperature"),
        top_p=members.number(body, "top_p"),
        top_k=members.integer(body, "top_k"),
        stop=members.texts(body, "stop_sequences"),
        user=members.text(metadata, "user_id", "metadata."),
        extras={**extras, "metadata": rest} if rest else extras,
    )


def render_request(request: ChatRequest, dropped: list[str]) -> Json:
    """The body for a provider; raises Unsupported for all but one user's words."""
    limit = DEFAULT_MAX_TOKENS if request.max_tokens is None else request.max_tokens
    body: Json = {
        "model": request.model,
        "prompt": framed(prompt_of(request, NAME)),
        "max_tokens_to_sample": limit,
    }
    for name in ("top_p", "top_k"):
        value = getattr(request, name)
        if value is not None:
            body[name] = value
    if request.temperature is not None:
        body["temperature"] = min(request.temperature, HOTTEST)
        if request.temperature > HOTTEST:
            lose(dropped, Feature.TEMPERATURE)
    if request.stop:
        body["stop_sequences"] = list(request.stop)
    if request.user is not None:
        body["metadata"] = {"user_id": request.user}
    if request.stream:
        body["stream"] = True
    dropped += request.extras
    return body


def edits(body: Json, model: str, usage: bool) -> dict[str, Any]:
    """The members to change so that `body` may go to a provider that calls the model `model`."""
    return {} if body.get("model") == model else {"model": model}
