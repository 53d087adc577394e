"""Whatever a client asks and a provider cannot be told is refused or named: never silent."""

from typing import Any

import orjson
import pytest

from providers.catalog import DIALECTS
from tests.e2e.clients.backends import CHAT
from tests.matrix.fields import ALIASES, BASE, CARRIERS, NEEDS, VALUES, sdk_fields, with_field
from tests.matrix.world import MODEL, Answered, World

PAIRS = [(client, target) for client in CHAT for target in CHAT if client != target]


def path_of(client: str) -> str:
    """Where a client of that dialect asks for a whole answer."""
    return DIALECTS[client].client[0].path.replace("{model}", MODEL)


class Outcome:
    """What became of a request."""

    def __init__(self, client: str, target: str, body: dict[str, Any]) -> None:
        world = World(target, validate=False)
        headers = [("content-type", "application/json")]
        self.answer: Answered = world.ask(path_of(client), headers, orjson.dumps(body))
        self.sent = world.sent[-1].json if world.sent else None
        named = dict(self.answer.headers).get("x-ai-dropped-params", "")
        self.dropped = {name for name in named.split(", ") if name}

    @property
    def refused(self) -> bool:
        """Whether the gateway itself said no."""
        return self.sent is None and self.answer.status == 400


def fate(
    client: str, target: str, without: dict[str, Any], having: dict[str, Any], name: str = ""
) -> str:
    """`carried`, `refused`, `dropped: names` or `silent`; `name`: dropped from both, if at all."""
    before, after = (Outcome(client, target, body) for body in (without, having))
    if before.sent is None:
        # What the field needs beside it cannot be told.
        assert before.refused, before.answer
        return "carried" if after.sent else "refused"
    if after.sent is None:
        assert after.refused, after.answer
        return f"refused: {after.answer.body.decode()}"
    if name in after.dropped:
        return f"dropped: {name}"
    if after.dropped - before.dropped:
        return f"dropped: {', '.join(sorted(after.dropped - before.dropped))}"
    return "carried" if after.sent != before.sent else "silent"


@pytest.mark.parametrize("client", CHAT)
def test_every_field_of_the_sdk_is_tried(client: str):
    missing = sdk_fields(client) - VALUES[client].keys() - CARRIERS[client]
    assert missing == set()


# A model of OpenAI's that can think does so unasked, and there is no word for "do".
IMPLIED = {("ollama.chat", "think"): {"openai.chat"}}
"""Fields that ask for what a target does anyway."""
FIELDS = [(client, field) for client in CHAT for field in VALUES[client]]


@pytest.mark.parametrize(("client", "field"), FIELDS)
def test_a_field_is_carried_refused_or_named(client: str, field: str):
    without = BASE[client]
    for path, value in NEEDS[client].get(field, {}).items():
        without = {**without, path: value}
    having = with_field(without, field, VALUES[client][field])
    fates = {target: fate(client, target, without, having) for target in CHAT if target != client}
    silent = {target for target, what in fates.items() if what == "silent"}
    assert silent <= IMPLIED.get((client, field), set())
    unnamed = {
        target: what
        for target, what in fates.items()
        if what.startswith(("refused: {", "dropped")) and not named(client, field, what)
    }
    assert unnamed == {}


def named(client: str, field: str, what: str) -> bool:
    """Whether the client is told of `field`, in its own words."""
    top, _, leaf = field.rpartition(".")
    alias = ALIASES.get((client, field), leaf)
    return any(word and word.lower() in what.lower() for word in (top, leaf, alias))
