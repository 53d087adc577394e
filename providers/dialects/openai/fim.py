"""The mistral.fim dialect: code between a prompt and a suffix, answered as a chat is.

https://docs.mistral.ai/api/endpoint/fim, and `FIMCompletionRequest` of the official SDK (3.7).
"""

import msgspec

from providers.bridging.chat import ChatDialect
from providers.bridging.dialect import Context, Endpoint
from providers.bridging.fidelity import Feature
from providers.bridging.unsaid import Told, words_alone
from providers.dialects.openai import chat
from providers.dialects.openai.chat.renderer import ChatStreamRenderer
from providers.dialects.openai.chat.response import render_response as render_chat
from providers.dialects.openai.completions.request import stops
from providers.errors import InvalidRequest
from providers.neutral.chat import ChatRequest, ChatResponse, Choice, Text
from providers.neutral.deltas import (
    AnyDelta,
    AudioDelta,
    Begin,
    End,
    Failed,
    Ping,
    RefusalDelta,
    TextDelta,
    Used,
    WholePart,
)
from providers.neutral.prompts import prompt_of, said, told, words
from providers.operations import Operation
from providers.usage import Usage
from providers.wire import members
from providers.wire.compatible_errors import parse_error, render_error
from providers.wire.members import Json
from providers.wire.splice import model_edit

NAME = "mistral.fim"

SHARED = {
    "temperature": ("temperature", members.number),
    "top_p": ("top_p", members.number),
    "max_tokens": ("max_tokens", members.integer),
    "random_seed": ("seed", members.integer),
    "suffix": ("suffix", members.text),
    "metadata": ("metadata", members.mapping),
    "prompt_cache_key": ("prompt_cache_key", members.text),
}
"""Member → (the neutral name, what it must be)."""

READ = frozenset({*SHARED, "model", "prompt", "stop", "stream"})
"""Every member that the neutral conversation has a place for; the others are extras."""

CARRIES = frozenset(
    {
        Feature.MAX_TOKENS,
        Feature.TEMPERATURE,
        Feature.TOP_P,
        Feature.STOP,
        Feature.SEED,
        Feature.SUFFIX,
        Feature.METADATA,
        Feature.PROMPT_CACHE_KEY,
        Feature.DOCUMENT_TEXT,
    }
)

ANSWERS = msgspec.structs.replace(
    chat.DIALECT.answers,
    shows=words_alone,
    tells=chat.DIALECT.answers.tells
    - {
        Told.CALLS,
        Told.CITATIONS,
        Told.HANDLE,
        Told.SIGNATURES,
        Told.SOUND,
        Told.QUOTES,
        Told.SOURCES,
        Told.STRETCHES,
        Told.THINKING,
    },
)
"""Words alone, in the form of a chat's answer."""

KNOWN_EXTRAS = frozenset({"min_tokens"})
"""What servers of open models call the same in their completions."""


def parse_request(body: Json, path_model: str, path_stream: bool) -> ChatRequest:
    """What the client asks for; raises InvalidRequest naming the member that is wrong."""
    model = members.text(body, "model") or path_model
    if not model:
        raise InvalidRequest("model is required", param="model")
    values: Json = {
        neutral: read(body, name) for name, (neutral, read) in SHARED.items() if name in body
    }
    values["suffix"] = values.get("suffix") or None
    return ChatRequest(
        **values,
        model=model,
        messages=said(members.required_text(body, "prompt")),
        stream=bool(members.boolean(body, "stream")) or path_stream,
        stop=stops(body),
        extras=members.beyond(body, READ),
    )


def render_request(request: ChatRequest, dropped: list[str]) -> Json:
    """The body for a provider; raises Unsupported for all but one user's words."""
    body: Json = {"model": request.model, "prompt": prompt_of(request, NAME)}
    for name, (neutral, _) in SHARED.items():
        value = getattr(request, neutral)
        if value is not None:
            body[name] = value
    if request.stop:
        body["stop"] = list(request.stop)
    if request.stream:
        body["stream"] = True
    body |= {name: value for name, value in request.extras.items() if name in KNOWN_EXTRAS}
    dropped += [name for name in request.extras if name not in KNOWN_EXTRAS]
    return body


def render_response(response: ChatResponse, context: Context) -> Json:
    """The answer as the SDK expects it, which demands counts of every answer."""
    choices = tuple(map(_told, response.choices))
    plain = msgspec.structs.replace(response, choices=choices, usage=response.usage or Usage())
    return render_chat(plain, context)


def _told(choice: Choice) -> Choice:
    """The same with words alone: a text has no thoughts, no calls and no refusals beside it."""
    text = "".join(map(words, choice.parts))
    return msgspec.structs.replace(choice, parts=(Text(text=text),) if text else ())


class FimRenderer:
    """A client's stream, from deltas to bytes: a chat's, with words alone."""

    def __init__(self, context: Context) -> None:
        self._chat = ChatStreamRenderer(context)

    def feed(self, deltas: list[AnyDelta]) -> bytes:
        """The events that say `deltas`."""
        return self._chat.feed([said for delta in deltas if (said := _said(delta)) is not None])

    def flush(self) -> bytes:
        """What closes the stream."""
        return self._chat.flush()


def _said(delta: AnyDelta) -> AnyDelta | None:
    match delta:
        case Begin() | TextDelta() | End() | Used() | Ping() | Failed():
            return delta
        case RefusalDelta() | AudioDelta() | WholePart():
            text = told(delta)
            return TextDelta(text=text, part=delta.part, choice=delta.choice) if text else None
    return None


DIALECT = ChatDialect(
    name=NAME,
    operation=Operation.COMPLETIONS,
    client=(Endpoint(path="/v1/fim/completions"),),
    upstream=(Endpoint(path="/fim/completions"),),
    carries=CARRIES,
    names={Feature.SEED: "random_seed"},
    parse_request=parse_request,
    render_request=render_request,
    parse_response=chat.DIALECT.parse_response,
    render_response=render_response,
    parser=chat.DIALECT.parser,
    renderer=FimRenderer,
    parse_error=parse_error,
    render_error=render_error,
    watch=chat.DIALECT.watch,
    relay=chat.DIALECT.relay,
    edits=model_edit,
    answers=ANSWERS,
)

DIALECTS = (DIALECT,)
