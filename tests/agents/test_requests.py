"""What agents and frameworks send by default, through the translation to every dialect.

A file of `requests/` is one request, distilled from what the client in it was seen to send: its
structure, members and headers, in our own words. The simulated provider refuses what vendors do.
"""

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.e2e.clients.backends import CHAT
from tests.providers.matrix.world import Answered, World

REQUESTS = Path(__file__).parent / "requests"
OTHERS = ("cohere.chat", "ollama.chat")
WITHOUT_SEARCH = ("openai.chat", "bedrock.converse", *OTHERS)


class Refused(NamedTuple):
    """A request that cannot be had where it goes, and what is said of it."""

    name: str
    dialects: tuple[str, ...]
    status: int
    advice: str
    """What can be done about it."""


ESTIMATE = "; with `estimate_counts: true` it gets an estimate"
REFUSED = (
    Refused(
        "ai-sdk-openai-steps",
        tuple(dialect for dialect in CHAT if dialect != "openai.responses"),
        400,
        "send the items themselves, with `store: false`",
    ),
    Refused(
        "codex-first",
        WITHOUT_SEARCH,
        400,
        "a route that says `request: {vendor_tools: drop}` leaves it out",
    ),
    Refused(
        "gemini-cli-count",
        ("cohere.chat",),
        400,
        f"inlineData cannot be expressed in cohere.count_tokens{ESTIMATE}",
    ),
    Refused("gemini-cli-count", ("ollama.chat",), 404, f"does not serve count_tokens{ESTIMATE}"),
)
NOT_TAKEN = {(each.name, dialect): each for each in REFUSED for dialect in each.dialects}
NAMES = sorted(path.stem for path in REQUESTS.glob("*.json"))
TAKEN = [pair for name in NAMES for dialect in CHAT if (pair := (name, dialect)) not in NOT_TAKEN]


def ask(world: World, name: str) -> Answered:
    """The answer to a request of a client."""
    one = json.loads((REQUESTS / f"{name}.json").read_bytes())
    return world.ask(one["path"], [*one["headers"].items()], json.dumps(one["body"]).encode())


@pytest.mark.parametrize(("name", "dialect"), TAKEN)
def test_a_provider_takes_it(name: str, dialect: str):
    answer = ask(World(dialect), name)
    assert answer.status == 200, answer.body.decode()


@pytest.mark.parametrize(("name", "dialect"), NOT_TAKEN)
def test_who_cannot_be_helped_is_told_what_to_do(name: str, dialect: str):
    world, refused = World(dialect), NOT_TAKEN[name, dialect]
    answer = ask(world, name)
    assert (answer.status, world.sent) == (refused.status, [])
    assert refused.advice in json.loads(answer.body)["error"]["message"]


@pytest.mark.parametrize("dialect", WITHOUT_SEARCH)
def test_codex_goes_everywhere_by_a_route_that_drops_what_vendors_run(dialect: str):
    answer = ask(World(dialect, drops=True), "codex-first")
    assert answer.status == 200, answer.body.decode()
    assert "tools.web_search" in dict(answer.headers)["x-ai-dropped-params"]


@pytest.mark.parametrize("dialect", OTHERS)
def test_what_cannot_be_counted_is_estimated_where_that_is_allowed(dialect: str):
    world = World(dialect, estimates=True)
    answer = ask(world, "gemini-cli-count")
    assert (answer.status, world.sent) == (200, [])
    assert dict(answer.headers)["x-ai-estimated"] == "true"
    assert json.loads(answer.body)["totalTokens"] > 0
