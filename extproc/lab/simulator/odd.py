"""Answers that no dialect knows: what proxies, load balancers and broken servers send."""

import orjson

from extproc.lab.simulator.directives import Directives
from extproc.lab.simulator.play import Answer


def fault(status: int, message: str) -> Answer:
    """The simulator's own complaint; `x-sim-fault` tells it from a provider's answer."""
    body = orjson.dumps({"error": {"message": message, "type": "simulator_error"}})
    return Answer(status=status, headers=[("x-sim-fault", "1")], body=body)


def answer(order: Directives, own: bytes, message: str) -> Answer:
    """The body that `order.body` names; `own` is the dialect's error body."""
    match order.body:
        case "html":
            page = f"<html><head><title>{order.status}</title></head><body>{message}</body></html>"
            return _made(order, "text/html; charset=utf-8", page.encode())
        case "plain":
            return _made(order, "text/plain; charset=utf-8", message.encode())
        case "empty":
            return _made(order, None, b"")
        case "json":
            return _made(order, "application/json", _foreign(message, order.status))
        case "mislabelled":
            return _made(order, "text/html", own)
        case _:
            return _made(order, "application/json", own)


def _foreign(message: str, status: int) -> bytes:
    """JSON in nobody's error format."""
    return orjson.dumps({"detail": [{"msg": message, "loc": ["body"]}], "statusCode": status})


def _made(order: Directives, content_type: str | None, body: bytes) -> Answer:
    return Answer(status=order.status, content_type=content_type, body=body)
