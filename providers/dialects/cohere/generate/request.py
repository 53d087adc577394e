"""A request of Cohere's Generate API, both ways: a prompt is what a user says.

https://docs.cohere.com/v1/reference/generate
"""

from collections.abc import Callable, Mapping
from typing import Any

from providers.bridging.fidelity import Feature, lose
from providers.errors import InvalidRequest, Unsupported
from providers.neutral.chat import ChatRequest
from providers.neutral.prompts import prompt_of, said
from providers.wire import members
from providers.wire.members import Json

NAME = "cohere.generate"

DEFAULT_MAX_TOKENS = 20
"""What the API generates where the request does not say."""

SHARED: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "num_generations": ("n", members.integer),
    "temperature": ("temperature", members.number),
    "k": ("top_k", members.integer),
    "p": ("top_p", members.number),
    "seed": ("seed", members.integer),
    "frequency_penalty": ("frequency_penalty", members.number),
    "presence_penalty": ("presence_penalty", members.number),
}
"""Member → (neutral name, what it must be)."""

OWN = frozenset({"truncate", "raw_prompting", "preset"})
"""Members that only this format knows."""

READ = frozenset(
    {
        *SHARED,
        "model",
        "prompt",
        "stream",
        "max_tokens",
        "end_sequences",
        "stop_sequences",
        "return_likelihoods",
        "preset",
    }
)
"""Every member that the neutral conversation has a place for, or that is refused."""

RANGES = {
    "temperature": (0, 5),
    "k": (0, 500),
    "p": (0.01, 0.99),
    "frequency_penalty": (0, 1),
    "presence_penalty": (0, 1),
}
"""Smallest and largest value that the API takes."""

MAX_GENERATIONS = 5


def parse_request(body: Json, path_model: str, path_stream: bool) -> ChatRequest:
    """What the client asks for; raises InvalidRequest naming the member that is wrong."""
    if members.text(body, "preset"):
        raise Unsupported("preset cannot be expressed elsewhere", param="preset")
    values = {ours: read(body, name) for name, (ours, read) in SHARED.items() if name in body}
    limit = members.integer(body, "max_tokens")
    return ChatRequest(
        **values,
        model=members.text(body, "model") or path_model,
        messages=said(members.required_text(body, "prompt")),
        stream=bool(members.boolean(body, "stream")) or path_stream,
        max_tokens=DEFAULT_MAX_TOKENS if limit is None else limit,
        # Whether the answer holds the sequence itself is the difference, and nobody else's.
        stop=(*members.texts(body, "end_sequences"), *members.texts(body, "stop_sequences")),
        logprobs=_likelihoods(body),
        extras={name: value for name, value in body.items() if name not in READ},
    )


def _likelihoods(body: Json) -> bool | None:
    match members.text(body, "return_likelihoods"):
        case None | "NONE":
            return None
        case "GENERATION":
            return True
        case "ALL":
            raise Unsupported(
                "the likelihoods of the prompt cannot be expressed elsewhere",
                param="return_likelihoods",
            )
    raise InvalidRequest(
        "return_likelihoods must be GENERATION, ALL or NONE", param="return_likelihoods"
    )


def echo(body: Json) -> Mapping[str, Any]:
    """The prompt, which the answer says again."""
    return {"prompt": body.get("prompt")}


def render_request(request: ChatRequest, dropped: list[str]) -> Json:
    """The body for a provider; raises Unsupported for all but one user's words."""
    body: Json = {"model": request.model, "prompt": prompt_of(request, NAME)}
    if (request.n or 1) > MAX_GENERATIONS:
        raise Unsupported(f"{NAME} makes at most {MAX_GENERATIONS} generations", param="n")
    for name, (ours, _) in SHARED.items():
        value = getattr(request, ours)
        if value is not None:
            body[name] = _fit(name, value, dropped)
    if request.max_tokens is not None:
        body["max_tokens"] = request.max_tokens
    if request.stop:
        body["end_sequences"] = list(request.stop)
    if request.logprobs:
        body["return_likelihoods"] = "GENERATION"
    if request.stream:
        body["stream"] = True
    body |= {name: request.extras[name] for name in OWN & request.extras.keys()}
    dropped += [name for name in request.extras if name not in OWN]
    return body


def _fit(name: str, value: float, dropped: list[str]) -> float:
    """The nearest value that the API takes; a `p` of 1 asks for nothing, and 0.99 is nearest."""
    low, high = RANGES.get(name, (value, value))
    fitting = min(max(value, low), high)
    if fitting != value and (name, value) != ("p", 1):
        lose(dropped, Feature(SHARED[name][0]))
    return fitting


def edits(body: Json, model: str, usage: bool) -> dict[str, Any]:
    """The members to change so that `body` may go to a provider that calls the model `model`."""
    return {} if body.get("model") == model else {"model": model}
