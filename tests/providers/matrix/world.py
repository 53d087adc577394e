"""A gateway without Envoy or network: SDK → exchange → simulator, by function calls."""

from collections.abc import Iterable
from itertools import pairwise
from random import Random

import h11
import httpx
import msgspec
import orjson

from extproc.exchange.events import (
    Change,
    Reject,
    Replace,
    RequestBody,
    RequestHeaders,
    ResponseBody,
    ResponseHeaders,
)
from extproc.exchange.plan import Plan
from extproc.exchange.proof import BACKEND, CALL
from extproc.exchange.served import Route, Served
from extproc.lab.simulator.desk import Desk, Settings
from extproc.lab.simulator.http1 import Request
from extproc.lab.simulator.record import Recorded
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS, PROVIDERS
from providers.operations import Operation
from providers.vendors.provider import Provider
from providers.wire import multipart
from tests.e2e.clients.backends import MODELS
from tests.e2e.clients.talk import Link
from tests.plans import Pairs
from tests.plans import exchange as new_exchange

MODEL = "shown"
"""The client's name for all of them."""


def provider_of(dialect: str) -> Provider:
    """The first provider that speaks `dialect` by itself, or one that is made up."""
    for provider in PROVIDERS.values():
        if dialect in provider.dialects.get(Operation.CHAT, ()):
            return provider
    spoken = DIALECTS[dialect]
    title = dialect.partition(".")[0].title()
    return Provider(
        name="made-up",
        title=title,
        docs="",
        checked="",
        prefix=spoken.client[0].path.removesuffix(spoken.upstream[0].path),
        dialects={Operation.CHAT: (dialect,)},
    )


def plan_to(dialect: str, provider: Provider, model: str, quirks: Quirks, estimates: bool) -> Plan:
    """A plan whose one model is served in `dialect`."""
    served = Served(
        name="up",
        provider=provider,
        authority="provider.test",
        options={"project": "p", "region": "r", "instance": "i", "api_version": ""},
        dialects={DIALECTS[dialect].operation: dialect},
        estimates=estimates,
    )
    route = Route(models=(MODEL,), upstream={"up": model}, quirks=quirks)
    return Plan({"up": served}, [route], hash="h")


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class World(httpx.BaseTransport):
    """One backend that speaks `dialect`, and the gateway before it."""

    def __init__(
        self,
        dialect: str,
        *,
        cut: int | None = None,
        validate: bool = True,
        provider: Provider | None = None,
        model: str = "",
        drops: bool = False,
        estimates: bool = False,
        cache: str = "",
    ) -> None:
        """`cut`: seed of the places where the provider's streams are cut; None: one piece.

        `drops`: the route leaves out tools of vendors; `estimates`: the backend estimates counts;
        `cache`: for how long the route has prompts cached.
        """
        self.dialect = dialect
        model = model or MODELS.get(dialect, "m")
        provider = provider or provider_of(dialect)
        self.plan = plan_to(
            dialect, provider, model, Quirks(drop_tools=drops, cache=cache), estimates
        )
        self.desk = Desk(Settings(validate=validate))
        self._host = provider.base_url.removeprefix("https://")
        self.link = Link("http://gateway.test", self)
        self.sent: list[Recorded] = []
        """What the provider received."""
        self.answers: list[Answered] = []
        """What it said."""
        self.metadata: dict[str, object] = {}
        self._cut = cut

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        path = request.url.raw_path.decode()
        headers = [(name.lower(), value) for name, value in request.headers.items()]
        answer = self.ask(path, headers, request.content)
        return httpx.Response(
            answer.status, headers=answer.headers, content=answer.body, request=request
        )

    def ask(self, path: str, headers: list[tuple[str, str]], body: bytes) -> Answered:
        """What the client gets for a POST of `body` to `path`."""
        one = new_exchange(self.plan)
        in_path = self.plan.entrance(path).path_model
        named = in_path or model_of(headers, body)
        source = "path" if in_path else "body" if named else "header"
        call = f"{source}\n{path}\n{named or MODEL}"
        shown = [(":path", path), (":method", "POST"), *headers]
        event = RequestHeaders(pairs(shown), {BACKEND: "up", CALL: call}, False)
        action = one.handle(event)
        if isinstance(action, Reject):
            return rejected(action)
        action = one.handle(RequestBody(body))
        if isinstance(action, Reject):
            return rejected(action)
        assert isinstance(action, Change)
        self.metadata = dict(action.metadata or {})
        sent = changed(shown, action)
        provider = self.provide(sent, body if action.body is None else action.body)
        return self.answer(one, provider)

    def provide(self, headers: list[tuple[str, str]], body: bytes) -> Answered:
        """What the simulator says."""
        record, steps = self.desk.answer(
            Request(
                method="POST",
                target=dict(headers)[":path"],
                headers=[("host", self._host), *_without_pseudo(headers)],
                body=body,
                close=False,
            ),
            1,
        )
        self.sent.append(record)
        answer = read(step for step in steps if isinstance(step, bytes))
        self.answers.append(answer)
        return answer

    def answer(self, one, provider: Answered) -> Answered:
        """What becomes of the provider's answer."""
        shown = [(":status", str(provider.status)), *provider.headers]
        action = one.handle(ResponseHeaders(pairs(shown), False))
        shown = changed(shown, action)
        self.metadata |= action.metadata or {}
        if isinstance(action, Replace):
            return answered(shown, action.body)
        streamed = action.mode is not None and action.mode.name == "STREAMED"
        pieces = self._pieces(provider.body) if streamed else [provider.body]
        body = b""
        for index, piece in enumerate(pieces):
            last = index == len(pieces) - 1
            action = one.handle(ResponseBody(piece, last))
            assert isinstance(action, Change)
            shown = changed(shown, action)
            self.metadata |= action.metadata or {}
            body += piece if action.body is None else action.body
        return answered(shown, body)

    def _pieces(self, data: bytes) -> list[bytes]:
        if self._cut is None:
            return [data]
        dice = Random(self._cut)
        places = sorted(dice.randrange(len(data) + 1) for _ in range(len(data) // 16))
        return [data[start:end] for start, end in pairwise([0, *places, len(data)])]


def model_of(headers: list[tuple[str, str]], body: bytes) -> str | None:
    """The model that a body names; that of a form is left to a header."""
    if multipart.is_form(dict(headers).get("content-type", "")):
        return None
    return orjson.loads(body).get("model")


def pairs(headers: Iterable[tuple[str, str]]) -> Pairs:
    """The headers as events hold them."""
    made = Pairs()
    made._pairs = dict(headers)
    return made


def _without_pseudo(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [each for each in headers if not each[0].startswith(":")]


def changed(headers: list[tuple[str, str]], action: Change | Replace) -> list[tuple[str, str]]:
    """The headers after an action."""
    kept = dict(headers)
    for name in action.remove_headers:
        kept.pop(name, None)
    kept |= action.set_headers
    return [*kept.items()]


def answered(headers: list[tuple[str, str]], body: bytes) -> Answered:
    """An answer out of Envoy's headers."""
    status = int(dict(headers)[":status"])
    shown = [each for each in headers if each[0] not in (":status", "content-length")]
    return Answered(status=status, headers=shown, body=body)


def rejected(action: Reject) -> Answered:
    """An answer of the gateway's own."""
    return Answered(status=action.status, headers=[*action.headers], body=action.body)


def read(steps: Iterable[bytes]) -> Answered:
    """An answer out of the bytes of HTTP/1.1."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="POST", target="/", headers=[("host", "x")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(b"".join(steps))
    head = connection.next_event()
    assert isinstance(head, h11.Response)
    body = b""
    while isinstance(event := connection.next_event(), h11.Data):
        body += event.data
    headers = [
        (name.decode(), value.decode())
        for name, value in head.headers
        if name not in (b"transfer-encoding", b"content-length")
    ]
    return Answered(status=head.status_code, headers=headers, body=body)
