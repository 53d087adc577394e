"""How many tokens a text has, roughly: what is charged while the provider has said no number."""

from typing import Any

CHARACTERS_PER_TOKEN = 4
"""English prose and code; https://help.openai.com/en/articles/4936856 gives the same rule."""

OPAQUE = frozenset({"data", "bytes", "url", "file_data", "signature", "id", "model", "uri"})
"""Members whose strings are not text: pictures, files, links, names."""


def characters(value: Any) -> int:
    """The number of characters in all texts of a JSON value."""
    if isinstance(value, dict):
        inner = [item for name, item in value.items() if name not in OPAQUE]
    else:
        inner = value if isinstance(value, list) else [value]
    total = 0
    for item in inner:
        kind = type(item)
        if kind is str:
            if not item.startswith("data:"):
                total += len(item)
        elif kind is dict or kind is list:
            total += characters(item)
    return total


def tokens(count: int) -> int:
    """Tokens in `count` characters; text is never free."""
    return -(-count // CHARACTERS_PER_TOKEN)
