"""Every official SDK before every provider's dialect, without Envoy: whole, streamed, refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.e2e.clients import TALKS, facts
from tests.e2e.clients.backends import CHAT
from tests.e2e.clients.talk import Wish
from tests.providers.matrix.world import MODEL, World

STREAM = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
PAIR = pytest.mark.parametrize(
    ("client", "dialect"), [(client, target) for client in TALKS for target in CHAT]
)
REMAPPED = (401, 413, 529)
"""Not every API has these."""
ERRORS = (400, 401, 403, 404, 413, 429, 500, 503, 529)


def test_every_chat_dialect_has_an_sdk():
    assert sorted(TALKS) == CHAT


def talking(client: str, dialect: str, cut: int | None = None):
    world = World(dialect, cut=cut)

    def new(wish: Wish = Wish()):  # noqa: B008
        return TALKS[client](world.link, MODEL, wish)

    return new


@PAIR
@STREAM
def test_a_plain_answer(client, dialect, stream):
    facts.a_plain_answer(talking(client, dialect), stream)


@PAIR
@STREAM
def test_a_cut_answer(client, dialect, stream):
    facts.a_cut_answer(talking(client, dialect), stream)


@PAIR
@STREAM
def test_a_picture(client, dialect, stream):
    facts.a_picture(talking(client, dialect), stream)


@PAIR
@STREAM
def test_tools_over_three_turns(client, dialect, stream):
    facts.tools_over_three_turns(talking(client, dialect), stream)


@PAIR
@STREAM
def test_a_structured_answer(client, dialect, stream):
    facts.a_structured_answer(talking(client, dialect), stream)


@PAIR
@STREAM
def test_thoughts(client, dialect, stream):
    facts.thoughts(talking(client, dialect), stream)


@PAIR
@STREAM
def test_errors(client, dialect, stream):
    for status in ERRORS:
        error = facts.an_error(talking(client, dialect), stream, status)
        assert error.status == status or status in REMAPPED
        assert error.status >= 400
        assert 'no "way"' in error.message, status


@PAIR
def test_an_error_in_mid_stream(client, dialect):
    assert "out of luck" in facts.an_error_in_mid_stream(talking(client, dialect)).message


@PAIR
@settings(max_examples=3, deadline=None)
@given(cut=st.integers(0, 1 << 30))
def test_cuts_of_a_stream_mean_nothing(client, dialect, cut):
    facts.tools_over_three_turns(talking(client, dialect, cut), True)
