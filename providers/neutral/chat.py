"""The neutral conversation: what every chat dialect is parsed into and rendered from.

It says all that any dialect can say, so that a translation is one parse and one render. A field
stands here as soon as two dialects know it; what only one dialect knows travels in `native` and
`extras`. Structs are frozen; a stream is a list of deltas (`providers.neutral.deltas`).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from providers.errors import ApiError
from providers.neutral.media import Source
from providers.neutral.web_search import Searched, WebSearch
from providers.usage import Usage
from providers.wire.budget import Budget


class Role(StrEnum):
    """Who speaks. A developer is a system voice in dialects that do not tell them apart."""

    SYSTEM = "system"
    DEVELOPER = "developer"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class Cache(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt-cache marker: what stands before it, and the marked part, may be cached."""

    ttl: str | None = None
    """`5m` or `1h`; None: the provider's default."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where cited words stand in what the prompt holds."""

    unit: str
    """What `start` and `end` count: `char`, `page` or `block` of a document, or `result`: blocks
    of a search result."""
    index: int
    """Of the document, or of the search result, from 0."""
    start: int
    end: int
    """One past the last."""


class Citation(msgspec.Struct, frozen=True, kw_only=True):
    """Where a piece of an answer comes from."""

    url: str | None = None
    title: str | None = None
    quote: str | None = None
    """The cited text."""
    start: int | None = None
    """First character of the cited stretch, in the answer's text part."""
    end: int | None = None
    """One past its last character."""
    place: Place | None = None
    native: Mapping[str, Any] = {}
    """The citation in the wire form of `dialect`, for the way back to the same provider."""
    dialect: str = ""


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider issued to recognise its own thoughts in a later turn."""

    origin: str
    """The family of dialects that issued it: `anthropic`, `gemini`, `openai`, `bedrock`."""
    value: str


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """Plain text."""

    text: str
    cache: Cache | None = None
    citations: tuple[Citation, ...] = ()
    signature: Signature | None = None
    """Gemini signs text parts too."""


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """A picture."""

    source: Source
    detail: str | None = None
    """`low`, `high`, `auto`: how closely the model shall look."""
    cache: Cache | None = None


class Audio(msgspec.Struct, frozen=True, kw_only=True):
    """Sound, in a request or an answer."""

    source: Source
    id: str | None = None
    """The provider's handle of an earlier answer's audio."""
    transcript: str | None = None
    expires_at: int | None = None
    cache: Cache | None = None


class Video(msgspec.Struct, frozen=True, kw_only=True):
    """Moving pictures."""

    source: Source
    cache: Cache | None = None


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A file to read, such as a PDF."""

    source: Source
    name: str | None = None
    context: str | None = None
    cite: bool = False
    """The answer shall cite it."""
    found: bool = False
    """A search result: `context` says where it was found."""
    cache: Cache | None = None


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """The model's wish to have a function called."""

    id: str
    """Never empty: a parser makes one up, unique in its answer, where the dialect has none."""
    name: str
    arguments: str
    """JSON text exactly as the model wrote it; may be invalid JSON; `{}` when there are none."""
    namespace: str = ""
    """The group to which the function belongs (Responses)."""
    signature: Signature | None = None
    """Gemini signs the first call of a turn and refuses the turn without it."""
    cache: Cache | None = None


class ToolResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a function returned."""

    call_id: str
    name: str | None = None
    """The function's name; a parser takes it from the call where the dialect has none here."""
    parts: tuple["Part", ...] = ()
    is_error: bool = False
    cache: Cache | None = None


class Thinking(msgspec.Struct, frozen=True, kw_only=True):
    """The model's reasoning, as far as the provider shows it."""

    text: str = ""
    signature: Signature | None = None
    redacted: Signature | None = None
    """An encrypted block, instead of text."""
    id: str | None = None
    """The reasoning item's id (Responses)."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """The model's words for why it does not answer."""

    text: str


class Native(msgspec.Struct, frozen=True, kw_only=True):
    """A part that only one dialect knows: a server tool's call or result, executable code."""

    dialect: str
    value: Mapping[str, Any]


Media = Image | Audio | Video | Document
Part = Text | Media | ToolCall | ToolResult | Thinking | Refusal | Searched | Native


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One turn. Tool results stand in messages of role TOOL, a run of results in one message."""

    role: Role
    parts: tuple[Part, ...] = ()
    name: str | None = None


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """A function that the model may call."""

    name: str
    description: str | None = None
    schema: Mapping[str, Any] | None = None
    """JSON Schema (draft 2020-12, lower-case types) of the arguments; None: it has none."""
    strict: bool | None = None
    cache: Cache | None = None


class NativeTool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool that is no function, in the wire form of one dialect: the provider itself runs it, or
    the client does in a way that both know by heart."""

    dialect: str
    value: Mapping[str, Any]
    search: WebSearch | None = None
    """What it means where it is a search of the web."""
    option: bool = False
    """An option of the request, which is a hint where nobody runs it; `value` has its members."""


class ToolMode(StrEnum):
    """How free the model is to call tools."""

    AUTO = "auto"
    NONE = "none"
    REQUIRED = "required"
    NAMED = "named"


class ToolChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Which tools the model may or must call."""

    mode: ToolMode
    name: str | None = None
    """With NAMED."""
    allowed: tuple[str, ...] = ()
    """With AUTO and REQUIRED: only these; empty means all."""


class JsonOutput(msgspec.Struct, frozen=True, kw_only=True):
    """The answer shall be JSON."""

    schema: Mapping[str, Any] | None = None
    """None: any JSON object ("JSON mode")."""
    name: str | None = None
    description: str | None = None
    strict: bool | None = None
    """None: the client's format has no such word, and holds every answer to its schema."""

    @property
    def described(self) -> Mapping[str, Any] | None:
        """The schema, for those who know no other place for the description than it."""
        if self.schema is None or not self.description:
            return self.schema
        said = f"{self.description}\n{self.schema.get('description') or ''}".strip()
        return {**self.schema, "description": said}


class Reasoning(msgspec.Struct, frozen=True, kw_only=True):
    """How much the model shall think before it answers."""

    enabled: bool | None = None
    """False: not at all; None: as effort or budget say."""
    effort: str | None = None
    """`none`, `minimal`, `low`, `medium`, `high`, `xhigh` or `max`."""
    budget: int | None = None
    """Tokens; -1: the model decides (dynamic, adaptive)."""
    show: bool | None = None
    """Whether thoughts or their summary shall be part of the answer."""
    summary: str | None = None
    """`auto`, `concise`, `detailed` (Responses)."""

    @property
    def off(self) -> bool:
        """Whether the model shall answer without thinking."""
        return self.enabled is False or self.effort == "none" or self.budget == 0


class AudioOutput(msgspec.Struct, frozen=True, kw_only=True):
    """The answer shall be spoken."""

    voice: Any = None
    format: str | None = None


class ChatRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a client asks for."""

    model: str
    """The name that goes upstream."""
    family: str = ""
    """A model that takes the same, where the name itself does not say so."""
    messages: tuple[Message, ...] = ()
    stream: bool = False

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    repetition_penalty: float | None = None
    logit_bias: Mapping[str, float] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    n: int | None = None
    suffix: str | None = None
    """What comes after the words that the model shall write between it and the prompt."""

    tools: tuple[Tool | NativeTool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    output: JsonOutput | None = None
    reasoning: Reasoning | None = None
    verbosity: str | None = None
    modalities: tuple[str, ...] = ()
    audio: AudioOutput | None = None
    prediction: Any = None

    user: str | None = None
    metadata: Mapping[str, Any] | None = None
    service_tier: str | None = None
    store: bool | None = None
    prompt_cache_key: str | None = None
    safety_identifier: str | None = None
    cache: Cache | None = None
    """A marker on the request as a whole (Anthropic's automatic caching)."""
    previous_response_id: str | None = None

    extras: Mapping[str, Any] = {}
    """Top-level fields that the client's dialect does not share with any other, as they came;
    a dialect that knows a name renders it (`extra_body` for providers that know it)."""
    headers: Mapping[str, str] = {}  # of another dialect, which this client says in its body
    binding: frozenset[str] = frozenset()
    """Of `extras`, the names whose loss would change the meaning."""
    hints: frozenset[str] = frozenset()
    """Features that the client does not insist on, although they might change the meaning."""
    budget: Budget | None = None
    """What it may still grow by on its way to a provider; None: as much as any by default."""

    @property
    def known_as(self) -> str:
        """The name that says what the model takes."""
        return self.family or self.model


class Finish(StrEnum):
    """Why the model stopped."""

    STOP = "stop"
    STOP_SEQUENCE = "stop_sequence"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    REFUSAL = "refusal"
    PAUSE = "pause"
    """A turn that the client shall send back to go on (Anthropic's pause_turn)."""
    ERROR = "error"


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of the `n` that were asked for."""

    parts: tuple[Part, ...] = ()
    finish: Finish | None = None
    stop_sequence: str | None = None
    index: int = 0
    logprobs: Mapping[str, Any] | None = None
    """In OpenAI chat's wire form: `{"content": [{token, logprob, bytes, top_logprobs}]}`."""
    native: Mapping[str, Any] = {}
    """What else the provider said of this choice: safety ratings, grounding metadata."""
    error: ApiError | None = None
    """What the provider says of an ERROR."""


class ChatResponse(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer."""

    id: str
    model: str
    choices: tuple[Choice, ...]
    created: int = 0
    """Seconds since the epoch; 0: the provider did not say."""
    usage: Usage | None = None
    service_tier: str | None = None
    native: Mapping[str, Any] = {}


SEAL = "ai.extproc/"


def seal(signature: Signature, reader: str) -> str:
    """The signature as it is shown to a client of family `reader`.

    A family is the first word of the name of the dialect whose providers sign so; Bedrock's is
    Claude's. What a client echoes must reach only the
    provider that issued it, so a foreign value carries its origin.
    """
    if signature.origin == reader:
        return signature.value
    return f"{SEAL}{signature.origin}/{signature.value}"


def unseal(value: str, reader: str) -> Signature:
    """The signature that a client of family `reader` echoed."""
    if not value.startswith(SEAL):
        return Signature(origin=reader, value=value)
    origin, _, rest = value[len(SEAL) :].partition("/")
    return Signature(origin=origin, value=rest)
