"""How many tokens a text has, roughly: what is charged while the provider has said no number."""

from typing import Any

CHARACTERS_PER_TOKEN = 4
"""English prose and code; https://help.openai.com/en/articles/4936856 gives the same rule."""

OPAQUE = frozenset({"data", "bytes", "url", "file_data", "signature", "id", "model", "uri"})
"""Members whose strings are not text: pictures, files, links, names."""


BASE64 = bytes(range(48, 58)) + bytes(range(65, 91)) + bytes(range(97, 123)) + b"+/=-_"
SAMPLES, SAMPLE = 32, 32
"""How many places of a body are looked at, and how many bytes at each."""


def characters_of(body: bytes) -> int:
    """The number of characters in the texts of a request's body, by its size.

    Names of members count, too: the model reads tools and their schemas; and what an alphabet takes
    in bytes, it takes in tokens. Files do not: where a sample has neither space nor sign, there is
    one.
    """
    size = len(body)
    if size < SAMPLES * SAMPLE:
        return size
    step = size // SAMPLES
    places = range(0, step * SAMPLES, step)
    opaque = sum([not body[at : at + SAMPLE].translate(None, BASE64) for at in places])
    return size - size * opaque // SAMPLES


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
