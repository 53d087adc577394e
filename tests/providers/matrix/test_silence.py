"""Whatever a client asks and a provider cannot be told is refused or named: never silent."""

import pytest

from tests.e2e.clients.backends import CHAT
from tests.providers.matrix.fates import fates_of
from tests.providers.matrix.fields import ALIASES, CARRIERS, VALUES, sdk_fields


@pytest.mark.parametrize("client", CHAT)
def test_every_field_of_the_sdk_is_tried(client: str):
    missing = sdk_fields(client) - VALUES[client].keys() - CARRIERS[client]
    assert missing == set()


IMPLIED = {
    # A model of OpenAI's that can think does so unasked, and there is no word for "do".
    ("ollama.chat", "think"): {"openai.chat"},
    # Every answer says which stop sequence it was.
    ("bedrock.converse", "additionalModelResponseFieldPaths"): set(CHAT),
}
"""Fields that ask for what a target does anyway."""
FIELDS = [(client, field) for client in CHAT for field in VALUES[client]]


@pytest.mark.parametrize(("client", "field"), FIELDS)
def test_a_field_is_carried_refused_or_named(client: str, field: str):
    fates = fates_of(client, field)
    silent = {target for target, what in fates.items() if what == "silent"}
    assert silent <= IMPLIED.get((client, field), set())
    unnamed = {
        target: what
        for target, what in fates.items()
        if what.startswith(("refused: {", "nearest", "dropped")) and not named(client, field, what)
    }
    assert unnamed == {}


def named(client: str, field: str, what: str) -> bool:
    """Whether the client is told of `field`, in its own words."""
    top, _, leaf = field.rpartition(".")
    alias = ALIASES.get((client, field), leaf)
    return any(word and word.lower() in what.lower() for word in (top, leaf, alias))
