"""What each provider is sent for a client's request, as the exchange alone has it.

`python -m tests.docs` writes it to `expected/NAME.json`; the test beside sends the same requests
through a real Envoy and holds what arrives against it.
"""

from functools import cache
from typing import Any

import httpx
import orjson

from extproc.config import parse
from extproc.exchange.compile import compile_plan
from extproc.exchange.events import Change, RequestHeaders
from extproc.exchange.machine import Exchange
from extproc.exchange.plan import Plan
from extproc.lab.simulator import forms
from extproc.reference.cells import Cell, cells
from providers.catalog import PROVIDERS
from providers.signing.aws_sigv4 import aws_sigv4
from providers.vendors.provider import Provider
from tests.e2e.providers.asking import asked, configuration, shown
from tests.plans import Pairs, request_body, request_headers

NOW = 1_700_000_000.0
AWS = {"access_key_id": "AKID", "secret_access_key": "aws-secret", "region": "eu-west-1"}
SIGNED = ("authorization", "x-amz-date")


class Secrets:
    """One secret for each kind of provider."""

    def get(self, backend: str, tried: object = ()) -> dict[str, str]:
        return AWS if PROVIDERS[backend].signer is aws_sigv4 else {"key": "key-of-provider"}


@cache
def plan() -> Plan:
    """All providers at once."""
    return compile_plan(parse({"version": 1, **configuration()}))


def sent(provider: Provider, cell: Cell, request: httpx.Request) -> dict[str, Any]:
    """What goes upstream."""
    one = Exchange(plan(), Secrets(), lambda: NOW)
    kind = request.headers["content-type"]
    form = kind.startswith("multipart/")
    event = request_headers(
        request.url.path, shown(provider, cell), provider.name, "form" if form else "body"
    )
    pairs = Pairs(content_type=kind)
    pairs._pairs |= {":path": request.url.path, ":method": "POST"}
    one.handle(RequestHeaders(pairs, event.attributes, False))
    action = one.handle(request_body(request.content))
    assert isinstance(action, Change), action
    headers = dict(action.set_headers)
    body = request.content if action.body is None else action.body
    return {
        "host": headers.pop(":authority"),
        "target": headers.pop(":path"),
        "headers": dict(sorted(_unsigned(headers).items())),
        "body": readable(headers.get("content-type", kind), body),
    }


def _unsigned(headers: dict[str, str]) -> dict[str, str]:
    """Without what depends on the moment, or says what the body says anyway."""
    kept = {name: value for name, value in headers.items() if name not in DERIVED}
    if kept.get("authorization", "").startswith("AWS4"):
        del kept["authorization"], kept["x-amz-date"]
    return kept


DERIVED = ("content-length", "content-type")


def readable(content_type: str, body: bytes) -> Any:
    """A body as JSON shows it."""
    if not content_type.startswith("multipart/"):
        return orjson.loads(body)
    found = forms.members(content_type, body)
    return {name: _file(value) for name, value in found.items()}


def _file(value: Any) -> Any:
    if isinstance(value, list):
        return [_file(one) for one in value]
    return {**value, "data": len(value["data"])} if isinstance(value, dict) else value


def vector(provider: Provider) -> dict[str, Any]:
    """Capability → what a client sends and the provider gets, whole and streamed."""
    found = {}
    for cell in cells(provider):
        request = asked(provider, cell)
        made = {"client": request.url.path, "upstream": sent(provider, cell, request)}
        if cell.stream == "yes":
            made["streamed"] = sent(provider, cell, asked(provider, cell, stream=True))
        found[cell.capability.key] = made
    return found


def written(provider: Provider) -> str:
    """The file."""
    return orjson.dumps(vector(provider), option=orjson.OPT_INDENT_2).decode() + "\n"
