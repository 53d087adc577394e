"""Requests as the tests of this package send them."""

import json

PATH = "/v1/chat/completions"
WHOLE = "m heard: hello"
"""What is answered to `body()`."""


def body(stream: bool = False, **orders: object) -> dict[str, object]:
    """A small chat request that carries `orders`."""
    text = f"hello [[sim: {json.dumps(orders)}]]" if orders else "hello"
    return {"model": "m", "stream": stream, "messages": [{"role": "user", "content": text}]}
