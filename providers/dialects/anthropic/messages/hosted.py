"""The Messages API as clouds host it: the same body but for a few members, in other places.

https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai
https://platform.claude.com/docs/en/build-with-claude/claude-on-amazon-bedrock
https://platform.claude.com/docs/en/build-with-claude/claude-in-microsoft-foundry
"""

from collections.abc import Callable, Mapping, Set
from typing import Any

import msgspec
import orjson

from providers.bridging.chat import ChatDialect
from providers.bridging.dialect import Endpoint, FitHeaders
from providers.bridging.fidelity import Feature
from providers.dialects.anthropic.errors import describe, error_event
from providers.dialects.anthropic.messages import COUNT, DIALECT
from providers.dialects.anthropic.messages.markers import own_markers
from providers.dialects.anthropic.messages.parser import MessagesParser
from providers.dialects.anthropic.messages.relay import MessagesRelay, edits
from providers.dialects.anthropic.messages.searches import is_search, plain
from providers.dialects.anthropic.messages.threads import check_whole
from providers.errors import ApiError, BadAnswer
from providers.models.claude import betas as flags
from providers.models.claude.betas import HEADER, for_bedrock
from providers.neutral.chat import NativeTool
from providers.neutral.deltas import AnyDelta
from providers.wire import aws_event_stream as frames
from providers.wire.members import Json, dicts
from providers.wire.splice import REMOVED

# Only the provider that holds a file knows its id.
FILES = frozenset({Feature.IMAGE_FILE, Feature.DOCUMENT_FILE})
URLS = frozenset({Feature.IMAGE_URL, Feature.DOCUMENT_URL})

HINTS = frozenset(
    {
        "billing_policy",
        "diagnostics",
        "fallback_credit_token",
        "fallbacks",
        "service_tier",
        "speed",
        "thread",
    }
)
"""Top-level members that only Anthropic's own API takes: how fast, at what price."""
MEANINGFUL = frozenset({"container", "inference_geo", "mcp_servers"})
"""Those that decide what is answered, or where."""


def _edits(version: str, gone: tuple[str, ...]) -> Callable[[Json, str, bool], dict[str, Any]]:
    """Edits that say `version` in the body, and leave out the members in `gone`."""

    def change(body: Json, model: str, usage: bool) -> dict[str, Any]:
        check_whole(body)
        changes = edits(body, model, usage) | {"anthropic_version": version}
        changes |= own_markers({**body, **changes})
        changes.pop("model", None)
        return changes | {name: REMOVED for name in gone if name in body}

    return change


_versioned = _edits("vertex-2023-10-16", ("model",))
Fit = Callable[[Json, Mapping[str, str], Set[str]], FitHeaders]


def fits(known: flags.Flags | None) -> Fit:
    """The beta header as a host takes it that knows the flags in `known`."""

    def fit(body: Json, headers: Mapping[str, str], gone: Set[str]) -> FitHeaders:
        said = headers.get(HEADER)
        if said is None:
            return {}, []
        lost = flags.lost(said, known, gone)
        return ({HEADER: ",".join(flags.kept(said, known, gone))} if lost else {}), lost

    return fit


def fit_to_vertex(body: Json, headers: Mapping[str, str], gone: Set[str]) -> FitHeaders:
    """The beta header as Vertex AI takes it, which searches for those alone who say so there.

    https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/web-search
    """
    said = headers.get(HEADER, "")
    lost, kept = flags.lost(said, flags.VERTEX, gone), flags.kept(said, flags.VERTEX, gone)
    if flags.SEARCH not in kept and any(map(is_search, dicts(body.get("tools")))):
        return {HEADER: ",".join([*kept, flags.SEARCH])}, lost
    return ({HEADER: ",".join(kept)} if lost else {}), lost


def named(body: Json, headers: Mapping[str, str], gone: Set[str]) -> FitHeaders:
    """The flags that Bedrock is not told, of a header that goes there in the body."""
    return {}, flags.lost(headers.get(HEADER, ""), flags.BEDROCK)


def betas(body: Json, headers: Mapping[str, str], model: str) -> dict[str, Any]:
    """The beta header as a member of the body, which is where Bedrock reads it."""
    named = for_bedrock(headers.get(HEADER, ""))
    known = body.get("anthropic_beta")
    if not named:
        return {}
    return {"anthropic_beta": [*(known if isinstance(known, list) else ()), *named]}


def _on_vertex(body: Json, model: str, usage: bool) -> dict[str, Any]:
    changes = _versioned(body, model, usage)
    # Google knows the first version of it alone:
    # https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/web-search
    tools = plain(body.get("tools"))
    return changes if tools is None else {**changes, "tools": tools}


class Chunks:
    """Bedrock's event stream as the server-sent events of the Messages API."""

    def __init__(self) -> None:
        self._splitter = frames.Splitter()
        self._broken = False

    def feed(self, data: bytes) -> bytes:
        """The events that `data` completes; an error event ends what is no event stream."""
        if self._broken:
            return b""
        events: list[bytes] = []
        try:
            events.extend(event_of(message) for message in self._splitter.feed(data))
        except BadAnswer as error:
            self._broken = True
            events.append(error_event(error.as_api_error()))
        return b"".join(events)


def event_of(message: bytes) -> bytes:
    """The server-sent event in a message; raises BadAnswer."""
    raw, payload = frames.open_message(message)
    headers = frames.parse_headers(raw)
    if headers.get(":message-type") == "event":
        return sse_of(frames.unwrap(payload)) if headers.get(":event-type") == "chunk" else b""
    kind = headers.get(":exception-type") or headers.get(":error-code") or ""
    return error_event(exception_of(str(kind), payload or str(headers.get(":error-message", ""))))


def sse_of(event: bytes) -> bytes:
    """An event of the Messages API, framed; raises BadAnswer for what is none."""
    try:
        kind = orjson.loads(event)["type"]
    except (ValueError, TypeError, KeyError):
        raise BadAnswer("Bedrock sent a chunk that cannot be understood") from None
    return b"event: %s\ndata: %s\n\n" % (str(kind).encode(), event)


def exception_of(kind: str, payload: bytes | str) -> ApiError:
    """The error that an exception of Bedrock's in mid-stream stands for."""
    try:
        value = orjson.loads(payload)
    except ValueError:
        value = payload if isinstance(payload, str) else payload.decode("utf-8", "replace")
    return describe(value, None, kind=kind)


class ChunkParser:
    """From Bedrock's bytes to deltas; nothing that it sends raises."""

    def __init__(self) -> None:
        self._chunks = Chunks()
        self._parser = MessagesParser()

    def feed(self, data: bytes) -> list[AnyDelta]:
        """The deltas that `data` completes."""
        events = self._chunks.feed(data)
        return self._parser.feed(events) if events else []

    def flush(self) -> list[AnyDelta]:
        """At the end; a stream that lacks its last event has been cut."""
        return self._parser.flush()


class ChunkRelay(MessagesRelay):
    """Hands Bedrock's stream on as a client of the Messages API reads it."""

    def __init__(self, stream_usage: bool) -> None:
        super().__init__(stream_usage)
        self._chunks = Chunks()

    def feed(self, data: bytes) -> bytes | None:
        """What the client gets instead of `data`."""
        events = self._chunks.feed(data)
        if events:
            super().feed(events)
        return events


def _runs_none(tool: NativeTool, model: str) -> bool:
    return False


def _hosted(host: str, *, lacks: frozenset[Feature], **changes: Any) -> ChatDialect:
    return msgspec.structs.replace(
        DIALECT, host=host, client=(), carries=DIALECT.carries - lacks, **changes
    )


VERTEX = _hosted(
    "vertex",
    upstream=(
        Endpoint(path="/publishers/anthropic/models/{model}:rawPredict", stream=False),
        Endpoint(path="/publishers/anthropic/models/{model}:streamRawPredict", stream=True),
    ),
    edits=_on_vertex,
    lacks=FILES | {Feature.SERVICE_TIER},
    drops=HINTS,
    refuses=MEANINGFUL,
    request_headers={},
    own_headers=frozenset({HEADER}),
    fit_headers=fit_to_vertex,
)
"""Prefix `/v1/projects/{project}/locations/{region}`."""

BEDROCK = _hosted(
    "bedrock",
    upstream=(
        Endpoint(path="/model/{model}/invoke", stream=False),
        Endpoint(path="/model/{model}/invoke-with-response-stream", stream=True),
    ),
    stream_type="application/vnd.amazon.eventstream",
    edits=_edits("bedrock-2023-05-31", ("model", "stream")),
    from_headers=betas,
    fit_headers=named,
    parser=ChunkParser,
    relay=ChunkRelay,
    knows=_runs_none,
    lacks=FILES | URLS | {Feature.SERVICE_TIER},
    drops=HINTS,
    refuses=MEANINGFUL,
    request_headers={},
    own_headers=frozenset(),
    told_headers=frozenset(),
)
"""InvokeModel, and InvokeModelWithResponseStream, whose answer is an AWS event stream."""

FOUNDRY = _hosted(
    "foundry",
    lacks=frozenset({Feature.SERVICE_TIER}),
    drops=frozenset({"service_tier"}),
    fit_headers=fits(None),
)
"""Host `{instance}.services.ai.azure.com`, prefix `/anthropic/v1`; the model is the deployment."""

VERTEX_COUNT = msgspec.structs.replace(
    COUNT,
    host="vertex",
    client=(),
    upstream=(Endpoint(path="/publishers/anthropic/models/count-tokens:rawPredict", stream=False),),
    carries=COUNT.carries - FILES,
    drops=HINTS | {"cache_control"},
    refuses=MEANINGFUL,
    request_headers={},
    own_headers=frozenset({HEADER}),
    fit_headers=fits(flags.VERTEX_COUNT),
)
"""https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/count-tokens"""
