"""The Messages API as clouds host it: the same body but for a few members, in other places.

https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai
https://platform.claude.com/docs/en/build-with-claude/claude-on-amazon-bedrock
https://platform.claude.com/docs/en/build-with-claude/claude-in-microsoft-foundry
"""

from base64 import b64decode, b64encode
from collections.abc import Sequence

import msgspec
import orjson

from providers.chat import Json
from providers.dialects.anthropic_messages.errors import describe, error_event
from providers.errors import ApiError, BadAnswer
from providers.fidelity import Feature

# Only the provider that holds a file knows its id.
FILES = frozenset({Feature.IMAGE_FILE, Feature.DOCUMENT_FILE})
URLS = frozenset({Feature.IMAGE_URL, Feature.DOCUMENT_URL})

OWN = frozenset(
    {
        "billing_policy",
        "container",
        "diagnostics",
        "fallback_credit_token",
        "fallbacks",
        "inference_geo",
        "mcp_servers",
        "service_tier",
        "speed",
        "thread",
    }
)
"""Top-level members that only Anthropic's own API takes."""


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """One cloud's way to take the body."""

    version: str | None
    """The body's `anthropic_version`; None: the header says it, as with Anthropic."""
    whole: str
    """Path after the provider's prefix; `{model}` is one percent-encoded segment."""
    stream: str
    model_in_body: bool = False
    stream_in_body: bool = True
    betas_in_body: bool = False
    """Betas go as `anthropic_beta` in the body instead of the header."""
    refuses: frozenset[str] = frozenset()
    """Top-level members that are a 400 here, and mere hints: left out and named."""
    lacks: frozenset[Feature] = frozenset()
    """What the dialect carries, and this cloud does not."""


VERTEX = Variant(
    version="vertex-2023-10-16",
    whole="/publishers/anthropic/models/{model}:rawPredict",
    stream="/publishers/anthropic/models/{model}:streamRawPredict",
    refuses=OWN,
    lacks=FILES | {Feature.SERVICE_TIER},
)
"""Prefix `/v1/projects/{project}/locations/{region}`."""

BEDROCK = Variant(
    version="bedrock-2023-05-31",
    whole="/model/{model}/invoke",
    stream="/model/{model}/invoke-with-response-stream",
    stream_in_body=False,
    betas_in_body=True,
    refuses=OWN,
    lacks=FILES | URLS | {Feature.SERVICE_TIER},
)
"""Answers to streams are AWS event stream: `sse_of_payload` for each `chunk`."""

AZURE = Variant(
    version=None,
    whole="/messages",
    stream="/messages",
    model_in_body=True,
    lacks=frozenset({Feature.SERVICE_TIER}),
    refuses=frozenset({"service_tier"}),
)
"""Host `{resource}.services.ai.azure.com`, prefix `/anthropic/v1`; the model is the deployment."""


def adapt(variant: Variant, body: Json, betas: Sequence[str] = ()) -> tuple[Json, list[str]]:
    """(the body for `variant`, names of members that were left out).

    `body` is one for Anthropic's API; `betas` are the values of its `anthropic-beta` header.
    """
    dropped = [name for name in body if name in variant.refuses]
    adapted = {name: value for name, value in body.items() if name not in variant.refuses}
    if not variant.model_in_body:
        adapted.pop("model", None)
    if not variant.stream_in_body:
        adapted.pop("stream", None)
    if variant.version is not None:
        adapted["anthropic_version"] = variant.version
    if variant.betas_in_body and betas:
        known = adapted.get("anthropic_beta")
        adapted["anthropic_beta"] = [*(known if isinstance(known, list) else ()), *betas]
    return adapted, dropped


def betas_of(header: str) -> list[str]:
    """The values of an `anthropic-beta` header."""
    return [value.strip() for value in header.split(",") if value.strip()]


def sse_of_payload(payload: bytes) -> bytes:
    """The server-sent event in a `chunk` of Bedrock's; raises BadAnswer."""
    try:
        data = b64decode(orjson.loads(payload)["bytes"], validate=True)
        kind = orjson.loads(data)["type"]
    except (ValueError, TypeError, KeyError):
        raise BadAnswer("Bedrock sent a chunk that cannot be understood") from None
    return b"event: %s\ndata: %s\n\n" % (str(kind).encode(), data)


def sse_of_exception(kind: str, payload: bytes) -> bytes:
    """The error event for an exception of Bedrock's in mid-stream."""
    return error_event(exception_of(kind, payload))


def exception_of(kind: str, payload: bytes) -> ApiError:
    """The error that an exception of Bedrock's in mid-stream stands for."""
    try:
        value = orjson.loads(payload)
    except ValueError:
        value = payload.decode("utf-8", "replace")
    return describe(value, None, kind=kind)


def payload_of_data(data: bytes) -> bytes:
    """The payload of a `chunk` that carries an event's data."""
    return orjson.dumps({"bytes": b64encode(data).decode()})
