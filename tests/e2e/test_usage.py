"""What is reported and charged: every client's dialect, every provider's, however it ends."""

import asyncio
import itertools
from collections.abc import Iterator

import httpx
import msgspec
import orjson
import pytest

from extproc.exchange.account import STEP
from extproc.lab.local import Local
from tests.e2e.clients.backends import ENV
from tests.e2e.listener import needs_own_timeouts
from tests.e2e.tapes.clients import ASKED, CLIENTS, Read
from tests.e2e.tapes.gateway import PRICE, config, model
from tests.e2e.tapes.providers import BROKE, MODEL, PIECE, TAPES, TEXT
from tests.e2e.tapes.server import STREAMED, WHOLE, Player

BUDGET = 10**9
LIMITS = [{"per": "header:x-way", "tokens": BUDGET, "every": "month"}]
CASES = list(itertools.product(CLIENTS, TAPES, (*WHOLE, *STREAMED)))
SEEN = 1_500
"""Bytes that a client reads before it hangs up."""
WORDS = PIECE.strip().encode()
LAG = STEP + 1
"""Tokens by which a running count may be behind, of so short a text."""

Case = tuple[str, str, str]
"""Client's dialect, provider's dialect, way."""


class Outcome(msgspec.Struct):
    """What a client got, and what was reported of it."""

    size: int
    """Bytes of the request's body."""
    status: int = 0
    raw: bytes = b""
    read: Read | None = None
    broken: bool = False
    """The connection ended before the answer did."""
    record: dict = {}


async def play(http: httpx.AsyncClient, case: Case, player: Player) -> Outcome:
    """One request and its answer, as far as the client wants it."""
    name, provider, way = case
    client = CLIENTS[name]
    path, body = client.request(model(provider, way), way in STREAMED)
    agent = "/".join(("case", *case))
    headers = {"user-agent": agent, "x-way": way}
    outcome = Outcome(len(body))
    try:
        async with http.stream("POST", path, content=body, headers=headers) as answer:
            outcome.status = answer.status_code
            async for piece in answer.aiter_raw():
                outcome.raw += piece
                if way == "cut" and WORDS in outcome.raw:
                    player.hear(agent)
                if way == "hung-up" and len(outcome.raw) > SEEN:
                    return outcome
    except httpx.HTTPError:
        outcome.broken = True
    if outcome.status == 200 and not outcome.broken:
        streamed = way in STREAMED
        read = client.streamed if streamed else lambda raw: client.whole(orjson.loads(raw))
        outcome.read = read(outcome.raw)
    return outcome


async def play_all(url: str, player: Player) -> dict[Case, Outcome]:
    turn = asyncio.Semaphore(64)
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=30, limits=limits) as http:

        async def one(case: Case) -> Outcome:
            async with turn:
                return await play(http, case, player)

        return dict(zip(CASES, await asyncio.gather(*map(one, CASES)), strict=True))


class World:
    """A gateway whose clients have all been served."""

    def __init__(self, local: Local, outcomes: dict[Case, Outcome]) -> None:
        self.local = local
        self.outcomes = outcomes

    def of(self, *ways: str) -> list[tuple[Case, Outcome]]:
        found = [(case, outcome) for case, outcome in self.outcomes.items() if case[2] in ways]
        assert len(found) == len(CLIENTS) * len(TAPES) * len(ways)
        return found


def records(local: Local) -> dict[Case, dict]:
    by_agent = ((str(record["user_agent"]).split("/"), record) for record in local.records())
    return {tuple(agent[1:]): record for agent, record in by_agent if agent[0] == "case"}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Player() as player, Local(config(player.url, limits=LIMITS), ENV) as local:
        outcomes = asyncio.run(play_all(local.url, player))
        local.wait_for(lambda: len(records(local)) == len(CASES), "the records")
        for case, record in records(local).items():
            outcomes[case].record = record
        yield World(local, outcomes)


def numbers(record: dict) -> tuple:
    """What was used, in the order of `said`."""
    keys = ("input", "output", "cache_read", "cache_write", "reasoning", "total")
    return (*(record[f"{key}_tokens"] for key in keys), record["cost_nanousd"])


def said(provider: str) -> tuple:
    """What the provider says was used."""
    used = TAPES[provider].used
    parts = (used.input, used.output, used.cache_read, used.cache_write, used.reasoning)
    return (*parts, used.total, PRICE.nanousd(used))


def named_by(provider: str) -> str:
    return MODEL if TAPES[provider].names_model else ""


def test_a_complete_answer_is_reported_as_the_provider_counted_it(world: World):
    for case, outcome in world.of("whole", "gzip-whole", "streamed", "gzip-streamed"):
        record, provider = outcome.record, case[1]
        assert numbers(record) == said(provider), case
        assert record["estimated"] is False, case
        assert record["response_code"] == record["status"] == 200, case
        assert record["finish_reason"] == "stop", case
        assert record["error_type"] == "", case
        assert record["response_model"] == named_by(provider), case
        assert record["request_model"] == provider, case
        assert record["upstream_model"] == "asked", case
        assert record["stream"] is (case[2] in STREAMED), case
        assert 0 < record["ttft_ms"] <= record["duration_ms"], case


def test_a_client_reads_what_is_reported(world: World):
    for case, outcome in world.of("whole", "gzip-whole", "streamed", "gzip-streamed"):
        record = outcome.record
        expected = Read(TEXT, record["input_tokens"], record["output_tokens"])
        assert outcome.read == expected, case


def assert_partial(case: Case, outcome: Outcome, pieces: int) -> None:
    """`outcome` is reported with what its provider said early, and an estimate of the rest."""
    record, tape = outcome.record, TAPES[case[1]]
    assert record["estimated"] is True, case
    assert record["status"] == 200, case
    assert record["response_model"] == named_by(case[1]), case
    assert record["ttft_ms"] > 0, case
    assert tape.early or len(ASKED) // 4 <= record["input_tokens"] <= outcome.size // 4 + 1, case
    assert record["input_tokens"] == tape.early or not tape.early, case
    assert bool(tape.early) == (record["cache_read_tokens"] > 0), case
    words = len(PIECE) * pieces // 4
    assert words - LAG <= record["output_tokens"] <= len(TEXT) // 2, case
    assert record["total_tokens"] == record["input_tokens"] + record["output_tokens"], case
    assert record["cost_nanousd"] >= record["output_tokens"] * PRICE.output * 1000, case


def test_a_client_that_hangs_up_is_charged_for_what_it_saw(world: World):
    for case, outcome in world.of("hung-up"):
        assert_partial(case, outcome, outcome.raw.count(WORDS))
        assert outcome.record["response_flags"] == "DC", case
        assert outcome.record["finish_reason"] == "", case


@needs_own_timeouts
def test_a_stream_that_breaks_off_or_stops_is_charged_for_what_came(world: World):
    for case, outcome in world.of("cut", "stuck"):
        assert_partial(case, outcome, outcome.raw.count(WORDS))
        assert outcome.broken, case
        assert outcome.record["response_flags"] in ("UPE", "SI", "UT"), case


def test_a_stream_without_an_end_or_with_an_error_is_an_error_and_charged(world: World):
    for case, outcome in world.of("closed", "failed"):
        words = len(TEXT) // len(PIECE) - 1
        assert_partial(case, outcome, words)
        assert outcome.record["error_type"] == "server", case
        assert outcome.record["finish_reason"] == "error", case
        assert outcome.record["duration_ms"] > 0, case
        assert outcome.read is not None, case
        assert outcome.read.text in (TEXT, PIECE * words), case
        message = BROKE if case[2] == "failed" else "ended before its answer did"
        assert message in outcome.read.error, case


@needs_own_timeouts
def test_silence_is_a_timeout_and_costs_nothing(world: World):
    for case, outcome in world.of("silent"):
        record = outcome.record
        # botocore's own timeout is a 408.
        assert outcome.status == (408 if case[0] == "bedrock.converse" else 504), case
        assert record["attempts"] == 2, case
        assert record["response_flags"] == "URX,UT", case
        assert record["status"] == 0, case
        assert numbers(record) == (0,) * 7, case


@pytest.mark.parametrize("way", [*WHOLE, *STREAMED])
def test_limits_are_charged_with_what_is_reported(world: World, way: str):
    reported = sum(outcome.record["total_tokens"] for _, outcome in world.of(way))

    def charged() -> int:
        path, body = CLIENTS["openai.chat"].request("openai.chat", False)
        agent = "case/openai.chat/openai.chat/refused"
        headers = {"user-agent": agent, "x-way": way}
        answer = httpx.post(world.local.url + path, content=body, headers=headers, timeout=30)
        return BUDGET - int(answer.headers["x-ratelimit-remaining-tokens"])

    world.local.wait_for(lambda: charged() == reported, "the charges to add up")


def test_keys_in_a_clients_query_stand_in_no_record(world: World):
    assert "clients-own" not in world.local.access_log.read_text()
