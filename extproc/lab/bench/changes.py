"""How soon a saved gateway.yaml is in force, among few routes and many, at one gateway and two."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Any

import orjson

from extproc.lab.bench.row import Plan, Row, middle
from extproc.lab.bench.subjects import ENV, LEAN, config
from extproc.lab.local import START, Local, NotReady

ROUTES = (1, 10_000)
GATEWAYS = (1, 2)
BUDGET = 2000
"""ms."""
PAUSE = 4.0
"""Seconds after which a gateway has no work left of the change before."""


def _name(routes: int, gateways: int) -> str:
    among = "one route" if routes == 1 else f"{routes:,} routes"
    where = "one gateway" if gateways == 1 else f"{gateways} gateways"
    return f"change in force, {among}, {where}"


NAMES = tuple(_name(routes, gateways) for routes in ROUTES for gateways in GATEWAYS)


def rows(size: Plan, upstream: str) -> Iterator[Row]:
    """A model is added, and asked for until it is there."""
    for routes in ROUTES[:1] if size.quick else ROUTES:
        for gateways in GATEWAYS:
            name = _name(routes, gateways)
            if size.wants(name):
                found = _measured(routes, gateways, upstream, size.pick(1, 5))
                yield Row(name=name, unit="ms", measured=found, budget=BUDGET)


def _measured(routes: int, gateways: int, upstream: str, times: int) -> float:
    settings = config(upstream, LEAN)
    settings["routes"] = [_route(f"model-{number}") for number in range(routes)]
    with ExitStack() as stack:
        found = [stack.enter_context(Local(settings, ENV, static=False)) for _ in range(gateways)]
        return middle([_change(found, settings, number) for number in range(times)])


def _route(model: str) -> dict[str, Any]:
    return {
        "models": [model],
        "backends": [{"backend": "gpt"}, {"backend": "claude", "priority": 1}],
        "price": {"input": 1, "output": 2},
    }


def _change(gateways: Sequence[Local], settings: Mapping[str, Any], number: int) -> float:
    """ms until the last one has the change."""
    time.sleep(PAUSE)
    model = f"new-{number}"
    changed = {**settings, "routes": [*settings["routes"], _route(model)]}
    drafts = [one.draft(changed) for one in gateways]
    began = time.monotonic()
    for one, draft in zip(gateways, drafts, strict=True):
        draft.replace(one.config_file)
    for one in gateways:
        _await(one, model)
    return (time.monotonic() - began) * 1000


def _await(gateway: Local, model: str) -> None:
    deadline = time.monotonic() + START
    while not is_known(gateway.port, model):
        if time.monotonic() > deadline:
            raise NotReady(f"waited {START} s for {model}:\n{gateway.server.tail()}")
        time.sleep(0.01)


def is_known(port: int, model: str) -> bool:
    """Whether Envoy has a route for the model."""
    body = orjson.dumps({"model": model, "messages": [{"role": "user", "content": "x"}]})
    connection = HTTPConnection("127.0.0.1", port, timeout=START)
    try:
        connection.request("POST", "/v1/chat/completions", body)
        return connection.getresponse().status != HTTPStatus.NOT_FOUND
    finally:
        connection.close()
