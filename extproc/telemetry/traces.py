"""A span of each attempt, made of its record when it has ended.

Its parent is what the request names in its `traceparent` (https://www.w3.org/TR/trace-context/).
"""

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

import extproc
from extproc.config.telemetry import Traces
from extproc.telemetry.names import RESOURCE, operation, provider
from extproc.usage.record import Record

SCOPE = InstrumentationScope("extproc", extproc.__version__)

# https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/ (checked 2026-11)
ATTRIBUTES = {
    "gen_ai.request.model": "request_model",
    "gen_ai.response.model": "response_model",
    "gen_ai.request.stream": "stream",
    "gen_ai.usage.input_tokens": "input_tokens",
    "gen_ai.usage.output_tokens": "output_tokens",
    "gen_ai.usage.cache_read.input_tokens": "cache_read_tokens",
    "gen_ai.usage.cache_creation.input_tokens": "cache_write_tokens",
    "gen_ai.usage.reasoning.output_tokens": "reasoning_tokens",
    "http.response.status_code": "status",
    "error.type": "failure",
    "extproc.backend": "backend",
    "extproc.client": "client",
    "extproc.request_id": "exchange",
    "extproc.upstream_model": "upstream_model",
    "extproc.estimated": "estimated",
}
"""Name → what a record calls it; what is empty or 0 is not told."""

# https://arize-ai.github.io/openinference/spec/semantic_conventions.html (checked 2026-11)
OPENINFERENCE = {
    "llm.provider": "provider",
    "llm.model_name": "upstream_model",
    "llm.request.model_name": "request_model",
    "llm.response.model_name": "response_model",
    "llm.token_count.prompt": "input_tokens",
    "llm.token_count.completion": "output_tokens",
    "llm.token_count.total": "total_tokens",
    "llm.token_count.prompt_details.cache_read": "cache_read_tokens",
    "llm.token_count.prompt_details.cache_write": "cache_write_tokens",
    "llm.token_count.completion_details.reasoning": "reasoning_tokens",
}
KIND = "openinference.span.kind"
KINDS = {"embeddings": "EMBEDDING", "rerank": "RERANKER"}
"""Operation → what it is called there; others are an LLM's."""

# Version, trace, parent and flags; ff is no version, zeros are no ids, and a later version may say
# more (https://www.w3.org/TR/trace-context/#versioning-of-traceparent).
PARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})"
)
WHOLE = 1 << 64


class Spans:
    """What records become."""

    def __init__(self, settings: Traces) -> None:
        self._below = int(settings.ratio * WHOLE)
        self._openinference = settings.openinference

    def span(self, record: Record, now: float) -> ReadableSpan | None:
        """The span of an attempt that has ended by `now`; None: its trace is not wanted."""
        above = parent(record.traceparent)
        trace = _trace(record) if above is None else above.trace_id
        wanted = trace % WHOLE < self._below if above is None else above.trace_flags.sampled
        if not wanted:
            return None
        # A clock may be set back, and an attempt that was cut does not say how long it took.
        took = record.duration_ms / 1000 if record.duration_ms else max(now - record.at, 0.0)
        return ReadableSpan(
            name=f"{operation(record)} {record.request_model}".strip(),
            context=_context(trace, _number(record.id, 8)),
            parent=above,
            resource=RESOURCE,
            attributes=self._attributes(record),
            events=_events(record),
            kind=SpanKind.CLIENT,
            status=Status(StatusCode.ERROR) if record.failure else Status(),
            start_time=_nanoseconds(record.at),
            end_time=_nanoseconds(record.at + took),
            instrumentation_scope=SCOPE,
        )

    def _attributes(self, record: Record) -> dict[str, Any]:
        found = {
            "gen_ai.operation.name": operation(record),
            "gen_ai.provider.name": provider(record),
            **_said(record, ATTRIBUTES),
        }
        if record.finish_reason:
            found["gen_ai.response.finish_reasons"] = (record.finish_reason,)
        if record.stream and record.ttft_ms:
            found["gen_ai.response.time_to_first_chunk"] = record.ttft_ms / 1000
        if record.cost_nanousd:
            found["extproc.cost_usd"] = record.cost_nanousd / 1_000_000_000
        if self._openinference:
            found |= {KIND: KINDS.get(record.operation, "LLM"), **_said(record, OPENINFERENCE)}
        return found


def _said(record: Record, names: Mapping[str, str]) -> dict[str, Any]:
    every = ((name, getattr(record, field)) for name, field in names.items())
    return {name: value for name, value in every if value}


def _events(record: Record) -> tuple[Event, ...]:
    if not record.stream or not record.ttft_ms:
        return ()
    at = _nanoseconds(record.at + record.ttft_ms / 1000)
    return (Event("gen_ai.first_token", timestamp=at),)


def parent(traceparent: str) -> SpanContext | None:
    """What a request says of the trace that it belongs to."""
    found = PARENT.match(traceparent)
    if found is None:
        return None
    trace, span, flags = (int(part, 16) for part in found.groups())
    return SpanContext(trace, span, is_remote=True, trace_flags=TraceFlags(flags))


def _context(trace: int, span: int) -> SpanContext:
    return SpanContext(trace, span, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))


def _trace(record: Record) -> int:
    """All attempts of a request are one trace, and one decision."""
    return _number(record.exchange, 16)


def _number(text: str, size: int) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=size).digest()) or 1


def _nanoseconds(moment: float) -> int:
    return int(moment * 1_000_000_000)
