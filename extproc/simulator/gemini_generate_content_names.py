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
        "properties",
        "labels",
        "partMetadata",
    }
)
"""Members whose inner names are the user's."""


def canonical(value: Any) -> Any:
    """`value` with every name of the API in camelCase."""
    match value:
        case dict():
            named = {UNDERSCORE.sub(_upper, name): inner for name, inner in value.items()}
            return {
                name: inner if name in OWN else canonical(inner) for name, inner in named.items()
            }
        case list():
            return [canonical(item) for item in value]
    return value


def _upper(match: re.Match[str]) -> str:
    return match[1].upper()
