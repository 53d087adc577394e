"""Envoy's calls to our own services."""

from collections.abc import Iterator
from typing import Any

import yaml

from extproc.config.gateway import Gateway
from extproc.ratelimit.limit import Limit
from extproc.render import render
from tests.extproc.render.support import backend, route

LIMIT = Limit(name="a", per=("header:x-user-id",), unit="tokens", amount=100, every="day")


def callers(value: Any) -> Iterator[dict[str, Any]]:
    """Everything that calls a gRPC service, the rate limit filter included."""
    if isinstance(value, list):
        for item in value:
            yield from callers(item)
    elif isinstance(value, dict):
        called = value.get("rate_limit_service", value)
        if "grpc_service" in called:
            yield {**value, "grpc_service": called["grpc_service"]}
            return
        for item in value.values():
            yield from callers(item)


def seconds(duration: str) -> float:
    return float(duration.removesuffix("s"))


def test_no_call_ends_before_its_time() -> None:
    """Envoy takes the longest back-off as a timeout, too."""
    gateway = Gateway.model_validate(
        {
            "version": 1,
            "backends": {"one": backend(1)},
            "routes": [route(["m"], "one")],
            "limiter": {"timeout": "3s"},
            "extproc": {"fetch": {"hosts": ["example.test"], "timeout": "20s"}},
        }
    )
    document = yaml.load(render(gateway, limits=[LIMIT]), Loader=yaml.CSafeLoader)
    found = list(callers(document))
    assert len(found) == 3
    for caller in found:
        allowed = seconds(caller.get("timeout") or caller["message_timeout"])
        backing_off = caller["grpc_service"]["retry_policy"]["retry_back_off"]["max_interval"]
        assert seconds(backing_off) >= allowed >= 3
