"""What requests in OpenAI's formats have in common."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from providers.bridging.fidelity import Feature
from providers.neutral.chat import Document, Message, ToolResult
from providers.neutral.media import PlainText
from providers.wire.members import Json

RANGES = {"temperature": (0, 2), "top_p": (0, 1), "top_logprobs": (0, 20)}
"""Smallest and largest value that OpenAI takes, in all of its formats."""

ANSWER_IN_JSON = "Answer with a JSON object."


def keep_ranges(
    body: Json,
    ranges: Mapping[str, tuple[int, int]],
    dropped: list[str],
    names: Mapping[str, str] = {},
) -> None:
    """Other dialects go further; the nearest value is what is left, by its neutral name lost."""
    for name, (low, high) in ranges.items():
        value = body.get(name)
        if value is not None and not low <= value <= high:
            body[name] = min(max(value, low), high)
            dropped.append(names.get(name, name))


def name_lost_titles(messages: Iterable[Message], dropped: list[str]) -> None:
    """A document given as text is told as text, which has no title."""
    for message in messages:
        for part in message.parts:
            for each in part.parts if isinstance(part, ToolResult) else (part,):
                if isinstance(each, Document) and each.name and isinstance(each.source, PlainText):
                    dropped.append(Feature.DOCUMENT_NAME)
                    return


def texts_of(metadata: Mapping[str, Any] | None, dropped: list[str]) -> Json | None:
    """Metadata as OpenAI takes it: strings only."""
    if metadata is None or all(isinstance(value, str) for value in metadata.values()):
        return dict(metadata) if metadata else None
    dropped.append(Feature.METADATA)
    return {
        name: value if isinstance(value, str) else orjson.dumps(value).decode()
        for name, value in metadata.items()
    }


def speaks_of_json(messages: list[Json]) -> bool:
    """Whether OpenAI takes JSON mode: only where the messages speak of JSON.

    https://platform.openai.com/docs/guides/structured-outputs#json-mode
    """
    return b"json" in orjson.dumps(messages).lower()


def wants_usage(body: Json) -> bool:
    """Whether a client that sent `body` asked for the usage event."""
    options = body.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def edits(body: Json, model: str, usage: bool) -> dict[str, Any]:
    """The members to change so that `body` may go to a provider that calls the model `model`;
    `usage`: the provider knows the option that asks for the usage event."""
    changes: dict[str, Any] = {}
    if body.get("model") != model:
        changes["model"] = model
    if usage and body.get("stream") is True and not wants_usage(body):
        options = body.get("stream_options")
        options = options if isinstance(options, dict) else {}
        changes["stream_options"] = {**options, "include_usage": True}
    return changes
