"""A conversation that is tried: through the gateway's own listener, as any client's would be.

The page cannot call the listener itself, which is of another origin. So this process does, with the
key that the person gives, and nothing else can be reached by it: a path of a chat format, at the
listener of this configuration. What comes back is told line by line, as JSON.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import orjson

from extproc.admin.answers import Draft, Trial
from extproc.admin.looking import listener
from extproc.admin.writing import Refusal
from extproc.config import Gateway
from extproc.exchange.answer import DROPPED
from extproc.exchange.compile import compile_plan
from extproc.exchange.plan import Plan
from providers.bridging.bridge import loads
from providers.bridging.chat import ChatDialect
from providers.catalog import DIALECTS
from providers.errors import GatewayError
from providers.neutral import deltas
from providers.neutral.chat import ChatRequest, Message, Role, Text
from providers.operations import Operation
from providers.usage import Price, Usage
from providers.wire.budget import BOUNDS

TRIED = {
    one.name: one
    for one in DIALECTS.values()
    if isinstance(one, ChatDialect) and one.operation is Operation.CHAT and one.client
}
"""Formats in which a conversation can be tried."""
QUERIES = {"gemini.generate_content": "?alt=sse"}
"""Without it, Gemini streams an array (https://ai.google.dev/api/generate-content)."""
ANY = {"content-type": "application/json", "accept-encoding": "identity"}
HEADERS = {"anthropic.messages": {"anthropic-version": "2023-06-01"}}
STREAMED = {"openai.chat": {"stream_options": {"include_usage": True}}}
"""Without it, a stream does not say what was used."""

TRIALS = "/api/trials"
"""Where they are asked for."""
AT_ONCE = 4
"""Trials at a time."""
PATIENCE = httpx.Timeout(connect=5.0, read=120.0, write=10.0, pool=5.0)
LONGEST = 2 * 1024 * 1024
"""Bytes of an answer that are read."""
LAST = 600.0
"""Seconds for which one is."""
SHOWN = (DROPPED, "retry-after", "content-type")
"""Headers of an answer that are told, beside those of limits."""
LIMITS = "x-ratelimit-"
NANO = 1_000_000_000


def draft(trial: Trial) -> Draft:
    """The request that would be made."""
    dialect = _dialect(trial.dialect)
    body = trial.body
    if body is None:
        more = STREAMED.get(dialect.name, {}) if trial.stream else {}
        body = {**dialect.render_request(_asked(trial), []), **more}
    headers = {**ANY, **HEADERS.get(dialect.name, {})}
    return Draft(path=_path(dialect, trial), headers=headers, body=body)


class Order(msgspec.Struct, frozen=True):
    """A request that can be made."""

    dialect: ChatDialect
    model: str
    stream: bool
    path: str
    headers: dict[str, str]
    content: bytes


def order(trial: Trial) -> Order:
    """The request, with the client's key; Refusal."""
    made = draft(trial)
    try:
        content = orjson.dumps(made.body)
    except TypeError:
        raise Refusal(400, "body: holds a number of more than 64 bits") from None
    headers = {**made.headers, **_key(trial.key)}
    return Order(_dialect(trial.dialect), trial.model, trial.stream, made.path, headers, content)


def _key(key: str) -> dict[str, str]:
    if not key.isascii() or not key.isprintable():
        raise Refusal(400, "key: must be printable ASCII")
    return {"authorization": f"Bearer {key}"} if key else {}


def _dialect(name: str) -> ChatDialect:
    if name not in TRIED:
        raise Refusal(400, f"dialect: must be one of {', '.join(TRIED)}")
    return TRIED[name]


def _asked(trial: Trial) -> ChatRequest:
    said = ((Role.SYSTEM, trial.system), (Role.USER, trial.prompt))
    return ChatRequest(
        model=trial.model,
        messages=tuple(Message(role=role, parts=(Text(text=text),)) for role, text in said if text),
        stream=trial.stream,
        max_tokens=trial.max_tokens,
        temperature=trial.temperature,
    )


def _path(dialect: ChatDialect, trial: Trial) -> str:
    fitting = (one for one in dialect.client if one.stream in (None, trial.stream))
    path = next(fitting).path.replace("{model}", quote(trial.model, safe=""))
    return path + (QUERIES.get(dialect.name, "") if trial.stream else "")


class Trying:
    """Makes trials, a few at a time."""

    def __init__(self, gateway: Callable[[], Gateway]) -> None:
        self._gateway = gateway
        self._running = 0
        self._planned: tuple[Gateway, Plan] | None = None

    def begin(self, trial: Trial) -> AsyncIterator[bytes]:
        """What comes back, line by line; Refusal."""
        asked = order(trial)
        if self._running >= AT_ONCE:
            raise Refusal(429, "too many trials at once; try again when one has ended")
        return self._lines(asked)

    async def _lines(self, asked: Order) -> AsyncIterator[bytes]:
        self._running += 1
        began = time.monotonic()
        try:
            async for told in self._told(asked, began + LAST):
                yield _line(told)
        except httpx.HTTPError as error:
            where = listener(self._gateway())
            yield _line({"problem": f"{where}: {error or type(error).__name__}"})
        finally:
            self._running -= 1
        yield _line({"seconds": round(time.monotonic() - began, 3)})

    async def _told(self, asked: Order, until: float) -> AsyncIterator[dict[str, Any]]:
        gateway = self._gateway()
        url = f"{listener(gateway)}{asked.path}"
        data, headers = asked.content, asked.headers
        # The listener's certificate is for the name by which clients know it; this is loopback.
        async with (
            httpx.AsyncClient(timeout=PATIENCE, verify=False, trust_env=False) as client,  # noqa: S501
            client.stream("POST", url, content=data, headers=headers) as answer,
        ):
            yield {"status": answer.status_code, "headers": _shown(answer.headers)}
            hearing = Hearing(asked.dialect, answer, stream=asked.stream)
            async for data in answer.aiter_raw():
                for one in hearing.feed(data):
                    yield one
                if hearing.length > LONGEST or time.monotonic() > until:
                    yield {"problem": f"cut here: longer than {LONGEST} bytes or {LAST:.0f} s"}
                    return
        for one in hearing.flush():
            yield one
        if hearing.usage is not None:
            plan = await asyncio.to_thread(self._plan, gateway)
            yield _used(hearing.usage, plan.price_of(asked.model))

    def _plan(self, gateway: Gateway) -> Plan:
        if self._planned is None or self._planned[0] is not gateway:
            self._planned = gateway, compile_plan(gateway)
        return self._planned[1]


def _line(told: Mapping[str, Any]) -> bytes:
    return orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)


def _shown(headers: Mapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in headers.items() if k in SHOWN or k.startswith(LIMITS)}


def _used(usage: Usage, price: Price) -> dict[str, Any]:
    """What the answer says that it has used, and what that costs."""
    told = {name: getattr(usage, name) for name in ("input", "output", "cache_read", "reasoning")}
    return {"usage": told, "cost_usd": price.nanousd(usage) / NANO}


class Hearing:
    """An answer as it comes: its bytes, and the words in them."""

    def __init__(self, dialect: ChatDialect, answer: httpx.Response, *, stream: bool) -> None:
        self.length = 0
        self.usage: Usage | None = None
        self._dialect = dialect
        self._good = answer.status_code < 400
        self._parser = dialect.parser() if stream and self._good else None
        self._whole: list[bytes] = []

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """What these bytes say."""
        self.length += len(data)
        yield {"raw": data.decode("utf-8", "replace")}
        if self._parser is None:
            self._whole.append(data)
        else:
            yield from self._words(self._parser.feed(data))

    def flush(self) -> Iterator[dict[str, Any]]:
        """What is known at the end."""
        if self._parser is not None:
            yield from self._words(self._parser.flush())
        elif self._good:
            yield from self._all()

    def _all(self) -> Iterator[dict[str, Any]]:
        try:
            found = self._dialect.parse_response(
                loads(b"".join(self._whole), self._dialect, BOUNDS)
            )
        except GatewayError as error:
            yield {"problem": str(error)}
            return
        yield from self._words(deltas.replay(found))

    def _words(self, found: list[deltas.AnyDelta]) -> Iterator[dict[str, Any]]:
        for one in found:
            match one:
                case deltas.TextDelta(text=text) | deltas.RefusalDelta(text=text) if text:
                    yield {"text": text}
                case deltas.ThinkingDelta(text=text) if text:
                    yield {"thinking": text}
                case deltas.ToolCallBegin(name=name):
                    yield {"text": f"\n{name} "}
                case deltas.ArgumentsDelta(text=text):
                    yield {"text": text}
                case deltas.End(finish=finish):
                    yield {"finish": str(finish)}
                case deltas.Used(usage=usage):
                    self.usage = usage
                case deltas.Begin(usage=usage, model=model):
                    self.usage = usage or self.usage
                    yield {"model": model}
                case deltas.Failed(error=error):
                    yield {"problem": error.message}
