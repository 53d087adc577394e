"""Earlier answers for a client that refers to their items instead of sending them.

The AI SDK does so unless `store` is false, and this server keeps nothing. So it is given one item
more, a thought without words whose id holds the others: it refers to that one, too.
https://ai-sdk.dev/providers/ai-sdk-providers/openai#responses-models
"""

import base64
import binascii
import zlib
from collections.abc import Iterable, Iterator

import orjson

from providers.bridging.dialect import Context
from providers.dialects.openai.responses.thoughts import MADE
from providers.wire.members import Json, dicts, string

AGENT = "ai-sdk/"
"""In the user agent of the client that does it: `ai-sdk/openai/…` where it streams, and
`ai/… ai-sdk/provider-utils/…` where it does not (seen in its version 6)."""
KEPT = f"{MADE}kept_"
"""How the id begins that holds other items."""
LARGEST = 16 * 1024 * 1024
"""Bytes of items that one id may stand for."""
WHOLE = frozenset({"function_call"})
"""Items that are sent back anyway."""


def refers(context: Context) -> bool:
    """Whether the client will refer to the items of this answer."""
    return AGENT in context.agent and context.echo.get("store") is not False


def holder(items: Iterable[Json]) -> Json | None:
    """The item that holds the others; None where nothing needs to be held."""
    held = [item for item in items if item.get("type") not in WHOLE]
    if not held:
        return None
    packed = base64.urlsafe_b64encode(zlib.compress(orjson.dumps(held))).decode().rstrip("=")
    return {"type": "reasoning", "id": KEPT + packed, "summary": []}


def restored(body: Json) -> Json:
    """The body with the items themselves where it refers to them."""
    items = body.get("input")
    if not isinstance(items, list):
        return body
    ids = [string(item.get("id")) for item in dicts(items)]
    known = {each["id"]: each for id in ids if id.startswith(KEPT) for each in _held(id)}
    if not known:
        return body
    return {**body, "input": list(_items(items, known))}


def _items(items: list[object], known: dict[str, Json]) -> Iterator[object]:
    for item in items:
        id = string(item.get("id")) if isinstance(item, dict) else ""
        if id.startswith(KEPT):
            continue
        refers = isinstance(item, dict) and item.get("type", "item_reference") == "item_reference"
        yield known.get(id, item) if refers else item


def _held(id: str) -> list[Json]:
    packed = id.removeprefix(KEPT)
    try:
        data = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        held = orjson.loads(zlib.decompressobj().decompress(data, LARGEST))
    except (binascii.Error, ValueError, zlib.error):
        return []
    return [each for each in dicts(held) if string(each.get("id"))]
