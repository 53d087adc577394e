"""Header values that quote a client or a provider: one line of visible ASCII, and bounded.

Envoy refuses an answer whose headers hold a control character or are too large, and the client gets
a 503 for what the provider was paid for.
"""

from collections.abc import Iterable, Mapping
from urllib.parse import quote

from providers.errors import BadAnswer

MAX_VALUE = 1_000
"""Characters of a quoted value, such as the id of an answer."""
MAX_ADDRESS = 8_000
"""Characters of a URL; those that are signed have some thousands."""
MAX_NAME = 100
MAX_NAMES = 2_000
"""Characters of all names in a list."""

VISIBLE = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")
LISTED = VISIBLE.replace(",", "")


def quoted(value: str) -> str:
    """`value` as it is, if it may stand in a header; else in percent encoding. Cut where long."""
    value = value[:MAX_VALUE].strip()
    if value.isascii() and value.isprintable():
        return value
    return quote(value, safe=VISIBLE, errors="replace")


def address(value: str) -> str:
    """A URL, which is of no use in part; raises BadAnswer for one that is too long."""
    if len(value) > MAX_ADDRESS:
        raise BadAnswer("the provider's answer names a place that is too long")
    return quote(value.strip(), safe=VISIBLE + "%", errors="replace").replace(" ", "%20")


def quoted_all(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Headers that an error brings along."""
    return tuple([(name, quoted(value)) for name, value in headers.items()])


def listed(names: Iterable[str]) -> str:
    """The names, each in percent encoding where it must be; cut with how many more there are."""
    found: list[str] = []
    size = left = 0
    for name in names:
        shown = quote(name[:MAX_NAME], safe=LISTED, errors="replace")
        size += len(shown) + 2
        if size > MAX_NAMES:
            left += 1
        else:
            found.append(shown)
    if left:
        found.append(f"... and {left} more")
    return ", ".join(found)
