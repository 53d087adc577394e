"""Plans and events for tests, made by hand: what Envoy would say, without an Envoy."""

import json

from extproc.exchange.events import RequestBody, RequestHeaders, ResponseBody, ResponseHeaders
from extproc.exchange.machine import Exchange
from extproc.exchange.plan import Plan
from extproc.exchange.proof import BACKEND, CALL
from extproc.exchange.served import Route, Served
from providers.bridging.quirks import Quirks
from providers.catalog import PROVIDERS
from providers.usage import Price

CHAT = "/v1/chat/completions"


class Pairs:
    """Headers or attributes, as the wire would show them."""

    def __init__(self, **pairs):
        self._pairs = {name.replace("_", "-"): value for name, value in pairs.items()}

    def get(self, name):
        return self._pairs.get(name)

    def names(self):
        return "\n".join(self._pairs)

    def items(self):
        return list(self._pairs.items())


class Keys:
    """A secret for every backend."""

    def get(self, backend, tried=()):
        return {"key": f"key-of-{backend}"}

    def refused(self, backend, secret, status, retry_after):
        return None


def served(name="up", provider="openai", **changes):
    row = PROVIDERS[provider]
    given = {
        "authority": row.base_url.removeprefix("https://"),
        "signer": row.signer,
    }
    return Served(name=name, provider=row, **{**given, **changes})


def plan(*, quirks=None, price=None, upstream=None, models=("small",), backends=None):
    backends = backends or {"up": served()}
    upstream = upstream or dict.fromkeys(backends, "")
    route = Route(
        models=models, upstream=upstream, quirks=quirks or Quirks(), price=price or Price()
    )
    return Plan(backends, [route], hash="h")


class Clock:
    """Time that passes a millisecond at each look."""

    def __init__(self):
        self.now = 1_700_000_000.0

    def __call__(self):
        self.now += 0.001
        return self.now


def exchange(made=None, secrets=None, **options):
    return Exchange(made or plan(), secrets or Keys(), Clock(), **options)


def request_headers(
    path=CHAT, model="small", backend="up", source="body", method="POST", end=False
):
    attributes = {BACKEND: backend}
    if source is not None:
        attributes[CALL] = f"{source}\n{path}\n{model}"
    headers = Pairs(content_type="application/json")
    headers._pairs |= {":path": path, ":method": method}
    return RequestHeaders(headers, attributes, end)


def request_body(body):
    return RequestBody(body if isinstance(body, bytes) else json.dumps(body).encode())


def response_headers(status=200, content_type="application/json", end=False, **more):
    headers = Pairs(content_type=content_type, **more)
    headers._pairs[":status"] = str(status)
    return ResponseHeaders(headers, end)


def response_body(body, end=True):
    return ResponseBody(body if isinstance(body, bytes) else json.dumps(body).encode(), end)
