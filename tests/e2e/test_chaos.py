"""Providers that break their word in every way, five hundred at once, through one real Envoy.

What became of each client is looked at when all have gone: none waits, each has an end that it
understands, is charged for what was generated, and leaves nothing behind.
"""

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from extproc.lab.local import Local
from tests.e2e.clients.backends import ENV
from tests.e2e.tapes import chaos
from tests.e2e.tapes.chaos import HALF, Chaos
from tests.e2e.tapes.clients import CLIENTS
from tests.e2e.tapes.gateway import config, model
from tests.e2e.tapes.providers import PIECE, TAPES, TEXT
from tests.e2e.test_storm import LIMITS, adds_up, descriptors, left, over, quiet, tree
from tests.e2e.test_usage import LAG, WORDS, Case, Outcome, numbers, records, said

PATIENCE = 60.0
"""Seconds that any client may wait on a machine that is busy; nothing here takes ten."""
AT_ONCE = 96
EACH = 3
"""Providers that are tried with each client and way, its own among them."""

REFUSED, TOLD, BROKEN, COMPLETE = "refused", "told", "broken", "complete"
WAYS: tuple[tuple[set[str], tuple[str, ...]], ...] = (
    ({REFUSED}, (*chaos.WHOLE, "s-page", "s-nothing", "reset")),
    ({TOLD}, ("s-noise", "s-noise-within", "s-half-an-event", "s-failed")),
    # Whether anything was sent on before Envoy saw that it is no HTTP is a matter of luck.
    ({REFUSED, BROKEN}, ("s-no-chunk", "s-half-a-chunk", "s-long")),
    ({BROKEN}, ("s-reset", "stuck")),
    ({COMPLETE}, ("drip", "s-drip")),
)
ENDS = {way: ends for ends, ways in WAYS for way in ways}
"""Way → how it may end for a client."""
SPOKEN = ("s-noise-within", "s-half-an-event", "s-failed", "s-reset", "stuck")
"""Ways in which HALF words have come, and at most one more, and are charged."""
FAILURES = re.compile(
    rb"ended before its answer did|no JSON object|stream is corrupt|the model broke"
)

ERRORS: dict[str, Callable[[Any], str]] = {
    "anthropic.messages": lambda body: body["error"]["message"] if body["type"] == "error" else "",
    "bedrock.converse": lambda body: body["message"],
    "cohere.chat": lambda body: body["message"],
    "gemini.generate_content": lambda body: body["error"]["message"],
    "ollama.chat": lambda body: body["error"],
    "openai.chat": lambda body: body["error"]["message"],
    "openai.responses": lambda body: body["error"]["message"],
}
"""What a client reads of a refusal."""


def cases() -> Iterator[Case]:
    """Each way for each client; providers take turns."""
    tapes = [*TAPES]
    for number, way in enumerate(ENDS):
        for place, client in enumerate(CLIENTS):
            others = [name for name in tapes if name != client]
            yield client, client, way
            for turn in range(EACH - 1):
                yield client, others[(number + place + turn) % len(others)], way


def streams(way: str) -> bool:
    return way.startswith("s-") or way == "stuck"


async def play(http: httpx.AsyncClient, case: Case, agent: str, player: Chaos) -> Outcome:
    name, provider, way = case
    path, body = CLIENTS[name].request(model(provider, way), streams(way))
    headers = {"user-agent": agent, "x-user-id": "storm"}
    outcome = Outcome(len(body))
    try:
        async with http.stream("POST", path, content=body, headers=headers) as answer:
            outcome.status = answer.status_code
            async for piece in answer.aiter_raw():
                outcome.raw += piece
                if way == "s-reset" and WORDS in outcome.raw:
                    player.hear(agent)
    except httpx.TimeoutException:
        raise
    except httpx.HTTPError:
        outcome.broken = True
    return outcome


async def play_all(
    url: str, made: list[Case], player: Chaos, kind: str = "case"
) -> dict[Case, Outcome]:
    turn = asyncio.Semaphore(AT_ONCE)
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE, limits=limits) as http:

        async def one(case: Case) -> Outcome:
            async with turn:
                return await play(http, case, "/".join((kind, *case)), player)

        return dict(zip(made, await asyncio.gather(*map(one, made)), strict=True))


class World:
    """A gateway after the chaos."""

    def __init__(
        self, local: Local, outcomes: dict[Case, Outcome], most: dict[int, int], envoy: int
    ) -> None:
        """`most`: how many descriptors each process may have then; `envoy`: and Envoy."""
        self.local, self.outcomes, self.most, self.envoy = local, outcomes, most, envoy

    def of(self, *ways: str) -> list[tuple[Case, Outcome]]:
        return [(case, one) for case, one in self.outcomes.items() if case[2] in ways]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = [*cases()]
    assert len(made) > 450
    with Chaos() as player, Local(config(player.url, limits=LIMITS), ENV) as local:
        asyncio.run(play_all(local.url, made[::10], player, "warm"))
        over(local)
        most = {pid: descriptors(pid) + 4 for pid in tree(local.server.popen.pid)}
        envoy = descriptors(local.envoy.popen.pid) + 8
        outcomes = asyncio.run(play_all(local.url, made, player))
        over(local)
        local.wait_for(lambda: len(records(local)) == len(made), "the records")
        for case, record in records(local).items():
            outcomes[case].record = record
        yield World(local, outcomes, most, envoy)


def end_of(case: Case, outcome: Outcome) -> str:
    """How it ended, as the client understands it."""
    name, provider, way = case
    if outcome.broken:
        return BROKEN
    if outcome.status != 200:
        return REFUSED if ERRORS[name](orjson.loads(outcome.raw)) else "nothing said"
    client = CLIENTS[name]
    if name == provider and FAILURES.search(outcome.raw[-700:]):
        return TOLD  # of its own format a client gets what came, half an event, too
    read = client.streamed(outcome.raw) if streams(way) else client.whole(orjson.loads(outcome.raw))
    if read.error:
        return TOLD if FAILURES.search(read.error.encode()) else read.error
    return COMPLETE if read.text == TEXT else "words are missing"


def test_each_client_has_an_end_that_it_understands(world):
    for case, outcome in world.outcomes.items():
        assert end_of(case, outcome) in ENDS[case[2]], (case, outcome)


def test_all_words_that_came_before_the_end_were_passed_on(world):
    for case, outcome in world.of("s-noise-within", "s-half-an-event", "s-failed"):
        assert outcome.raw.count(WORDS) >= HALF, case


def test_what_is_complete_is_charged_as_its_provider_counted(world):
    for case, outcome in world.of("drip", "s-drip"):
        assert numbers(outcome.record) == said(case[1]), case
        assert outcome.record["estimated"] is False, case


def test_what_was_generated_is_charged_however_it_ended(world):
    least, most = (len(PIECE) * words // 4 for words in (HALF, HALF + 1))
    for case, outcome in world.of(*SPOKEN):
        record = outcome.record
        assert record["estimated"] is True, case
        assert least - LAG <= record["output_tokens"] <= most + LAG, (case, record)
        assert record["input_tokens"] > 0, case


def test_what_generated_nothing_costs_no_answer(world):
    for case, outcome in world.outcomes.items():
        if end_of(case, outcome) is REFUSED:
            assert outcome.record["output_tokens"] == 0, (case, outcome.record)
            assert outcome.record["response_code"] >= 400, case


def test_a_failure_is_told_as_one(world):
    for case, outcome in world.outcomes.items():
        ended = end_of(case, outcome)
        assert (ended is COMPLETE) == (outcome.record["finish_reason"] == "stop"), case
        if ended is TOLD:
            assert outcome.record["error_type"] == "server", case


def test_nothing_is_left_behind(world):
    local = world.local
    assert quiet(local)
    assert local.counter("cluster.ai/.*.upstream_rq_active") == 0
    assert local.counter("cluster.ai/.*.upstream_cx_active") == 0
    assert tree(local.server.popen.pid).keys() == world.most.keys()
    local.wait_for(
        lambda: all(descriptors(pid) <= most for pid, most in world.most.items()), "descriptors"
    )
    assert descriptors(local.envoy.popen.pid) <= world.envoy
    assert "exchange failed" not in Path(local.server.log).read_text()


def test_the_limiter_has_counted_what_was_reported(world):
    path, body = CLIENTS["openai.chat"].request("openai.chat", False)
    refused = {"user-agent": "case/openai.chat/openai.chat/refused"}
    adds_up(world.local, lambda: left(world.local.url + path, content=body, headers=refused))
