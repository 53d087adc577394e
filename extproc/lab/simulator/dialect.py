"""What a wire format must tell the simulator, and the neutral answer that it is handed."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from extproc.lab.simulator.directives import Directives

Json = dict[str, Any]


class Refusal(Exception):
    """The provider refuses the request: `status`, and what its error body says."""

    def __init__(
        self, message: str, *, status: int = 400, param: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.param = param
        self.code = code


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP request, matched to a dialect."""

    path: str
    """Without the query."""
    params: Mapping[str, str]
    """Named groups of the dialect's path, percent-decoded."""
    query: Mapping[str, str]
    headers: Sequence[tuple[str, str]]
    """Names are lower-case."""
    body: Json


class Tool(msgspec.Struct, frozen=True):
    """A tool that the client offers."""

    name: str
    schema: Json


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What any chat request asks, whatever its wire format."""

    model: str
    text: str
    """The last user message, directives included."""
    prompt_tokens: int
    stream: bool = False
    tools: Sequence[Tool] = ()
    demand: Literal["none", "auto", "required"] = "auto"
    named: str = ""
    """The tool that must be called, where one is named."""
    parallel: bool = True
    results: Sequence[str] = ()
    """Texts of the tool results since the last user message."""
    rounds: int = 0
    """Answers with tool calls since the last user message."""
    schema: Json | None = None
    """JSON Schema of the wanted output; `{}` for any object."""
    stop: Sequence[str] = ()
    max_tokens: int | None = None
    n: int = 1
    body: Json
    """The request itself, for what only its own dialect knows."""


class ToolCall(msgspec.Struct, frozen=True):
    """A tool that the answer calls."""

    id: str
    name: str
    pieces: list[str]
    """The arguments' JSON text, cut into tokens."""


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One answer, cut into tokens."""

    pieces: list[str]
    reasoning: list[str] = []
    calls: list[ToolCall] = []
    refusal: bool = False
    """True when `pieces` are the words of a refusal."""
    finish: Literal["stop", "length", "tool_calls"] = "stop"


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Token counts; `cached` is a part of `prompt`, `reasoning` and `audio` are of `completion`."""

    prompt: int
    completion: int
    cached: int = 0
    reasoning: int = 0
    audio: int = 0


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What is answered, whatever the wire format."""

    id: str
    """Letters and digits; a dialect puts its own prefix before it."""
    created: int
    """Seconds since the epoch."""
    model: str
    choices: list[Choice]
    usage: Usage


class Event(msgspec.Struct, frozen=True):
    """One event of a stream, before framing."""

    data: bytes
    name: str = ""
    closing: bool = False
    """True for what only says that the stream is complete, such as `[DONE]`."""


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """All that a dialect needs to write an answer."""

    asked: Asked
    reply: Reply
    directives: Directives


def no_headers(refusal: Refusal, directives: Directives) -> Sequence[tuple[str, str]]:
    """For dialects whose errors stand in the body alone."""
    return ()


def no_counts(turn: Turn) -> Sequence[tuple[str, str]]:
    """For dialects whose counts stand in the body."""
    return ()


def bearer(call: Call) -> str:
    """The token of the `authorization` header; empty when there is none."""
    return dict(call.headers).get("authorization", "").removeprefix("Bearer ")


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """One wire format."""

    name: str
    path: re.Pattern[str]
    """Matches the whole path, whatever prefix stands before; groups go to `Call.params`."""
    sdk: str
    """The package whose types `check` uses."""
    check: Callable[[Call, bool], None]
    """Raises Refusal for a body that the official types refuse; True: unknown keys too."""
    ask: Callable[[Call], Asked]
    whole: Callable[[Turn], bytes]
    events: Callable[[Turn], Iterator[Event]]
    error: Callable[[Refusal, Directives], bytes]
    stream_error: Callable[[Refusal, Directives], Event]
    error_headers: Callable[[Refusal, Directives], Sequence[tuple[str, str]]] = no_headers
    """Headers in which an error says what it is, such as `x-amzn-errortype`."""
    counts: Callable[[Turn], Sequence[tuple[str, str]]] = no_counts
    """Headers in which a whole answer says what it used."""
    stream_headers: Callable[[Turn], Sequence[tuple[str, str]]] = no_counts
    """Headers in which a stream says what its events do not."""
    frame: Callable[[Event, Directives], bytes]
    content_type: str = "application/json"
    stream_content_type: str = "text/event-stream; charset=utf-8"
    key: Callable[[Call], str]
    """The credential in a request; empty when there is none."""
