"""A completions request, both ways: a prompt is what a user says.

https://platform.openai.com/docs/api-reference/completions/create
"""

from providers.bridging.fidelity import Feature
from providers.dialects.openai.ids import keep_lengths
from providers.errors import InvalidRequest, Unsupported
from providers.neutral.chat import ChatRequest
from providers.neutral.prompts import prompt_of, said
from providers.wire import members
from providers.wire.members import Json

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
        messages=said(_prompt(body)),
        stream=bool(members.boolean(body, "stream")) or path_stream,
        max_tokens=DEFAULT_MAX_TOKENS if limit is None else limit,
        stop=stops(body),
        suffix=members.text(body, "suffix") or None,
        logprobs=None if likely is None else True,
        top_logprobs=likely,
        extras={name: value for name, value in body.items() if name not in READ},
    )


def _refuse(body: Json) -> None:
    """What no chat can do."""
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


def stops(body: Json) -> tuple[str, ...]:
    """Where the text ends: a string, or several."""
    value = body.get("stop")
    return (value,) if isinstance(value, str) else tuple(members.strings(body, "stop"))


def render_request(request: ChatRequest, dropped: list[str]) -> Json:
    """The body for a provider; raises Unsupported for all but one user's words."""
    body: Json = {"model": request.model, "prompt": prompt_of(request, NAME)}
    for name in (*SHARED, "max_tokens", "suffix"):
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
    keep_lengths(body, dropped)
    dropped += request.extras
    return body
