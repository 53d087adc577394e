"""Names in one spelling: protocol buffers' JSON takes camelCase and snake_case alike.

https://protobuf.dev/programming-guides/json/
"""

import re
from typing import Any

UNDERSCORE = re.compile(r"(?<=[a-z0-9])_([a-z])")
OWN = frozenset(
    {
        "args",
        "response",
        "parametersJsonSchema",
        "responseJsonSchema",
        "labels",
        "partMetadata",
    }
)
"""Members whose inner names are the user's."""


NUMBERED: dict[str, tuple[str, ...]] = {
    "type": (
        "TYPE_UNSPECIFIED",
        "STRING",
        "NUMBER",
        "INTEGER",
        "BOOLEAN",
        "ARRAY",
        "OBJECT",
        "NULL",
    ),
    "mode": ("MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"),
    "category": (
        "HARM_CATEGORY_UNSPECIFIED",
        "HARM_CATEGORY_DEROGATORY",
        "HARM_CATEGORY_TOXICITY",
        "HARM_CATEGORY_VIOLENCE",
        "HARM_CATEGORY_SEXUAL",
        "HARM_CATEGORY_MEDICAL",
        "HARM_CATEGORY_DANGEROUS",
        "HARM_CATEGORY_HARASSMENT",
        "HARM_CATEGORY_HATE_SPEECH",
        "HARM_CATEGORY_SEXUALLY_EXPLICIT",
        "HARM_CATEGORY_DANGEROUS_CONTENT",
        "HARM_CATEGORY_CIVIC_INTEGRITY",
    ),
    "threshold": (
        "HARM_BLOCK_THRESHOLD_UNSPECIFIED",
        "BLOCK_LOW_AND_ABOVE",
        "BLOCK_MEDIUM_AND_ABOVE",
        "BLOCK_ONLY_HIGH",
        "BLOCK_NONE",
        "OFF",
    ),
}
"""Enumerations, whose numbers protocol buffers' JSON takes, too."""


def canonical(value: Any) -> Any:
    """`value` with every name of the API in camelCase, and enumerations in words."""
    match value:
        case dict():
            named = {UNDERSCORE.sub(_upper, name): inner for name, inner in value.items()}
            return {name: _member(name, inner) for name, inner in named.items()}
        case list():
            return [canonical(item) for item in value]
    return value


def _member(name: str, value: Any) -> Any:
    if name == "properties" and isinstance(value, dict):
        return {key: canonical(schema) for key, schema in value.items()}
    if name in OWN:
        return value
    words = NUMBERED.get(name, ())
    return words[value] if type(value) is int and 0 <= value < len(words) else canonical(value)


def _upper(match: re.Match[str]) -> str:
    return match[1].upper()
