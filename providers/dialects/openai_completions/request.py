"""A completions request, both ways: a prompt is what a user says.

https://platform.openai.com/docs/api-reference/completions/create
"""

from typing import Any

from providers import members
from providers.chat import ChatRequest, Json, Message, PlainText, Role, Text
from providers.errors import InvalidRequest, Unsupported
from providers.fidelity import Feature

NAME = "openai.completions"

DEFAULT_MAX_TOKENS = 16
"""What the API generates where the request does not say; chat has no such limit."""

SHARED = {
    "temperature": members.number,
    "top_p": members.number,
    "top_k": members.integer,
    "min_p": members.number,
    "n": members.integer,
    "seed": members.integer,
    "presence_penalty": members.number,
    "frequency_penalty": members.number,
    "repetition_penalty": members.number,
    "logit_bias": members.mapping,
    "user": members.text,
}
"""Members with the neutral name and meaning, and what they must be."""

READ = frozenset(
    {
        *SHARED,
        "model",
        "prompt",
        "suffix",
        "echo",
        "best_of",
        "logprobs",
        "max_tokens",
        "stop",
        "stream",
        "stream_options",
    }
)
"""Every member that the neutral conversation has a place for; the others are extras."""

MAX_LOGPROBS = 5
"""https://platform.openai.com/docs/api-reference/completions/create#completions-create-logprobs"""


def parse_request(body: Json, path_model: str, path_stream: bool) -> ChatRequest:
    """What the client asks for; raises InvalidRequest naming the member that is wrong."""
    model = members.text(body, "model") or path_model
    if not model:
        raise InvalidRequest("model is required", param="model")
    _refuse(body)
    values: Json = {name: read(body, name) for name, read in SHARED.items() if name in body}
    limit = members.integer(body, "max_tokens")
    likely = members.integer(body, "logprobs")
    return ChatRequest(
        **values,
        model=model,
        messages=(Message(role=Role.USER, parts=(Text(text=_prompt(body)),)),),
        stream=bool(members.boolean(body, "stream")) or path_stream,
        stream_usage=wants_usage(body),
        max_tokens=DEFAULT_MAX_TOKENS if limit is None else limit,
        stop=_stop(body),
        logprobs=None if likely is None else True,
        top_logprobs=likely,
        extras={name: value for name, value in body.items() if name not in READ},
    )


def _refuse(body: Json) -> None:
    """What no chat can do."""
    if members.text(body, "suffix"):
        raise Unsupported("suffix cannot be expressed in a chat", param="suffix")
    if members.boolean(body, "echo"):
        raise Unsupported("echo cannot be expressed in a chat", param="echo")
    best = members.integer(body, "best_of")
    if best is not None and best > (members.integer(body, "n") or 1):
        raise Unsupported("best_of cannot be expressed in a chat", param="best_of")


def _prompt(body: Json) -> str:
    match body.get("prompt"):
        case str() as prompt:
            return prompt
        case [str() as prompt]:
            return prompt
        case [str(), *_]:
            raise Unsupported("several prompts cannot be one chat", param="prompt")
        case [int(), *_] | [list(), *_]:
            raise Unsupported("a prompt of token ids cannot be expressed in a chat", param="prompt")
    raise members.wrong("prompt", "a string")


def _stop(body: Json) -> tuple[str, ...]:
    value = body.get("stop")
    return (value,) if isinstance(value, str) else tuple(members.strings(body, "stop"))


def wants_usage(body: Json) -> bool:
    """Whether a client that sent `body` asked for the usage event."""
    options = body.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def render_request(request: ChatRequest, dropped: list[str]) -> Json:
    """The body for a provider; raises Unsupported for all but one user's words."""
    body: Json = {"model": request.model, "prompt": _words(request)}
    for name in (*SHARED, "max_tokens"):
        value = getattr(request, name)
        if value is not None:
            body[name] = value
    if request.stop:
        body["stop"] = list(request.stop)
    if request.stream:
        body["stream"] = True
    if request.logprobs or request.top_logprobs:
        body["logprobs"] = min(request.top_logprobs or 0, MAX_LOGPROBS)
        if (request.top_logprobs or 0) > MAX_LOGPROBS:
            dropped.append(Feature.TOP_LOGPROBS)
    dropped += request.extras
    return body


def _words(request: ChatRequest) -> str:
    match request.messages:
        case [Message(role=Role.USER, parts=parts)]:
            texts = [_text(part) for part in parts]
            return "".join(texts)
    raise Unsupported(f"a conversation cannot be expressed in {NAME}", param="messages")


def _text(part: Any) -> str:
    if isinstance(part, Text):
        return part.text
    source = getattr(part, "source", None)
    if isinstance(source, PlainText):
        return source.text
    kind = type(part).__name__.lower()
    raise Unsupported(f"a part of kind {kind} cannot stand in a prompt", param="messages")


def edits(body: Json, model: str, usage: bool) -> dict[str, Any]:
    """The members to change so that `body` may go to a provider that calls the model `model`."""
    changes: dict[str, Any] = {}
    if body.get("model") != model:
        changes["model"] = model
    if usage and body.get("stream") is True and not wants_usage(body):
        options = body.get("stream_options")
        options = options if isinstance(options, dict) else {}
        changes["stream_options"] = {**options, "include_usage": True}
    return changes
