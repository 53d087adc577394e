"""Requests of our own, by Envoy's loopback listener: side by side, before one deadline."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpcore

from extproc.config.process import SideCalls
from extproc.exchange.events import Ask, SideAnswer, SideCall
from providers.errors import InvalidRequest, TooLarge, Unavailable, Unsupported

AT_ONCE = 64
"""Such requests of one process at a time; more wait, and their time runs."""
BRIEF = 15.0
"""Seconds for one of several that are of use without it."""
SCHEME = b"http"
HOST = b"gateway.internal"
ABSENT = (
    "one request cannot become several here, for Envoy has no listener of the gateway's own: send "
    "less at once, or name one backend in the header x-ai-backend"
)
UNREACHED = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError)


class SideCaller:
    """What a process makes such requests with, under one configuration."""

    def __init__(self, settings: SideCalls, socket: str, largest: int) -> None:
        """`socket`: where Envoy listens; `largest`: bytes of all answers to one request."""
        self._settings = settings
        self._socket = socket
        self._largest = largest
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, asked: Ask) -> tuple[SideAnswer, ...]:
        """The answers, in the order of the calls, up to the first that failed where one is of no
        use without the others; raises InvalidRequest, Unsupported, TooLarge, Unavailable."""
        settings, calls = self._settings, asked.calls
        if len(calls) > settings.max_calls:
            raise InvalidRequest(
                f"the request would become {len(calls)} requests to its provider, more than "
                f"{settings.max_calls} (extproc.side_calls.max_calls)"
            )
        if not Path(self._socket).exists():
            raise Unsupported(ABSENT)
        round = _Round(asked, self._largest)
        try:
            async with (
                asyncio.timeout(settings.timeout),
                httpcore.AsyncConnectionPool(uds=self._socket) as pool,
                asyncio.TaskGroup() as group,
            ):
                for _ in range(min(settings.at_once, len(calls))):
                    group.create_task(self._work(pool, round))
        except TimeoutError:
            raise Unavailable(
                f"the provider needs more than {settings.timeout:g} s for all parts of the request "
                "(extproc.side_calls.timeout)"
            ) from None
        except ExceptionGroup as failed:
            raise _first(failed) from None
        return round.answers()

    async def _work(self, pool: httpcore.AsyncConnectionPool, round: "_Round") -> None:
        for number, call in round.turns:
            async with self._slots:
                answer = _brief(pool, call) if round.each else _asked(pool, call)
                round.take(number, await answer)


class _Round:
    """The calls of one request, and what was answered to them so far."""

    def __init__(self, asked: Ask, left: int) -> None:
        self.each = asked.each
        self.turns: Iterator[tuple[int, SideCall]] = enumerate(asked.calls)
        self._found: list[SideAnswer | None] = [None] * len(asked.calls)
        self._left = left

    def take(self, number: int, answer: SideAnswer) -> None:
        """Raises TooLarge; after one that failed, no more are asked if all are needed."""
        self._left -= len(answer.body)
        if self._left < 0:
            raise TooLarge("the answers are too large together (envoy.max_body_bytes)")
        self._found[number] = answer
        if answer.status != 200 and not self.each:
            self.turns = iter(())

    def answers(self) -> tuple[SideAnswer, ...]:
        """All that came."""
        return tuple(answer for answer in self._found if answer is not None)


def _first(failed: ExceptionGroup[Exception]) -> Exception:
    error = failed.exceptions[0]
    if isinstance(error, UNREACHED):
        return Unavailable("the gateway's own listener in Envoy cannot be reached")
    return error


async def _brief(pool: httpcore.AsyncConnectionPool, call: SideCall) -> SideAnswer:
    """The same, or a failure in its place after a while."""
    try:
        async with asyncio.timeout(BRIEF):
            return await _asked(pool, call)
    except TimeoutError:
        return SideAnswer(504, {}, b"")


async def _asked(pool: httpcore.AsyncConnectionPool, call: SideCall) -> SideAnswer:
    url = httpcore.URL(scheme=SCHEME, host=HOST, port=None, target=call.path.encode())
    headers = [(b"host", call.host.encode("latin-1") or HOST)]
    headers += [(name.encode(), value.encode("latin-1")) for name, value in call.headers]
    if call.body is None:
        answer = await pool.request("GET", url, headers=headers)
    else:
        headers.append((b"content-length", b"%d" % len(call.body)))
        answer = await pool.request("POST", url, headers=headers, content=call.body)
    return SideAnswer(
        answer.status,
        {name.decode().lower(): value.decode("latin-1") for name, value in answer.headers},
        answer.content,
    )
