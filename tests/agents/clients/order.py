"""What a driver wants of the simulated model, as a word in its prompt."""

import base64
import json
import os
from typing import Any

LOOK = {"call_tool": "weather", "arguments": {"city": "Bern"}, "rounds": 2}
"""Two calls of a tool, one after the other, and then an answer in words."""
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJg"
    "gg=="
)
"""A PNG of one pixel, as base64."""


def order(text: str, /, **orders: Any) -> str:
    """`text` with `orders`; base64, since agents quote and escape what they are told."""
    told = json.dumps({**orders, "nonce": os.urandom(6).hex()}).encode()
    return f"{text} ORDER-{base64.urlsafe_b64encode(told).decode().rstrip('=')}-END"
