"""Every official SDK through a real Envoy to every provider's dialect."""

from collections.abc import Callable, Iterator

import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients import TALKS, facts
from tests.e2e.clients.backends import CHAT, ENV, MODELS, SERVED, backend
from tests.e2e.clients.talk import Link, Talk, Wish

STREAM = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
ERRORS = (400, 401, 429, 500, 529)


class World:
    """A gateway before one simulator, which speaks every dialect."""

    def __init__(self, local: Local, sim: RunningSimulator) -> None:
        self.local = local
        self.sim = sim
        self.link = Link(local.url)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with RunningSimulator() as sim:
        config = {
            "backends": {name_of(dialect): backend(dialect, sim.url) for dialect in SERVED},
            "routes": [
                {
                    "models": [model_to(dialect)],
                    "backends": [{"backend": name_of(dialect), "model": MODELS.get(dialect, "m")}],
                }
                for dialect in SERVED
            ],
        }
        with Local(config, ENV) as local:
            yield World(local, sim)


def name_of(dialect: str) -> str:
    return dialect.replace(".", "-").replace("_", "-")


def model_to(dialect: str) -> str:
    """A name with what must be encoded in a path."""
    return f"eu.{name_of(dialect)}-v1:0"


NewTalk = Callable[..., Talk]


@pytest.fixture(params=sorted(TALKS))
def client(request) -> str:
    return request.param


@pytest.fixture(params=SERVED)
def new(request, client: str, world: World) -> NewTalk:
    def made(wish: Wish = Wish()) -> Talk:  # noqa: B008
        return TALKS[client](world.link, model_to(request.param), wish)

    return made


def test_no_dialect_is_left_out():
    assert CHAT == SERVED == sorted(TALKS)


@STREAM
def test_a_plain_answer(new: NewTalk, stream: bool):
    facts.a_plain_answer(new, stream)


@STREAM
def test_a_cut_answer(new: NewTalk, stream: bool):
    facts.a_cut_answer(new, stream)


@STREAM
def test_a_picture(new: NewTalk, stream: bool):
    facts.a_picture(new, stream)


@STREAM
def test_tools_over_three_turns(new: NewTalk, stream: bool):
    facts.tools_over_three_turns(new, stream)


@STREAM
def test_a_structured_answer(new: NewTalk, stream: bool):
    facts.a_structured_answer(new, stream)


@STREAM
def test_thoughts(new: NewTalk, stream: bool):
    facts.thoughts(new, stream)


@STREAM
def test_errors(new: NewTalk, stream: bool):
    for status in ERRORS:
        error = facts.an_error(new, stream, status)
        assert error.status >= 400, status
        assert 'no "way"' in error.message, status


def test_an_error_in_mid_stream(new: NewTalk):
    assert "out of luck" in facts.an_error_in_mid_stream(new).message
